"""What a step of the finisher leaves in the ledger: what became of an entry, or where it waits.

The order of the writes is the promise: a kill between any two makes the next step do all of it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from msgspec.structs import replace

from services.collector.build import of_aggregator
from services.collector.claim import keep
from services.collector.records import PENDING, Later, later_put, pause_after, put, revisit, stamp
from services.collector.task import Task
from services.domain.address import host_of
from services.domain.article import Article
from services.domain.feed import ALIAS, ARTICLE, ENTRY, Alias
from services.ports.clock import Clock
from services.ports.errors import Unprocessable
from services.ports.ledger import Ledger, Put
from services.settings import CollectorSettings

_RETRY_AFTER = timedelta(hours=1)


class Settler:
    """Writes for the tasks of one step."""

    def __init__(self, settings: CollectorSettings, ledger: Ledger, clock: Clock) -> None:
        self._settings = settings
        self._ledger = ledger
        self._clock = clock

    def save(self, tasks: Iterable[Task]) -> None:
        """What hangs on an entry, then its outcome, then it waits no longer: a kill in between does all of it again."""
        writes: list[Put] = []
        outcomes: list[Put] = []
        done = [task for task in tasks if task.outcome is not None]
        for task in done:
            if task.article is not None:
                writes += self._article_writes(task, task.article)
            others = {task.pending.link_id, task.claimed_id} - {task.article_id, ""}
            if task.article_id:
                writes += [put(ALIAS, other, Alias(article_id=task.article_id)) for other in sorted(others)]
            # The text has been read; title and lead stay, because a change of theirs means a page to read again.
            settled = replace(
                task.record,
                entry=replace(task.record.entry, text=""),
                outcome=task.outcome,
                reason=task.reason,
                article_id=task.article_id,
            )
            outcomes.append(put(ENTRY, task.pending.entry, settled))
        self._ledger.put(*writes)
        self._ledger.put(*outcomes)
        self._ledger.delete(PENDING, *(task.pending_key for task in done))

    def put_off(self, tasks: Iterable[Task]) -> None:
        """To the back of the queue, with the error where `diembao why` shows it: the others must not wait for it."""
        for task in tasks:
            if task.error is None:
                continue
            attempts = task.pending.attempts + 1
            _, _, place = task.pending_key.partition("|")
            due = stamp(self._clock.now() + pause_after(attempts))
            reason = said_of(task.error, attempts)
            self._ledger.put(put(ENTRY, task.pending.entry, replace(task.record, reason=reason)))
            # From the entry's own link again, by whoever has its host.
            again = replace(task.pending, attempts=attempts, host=host_of(task.record.entry.link), handed=None)
            self._ledger.put(put(PENDING, f"{due}|{place}", again))
            self._ledger.delete(PENDING, task.pending_key)

    def hand_over(self, tasks: Iterable[Task]) -> None:
        """To the collector that has the host where the entry's link leads, in the same place of the queue."""
        self._ledger.put(
            *(
                put(PENDING, task.pending_key, replace(task.pending, host=host_of(handed.address), handed=handed))
                for task in tasks
                if (handed := task.handed)
            )
        )

    def _article_writes(self, task: Task, article: Article) -> list[Put]:
        record = replace(
            task.claim(), outcome=task.outcome, content_hash=article.content_hash, text_basis=article.text_basis
        )
        writes: list[Put] = []
        if record.opaque:
            keep(self._ledger, record)
        else:
            writes.append(put(ARTICLE, article.article_id, record))
        if article.text_basis == "feed" and not of_aggregator(record.url, task.feed):
            writes.append(
                later_put(article.seen_at + _RETRY_AFTER, Later(article_id=article.article_id, reason="retry"))
            )
        elif article.text_basis == "page":
            writes += revisit(record, task.record.first_seen, self._settings.revisit_hours, article.seen_at)
        return writes


def said_of(error: Exception, attempts: int) -> str:
    """Why an item is tried again later, in words for the operator."""
    if isinstance(error, Unprocessable):
        return f"bus không nhận, đã thử {attempts} lần: {str(error)[:200]} / refused by the bus"
    said = f"{type(error).__name__}: {error}"[:200]
    return f"lỗi ngoài dự kiến, đã thử {attempts} lần: {said} / unexpected error"
