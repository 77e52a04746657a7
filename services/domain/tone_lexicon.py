"""The words that carry tone, and where they stand in a text.

Words alone decide nothing: `signals` finds them, drops the negated ones, and counts a failing as criticism only where
a body or official of the place stands in the same sentence. Weights are three plain levels, so that a reader of the
shown words can follow the sum.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from services.domain.article import FIELDS, Field, Fields
from services.domain.phrases import Phrases, typed_without_marks
from services.domain.record import Record
from services.domain.text import Tokens

Kind = Literal["incident", "critical", "positive", "mood_good", "mood_bad"]
_Role = Literal[
    "incident", "critical", "positive", "mood_good", "mood_bad",
    "fault", "authority", "negator", "precaution", "neutral",
]  # fmt: skip
_Value = tuple[_Role, float]

STRONG, ORDINARY, WEAK = 3.0, 1.5, 0.5
# "không có người bị thương": the negator stands at most three tokens before.
_NEGATOR_REACH = 3


class Words(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words of one kind by how much they say: 3, 1.5 and 0.5 points."""

    strong: list[str] = []
    words: list[str] = []
    weak: list[str] = []


class ToneSample(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sample text about a watched place, and the tone toward it that must be read. Its first line is the title."""

    text: str
    tone: Literal["positive", "neutral", "critical", "incident", "unclear"]


class Lexicon(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of config/lexicon/. Every key but `language` may be left out; files of one language are merged.

    language: vi
    incident: {strong: [...], words: [...], weak: [...]}
    critical: {...}          # blames on its own: "bị phê bình"
    fault: [...]             # blames only with an authority in the same sentence: "chậm"
    authority: [...]         # bodies and officials of a place: "UBND xã"
    positive: {...}
    mood_good, mood_bad: {}  # tone of the item only, never of the place
    negators: [...]          # cancel what follows: "không", "phòng chống"
    precautions: [...]       # in a sentence with one of these no incident counts: "chưa phát hiện"
    neutral: [...]           # longer phrases in which other words do not count: "cháy hàng"
    samples: [{text, tone}]  # texts whose tone is known
    """

    language: str = "vi"
    incident: Words = Words()
    critical: Words = Words()
    positive: Words = Words()
    mood_good: Words = Words()
    mood_bad: Words = Words()
    fault: list[str] = []
    authority: list[str] = []
    negators: list[str] = []
    precautions: list[str] = []
    neutral: list[str] = []
    samples: list[ToneSample] = []
    """Checked at every validation, by all lexicons together."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A word that counts, before its place in the article is weighed. Offsets as in Evidence."""

    kind: Kind
    phrase: str
    surface: str
    """The words as they stand in the text."""
    points: float
    authority: tuple[int, int] | None
    """Where the same sentence names a body or official: what makes a failing a criticism."""
    field: Field
    start: int
    end: int
    sentence: int
    """Index among the sentences of its field."""


class ToneLexicon:
    """The lexicon files of one rulebook, compiled for each language."""

    def __init__(self, lexicons: Sequence[Lexicon]) -> None:
        by_language: dict[str, list[tuple[str, _Value]]] = defaultdict(list)
        for lexicon in lexicons:
            by_language[lexicon.language].extend(_entries(lexicon))
        self._phrases = {language: Phrases(entries) for language, entries in by_language.items()}

    @property
    def languages(self) -> frozenset[str]:
        return frozenset(self._phrases)

    def signals(self, fields: Fields, language: str) -> list[Signal]:
        """All that counts, in order of the text; empty for a language without a lexicon."""
        phrases = self._phrases.get(language)
        if phrases is None:
            return []
        unmarked = language == "vi" and typed_without_marks(fields)
        return [signal for field in FIELDS for signal in _in_field(field, fields[field], phrases, unmarked)]


def _entries(lexicon: Lexicon) -> Iterator[tuple[str, _Value]]:
    kinds: tuple[tuple[Kind, Words], ...] = (
        ("incident", lexicon.incident),
        ("critical", lexicon.critical),
        ("positive", lexicon.positive),
        ("mood_good", lexicon.mood_good),
        ("mood_bad", lexicon.mood_bad),
    )
    for kind, words in kinds:
        for points, listed in ((STRONG, words.strong), (ORDINARY, words.words), (WEAK, words.weak)):
            for word in listed:
                yield word, (kind, points)
    roles: tuple[tuple[_Role, list[str]], ...] = (
        ("fault", lexicon.fault),
        ("authority", lexicon.authority),
        ("negator", lexicon.negators),
        ("precaution", lexicon.precautions),
        ("neutral", lexicon.neutral),
    )
    for role, listed in roles:
        for word in listed:
            yield word, (role, ORDINARY)


def sentence_starts(tokens: Tokens) -> list[int]:
    return [start for start, _ in tokens.sentences]


def _in_field(field: Field, tokens: Tokens, phrases: Phrases[_Value], unmarked: bool) -> Iterator[Signal]:
    found = phrases.find(tokens, unmarked)
    if not found:
        return
    starts = sentence_starts(tokens)
    where = [bisect_right(starts, tokens.starts[hit.first]) - 1 for hit in found]
    placed = list(zip(found, where, strict=True))
    ruled = {
        at: (tokens.starts[hit.first], tokens.ends[hit.last])
        for hit, at in reversed(placed)
        if hit.value[0] == "authority"
    }
    averted = {at for hit, at in placed if hit.value[0] == "precaution"}
    negated = {
        (position, at)
        for hit, at in placed
        if hit.value[0] == "negator"
        for position in range(hit.first + 1, hit.last + _NEGATOR_REACH + 1)
    }
    for hit, at in placed:
        role, points = hit.value
        kind = _kind(role, at in ruled, at in averted)
        if kind is None or (hit.first, at) in negated:
            continue
        start, end = tokens.starts[hit.first], tokens.ends[hit.last]
        yield Signal(kind, hit.phrase, tokens.source[start:end], points, ruled.get(at), field, start, end, at)


def _kind(role: _Role, ruled: bool, averted: bool) -> Kind | None:
    if role == "fault":
        return "critical" if ruled else None
    if role == "incident":
        return None if averted else "incident"
    if role in ("critical", "positive", "mood_good", "mood_bad"):
        return role
    return None
