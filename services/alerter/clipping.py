"""Clippings: what a letter needs of an article, kept in the ledger so that letters do not depend on the archive.

Pure: `clip` asks every running watch about one enriched article; a back-test may ask the same way.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from services.domain.article import SourceClass
from services.domain.events import Enriched
from services.domain.place import Nearness
from services.domain.query import Query, searchable
from services.domain.record import Record
from services.domain.tone import IssueType, ToneLabel
from services.rulebook.book import Rulebook

OLD_AFTER = timedelta(hours=48)
"""Published longer than this before we first saw it: "Tin cũ mới tìm thấy"."""
_CLOSEST: tuple[Nearness, ...] = ("about", "part", "mention")
_MOST_WORDS = 3
_LEAD_LENGTH = 600


class Match(Record, frozen=True, kw_only=True):
    """A watch that caught the article, and how near the article is to what the watch asks for."""

    watch: str
    nearness: Nearness
    urgent: bool = False
    """As the watch stood then: a watch made urgent later announces nothing that it caught before."""


class Clipping(Record, frozen=True, kw_only=True):
    """An article as letters tell it. `number` orders clippings; windows are ranges of numbers."""

    number: int = 0
    article_id: str
    content_hash: str
    entered_at: datetime
    url: str | None
    title: str
    lead: str
    outlet: str
    outlet_name: str
    country: str
    language: str
    source_class: SourceClass
    published_at: datetime | None
    first_seen: datetime
    first_poll: bool
    change: Literal["number", "correction"] | None
    places: dict[str, Nearness]
    topics: list[str]
    """The strongest first."""
    tone: ToneLabel
    tone_words: list[str]
    issue_type: IssueType | None
    story_id: str
    copy_of: str | None
    matches: list[Match]
    caught_before: list[str] = []
    """Watches that caught an earlier text of it, for whose recipients it stood in a letter then."""
    excluded: list[str]
    """Watches that would have caught it but for their NOT terms."""
    rules: str
    """Version of the rulebook whose watches were asked."""

    @property
    def time(self) -> datetime:
        return self.published_at or self.first_seen

    @property
    def old(self) -> bool:
        """Published long before it was first seen; a told change of it is news all the same."""
        return self.change is None and is_old(self.published_at, self.first_seen)

    @property
    def fill(self) -> bool:
        """From a feed's first poll: it fills the archive, not the letters."""
        return self.first_poll and self.change is None


def is_old(published_at: datetime | None, first_seen: datetime) -> bool:
    return published_at is not None and first_seen - published_at > OLD_AFTER


def clip(enriched: Enriched, rules: Rulebook, at: datetime) -> Clipping:
    """What every running watch says of this article, and what letters will show of it."""
    article = enriched.article
    document = searchable(article, enriched.reading, enriched.topics, enriched.language, tone=enriched.tone)
    caught, excluded = rules.index.judged(document)
    outlet = rules.outlets.by_id.get(article.outlet)
    return Clipping(
        article_id=article.article_id,
        content_hash=article.content_hash,
        entered_at=at,
        url=article.url,
        title=" ".join(article.title.split()),
        lead=_cut(article.lead),
        outlet=article.outlet,
        outlet_name=article.outlet_name or article.outlet,
        country=outlet.country if outlet is not None else "",
        language=enriched.language,
        source_class=article.source_class,
        published_at=article.published_at,
        first_seen=article.first_seen,
        first_poll=article.first_poll,
        change=enriched.change,
        places=dict(enriched.places),
        topics=[hit.topic for hit in enriched.topics],
        tone=enriched.tone.label,
        tone_words=list(dict.fromkeys(said.surface for said in enriched.tone.evidence if said.weight))[:_MOST_WORDS],
        issue_type=enriched.issue_type,
        story_id=enriched.story_id,
        copy_of=enriched.copy_of,
        matches=[
            Match(
                watch=one.id,
                nearness=_nearness(one.query, enriched.places),
                urgent=one.watch.urgency == "urgent",
            )
            for one in caught
        ],
        excluded=[compiled.id for compiled in excluded],
        rules=rules.version,
    )


def _nearness(query: Query, places: dict[str, Nearness]) -> Nearness:
    """The strongest class among the places that the query names, else among all; a topic alone is asked for itself."""
    near = {places[place] for place in query.places if place in places} or set(places.values())
    return next((level for level in _CLOSEST if level in near), "about")


def _cut(lead: str) -> str:
    """As published; a lead longer than a letter can carry ends in an ellipsis at a word."""
    said = " ".join(lead.split())
    if len(said) <= _LEAD_LENGTH:
        return said
    return said[:_LEAD_LENGTH].rsplit(" ", 1)[0] + " …"
