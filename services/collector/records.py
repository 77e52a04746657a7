"""What the collector keeps in the ledger, under which keys. What others read too stands in domain/feed.

FEED_DAY   feed id|local day               FeedDayRecord
PENDING    first seen|date|feed|place|key  Pending: which entries wait, so that nobody scans all; due|... after errors
LATER      due|article id|reason           Later: a page to read again
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar

from services.domain.codec import decode, encode
from services.domain.feed import Alias, ArticleRecord, FeedState, Handover
from services.domain.record import Record
from services.ports.ledger import Ledger, Put

_R = TypeVar("_R", bound=Record)

Reason = Literal["retry", "revisit", "changed"]
FEED_DAY, PENDING, LATER = "feed_day", "pending", "later"


class FeedDayRecord(Record, frozen=True, kw_only=True):
    """A feed's last state on a day, and the day's largest count beyond the cap."""

    state: FeedState
    cut: int = 0


MOST_HANDOVERS = 8
"""As many as the fetcher follows redirects: papers that send us round in a ring come to an end here too."""


class Pending(Record, frozen=True, kw_only=True):
    """An entry that waits for its page. `host` shares the pages out, `link_id` keeps twins apart."""

    entry: str
    host: str
    link_id: str
    attempts: int = 0
    """How often an error that nobody foresaw kept it from being settled. Then its key begins with when it is due."""
    handed: Handover | None = None
    """Where its page is asked for, when its link led to a host of another collector."""


class Later(Record, frozen=True, kw_only=True):
    """A page to read again: it could not be read, its article may be edited in silence, or its feed entry changed."""

    article_id: str
    reason: Reason
    attempts: int = 0
    """How often an error that nobody foresaw came between."""
    handed: Handover | None = None
    """As in Pending."""


def handed_on(before: Handover | None, target: str, now: datetime) -> Handover | None:
    """Where it goes on when it was handed on to `target`; None where that was done too often."""
    hops = before.hops + 1 if before else 1
    return Handover(address=target, hops=hops, at=now) if hops <= MOST_HANDOVERS else None


def aliased(aliases: Mapping[str, Alias], article_id: str) -> str:
    return aliases[article_id].article_id if article_id in aliases else article_id


def stamp(time: datetime) -> str:
    """A time that sorts as text."""
    return time.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


# After an error that nobody foresaw: soon, for a new version may be running by then, and in the end once a day.
_PAUSES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
LONGEST_PAUSE = timedelta(days=1)


def pause_after(attempts: int) -> timedelta:
    """How long an item rests after its first, second ... unforeseen error."""
    return _PAUSES[attempts - 1] if attempts <= len(_PAUSES) else LONGEST_PAUSE


def put(kind: str, key: str, record: Record, expected: int | None = None) -> Put:
    return Put(kind, key, encode(record), expected)


def get(ledger: Ledger, kind: str, key: str, form: type[_R]) -> _R | None:
    held = ledger.get(kind, key)
    return decode(held.value, form) if held else None


def get_all(ledger: Ledger, kind: str, keys: Iterable[str], form: type[_R]) -> dict[str, _R]:
    held = ledger.get_many(kind, sorted(set(keys)))
    return {key: decode(value.value, form) for key, value in held.items()}


def scan(ledger: Ledger, kind: str, form: type[_R], prefix: str = "") -> Iterator[tuple[str, _R]]:
    for held in ledger.scan(kind, prefix):
        yield held.key, decode(held.value, form)


def later_put(due: datetime, later: Later) -> Put:
    return put(LATER, f"{stamp(due)}|{later.article_id}|{later.reason}", later)


def revisit(record: ArticleRecord, since: datetime, hours: tuple[float, ...], now: datetime) -> list[Put]:
    """The next reading of a published article, for silent edits and for a source classified since; none after the last.

    `since`: when its entry was seen, which an aggregator's item may have come long before.
    """
    if record.outcome != "published" or record.source_class not in ("press", "unclassified"):
        return []
    dues = (since + timedelta(hours=after) for after in sorted(hours))
    due = next((due for due in dues if due > now), None)
    return [later_put(due, Later(article_id=record.article_id, reason="revisit"))] if due else []
