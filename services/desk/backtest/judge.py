"""Whether an article that came unmatched would have been collected under new rules."""

from __future__ import annotations

from services.desk.backtest.reasons import exclusions
from services.domain.article import unread
from services.domain.events import Collected
from services.domain.language import detect
from services.domain.query import searchable
from services.rulebook.book import Rulebook

Verdict = tuple[bool, dict[str, tuple[str, ...]]]
"""(whether, the watches that only their NOT terms keep from it, with those terms)."""


def judge_unmatched(
    found: Collected, rules: Rulebook, *, other_places: bool = False, other_topics: bool = False
) -> Verdict:
    """As the collector judges. Places and topics are taken as they were found, unless these rules find others."""
    article, reading, topics, fields = found.article, found.reading, found.topics, unread(found.article)
    if other_places:
        reading = rules.places.read(fields, article.published_at, also=rules.also)
    if other_topics:
        topics = rules.topics.find(fields, detect(fields, article.declared_language))
    if reading.verdict != "none":
        return True, {}
    reach = rules.index.reach(searchable(article, reading, topics, "", fields).facts)
    if reach == "none":
        return False, {}
    language = detect(fields, article.declared_language) if reach == "language" else ""
    document = searchable(article, reading, topics, language, fields)
    if rules.index.possible(document):
        return True, {}
    return False, {one.id: exclusions(one.query, document) for one in rules.index.excluded(document)}
