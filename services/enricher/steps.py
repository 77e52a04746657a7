"""The pipeline on one screen: language -> places -> topics -> tone -> facts -> story.

Each step is a small function of the article and of what the steps before it found; the story alone is also given
the neighbours. The same article under the same rules gives the same document, in any process, at any time.
"""

from __future__ import annotations

from services.domain.article import Article, tokens_of
from services.domain.events import Enriched
from services.domain.fact.contradiction import find_contradictions
from services.domain.language import detect
from services.domain.story import sketch_of
from services.domain.tone import read_tone
from services.enricher.change import Change
from services.enricher.neighbours import Neighbours
from services.rulebook.book import Rulebook


def enrich(
    article: Article,
    rules: Rulebook,
    neighbours: Neighbours,
    *,
    also: frozenset[str] = frozenset(),
    change: Change | None = None,
) -> Enriched:
    """All that is read in an article.

    `also`: ids of unwatched places to record, those of running watches. Raises Unavailable from the neighbours.
    """
    fields = tokens_of(article.title, article.lead, article.text)
    language = detect(fields, article.declared_language)
    reading = rules.places.read(fields, article.published_at, also)
    topics = rules.topics.find(fields, language)
    tone = read_tone(fields, reading, topics, rules.tone, language)
    findings = find_contradictions(article, fields, reading, rules.facts)
    told = neighbours.place(sketch_of(article, fields))
    return Enriched(
        article=article,
        reading=reading,
        language=language,
        topics=topics,
        tone=tone.tone,
        tone_document=tone.tone_document,
        issue_type=tone.issue_type,
        findings=findings,
        story_id=told.story_id,
        copy_of=told.copy_of,
        change=change,
        rules=rules.version,
    )


def places_of_watches(rules: Rulebook) -> frozenset[str]:
    """The places that running watches name: they are recorded too, also when places.yaml does not watch them."""
    return frozenset(place for compiled in rules.running.values() for place in compiled.query.places)
