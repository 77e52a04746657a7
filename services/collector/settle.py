"""What a step of the finisher leaves in the ledger: whose article it is, what became of an entry, or where it waits.

The order of the writes is the promise: a kill between any two makes the next step do all of it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from msgspec.structs import replace

from services.collector.build import of_aggregator
from services.collector.records import (
    Alias,
    ArticleRecord,
    Later,
    aliased,
    get_all,
    later_put,
    pause_after,
    put,
    revisit,
    stamp,
)
from services.collector.task import Task
from services.domain.address import host_of
from services.domain.article import Article
from services.ports.clock import Clock
from services.ports.errors import Conflict, Unprocessable
from services.ports.ledger import Ledger, Put
from services.settings import CollectorSettings

_RETRY_AFTER = timedelta(hours=1)


class Settler:
    """Writes for the tasks of one step."""

    def __init__(self, settings: CollectorSettings, ledger: Ledger, clock: Clock) -> None:
        self._settings = settings
        self._ledger = ledger
        self._clock = clock

    def claim(self, tasks: Iterable[Task]) -> None:
        """Write down whose article it is before anybody hears of it; the first entry keeps it."""
        built = [task for task in tasks if task.article is not None]
        aliases = get_all(self._ledger, "alias", [task.identity for task in built], Alias)
        ids = [aliased(aliases, task.identity) for task in built]
        known = get_all(self._ledger, "article", ids, ArticleRecord)
        claims: list[Put] = []
        for task, article_id in zip(built, ids, strict=True):
            holder = known.get(article_id)
            if holder is None:
                holder = known[article_id] = task.claim()
                claims.append(put("article", article_id, holder, expected=0))
            if holder.entry != task.pending.entry:
                task.article = None
                task.settle("already_known", f"đã có từ nguồn {holder.feed} / known from this feed", article_id)
            elif task.article is not None:
                task.article = replace(task.article, article_id=article_id)
        try:
            self._ledger.put(*claims)
        except Conflict:
            # Another collector claimed one of them just now: nothing is published, the next step sees its claim.
            for task in built:
                task.article = None

    def save(self, tasks: Iterable[Task]) -> None:
        """What hangs on an entry, then its outcome, then it waits no longer: a kill in between does all of it again."""
        writes: list[Put] = []
        outcomes: list[Put] = []
        done = [task for task in tasks if task.outcome is not None]
        for task in done:
            if task.article is not None:
                writes += self._article_writes(task, task.article)
            if task.article_id and task.article_id != task.pending.link_id:
                writes.append(put("alias", task.pending.link_id, Alias(article_id=task.article_id)))
            # The text has been read; title and lead stay, because a change of theirs means a page to read again.
            settled = replace(
                task.record,
                entry=replace(task.record.entry, text=""),
                outcome=task.outcome,
                reason=task.reason,
                article_id=task.article_id,
            )
            outcomes.append(put("entry", task.pending.entry, settled))
        self._ledger.put(*writes)
        self._ledger.put(*outcomes)
        self._ledger.delete("pending", *(task.pending_key for task in done))

    def put_off(self, tasks: Iterable[Task]) -> None:
        """To the back of the queue, with the error where `diembao why` shows it: the others must not wait for it."""
        for task in tasks:
            if task.error is None:
                continue
            attempts = task.pending.attempts + 1
            _, _, place = task.pending_key.partition("|")
            due = stamp(self._clock.now() + pause_after(attempts))
            reason = said_of(task.error, attempts)
            self._ledger.put(put("entry", task.pending.entry, replace(task.record, reason=reason)))
            # From the entry's own link again, by whoever has its host.
            again = replace(task.pending, attempts=attempts, host=host_of(task.record.entry.link), handed=None)
            self._ledger.put(put("pending", f"{due}|{place}", again))
            self._ledger.delete("pending", task.pending_key)

    def hand_over(self, tasks: Iterable[Task]) -> None:
        """To the collector that has the host where the entry's link leads, in the same place of the queue."""
        self._ledger.put(
            *(
                put("pending", task.pending_key, replace(task.pending, host=host_of(handed.address), handed=handed))
                for task in tasks
                if (handed := task.handed)
            )
        )

    def _article_writes(self, task: Task, article: Article) -> list[Put]:
        record = replace(
            task.claim(), outcome=task.outcome, content_hash=article.content_hash, text_basis=article.text_basis
        )
        writes = [put("article", article.article_id, record)]
        if article.text_basis == "feed" and not of_aggregator(record.url, task.feed):
            writes.append(
                later_put(article.seen_at + _RETRY_AFTER, Later(article_id=article.article_id, reason="retry"))
            )
        elif article.text_basis == "page":
            writes += revisit(record, self._settings.revisit_hours, article.seen_at)
        return writes


def said_of(error: Exception, attempts: int) -> str:
    """Why an item is tried again later, in words for the operator."""
    if isinstance(error, Unprocessable):
        return f"bus không nhận, đã thử {attempts} lần: {str(error)[:200]} / refused by the bus"
    said = f"{type(error).__name__}: {error}"[:200]
    return f"lỗi ngoài dự kiến, đã thử {attempts} lần: {said} / unexpected error"
