"""Tone toward the watched place, and of the item as a whole, always with the words that decided.

Toward the place: what stands in the title, at the beginning, and in the sentences around the place's mentions.
An article about the place is read whole, one with a part about it only there. Blame on the place's authorities is
criticism; accident and crime are incidents. Where the words pull both ways it says "unclear".
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from services.domain.article import FIELDS, Field, Fields
from services.domain.place import Mention, Reading
from services.domain.record import Record
from services.domain.tone_lexicon import STRONG, WEAK, Kind, Signal, ToneLexicon, sentence_starts
from services.domain.topic import Evidence, TopicHit

ToneLabel = Literal["positive", "neutral", "critical", "incident", "unclear", "none"]
DocumentToneLabel = Literal["positive", "neutral", "negative"]
IssueType = Literal["achievement", "information", "shortcoming", "incident", "direct_criticism"]


class ToneEvidence(Evidence, frozen=True, kw_only=True):
    weight: float
    place: str


class Tone(Record, frozen=True, kw_only=True):
    """`none` where no watched place is about or part; `unclear` is said openly."""

    label: ToneLabel
    score: float
    evidence: list[ToneEvidence] = []


class DocumentTone(Record, frozen=True, kw_only=True):
    label: DocumentToneLabel
    score: float
    evidence: list[Evidence] = []


@dataclass(frozen=True, slots=True)
class ToneReading:
    tone: Tone
    tone_document: DocumentTone
    issue_type: IssueType | None


# Incident and criticism of one article are told apart by their sums; these are the least sums that say anything.
_LEAST: dict[str, float] = {"incident": 3.5, "critical": 4.0, "positive": 4.0}
_LEAST_DOCUMENT = 4.5
_REPEATED = 0.25
_MOST_EVIDENCE = 8
# A failing of the authorities is said in few words beside the long tale of what happened.
_CRITICAL_OVER_INCIDENT = 0.45
_BLAMED_OVER_INCIDENT = 0.2
_POSITIVE_OVER_BAD = 1.2
_UNCLEAR = 0.8
# Words of accident and crime in news of another kind are mostly asides.
_ASIDE = 0.5


def read_tone(
    fields: Fields,
    reading: Reading,
    topics: list[TopicHit],
    lexicon: ToneLexicon,
    language: str,
    watched: frozenset[str] | None = None,
) -> ToneReading:
    """`watched`: the places to judge toward; None means every place of the reading (they are the watched ones unless
    a running watch had others recorded)."""
    signals = lexicon.signals(fields, language)
    document = _document_tone(signals)
    mentions = _decisive(reading, watched)
    if reading.verdict != "about" or not mentions:
        return ToneReading(Tone(label="none", score=1.0), document, None)
    if language not in lexicon.languages:
        return ToneReading(Tone(label="unclear", score=0.0), document, None)
    window = _Window(fields, mentions)
    aside = _ASIDE if "su_viec" not in [hit.topic for hit in topics] else 1.0
    weighed = _weigh(signals, lambda signal: window.weight(signal) * (aside if signal.kind == "incident" else 1.0))
    sums = _sums(weighed)
    label, score = _decide(sums["incident"], sums["critical"], sums["positive"], _blamed_in_title(weighed))
    evidence = list(_evidence(_shown(weighed, _kinds_of(label)), window, fields))
    return ToneReading(Tone(label=label, score=score, evidence=evidence), document, _issue_type(label, weighed))


def _decisive(reading: Reading, watched: frozenset[str] | None) -> list[Mention]:
    """The mentions that make the article about the place, or that carry its part."""
    near = [
        mention
        for mention in reading.mentions
        if mention.class_ != "mention" and (watched is None or mention.place in watched)
    ]
    return near or [mention for mention in reading.mentions if watched is None or mention.place in watched]


class _Window:
    """How much each sentence says of the place."""

    def __init__(self, fields: Fields, mentions: list[Mention]) -> None:
        self._about = any(mention.class_ == "about" for mention in mentions)
        strongest = "about" if self._about else "part"
        self._main = next((mention.place for mention in mentions if mention.class_ == strongest), mentions[0].place)
        self._places: dict[tuple[Field, int], str] = {}
        starts = {field: sentence_starts(fields[field]) for field in FIELDS}
        for mention in mentions:
            at = bisect_right(starts[mention.field], mention.start) - 1
            self._places.setdefault((mention.field, at), mention.place)

    def place(self, signal: Signal) -> str:
        return self._places.get((signal.field, signal.sentence), self._main)

    def weight(self, signal: Signal) -> float:
        named = (signal.field, signal.sentence) in self._places
        if not self._about:
            if named:
                return 3.0 if signal.field == "title" else 2.0
            if signal.field == "title":
                return 1.2
            return 0.7 if (signal.field, signal.sentence - 1) in self._places else 0.0
        if signal.field == "title":
            return 3.0
        if signal.field == "lead":
            return 2.0
        if signal.sentence < 2:
            return 1.6
        return 1.0 if named or signal.sentence < 5 else 0.35


def _weigh(signals: Iterable[Signal], weight: Callable[[Signal], float]) -> list[tuple[Signal, float]]:
    """Each word at its best place in full, said again a quarter."""
    ranked = sorted(((signal, signal.points * weight(signal)) for signal in signals), key=lambda item: -item[1])
    seen: set[tuple[Kind, str]] = set()
    weighed = []
    for signal, worth in ranked:
        if worth > 0:
            key = (signal.kind, signal.phrase)
            weighed.append((signal, worth * (_REPEATED if key in seen else 1.0)))
            seen.add(key)
    return weighed


def _sums(weighed: list[tuple[Signal, float]]) -> dict[Kind, float]:
    """Points for each kind; weak words add at most half, or boilerplate would decide alone."""
    firm: dict[Kind, float] = defaultdict(float)
    weak: dict[Kind, float] = defaultdict(float)
    for signal, weight in weighed:
        (firm if signal.points > WEAK else weak)[signal.kind] += weight
    return defaultdict(float, {kind: said + 0.5 * min(said, weak[kind]) for kind, said in firm.items()})


def _blamed_in_title(weighed: list[tuple[Signal, float]]) -> bool:
    return any(signal.kind == "critical" and signal.authority and signal.field == "title" for signal, _ in weighed)


def _decide(incident: float, critical: float, positive: float, blamed: bool) -> tuple[ToneLabel, float]:
    """The label and how far it leads, 0..1. `blamed`: the title says so of an authority."""
    bad = incident + critical
    total = bad + positive
    over = _BLAMED_OVER_INCIDENT if blamed else _CRITICAL_OVER_INCIDENT
    if critical >= _LEAST["critical"] and critical >= incident * over:
        if positive >= critical * _UNCLEAR and positive >= _LEAST["positive"]:
            return "unclear", round(critical / (total + STRONG), 2)
        return "critical", round(bad / (total + STRONG), 2)
    if positive >= _LEAST["positive"] and positive >= bad * _POSITIVE_OVER_BAD:
        return "positive", round(positive / (total + STRONG), 2)
    if incident >= _LEAST["incident"]:
        return "incident", round(incident / (total + STRONG), 2)
    return "neutral", round(STRONG / (STRONG + total), 2)


def _kinds_of(label: ToneLabel) -> tuple[Kind, ...]:
    if label in ("positive", "incident", "critical"):
        return (label,)
    return ("positive", "critical", "incident")


def _shown(weighed: list[tuple[Signal, float]], kinds: tuple[Kind, ...]) -> list[tuple[Signal, float]]:
    chosen: list[tuple[Signal, float]] = []
    phrases: set[str] = set()
    for signal, weight in sorted(weighed, key=lambda item: -item[1]):
        if signal.kind in kinds and signal.phrase not in phrases and len(chosen) < _MOST_EVIDENCE:
            phrases.add(signal.phrase)
            chosen.append((signal, weight))
    return chosen


def _evidence(shown: list[tuple[Signal, float]], window: _Window, fields: Fields) -> Iterator[ToneEvidence]:
    """The words; for criticism also the authority named beside them, with no weight of its own."""
    named: set[tuple[Field, int]] = set()
    for signal, weight in shown:
        spans = [(signal.start, signal.end, round(weight, 2))]
        if signal.kind == "critical" and signal.authority and (signal.field, signal.authority[0]) not in named:
            named.add((signal.field, signal.authority[0]))
            spans.append((*signal.authority, 0.0))
        for start, end, worth in spans:
            yield ToneEvidence(
                surface=fields[signal.field].source[start:end],
                field=signal.field,
                start=start,
                end=end,
                weight=worth,
                place=window.place(signal),
            )


def _issue_type(label: ToneLabel, weighed: list[tuple[Signal, float]]) -> IssueType | None:
    if label == "critical":
        blamed = sum(weight for signal, weight in weighed if signal.kind == "critical" and signal.authority)
        total = sum(weight for signal, weight in weighed if signal.kind == "critical")
        return "direct_criticism" if blamed >= total / 2 else "shortcoming"
    if label == "positive":
        return "achievement"
    if label == "incident":
        return "incident"
    return "information" if label == "neutral" else None


def _document_tone(signals: list[Signal]) -> DocumentTone:
    weighed = _weigh(signals, _document_weight)
    good = sum(weight for signal, weight in weighed if signal.kind in ("positive", "mood_good"))
    bad = sum(weight for signal, weight in weighed if signal.kind in ("incident", "critical", "mood_bad"))
    label: DocumentToneLabel = "neutral"
    kinds: tuple[Kind, ...] = ("positive", "mood_good", "incident", "critical", "mood_bad")
    score = STRONG / (STRONG + good + bad)
    if max(good, bad) >= _LEAST_DOCUMENT and good != bad:
        label, kinds = ("positive", kinds[:2]) if good > bad else ("negative", kinds[2:])
        score = max(good, bad) / (good + bad + STRONG)
    evidence = [
        Evidence(surface=signal.surface, field=signal.field, start=signal.start, end=signal.end)
        for signal, _ in _shown(weighed, kinds)
    ]
    return DocumentTone(label=label, score=round(score, 2), evidence=evidence)


def _document_weight(signal: Signal) -> float:
    if signal.field == "title":
        return 2.0
    if signal.field == "lead" or signal.sentence < 3:
        return 0.6
    return 0.25
