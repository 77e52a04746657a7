"""Collected or unmatched: places, topics and watches read the article with the domain's own functions."""

from __future__ import annotations

from services.domain.article import Article, tokens_of
from services.domain.events import COLLECTED, UNMATCHED, Collected
from services.domain.language import detect
from services.domain.query.match import searchable
from services.rulebook.book import Rulebook


def judge(article: Article, rules: Rulebook) -> tuple[str, Collected]:
    """The topic of the bus and the message: collected when a watched place is named or a running watch matches."""
    fields = tokens_of(article.title, article.lead, article.text)
    reading = rules.places.read(fields, article.published_at, also=rules.also)
    language = detect(fields, article.declared_language)
    topics = rules.topics.find(fields, language)
    document = searchable(article, reading, topics, language, fields)
    watches = [compiled.id for compiled in rules.index.possible(document)]
    message = Collected(article=article, reading=reading.told(), topics=topics, watches=watches, rules=rules.version)
    return (COLLECTED if reading.verdict != "none" or watches else UNMATCHED), message
