"""The sources line: which feeds could be read, which not and why, by name.

"Không có tin" may be said only when every enabled source was readable; what the collector kept of each feed decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.alerter import words
from services.domain.codec import decode
from services.domain.feed import Feed, FeedCursor
from services.ports.ledger import Ledger
from services.rulebook.book import Rulebook

_NOT_SINCE = timedelta(hours=6)
"""A source last read before this says nothing of this morning, whatever its state then was."""


@dataclass(frozen=True, slots=True)
class Source:
    name: str
    words: str
    """Why it could not be read, in Vietnamese; empty when it could."""


@dataclass(frozen=True, slots=True)
class Sources:
    """`read` of `total` enabled sources were readable at `at`."""

    total: int
    read: int
    at: datetime | None
    unread: tuple[Source, ...]
    disabled: tuple[str, ...]

    @property
    def all_read(self) -> bool:
        return self.total > 0 and self.read == self.total


def read_sources(ledger: Ledger, rules: Rulebook, now: datetime) -> Sources:
    """The state of every feed of the rulebook, from the collector's records."""
    held = ledger.get_many("feed", sorted(rules.feeds))
    cursors = {name: decode(one.value, FeedCursor) for name, one in held.items()}
    names = _names(rules)
    enabled = [feed for feed in rules.feeds.values() if feed.enabled]
    states = [Source(names[feed.id], _unreadable(feed, cursors.get(feed.id), now)) for feed in enabled]
    unread = tuple(state for state in states if state.words)
    return Sources(
        total=len(enabled),
        read=len(states) - len(unread),
        at=max((cursor.polled_at for cursor in cursors.values() if cursor.polled_at <= now), default=None),
        unread=unread,
        disabled=tuple(names[feed.id] for feed in rules.feeds.values() if not feed.enabled),
    )


def by_reason(sources: Iterable[Source]) -> dict[str, list[str]]:
    """Reason -> names, in the order met."""
    found: dict[str, list[str]] = {}
    for source in sources:
        found.setdefault(source.words, []).append(source.name)
    return found


def _unreadable(feed: Feed, cursor: FeedCursor | None, now: datetime) -> str:
    if cursor is None:
        return "chưa đọc lần nào"
    # A search at an aggregator may truly have nothing, or nothing new.
    fine = ("ok", "moved", "empty", "stale") if feed.aggregator else ("ok", "moved")
    if cursor.state not in fine:
        return words.STATES[cursor.state]
    if cursor.read_at is None or now - cursor.read_at > max(_NOT_SINCE, timedelta(minutes=4 * feed.every_minutes)):
        return "không được đọc trong nhiều giờ qua"
    return ""


def _names(rules: Rulebook) -> Mapping[str, str]:
    """The outlet's name; with the feed's id where the outlet has several feeds."""
    feeds = list(rules.feeds.values())
    several = Counter(feed.outlet for feed in feeds)
    names: dict[str, str] = {}
    for feed in feeds:
        outlet = rules.outlets.by_id.get(feed.outlet)
        if outlet is None:
            names[feed.id] = feed.id
        else:
            names[feed.id] = outlet.name if several[feed.outlet] == 1 else f"{outlet.name} ({feed.id})"
    return names
