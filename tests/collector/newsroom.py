"""A collector on embedded stores and a press on loopback, under a manual clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from services.adapters.all_hosts import AllHosts
from services.adapters.http_fetcher import HttpFetcher
from services.adapters.manual_clock import ManualClock
from services.adapters.sqlite_bus import SqliteBus
from services.adapters.sqlite_ledger import SqliteLedger
from services.collector.collect import Collector
from services.domain.codec import decode
from services.domain.events import COLLECTED, UNMATCHED, Collected
from services.domain.feed import EntryRecord, Feed, FeedCursor
from services.ports.bus import Bus
from services.ports.extractor import Extractor
from services.ports.hosts import Hosts
from services.ports.ledger import Ledger
from services.rulebook.book import Rulebook
from services.settings import CollectorSettings
from tests.press_server import PressServer

NOON = datetime(2026, 8, 3, 5, 0, tzinfo=UTC)
"""Noon in Vietnam."""

DEADLINE = 3.0
"""Seconds for a feed and for a page."""


@dataclass(frozen=True)
class Newsroom:
    collector: Collector
    bus: SqliteBus
    ledger: SqliteLedger
    clock: ManualClock
    press: PressServer

    def collected(self, topic: str = COLLECTED) -> list[Collected]:
        return [decode(delivery.message.value, Collected) for delivery in self.bus.scan(topic)]

    def by_title(self) -> dict[str, Collected]:
        """The newest message of each title, on either topic."""
        return {one.article.title: one for topic in (UNMATCHED, COLLECTED) for one in self.collected(topic)}

    def cursor(self, feed: str) -> FeedCursor:
        held = self.ledger.get("feed", feed)
        assert held is not None
        return decode(held.value, FeedCursor)

    def entries(self) -> list[EntryRecord]:
        return [decode(held.value, EntryRecord) for held in self.ledger.scan("entry")]

    def outcomes(self) -> dict[str, str]:
        """Outcome by title."""
        return {record.entry.title: record.outcome for record in self.entries()}


@contextmanager
def newsroom(
    folder: Path,
    press: PressServer,
    rules: Rulebook,
    extractor: Extractor,
    feeds: Mapping[str, Feed],
    clock: ManualClock | None = None,
    through: Callable[[Bus, Ledger], tuple[Bus, Ledger]] = lambda bus, ledger: (bus, ledger),
    hosts: Hosts | None = None,
) -> Iterator[Newsroom]:
    """A second one on the same folder is what a restart is. `through` puts something before bus and ledger."""
    clock = clock or ManualClock(NOON)
    settings = CollectorSettings(feed_deadline_seconds=DEADLINE, page_deadline_seconds=DEADLINE, host_seconds=0)
    fetcher = HttpFetcher(user_agent="test", host_seconds=0, routes=press.routes)
    bus, ledger = SqliteBus(folder / "bus.db", clock), SqliteLedger(folder / "ledger.db")
    book = replace(rules, feeds=dict(feeds))
    try:
        collector = Collector(
            lambda: book, settings, *through(bus, ledger), fetcher, extractor, clock, hosts=hosts or AllHosts()
        )
        yield Newsroom(collector, bus, ledger, clock, press)
    finally:
        for port in (fetcher, bus, ledger):
            port.close()
