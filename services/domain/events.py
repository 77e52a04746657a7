"""What travels on the bus, and the names of its topics."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from services.domain.article import Article
from services.domain.finding import Finding
from services.domain.place import Nearness, Reading
from services.domain.record import Record
from services.domain.tone import DocumentTone, IssueType, Tone
from services.domain.topic import TopicHit

SCHEMA = 1

COLLECTED = "press.collected"
UNMATCHED = "press.unmatched"
ENRICHED = "press.enriched"
DECISIONS = "press.decisions"
PARKED = "press.parked"
TOPICS = (COLLECTED, UNMATCHED, ENRICHED, DECISIONS, PARKED)


class Collected(Record, frozen=True, kw_only=True):
    """An article as the collector judged it; the same shape on press.collected and press.unmatched."""

    article: Article
    reading: Reading
    topics: list[TopicHit] = []
    watches: list[str] = []
    """Ids of the watches that were not surely false."""
    rules: str = ""
    """Version of the rulebook that judged."""


class Enriched(Record, frozen=True, kw_only=True):
    """An article with all that the enricher read in it; the document of the archive."""

    article: Article
    reading: Reading
    language: str
    topics: list[TopicHit] = []
    tone: Tone
    tone_document: DocumentTone
    issue_type: IssueType | None = None
    findings: list[Finding] = []
    story_id: str
    copy_of: str | None = None
    """Article id of the text that this one repeats."""
    change: Literal["number", "correction"] | None = None
    """Why a new version of a known article is told again."""
    rules: str = ""

    @property
    def article_id(self) -> str:
        return self.article.article_id

    @property
    def places(self) -> dict[str, Nearness]:
        return self.reading.places


DecisionKind = Literal["confirm", "dismiss", "fix_register"]


class Decision(Record, frozen=True, kw_only=True):
    """What a named person decided. `subject` is a finding id."""

    decision: DecisionKind
    subject: str
    by: str
    at: datetime
    reason: str
    payload: dict[str, Any] = {}


class Parked(Record, frozen=True, kw_only=True):
    """A message that cannot be processed, kept with its reason; `headers` go with it when it is sent round again."""

    topic: str
    key: str
    value: str
    """The message as it was, JSON text, author fields dropped; empty where it was no object of JSON."""
    headers: dict[str, str] = {}
    reason: str
    at: datetime
