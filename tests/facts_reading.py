"""Findings of a text against the shipped register: what the tests of facts share."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from services.domain.article import Article, SourceClass, tokens_of
from services.domain.fact.contradiction import find_contradictions
from services.domain.finding import Finding
from services.rulebook.book import Rulebook
from services.rulebook.load import load

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@cache
def shipped() -> Rulebook:
    return load(Path(__file__).parents[1] / "config", samples=False)


def article(
    text: str,
    published: date | None,
    *,
    title: str = "",
    source_class: SourceClass = "press",
    basis: str = "page",
) -> Article:
    at = datetime(published.year, published.month, published.day, 3, tzinfo=UTC) if published else None
    return Article(
        article_id="bai",
        title=title,
        text=text,
        published_at=at,
        first_seen=NOW,
        seen_at=NOW,
        source_class=source_class,
        text_basis="feed" if basis == "feed" else "page",
    )


def findings_of(one: Article) -> list[Finding]:
    rules = shipped()
    fields = tokens_of(one.title, one.lead, one.text)
    return find_contradictions(one, fields, rules.places.read(fields, one.published_at), rules.facts)


def find(text: str, published: str | None = "2026-11-20", **more: str) -> list[Finding]:
    """Findings of a press article with this text, published on this day (ISO)."""
    return findings_of(article(text, date.fromisoformat(published) if published else None, title=more.get("title", "")))
