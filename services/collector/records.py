"""What the collector keeps in the ledger, under which keys.

"feed"     feed id                         FeedCursor
"feed_day" feed id|local day               FeedDayRecord
"entry"    feed id|hash of the key         EntryRecord
"pending"  first seen|date|feed|place|key  Pending: which entries wait, so that nobody scans all; due|... after errors
"article"  article id                      ArticleRecord: claimed before it is published
"alias"    id of a link                    article id, where the page named another canonical address, or where the
                                           article had come from an aggregator before
           source and title                article id of the paper's own entry (claim.py)
"later"    due|article id|reason           Later: a page to read again
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar

from services.domain.article import SourceClass
from services.domain.codec import decode, encode
from services.domain.feed import FeedState, Handover, Outcome
from services.domain.record import Record
from services.ports.ledger import Ledger, Put

_R = TypeVar("_R", bound=Record)

Reason = Literal["retry", "revisit", "changed"]
TextBasis = Literal["page", "feed", "given"]


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


class ArticleRecord(Record, frozen=True, kw_only=True):
    """An article that was claimed by one entry; with a content_hash it was also published."""

    article_id: str
    feed: str
    entry: str
    """Ledger key of the entry that it belongs to."""
    url: str
    first_seen: datetime
    first_poll: bool = False
    source_class: SourceClass = "unclassified"
    outcome: Outcome = "pending"
    content_hash: str = ""
    text_basis: TextBasis = "feed"
    published_at: datetime | None = None
    opaque: bool = False
    """An aggregator's item of which only the source and the title are known: the paper's own entry takes it over."""


class Later(Record, frozen=True, kw_only=True):
    """A page to read again: it could not be read, its article may be edited in silence, or its feed entry changed."""

    article_id: str
    reason: Reason
    attempts: int = 0
    """How often an error that nobody foresaw came between."""
    handed: Handover | None = None
    """As in Pending."""


class Alias(Record, frozen=True, kw_only=True):
    article_id: str


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
    return put("later", f"{stamp(due)}|{later.article_id}|{later.reason}", later)


def revisit(record: ArticleRecord, since: datetime, hours: tuple[float, ...], now: datetime) -> list[Put]:
    """The next reading of a published article, for silent edits and for a source classified since; none after the last.

    `since`: when its entry was seen, which an aggregator's item may have come long before.
    """
    if record.outcome != "published" or record.source_class not in ("press", "unclassified"):
        return []
    dues = (since + timedelta(hours=after) for after in sorted(hours))
    due = next((due for due in dues if due > now), None)
    return [later_put(due, Later(article_id=record.article_id, reason="revisit"))] if due else []
