"""The sources line: which feeds could be read, which not and why, by name.

"Không có tin" may be said only when every enabled source was readable; what the collector kept of each feed decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from services.domain.codec import decode
from services.domain.feed import CURSOR, Feed, FeedCursor
from services.domain.feed.words import STATES
from services.ports.ledger import Ledger
from services.rulebook.book import Rulebook

_NOT_SINCE = timedelta(hours=6)
"""A source last read before this says nothing of this morning, whatever its state then was."""

_AGGREGATORS = {"news.google.com": "Google News", "www.bing.com": "Bing News", "api.gdeltproject.org": "GDELT"}


@dataclass(frozen=True, slots=True)
class Source:
    name: str
    """The outlet, or the aggregator, as readers know it."""
    of: int
    """How many sources of the rulebook bear that name."""
    aggregator: bool
    words: str
    """Why it could not be read, in Vietnamese; empty when it could."""


@dataclass(frozen=True, slots=True)
class Sources:
    """`read` of `total` enabled sources were readable at `at`."""

    total: int
    read: int
    at: datetime | None
    unread: tuple[Source, ...]
    disabled: tuple[Source, ...]

    @property
    def all_read(self) -> bool:
        return self.total > 0 and self.read == self.total


def read_sources(ledger: Ledger, rules: Rulebook, now: datetime) -> Sources:
    """The state of every feed of the rulebook, from the collector's records."""
    held = ledger.get_many(CURSOR, sorted(rules.feeds))
    cursors = {name: decode(one.value, FeedCursor) for name, one in held.items()}
    names = {feed.id: _name(feed, rules) for feed in rules.feeds.values()}
    several = Counter(names.values())

    def source(feed: Feed, why: str) -> Source:
        return Source(names[feed.id], several[names[feed.id]], feed.aggregator, why)

    enabled = [feed for feed in rules.feeds.values() if feed.enabled]
    states = [source(feed, _unreadable(feed, cursors.get(feed.id), now)) for feed in enabled]
    unread = tuple(state for state in states if state.words)
    return Sources(
        total=len(enabled),
        read=len(states) - len(unread),
        at=max((cursor.polled_at for cursor in cursors.values() if cursor.polled_at <= now), default=None),
        unread=unread,
        disabled=tuple(source(feed, "") for feed in rules.feeds.values() if not feed.enabled),
    )


def by_reason(sources: Iterable[Source]) -> dict[str, list[str]]:
    """Reason -> which sources, in the order met."""
    found: dict[str, list[Source]] = {}
    for source in sources:
        found.setdefault(source.words, []).append(source)
    return {words: listed(these) for words, these in found.items()}


def listed(sources: Iterable[Source]) -> list[str]:
    """Each outlet once; with the number of its sources that are meant where it has several."""
    found: dict[str, list[Source]] = {}
    for source in sources:
        found.setdefault(source.name, []).append(source)
    return [
        f"{name} ({len(these)} {'truy vấn' if these[0].aggregator else 'nguồn'})" if these[0].of > 1 else name
        for name, these in found.items()
    ]


def _unreadable(feed: Feed, cursor: FeedCursor | None, now: datetime) -> str:
    if cursor is None:
        return "chưa đọc lần nào"
    # A search at an aggregator may truly have nothing, or nothing new.
    fine = ("ok", "moved", "empty", "stale") if feed.aggregator else ("ok", "moved")
    if cursor.state not in fine:
        return STATES[cursor.state]
    if cursor.read_at is None or now - cursor.read_at > max(_NOT_SINCE, timedelta(minutes=4 * feed.every_minutes)):
        return "không được đọc trong nhiều giờ qua"
    return ""


def _name(feed: Feed, rules: Rulebook) -> str:
    """What a reader of the letter knows it by; never the feed's id where there is something better."""
    if feed.aggregator:
        host = urlsplit(feed.url).hostname or feed.id
        return _AGGREGATORS.get(host, host.removeprefix("www."))
    outlet = rules.outlets.by_id.get(feed.outlet)
    return outlet.name if outlet is not None else feed.id
