"""`enrich`: lines of JSON to articles, and what was read in each back to a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from services.cli.json_lines import GivenArticle
from services.domain.address import clean_url, host_of
from services.domain.article import Article, hash_of
from services.domain.codec import plain
from services.domain.events import Enriched
from services.enricher.given import UNKNOWN, enrich_given, save_given
from services.ports.archive import Archive
from services.ports.ledger import Ledger
from services.rulebook.book import Rulebook


@dataclass(frozen=True, slots=True)
class EnrichedLine:
    """A line with what was read in it."""

    given: GivenArticle
    document: Enriched

    def answer(self) -> str:
        """The line to write: the input with the keys of `match` and of `enrich`."""
        read = plain(self.document)
        ours: dict[str, Any] = {"article_id": self.given.article_id, **read["reading"]}
        for key in ("language", "topics", "tone", "tone_document", "issue_type", "findings", "story_id", "copy_of"):
            ours[key] = read[key]
        return self.given.answer(ours)


def enrich_lines(
    given: Sequence[GivenArticle], rules: Rulebook, step: Callable[[], None] = lambda: None
) -> list[EnrichedLine]:
    """The lines in the order given, each with its document; `step` is called after each article."""
    documents = enrich_given([_as_given(one, rules) for one in given], rules, step)
    return [EnrichedLine(one, document) for one, document in zip(given, documents, strict=True)]


def save_lines(
    given: Sequence[GivenArticle],
    rules: Rulebook,
    archive: Archive,
    ledger: Ledger,
    now: datetime,
    step: Callable[[], None] = lambda: None,
) -> list[EnrichedLine]:
    """The same, and the articles in the archive without by-lines: the lines tell what stands there, with the offsets
    of the fields as given. Raises Unavailable.
    """
    kept = save_given([_article(one, rules, *one.stored) for one in given], rules, archive, ledger, now, step)
    shown = enrich_given(
        [
            msgspec.structs.replace(
                _as_given(one, rules),
                published_at=document.article.published_at,
                outlet=document.article.outlet,
                source_class=document.article.source_class,
                declared_language=document.article.declared_language,
            )
            for one, document in zip(given, kept, strict=True)
        ],
        rules,
    )
    return [
        EnrichedLine(one, msgspec.structs.replace(read, story_id=document.story_id, copy_of=document.copy_of))
        for one, read, document in zip(given, shown, kept, strict=True)
    ]


def _as_given(given: GivenArticle, rules: Rulebook) -> Article:
    return _article(given, rules, given.title, given.lead, given.text)


def _article(given: GivenArticle, rules: Rulebook, title: str, lead: str, text: str) -> Article:
    host = host_of(given.url) if given.url else ""
    on = given.published_at.date() if given.published_at else None
    outlet = rules.outlets.of_host(host, on) if host else None
    time = _utc(given.published_at) if given.published_at else None
    return Article(
        article_id=given.article_id,
        url=clean_url(given.url) if given.url else None,
        title=title,
        lead=lead,
        text=text,
        published_at=time,
        date_basis="given" if time else "unknown",
        first_seen=time or UNKNOWN,
        seen_at=time or UNKNOWN,
        outlet=outlet.id if outlet else (given.outlet or host),
        outlet_name=outlet.name if outlet else (given.outlet or host),
        source_class=outlet.class_ if outlet else "press",
        declared_language=given.language,
        text_basis="given",
        content_hash=hash_of(title, lead, text),
    )


def _utc(time: datetime) -> datetime | None:
    try:
        return time.astimezone(UTC)
    except OverflowError:
        # 0001-01-01T00:00+07:00 lies before the first year: as unreadable as any other such date.
        return None
