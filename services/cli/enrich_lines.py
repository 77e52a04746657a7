"""Articles as JSON Lines through the very steps of the enricher, without a bus, an archive or a ledger.

Stories need an order that does not depend on the lines: they are taken by (published_at, unknown last, id), so the
same lines in any order get the same answers. All lines are read before the first is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from services.cli.json_lines import GivenArticle
from services.domain.address import clean_url, host_of
from services.domain.article import Article, hash_of
from services.domain.codec import plain
from services.domain.events import Enriched
from services.enricher.neighbours import Neighbours, Remembered
from services.enricher.steps import enrich
from services.ports.archive import Archive
from services.rulebook.book import Rulebook

UNKNOWN = datetime(9999, 12, 31, tzinfo=UTC)
"""Stands for the time of an article without a date while stories are made: unknown comes last."""
_SAVED_AT_ONCE = 200


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
    return _enriched(given, [_article(one, rules, one.text) for one in given], rules, step)


def save_lines(given: Sequence[GivenArticle], rules: Rulebook, archive: Archive, now: datetime) -> None:
    """Write the articles to the archive: by-lines removed, first sight kept where it holds them already.

    Raises Unavailable.
    """
    lines = _enriched(given, [_article(one, rules, one.stored) for one in given], rules)
    saved = {line.document.article_id: _dated(line.document, archive, now) for line in lines}
    documents = list(saved.values())
    for begin in range(0, len(documents), _SAVED_AT_ONCE):
        archive.save(documents[begin : begin + _SAVED_AT_ONCE])


def _enriched(
    given: Sequence[GivenArticle], articles: Sequence[Article], rules: Rulebook, step: Callable[[], None] = lambda: None
) -> list[EnrichedLine]:
    neighbours = Neighbours(Remembered())
    documents: dict[int, Enriched] = {}
    for number in _by_time(articles):
        documents[number] = enrich(articles[number], rules, neighbours)
        step()
    return [EnrichedLine(one, _with_present_story(documents[number], neighbours)) for number, one in enumerate(given)]


def _by_time(articles: Sequence[Article]) -> Iterable[int]:
    return sorted(
        range(len(articles)),
        key=lambda number: (
            articles[number].first_seen,
            articles[number].article_id,
            articles[number].content_hash,
        ),
    )


def _with_present_story(document: Enriched, neighbours: Neighbours) -> Enriched:
    """A later line may have shown that two stories are one: every line says the older one's id."""
    return msgspec.structs.replace(document, story_id=neighbours.current(document.story_id))


def _article(given: GivenArticle, rules: Rulebook, text: str) -> Article:
    host = host_of(given.url) if given.url else ""
    on = given.published_at.date() if given.published_at else None
    outlet = rules.outlets.of_host(host, on) if host else None
    time = _utc(given.published_at) if given.published_at else None
    return Article(
        article_id=given.article_id,
        url=clean_url(given.url) if given.url else None,
        title=given.title,
        lead=given.lead,
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
        content_hash=hash_of(given.title, given.lead, text),
    )


def _utc(time: datetime) -> datetime | None:
    try:
        return time.astimezone(UTC)
    except OverflowError:
        # 0001-01-01T00:00+07:00 lies before the first year: as unreadable as any other such date.
        return None


def _dated(document: Enriched, archive: Archive, now: datetime) -> Enriched:
    held = archive.get(document.article_id)
    article = msgspec.structs.replace(
        document.article, first_seen=held.article.first_seen if held else now, seen_at=now
    )
    return msgspec.structs.replace(document, article=article)
