"""The register of facts, compiled for comparison: rows by subject and attribute, and the words that find them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.domain.article import FIELDS, Field, Fields
from services.domain.fact import UNIT_ATTRIBUTES, Fact
from services.domain.fact.quantity import Quantity, quantity_of
from services.domain.fact.statement import Spot, Statement, token_span
from services.domain.phrases import Found, Phrases
from services.domain.place import Reading
from services.domain.place.register import PlaceRegister
from services.domain.text import Tokens, tokenise

_DATE_UNIT = "ngày"
"""Rows whose value is a day. They are kept in the register; sentences are not held against them yet."""

# Regions and the whole country are no rows of the register, yet a figure beside them is theirs.
_REGIONS = ("cả nước", "toàn quốc", "Tây Nguyên", "Đông Nam Bộ", "miền Đông", "toàn vùng", "thế giới")
_KINDS = frozenset(
    tokenise(kind).marked
    for kind in (
        "tỉnh",
        "thành phố",
        "tp",
        "huyện",
        "quận",
        "thị xã",
        "xã",
        "phường",
        "thị trấn",
        "thôn",
        "ấp",
        "khu phố",
    )
)
_KINDS_BEGIN = frozenset(kind[0] for kind in _KINDS)


@dataclass(frozen=True, slots=True)
class NumberRow:
    """A fact that states a quantity."""

    fact: Fact
    quantity: Quantity

    def valid(self, first_day: date, last_day: date) -> bool:
        """Whether the row was in force on any of these days."""
        fact = self.fact
        return (fact.valid_from or first_day) <= last_day and first_day <= (fact.valid_to or last_day)


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A fact about a unit that ended."""

    fact: Fact
    ended: date


class FactRegister:
    """All facts of facts.yaml over the places of places.yaml.

    Raises ValueError where a row names an unknown place or states no quantity, unit or day.
    """

    def __init__(self, facts: Sequence[Fact], places: PlaceRegister) -> None:
        self.places = places
        self.facts = {fact.id: fact for fact in facts}
        self.numbers: dict[tuple[str, str], list[NumberRow]] = defaultdict(list)
        """(subject, attribute) -> rows of all periods and statuses."""
        units: list[tuple[str, UnitRow]] = []
        words: dict[str, set[str]] = defaultdict(set)
        unless: dict[str, set[str]] = defaultdict(set)
        for fact in facts:
            if fact.subject not in places.places:
                raise ValueError(f"{fact.id}: unknown place {fact.subject!r}")
            if problem := fact_problem(fact):
                raise ValueError(f"{fact.id}: {problem[1]}")
            if fact.attribute in UNIT_ATTRIBUTES:
                units += _unit_rows(fact)
            elif fact.unit != _DATE_UNIT and (quantity := quantity_of(fact.value, fact.unit)):
                self.numbers[fact.subject, fact.attribute].append(NumberRow(fact, quantity))
                words[fact.attribute] |= set(fact.words)
                unless[fact.attribute] |= set(fact.unless)
        self.unless = {
            attribute: tuple(f" {' '.join(tokenise(w).marked)} " for w in ws) for attribute, ws in unless.items()
        }
        self.measured_in: dict[str, set[str]] = defaultdict(set)
        """Attribute -> base units of its rows."""
        for (_, attribute), rows in self.numbers.items():
            self.measured_in[attribute] |= {row.quantity.unit for row in rows}
        self.counted = {attribute: rows[0].quantity.unit == "" for (_, attribute), rows in self.numbers.items()}
        """Attributes whose words name what is counted, right after the number: "95 xã, phường"."""
        self._words: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        for attribute, spelt in words.items():
            for form in {tokenise(word).marked for word in spelt}:
                self._words[form[0]].append((form, attribute))
        self._spoken = {attribute for attribute, spelt in words.items() if spelt}
        self.units = Phrases(units)
        self.ended: dict[str, list[UnitRow]] = defaultdict(list)
        """Subject -> what ended of it."""
        for _, row in units:
            self.ended[row.fact.subject].append(row)
        self.subjects = {fact.subject for fact in facts if fact.attribute not in UNIT_ATTRIBUTES or fact.valid_to}
        self._unwatched = {id_ for id_ in self.subjects if not places.places[id_].watched}
        self._unwatched_names = tuple(
            f" {' '.join(tokenise(name.text).plain)} " for id_ in self._unwatched for name in places.places[id_].names
        )
        self._others = Phrases(
            [(name.text, False) for place in places.places.values() if not place.watched for name in place.names]
            + [(region, True) for region in _REGIONS]
        )

    def unreachable(self, fact: Fact) -> bool:
        """Whether no sentence can ever be held against this figure: nothing says its attribute in words."""
        return (fact.subject, fact.attribute) in self.numbers and fact.attribute not in self._spoken

    def attributes_in(self, said: Statement) -> list[Found[str]]:
        """The words of a sentence that name an attribute, the longest at each place; "xã, phường" spans its comma."""
        found: list[Found[str]] = []
        reach = said.first - 1
        for index in range(said.first, said.last + 1):
            here = [
                (form, attribute)
                for form, attribute in self._words.get(said.tokens.marked[index], ())
                if said.tokens.marked[index : index + len(form)] == form and index + len(form) - 1 <= said.last
            ]
            longest = max((len(form) for form, _ in here), default=0)
            if index + longest - 1 > reach:
                reach = index + longest - 1
                found += [
                    Found(attribute, " ".join(form), index, reach) for form, attribute in here if len(form) == longest
                ]
        return found

    def concerns(self, fields: Fields, reading: Reading) -> bool:
        """Whether the article names any subject of the register, or a part of one: others need no reading."""
        for mention in reading.mentions:
            if mention.place in self.subjects or self.subjects.intersection(self.places.ancestors(mention.place)):
                return True
        return any(name in fields[field].joined for field in FIELDS for name in self._unwatched_names)

    def spots(self, fields: Fields, reading: Reading, published_at: datetime | None) -> dict[Field, list[Spot]]:
        """Every place that each field names, the register's and others, in order."""
        if any(name in fields[field].joined for field in FIELDS for name in self._unwatched_names):
            reading = self.places.read(fields, published_at, also=frozenset(self._unwatched))
        return {field: self._in_field(field, fields[field], reading) for field in FIELDS}

    def _in_field(self, field: Field, tokens: Tokens, reading: Reading) -> list[Spot]:
        found: list[Spot] = []
        for mention in reading.mentions:
            if mention.field == field:
                found.append(Spot(mention.place, *token_span(tokens, mention.start, mention.end)))
        for rejected in reading.rejected:
            if rejected.field == field:
                found.append(Spot(None, *token_span(tokens, rejected.start, rejected.end)))
        taken = {index for spot in found for index in range(spot.first, spot.last + 1)}
        named = [Spot(None, hit.first, hit.last, hit.value) for hit in self._others.find(tokens)]
        for spot in [*named, *_other_units(tokens)]:
            if not taken.intersection(range(spot.first, spot.last + 1)):
                found.append(spot)
                taken.update(range(spot.first, spot.last + 1))
        return sorted(found, key=lambda spot: spot.first)


