"""Pending entries -> pages -> articles -> claimed -> published -> outcome saved.

A kill at any point repeats a step and changes nothing: an article is claimed by one entry before it is published,
and an entry that finds its own claim publishes again (the bus bears duplicates). Entries are settled in the order
in which they were first seen, however their pages arrived, so that the same input has the same result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

import structlog

from services.collector.build import PageRead, Refused, before_reading, build
from services.collector.claim import Claims, twins_of
from services.collector.judge import judge
from services.collector.pages import Pages
from services.collector.records import LONGEST_PAUSE, PENDING, Pending, aliased, get_all, handed_on, scan, stamp
from services.collector.settle import Settler
from services.collector.task import Task
from services.domain.address import host_of
from services.domain.events import COLLECTED, UNMATCHED
from services.domain.feed import ALIAS, ARTICLE, ENTRY, Alias, ArticleRecord, EntryRecord, Feed
from services.ports.bus import Bus, Message, publish_apart
from services.ports.clock import Clock
from services.ports.hosts import Hosts
from services.ports.ledger import Ledger
from services.ports.messages import message_of
from services.rulebook.book import Rulebook
from services.settings import CollectorSettings

_log = structlog.get_logger()

# Pages of one host in one step: a host with a thousand new entries must not hold the others up.
_EACH_HOST = 5
_EACH_STEP = 200
_REGISTERED_AFTER = timedelta(minutes=10)


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
        self._claims = Claims(ledger)
        self._settler = Settler(settings, ledger, clock)

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
            task.guarded(partial(self._refuse, task))
        self._settle_known(tasks)
        open_tasks = [task for task in tasks if task.outcome is None and task.error is None]
        reads = self._pages.read([task.address for task in open_tasks])
        now = self._clock.now()
        slow = [task for task in open_tasks if task.address not in reads]
        open_tasks = [task for task in open_tasks if task.address in reads]
        for task in open_tasks:
            task.guarded(partial(self._build, task, reads[task.address], rules, now))
        self._claims.claim(open_tasks)
        for task in open_tasks:
            task.guarded(partial(self._judge, task, rules))
        self._publish(open_tasks)
        self._settler.save(tasks)
        self._settler.put_off(tasks)
        self._settler.hand_over(tasks)
        return len(chosen) - len(slow)

    def _refuse(self, task: Task) -> None:
        if refusal := before_reading(task.record, task.feed, self._settings.too_old_days):
            task.settle(refusal.outcome, refusal.reason)

    def _build(self, task: Task, read: PageRead, rules: Rulebook, now: datetime) -> None:
        if read.elsewhere and (handed := handed_on(task.pending.handed, read.elsewhere, now)):
            task.handed = handed
            return
        built = build(task.record, task.feed, read, rules.outlets, now, self._settings.too_old_days)
        if isinstance(built, Refused):
            task.settle(built.outcome, built.reason)
        else:
            task.article = built
            task.twins = () if task.opaque else twins_of(built, task.record.entry, rules.outlets)

    def _judge(self, task: Task, rules: Rulebook) -> None:
        if task.article is None:
            return
        topic, collected = judge(task.article, rules)
        # What once stood in the archive stays current there, whatever the new text says.
        topic = COLLECTED if task.collected else topic
        task.message = (topic, message_of(task.article.article_id, collected))

    def _select(self) -> dict[str, Pending]:
        """The oldest pending entries of our hosts, so many of each, no two with the same link."""
        hosts: Counter[str] = Counter()
        links: set[str] = set()
        chosen: dict[str, Pending] = {}
        now = self._clock.now()
        # Due later than any pause: put off when the clock was ahead.
        rests = (stamp(now), stamp(now + LONGEST_PAUSE))
        for key, pending in scan(self._ledger, PENDING, Pending):
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

    def _tasks(self, chosen: dict[str, Pending], rules: Rulebook) -> list[Task]:
        records = get_all(self._ledger, ENTRY, [pending.entry for pending in chosen.values()], EntryRecord)
        tasks: list[Task] = []
        for key, pending in list(chosen.items()):
            record = records.get(pending.entry)
            if record is None and self._may_be_registering(key, rules):
                del chosen[key]
                continue
            if record is None or record.outcome != "pending":
                # Killed between two writes: the entry was never registered, or is settled already.
                self._ledger.delete(PENDING, key)
                continue
            feed = rules.feeds.get(record.feed) or Feed(id=record.feed, url=record.entry.link)
            tasks.append(Task(key, pending, record, feed))
        return tasks

    def _may_be_registering(self, pending_key: str, rules: Rulebook) -> bool:
        """Whether another collector is just now between the two writes of a new entry; our own cannot be."""
        first_seen, _, feed_id, *_ = pending_key.split("|")
        feed = rules.feeds.get(feed_id)
        ours = self._hosts.mine(host_of(feed.url if feed else ""))
        return not ours and first_seen > stamp(self._clock.now() - _REGISTERED_AFTER)

    def _settle_known(self, tasks: Iterable[Task]) -> None:
        """Entries whose link another entry has brought before, without reading the page again."""
        waiting = [task for task in tasks if task.outcome is None and task.error is None]
        aliases = get_all(self._ledger, ALIAS, [task.pending.link_id for task in waiting], Alias)
        ids = {task.pending.link_id: aliased(aliases, task.pending.link_id) for task in waiting}
        articles = get_all(self._ledger, ARTICLE, ids.values(), ArticleRecord)
        for task in waiting:
            known = articles.get(ids[task.pending.link_id])
            if known is not None and known.entry != task.pending.entry:
                task.settle_known(known)

    def _publish(self, tasks: Iterable[Task]) -> None:
        """An article that the bus can never take is put off with its reason; the others go on."""
        going: dict[str, list[tuple[Task, Message]]] = {COLLECTED: [], UNMATCHED: []}
        for task in tasks:
            if task.article is None or task.message is None:
                continue
            topic, message = task.message
            going[topic].append((task, message))
            task.settle("published" if topic == COLLECTED else "unmatched", article_id=task.article.article_id)
        for topic, some in going.items():
            refused = publish_apart(self._bus, topic, [message for _, message in some])
            for place, error in refused.items():
                task, message = some[place]
                _log.warning("refused by the bus", link=task.record.entry.link, size=len(message.value), why=str(error))
                task.fail(error)
