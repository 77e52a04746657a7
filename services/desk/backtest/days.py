"""What the log holds of some days, as new rules read it: records shared by reading, comparing and the forecast."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from services.alerter.clipping import Clipping
from services.desk.backtest.forecast import Entry
from services.domain.article import Article
from services.domain.events import Enriched

Text = tuple[str, str, datetime]
"""(article id, content hash, when it was read): one reading of one article."""


@dataclass(slots=True)
class Event:
    """A message of press.collected or press.unmatched."""

    at: datetime
    text: Text
    collected: bool
    """On press.collected."""
    replayed: bool
    """Put there by a back-test or a replay: in no letter."""
    stays: bool
    """On its topic under these rules too, whatever they say of it: they judged it, or it is a text read anew."""
    wanted: bool = False
    """Unmatched, and these rules would have collected it."""

    @property
    def key(self) -> str:
        return self.text[0]


@dataclass(frozen=True, slots=True)
class Read:
    """One text under the new rules."""

    clipping: Clipping
    wanted: bool
    """Whether a collector under these rules publishes it to press.collected."""
    before: frozenset[str]
    """Watches that catch it under the rules that run."""
    excluded: dict[str, tuple[str, ...]]
    """Watch that only its NOT terms keep from it -> those terms."""
    document: Enriched | None
    """Kept whole where it has findings or was read again."""
    again: bool = False
    """Read again: the archive's document, where it holds one, may say something else."""


@dataclass(slots=True)
class Days:
    """What the log holds of the days, in the order in which it came."""

    events: list[Event] = field(default_factory=list)
    reads: dict[Text, Read] = field(default_factory=dict)
    taken: list[Event] = field(default_factory=list)
    """Those that the new rules would have had in the archive."""
    archived: set[str] = field(default_factory=set)
    """Ids of articles on press.collected in these days."""
    unread: int = 0
    """Messages that could not be read."""
    undone: set[Text] = field(default_factory=set)
    """Texts that left the log meanwhile."""
    kept_out: dict[Text, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    """Unmatched texts that only the NOT terms of a watch keep out: watch -> those terms."""
    before: dict[Text, frozenset[str]] = field(default_factory=dict)
    """Where other places or words are tried: the watches that catch a text as it was read, for it is read anew."""


def text_of(article: Article) -> Text:
    return article.article_id, article.content_hash, article.seen_at


def entries(days: Days) -> Iterator[Entry]:
    """The days as the alerter meets them."""
    for event in days.taken:
        if event.replayed:
            continue
        known = days.reads[event.text]
        document = known.document if known.document is not None and known.document.findings else None
        yield Entry(event.at, msgspec.structs.replace(known.clipping, entered_at=event.at), document)
