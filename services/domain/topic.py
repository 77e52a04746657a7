"""Topics: what an article is about, each with the words that say so.

A labeller by rules: the words of config/topics.yaml, counted by where they stand. The title says most, then the lead,
then the beginning of the text; repetition says little. The strongest topic and those close behind it stay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal

from services.domain.article import FIELDS, Field, Fields
from services.domain.phrases import Found, Phrases, typed_without_marks
from services.domain.record import Record


class Evidence(Record, frozen=True, kw_only=True):
    """Words of the text. Offsets are code points of the field as given, end exclusive."""

    surface: str
    field: Field
    start: int
    end: int


class TopicHit(Record, frozen=True, kw_only=True):
    topic: str
    evidence: list[Evidence]


class Topic(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of config/topics.yaml. `words_en` count in every language but Vietnamese."""

    id: str
    name: str
    """Vietnamese, as shown."""
    weight: float = 1
    """Consequence for residents, 0..5: ranks the digest. Never tone."""
    parent: str | None = None
    strong: list[str] = []
    """Words that say the topic alone in the title or lead, and with any other word in the text."""
    words: list[str] = []
    """Words that say it in the title; elsewhere only several together."""
    weak: list[str] = []
    """Words that only add to others."""
    exclude: list[str] = []
    """Longer phrases in which the words above do not count: "cháy hàng" is no fire."""
    strong_en: list[str] = []
    words_en: list[str] = []
    match: list[str] = []
    """Sample texts that must get this topic; the first line is the title. Checked at every validation."""
    refuse: list[str] = []
    """Sample texts that must not."""


Level = Literal["strong", "word", "weak", "exclude"]
_POINTS: dict[Level, float] = {"strong": 3.0, "word": 1.2, "weak": 0.5, "exclude": 0.0}
_PLACE: dict[Field, float] = {"title": 3.0, "lead": 1.6, "text": 1.0}
# Later in the text a word is more often an aside, and a long text gathers more of them.
_BEGINNING = 150
_LATER = 0.45
_REPEATED = 0.25
_MOST_REPEATS = 4
# One strong word of the text alone is not enough: it may be an aside. Precision and recall hardly move between 3.3
# and 4.2 (tests/quality/test_tone_topics.py).
_ENOUGH = 3.5
_CLOSE = 0.55
_MOST_TOPICS = 3
_MOST_EVIDENCE = 8

_Value = tuple[str, Level]


class TopicRules:
    """The topics of one rulebook, compiled."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self.topics: dict[str, Topic] = {topic.id: topic for topic in topics}
        self._vietnamese = Phrases(_entries(topics, english=False))
        self._foreign = Phrases(_entries(topics, english=True))

    def find(self, fields: Fields, language: str) -> list[TopicHit]:
        """At most three topics, the strongest first, each with the words that decided, the weightiest first."""
        vietnamese = language == "vi"
        phrases = self._vietnamese if vietnamese else self._foreign
        unmarked = vietnamese and typed_without_marks(fields)
        points: dict[str, float] = defaultdict(float)
        shown: dict[str, list[tuple[float, Evidence]]] = defaultdict(list)
        seen: dict[tuple[str, str], int] = defaultdict(int)
        for field in FIELDS:
            tokens = fields[field]
            for found in phrases.find(tokens, unmarked):
                topic, level = found.value
                worth = _POINTS[level] * _where(field, found)
                if not worth:
                    continue
                repeats = seen[topic, found.phrase]
                seen[topic, found.phrase] += 1
                if repeats > _MOST_REPEATS:
                    continue
                points[topic] += worth * (_REPEATED if repeats else 1.0)
                start, end = tokens.starts[found.first], tokens.ends[found.last]
                said = Evidence(surface=tokens.source[start:end], field=field, start=start, end=end)
                shown[topic].append((worth, said))
        return [TopicHit(topic=topic, evidence=_weightiest(shown[topic])) for topic in _chosen(points)]


def _entries(topics: Sequence[Topic], english: bool) -> Iterator[tuple[str, _Value]]:
    for topic in topics:
        lists: list[tuple[Level, list[str]]] = [
            ("strong", topic.strong),
            ("word", topic.words),
            ("weak", topic.weak),
            ("exclude", topic.exclude),
        ]
        if english:
            lists += [("strong", topic.strong_en), ("word", topic.words_en)]
        for level, words in lists:
            for word in words:
                yield word, (topic.id, level)


def _where(field: Field, found: Found[_Value]) -> float:
    if field == "text" and found.first >= _BEGINNING:
        return _LATER
    return _PLACE[field]


def _chosen(points: dict[str, float]) -> list[str]:
    best = max(points.values(), default=0.0)
    ranked = sorted(points, key=lambda topic: (-points[topic], topic))
    return [topic for topic in ranked if points[topic] >= max(_ENOUGH, best * _CLOSE)][:_MOST_TOPICS]


def _weightiest(said: list[tuple[float, Evidence]]) -> list[Evidence]:
    ranked = sorted(said, key=lambda item: -item[0])
    chosen: list[Evidence] = []
    surfaces: set[str] = set()
    for _, evidence in ranked:
        if evidence.surface.lower() not in surfaces and len(chosen) < _MOST_EVIDENCE:
            surfaces.add(evidence.surface.lower())
            chosen.append(evidence)
    return chosen
