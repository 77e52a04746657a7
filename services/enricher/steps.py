"""The pipeline on one screen: language -> places -> topics -> tone -> facts -> story.

Each step is a small function of the article and of what the steps before it found; the story alone is also given
the neighbours. The same article under the same rules gives the same document, in any process, at any time.
"""

from __future__ import annotations

import msgspec

from services.domain.article import Article, tokens_of
from services.domain.events import Enriched
from services.domain.fact.contradiction import find_contradictions
from services.domain.language import detect
from services.domain.place import Mention, Reading, Rejected, Verdict
from services.domain.story import Sketch, sketch_of
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
    document, sketch = without_story(article, rules, also=also, change=change)
    told = neighbours.join(sketch)
    return msgspec.structs.replace(document, story_id=told.story_id, copy_of=told.copy_of)


def without_story(
    article: Article, rules: Rulebook, *, also: frozenset[str] = frozenset(), change: Change | None = None
) -> tuple[Enriched, Sketch]:
    """All of it but the story, and the sketch by which that is found; its own id stands for the story."""
    fields = tokens_of(article.title, article.lead, article.text)
    language = detect(fields, article.declared_language)
    reading = rules.places.read(fields, article.published_at, also)
    topics = rules.topics.find(fields, language)
    tone = read_tone(fields, reading, topics, rules.tone, language)
    document = Enriched(
        article=article,
        reading=reading.told(),
        language=language,
        topics=topics,
        tone=tone.tone,
        tone_document=tone.tone_document,
        issue_type=tone.issue_type,
        findings=find_contradictions(article, fields, reading, rules.facts),
        story_id=article.article_id,
        change=change,
        rules=rules.version,
    )
    return document, sketch_of(article, fields)


def places_again(document: Enriched, rules: Rulebook, *, also: frozenset[str]) -> Enriched:
    """The document that `enrich` would make, where only the places to be recorded are others than they were."""
    article = document.article
    fields = tokens_of(article.title, article.lead, article.text)
    reading = rules.places.read(fields, article.published_at, also)
    before, told = document.reading, reading.told()
    # Tone and facts read the names and the verdict; half of the time, where only what a name counts for is new. A
    # list cut short does not tell whether all names are the same.
    if told is reading and _names(told) == _names(before):
        return msgspec.structs.replace(document, reading=told, rules=rules.version)
    tone = read_tone(fields, reading, document.topics, rules.tone, document.language)
    return msgspec.structs.replace(
        document,
        reading=told,
        tone=tone.tone,
        tone_document=tone.tone_document,
        issue_type=tone.issue_type,
        findings=find_contradictions(article, fields, reading, rules.facts),
        rules=rules.version,
    )


def _names(reading: Reading) -> tuple[list[Mention], list[Rejected], Verdict]:
    return reading.mentions, reading.rejected, reading.verdict
