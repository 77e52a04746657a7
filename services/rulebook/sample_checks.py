"""Sample sentences of places, topics and lexicon: what an operator wrote down as right stays right.

A sample is a small article without a date: its first line is the title, the rest the text. Errors stand at its line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from services.domain.article import Fields, tokens_of
from services.domain.language import detect
from services.domain.place import Place, Reading
from services.domain.place.register import PlaceRegister
from services.domain.tone import ToneReading, read_tone
from services.domain.tone_lexicon import Lexicon, ToneLexicon
from services.domain.topic import Topic, TopicHit, TopicRules
from services.rulebook.checks import Read
from services.rulebook.yaml_source import Node, Source


@dataclass(frozen=True, slots=True)
class SampleReading:
    """What the rules say of a sample."""

    fields: Fields
    language: str
    reading: Reading
    topics: list[TopicHit]
    tone: ToneReading


@dataclass(frozen=True, slots=True)
class Samples:
    """The rules that samples are read by."""

    places: PlaceRegister
    topics: TopicRules
    tone: ToneLexicon

    def read(self, sample: str, also: Collection[str] = (), language: str | None = None) -> SampleReading:
        """`also`: places to record that are not watched; `language`: as a feed would declare it."""
        fields = fields_of(sample)
        spoken = detect(fields, language)
        reading = self.places.read(fields, None, also=frozenset(also))
        topics = self.topics.find(fields, spoken)
        return SampleReading(fields, spoken, reading, topics, read_tone(fields, reading, topics, self.tone, spoken))


def fields_of(sample: str) -> Fields:
    title, _, text = sample.strip().partition("\n")
    return tokens_of(title, "", text)


def check_place_samples(source: Source, places: Read[Place], register: PlaceRegister) -> None:
    """`match` counts for the place (by itself or by a unit of it), `refuse` does not."""
    for place, node in places:
        for item, sample, wanted in _told(node, place.match, place.refuse):
            reading = register.read(fields_of(sample), None, also=frozenset({place.id}))
            if (place.id in reading.places) != wanted:
                why = _missed(reading) if wanted else _taken(reading)
                _say(source, item, wanted, f"«{place.id}»{why}", f"names {place.id}")


def check_topic_samples(source: Source, topics: Read[Topic], rules: TopicRules) -> None:
    for topic, node in topics:
        for item, sample, wanted in _told(node, topic.match, topic.refuse):
            fields = fields_of(sample)
            found = [hit.topic for hit in rules.find(fields, detect(fields, None))]
            if (topic.id in found) != wanted:
                _say(source, item, wanted, f"chủ đề này (máy đọc: {', '.join(found) or 'không chủ đề nào'})", "topic")


def check_tone_samples(files: Sequence[tuple[Source, Lexicon]], samples: Samples) -> None:
    """Each sample's tone toward the watched place that it is about."""
    for source, lexicon in files:
        listed = source.root.value("samples") if source.root is not None else None
        for item, sample in zip((listed.items if listed is not None else None) or [], lexicon.samples, strict=False):
            at = item.value("text") or item
            tone = samples.read(sample.text, language=lexicon.language).tone.tone
            if tone.label == "none":
                source.error(
                    at,
                    "mẫu phải nói về một địa danh đang theo dõi thì mới có sắc thái",
                    "no watched place in it",
                )
            elif tone.label != sample.tone:
                words = ", ".join(f"“{one.surface}”" for one in tone.evidence) or "không từ nào"
                source.error(
                    item.value("tone") or at,
                    f"mẫu phải là {sample.tone}, máy đọc là {tone.label} (từ: {words})",
                    f"sample must read {sample.tone}, reads {tone.label}",
                )


def listed_samples(node: Node, key: str, samples: Sequence[str]) -> Iterator[tuple[Node, str]]:
    """The samples under a key, each with the node that it was read from."""
    listed = node.value(key)
    yield from zip((listed.items if listed is not None else None) or [], samples, strict=False)


def _told(node: Node, match: Sequence[str], refuse: Sequence[str]) -> Iterator[tuple[Node, str, bool]]:
    for key, samples, wanted in (("match", match, True), ("refuse", refuse, False)):
        for item, sample in listed_samples(node, key, samples):
            yield item, sample, wanted


def _say(source: Source, item: Node, wanted: bool, what: str, english: str) -> None:
    vietnamese = f"mẫu này phải nhận ra {what}" if wanted else f"mẫu này không được nhận là {what}"
    source.error(item, vietnamese, f"sample must {'' if wanted else 'not '}match: {english}")


def _missed(reading: Reading) -> str:
    """Why a place was not found in a sample that should name it."""
    said = _unique(f"“{one.surface}”: {one.reason}" for one in reading.rejected)
    return f" ({'; '.join(said) or 'không thấy tên nào của nơi này trong câu'})"


def _taken(reading: Reading) -> str:
    return f" ({'; '.join(_unique(f'“{one.surface}”: {one.reason}' for one in reading.mentions))})"


def _unique(said: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(said))[:2]
