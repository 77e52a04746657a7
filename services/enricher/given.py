"""Articles that somebody gives (`diembao enrich`) through the very steps of the enricher.

Stories need an order that does not depend on that of the articles: they are taken by (published_at, unknown last,
id), so the same articles in any order get the same answers. Saving joins them to the ledger's stories,
as far back as its words are kept (sweep.py); articles given within that time find each other, however old they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec

from services.domain.article import Article
from services.domain.events import Enriched
from services.enricher.change import Change, change_between, previous_version
from services.enricher.neighbours import Neighbours, Remembered
from services.enricher.steps import enrich
from services.ports.archive import Archive
from services.ports.ledger import Ledger
from services.rulebook.book import Rulebook

UNKNOWN = datetime(9999, 12, 31, tzinfo=UTC)
"""Stands for the time of an article without a date while stories are made: unknown comes last."""
_SAVED_AT_ONCE = 200


def enrich_given(
    articles: Sequence[Article], rules: Rulebook, step: Callable[[], None] = lambda: None
) -> list[Enriched]:
    """The documents in the order given, opening nothing; `step` is called after each."""
    neighbours = Neighbours(Remembered())
    documents: dict[int, Enriched] = {}
    for number in _by_time(articles):
        documents[number] = enrich(articles[number], rules, neighbours)
        step()
    return [_with_present_story(documents[number], neighbours) for number in range(len(articles))]


def save_given(
    articles: Sequence[Article],
    rules: Rulebook,
    archive: Archive,
    ledger: Ledger,
    now: datetime,
    step: Callable[[], None] = lambda: None,
) -> list[Enriched]:
    """Write the articles to the archive as the enricher would have; returns the documents in the order given.

    One that the archive holds keeps its story, its feed and its first sight. Raises Unavailable.
    """
    held = {article_id: archive.get(article_id) for article_id in {one.article_id for one in articles}}
    known = [_as_known(one, held[one.article_id], rules, now) for one in articles]
    neighbours, also = Neighbours(ledger, now), rules.also
    documents: dict[int, Enriched] = {}
    for number in _by_time(known):
        before = held[known[number].article_id]
        if before is None:
            documents[number] = _new(known[number], rules, neighbours, also, now)
        else:
            documents[number] = _again(known[number], before, rules, also, archive)
        step()
    saved = {number: _with_present_story(document, neighbours) for number, document in documents.items()}
    in_time = list(saved.values())
    for begin in range(0, len(in_time), _SAVED_AT_ONCE):
        archive.save(in_time[begin : begin + _SAVED_AT_ONCE])
    return [saved[number] for number in range(len(articles))]


def _by_time(articles: Sequence[Article]) -> list[int]:
    return sorted(
        range(len(articles)),
        key=lambda number: (
            articles[number].published_at or UNKNOWN,
            articles[number].article_id,
            articles[number].content_hash,
        ),
    )


def _with_present_story(document: Enriched, neighbours: Neighbours) -> Enriched:
    """A later article may have shown that two stories are one: every document says the older one's id."""
    return msgspec.structs.replace(document, story_id=neighbours.current(document.story_id))


def _as_known(article: Article, held: Enriched | None, rules: Rulebook, now: datetime) -> Article:
    """The article with what the collector knew of it, where it was here before: only words and date are given anew."""
    if held is None:
        return msgspec.structs.replace(article, seen_at=now)
    known = held.article
    same = known.content_hash == article.content_hash
    registered = article.outlet in rules.outlets.by_id
    dated = article if article.published_at else known
    named = article if registered else known
    return msgspec.structs.replace(
        article,
        published_at=dated.published_at,
        date_basis=dated.date_basis,
        first_seen=known.first_seen,
        seen_at=known.seen_at if same else now,
        outlet=named.outlet,
        outlet_name=named.outlet_name,
        source_class=named.source_class,
        declared_language=article.declared_language or known.declared_language,
        text_basis=known.text_basis if same else article.text_basis,
        feed=known.feed,
        first_poll=known.first_poll,
    )


def _new(article: Article, rules: Rulebook, neighbours: Neighbours, also: frozenset[str], now: datetime) -> Enriched:
    # Among stories it counts from its own date: an import of old articles must not fill this month's shingles.
    founded = min(article.published_at or now, now)
    document = enrich(msgspec.structs.replace(article, first_seen=founded), rules, neighbours, also=also)
    return msgspec.structs.replace(document, article=msgspec.structs.replace(article, first_seen=now))


def _again(article: Article, before: Enriched, rules: Rulebook, also: frozenset[str], archive: Archive) -> Enriched:
    change: Change | None = before.change
    if article.content_hash != before.article.content_hash:
        previous = previous_version(article, archive.versions(article.article_id))
        change = change_between(previous, article) if previous else None
    document = enrich(article, rules, Neighbours(Remembered()), also=also, change=change)
    return msgspec.structs.replace(document, story_id=before.story_id, copy_of=before.copy_of)