def fact_problem(fact: Fact) -> tuple[str, str] | None:
    """Why a row cannot be used, in Vietnamese and English; None where it can."""
    if fact.attribute in UNIT_ATTRIBUTES:
        if len(tokenise(fact.value)) < 2:
            return "«value» ghi loại và tên đơn vị, ví dụ «huyện Bù Gia Mập»", "expected a unit's kind and name"
        return None
    if fact.unit == _DATE_UNIT:
        return None if _day(fact.value) else ("«value» của mốc ngày viết dạng 1997-01-01", "expected an ISO date")
    if quantity_of(fact.value, fact.unit) is None:
        return (
            f"không đọc được số «{fact.value} {fact.unit}» (viết kiểu Việt Nam: 6.873,56)",
            f"no quantity: {fact.value!r} {fact.unit!r}",
        )
    return None


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _unit_rows(fact: Fact) -> list[tuple[str, UnitRow]]:
    """The ways to write a unit that ended; none for a unit in force. "Huyện ủy X" is written without "huyện X"."""
    if fact.valid_to is None:
        return []
    row = UnitRow(fact, fact.valid_to)
    kind, _, name = fact.value.partition(" ")
    other = {"tỉnh": "tỉnh ủy", "huyện": "huyện ủy", "thành": "tp"}.get(kind)
    return [(fact.value, row), *([(f"{other} {name.removeprefix('phố ')}", row)] if other else [])]


def _other_units(tokens: Tokens) -> list[Spot]:
    """ "huyện Krông Nô", "thôn 3": a kind of unit and a name with a capital, whatever it is."""
    found = []
    for index, word in enumerate(tokens.marked[:-1]):
        if word not in _KINDS_BEGIN:
            continue
        length = (
            2 if tokens.marked[index : index + 2] in _KINDS else 1 if tokens.marked[index : index + 1] in _KINDS else 0
        )
        last = index + length
        if not length or last >= len(tokens) or not tokens.unbroken(index, last):
            continue
        while last < len(tokens) and tokens.source[tokens.starts[last]].isupper() and tokens.unbroken(index, last):
            last += 1
        if last > index + length:
            found.append(Spot(None, index, last - 1))
    return found


def as_written(day: date) -> str:
    """30/6/2025."""
    return f"{day.day}/{day.month}/{day.year}"
