"""Enriched articles for tests, with only what a test is about spelled out."""

from __future__ import annotations

from datetime import UTC, datetime

from services.domain.article import Article, hash_of
from services.domain.events import Enriched
from services.domain.place import Nearness, Reading
from services.domain.tone import DocumentTone, Tone, ToneLabel
from services.domain.topic import TopicHit

DAY = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def enriched(
    article_id: str = "a1",
    title: str = "",
    lead: str = "",
    text: str = "",
    *,
    published_at: datetime | None = DAY,
    first_seen: datetime = DAY,
    seen_at: datetime = DAY,
    outlet: str = "bao-mau",
    language: str = "vi",
    places: dict[str, Nearness] | None = None,
    topics: tuple[str, ...] = (),
    tone: ToneLabel = "none",
    url: str | None = None,
    rules: str = "",
) -> Enriched:
    """The document of one article version; its content hash is that of its text."""
    article = Article(
        article_id=article_id,
        source_class="press",
        url=url or f"https://bao-mau.example/{article_id}",
        title=title,
        lead=lead,
        text=text,
        published_at=published_at,
        first_seen=first_seen,
        seen_at=seen_at,
        outlet=outlet,
        outlet_name="Báo Mẫu",
        content_hash=hash_of(title, lead, text),
    )
    return Enriched(
        article=article,
        reading=Reading(places=places or {}),
        language=language,
        topics=[TopicHit(topic=topic, evidence=[]) for topic in topics],
        tone=Tone(label=tone, score=0.0),
        tone_document=DocumentTone(label="neutral", score=0.0),
        story_id=article_id,
        rules=rules,
    )
