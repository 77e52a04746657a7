"""Pending entries -> pages -> articles -> claimed -> published -> outcome saved; and pages to read again.

A kill at any point repeats a step and changes nothing: an article is claimed by one entry before it is published,
and an entry that finds its own claim publishes again (the bus bears duplicates). Entries are settled in the order
in which they were first seen, however their pages arrived, so that the same input has the same result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
from msgspec.structs import replace

from services.collector.build import PageRead, Refused, before_reading, build
from services.collector.judge import judge
from services.collector.pages import Pages
from services.collector.records import (
    LONGEST_PAUSE,
    Alias,
    ArticleRecord,
    Later,
    Pending,
    get_all,
    later_put,
    pause_after,
    put,
    revisit,
    scan,
    stamp,
)
from services.domain.address import host_of
from services.domain.article import Article
from services.domain.codec import encode
from services.domain.events import COLLECTED, SCHEMA, UNMATCHED
from services.domain.feed import EntryRecord, Feed, Outcome
from services.ports.bus import Bus, Message
from services.ports.clock import Clock
from services.ports.errors import Conflict, PortError
from services.ports.hosts import Hosts
from services.ports.ledger import Ledger, Put
from services.rulebook.book import Rulebook
from services.settings import CollectorSettings

_log = structlog.get_logger()

# Pages of one host in one step: a host with a thousand new entries must not hold the others up.
_EACH_HOST = 5
_EACH_STEP = 200
_RETRY_AFTER = timedelta(hours=1)
_REGISTERED_AFTER = timedelta(minutes=10)


@dataclass(slots=True)
class _Task:
    """One entry on its way. `outcome` stands when it is settled."""

    pending_key: str
    pending: Pending
    record: EntryRecord
    feed: Feed
    outcome: Outcome | None = None
    reason: str = ""
    article_id: str = ""
    article: Article | None = None
    message: tuple[str, Message] | None = None
    """The topic and what goes there."""
    error: Exception | None = None
    """Nobody foresaw it; the entry stays pending."""

    def settle(self, outcome: Outcome, reason: str = "", article_id: str = "") -> None:
        self.outcome, self.reason, self.article_id = outcome, reason, article_id


class Finisher:
    """One step at a time; what does not fit into a step stays pending."""

    def __init__(
        self,
        rules: Callable[[], Rulebook],
        settings: CollectorSettings,
        bus: Bus,
        ledger: Ledger,
        pages: Pages,
        clock: Clock,
        hosts: Hosts,
    ) -> None:
        self._hosts = hosts
        self._rules = rules
        self._settings = settings
        self._bus = bus
        self._ledger = ledger
        self._pages = pages
        self._clock = clock

    def step(self) -> int:
        """Settle some pending entries; returns how many. Raises Unavailable when bus or ledger is not there."""
        rules = self._rules()
        chosen = self._select()
        tasks = self._tasks(chosen, rules)
        if len(tasks) < len(chosen):
            # A kill left these behind; they are gone now. The next step then takes what it would have taken without
            # the kill, so that messages come in the same order.
            return len(chosen)
        for task in tasks:
            _guarded(task, partial(self._refuse, task))
        self._settle_known(tasks)
        open_tasks = [task for task in tasks if task.outcome is None and task.error is None]
        reads = self._pages.read([task.record.entry.link for task in open_tasks])
        now = self._clock.now()
        slow = [task for task in open_tasks if task.record.entry.link not in reads]
        open_tasks = [task for task in open_tasks if task.record.entry.link in reads]
        for task in open_tasks:
            _guarded(task, partial(self._build, task, reads[task.record.entry.link], rules, now))
        self._claim(open_tasks)
        for task in open_tasks:
            _guarded(task, partial(self._judge, task, rules))
        self._publish(open_tasks)
        self._save(tasks)
        self._put_off([task for task in tasks if task.error is not None])
        return len(chosen) - len(slow)

    def _refuse(self, task: _Task) -> None:
        if refusal := before_reading(task.record, task.feed, self._settings.too_old_days):
            task.settle(refusal.outcome, refusal.reason)

    def _build(self, task: _Task, read: PageRead, rules: Rulebook, now: datetime) -> None:
        built = build(task.record, task.feed, read, rules.outlets, now, self._settings.too_old_days)
        if isinstance(built, Refused):
            task.settle(built.outcome, built.reason)
        else:
            task.article = built

    def _judge(self, task: _Task, rules: Rulebook) -> None:
        if task.article is None:
            return
        topic, collected = judge(task.article, rules)
        task.message = (topic, Message(task.article.article_id, encode(collected), {"schema": str(SCHEMA)}))

    def _select(self) -> dict[str, Pending]:
        """The oldest pending entries of our hosts, so many of each, no two with the same link."""
        hosts: Counter[str] = Counter()
        links: set[str] = set()
        chosen: dict[str, Pending] = {}
        now = self._clock.now()
        # Due later than any pause: put off when the clock was ahead.
        rests = (stamp(now), stamp(now + LONGEST_PAUSE))
        for key, pending in scan(self._ledger, "pending", Pending):
            if not self._hosts.mine(pending.host):
                continue
            if pending.attempts and rests[0] < key.split("|")[0] <= rests[1]:
                continue
            if pending.host and (hosts[pending.host] >= _EACH_HOST or pending.link_id in links):
                continue
            hosts[pending.host] += 1
            links.add(pending.link_id)
            chosen[key] = pending
            if len(chosen) == _EACH_STEP:
                break
        return chosen

    def _tasks(self, chosen: dict[str, Pending], rules: Rulebook) -> list[_Task]:
        records = get_all(self._ledger, "entry", [pending.entry for pending in chosen.values()], EntryRecord)
        tasks: list[_Task] = []
        for key, pending in list(chosen.items()):
            record = records.get(pending.entry)
            if record is None and self._may_be_registering(key, rules):
                del chosen[key]
                continue
            if record is None or record.outcome != "pending":
                # Killed between two writes: the entry was never registered, or is settled already.
                self._ledger.delete("pending", key)
                continue
            feed = rules.feeds.get(record.feed) or Feed(id=record.feed, url=record.entry.link)
            tasks.append(_Task(key, pending, record, feed))
        return tasks

    def _may_be_registering(self, pending_key: str, rules: Rulebook) -> bool:
        """Whether another collector is just now between the two writes of a new entry; our own cannot be."""
        first_seen, _, feed_id, *_ = pending_key.split("|")
        feed = rules.feeds.get(feed_id)
        ours = self._hosts.mine(host_of(feed.url if feed else ""))
        return not ours and first_seen > stamp(self._clock.now() - _REGISTERED_AFTER)

    def _settle_known(self, tasks: Iterable[_Task]) -> None:
        """Entries whose link another entry has brought before, without reading the page again."""
        waiting = [task for task in tasks if task.outcome is None and task.error is None]
        aliases = get_all(self._ledger, "alias", [task.pending.link_id for task in waiting], Alias)
        ids = {task.pending.link_id: _aliased(aliases, task.pending.link_id) for task in waiting}
        articles = get_all(self._ledger, "article", ids.values(), ArticleRecord)
        for task in waiting:
            known = articles.get(ids[task.pending.link_id])
            if known is not None and known.entry != task.pending.entry:
                task.settle("already_known", f"đã có từ nguồn {known.feed} / known from this feed", known.article_id)

    def _claim(self, tasks: Iterable[_Task]) -> None:
        """Write down whose article it is before anybody hears of it; the first entry keeps it."""
        built = [task for task in tasks if task.article is not None]
        aliases = get_all(self._ledger, "alias", [_id(task) for task in built], Alias)
        known = get_all(self._ledger, "article", [_aliased(aliases, _id(task)) for task in built], ArticleRecord)
        claims: list[Put] = []
        for task in built:
            article_id = _aliased(aliases, _id(task))
            holder = known.get(article_id)
            if holder is None:
                holder = known[article_id] = _claim_of(task)
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

    def _publish(self, tasks: Iterable[_Task]) -> None:
        messages: dict[str, list[Message]] = {COLLECTED: [], UNMATCHED: []}
        for task in tasks:
            if task.article is None or task.message is None:
                continue
            topic, message = task.message
            messages[topic].append(message)
            task.settle("published" if topic == COLLECTED else "unmatched", article_id=task.article.article_id)
        for topic, some in messages.items():
            if some:
                self._bus.publish(topic, some)

    def _save(self, tasks: Iterable[_Task]) -> None:
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

    def _put_off(self, tasks: Iterable[_Task]) -> None:
        """To the back of the queue, with the error where `diembao why` shows it: the others must not wait for it."""
        for task in tasks:
            attempts = task.pending.attempts + 1
            said = f"{type(task.error).__name__}: {task.error}"[:200]
            reason = f"lỗi ngoài dự kiến, đã thử {attempts} lần: {said} / unexpected error"
            _, _, place = task.pending_key.partition("|")
            due = stamp(self._clock.now() + pause_after(attempts))
            self._ledger.put(put("entry", task.pending.entry, replace(task.record, reason=reason)))
            self._ledger.put(put("pending", f"{due}|{place}", replace(task.pending, attempts=attempts)))
            self._ledger.delete("pending", task.pending_key)

    def _article_writes(self, task: _Task, article: Article) -> list[Put]:
        record = replace(
            _claim_of(task), outcome=task.outcome, content_hash=article.content_hash, text_basis=article.text_basis
        )
        writes = [put("article", article.article_id, record)]
        if article.text_basis == "feed" and not task.feed.aggregator:
            writes.append(
                later_put(article.seen_at + _RETRY_AFTER, Later(article_id=article.article_id, reason="retry"))
            )
        elif article.text_basis == "page":
            writes += revisit(record, self._settings.revisit_hours, article.seen_at)
        return writes


def _guarded(task: _Task, work: Callable[[], None]) -> None:
    """What nobody foresaw in one entry costs that entry alone."""
    try:
        work()
    except PortError:
        raise
    except Exception as error:  # noqa: BLE001  the whole trace is logged; the other entries must be settled
        _log.exception("unexpected", entry=task.pending.entry, link=task.record.entry.link, hint="please report")
        task.error, task.article = error, None


def _claim_of(task: _Task) -> ArticleRecord:
    article = task.article
    if article is None:
        raise ValueError("an entry without an article claims none")
    return ArticleRecord(
        article_id=article.article_id,
        feed=task.feed.id,
        entry=task.pending.entry,
        url=article.url or task.record.entry.link,
        first_seen=article.first_seen,
        first_poll=article.first_poll,
        source_class=article.source_class,
    )


def _id(task: _Task) -> str:
    return task.article.article_id if task.article else ""


def _aliased(aliases: dict[str, Alias], article_id: str) -> str:
    return aliases[article_id].article_id if article_id in aliases else article_id
