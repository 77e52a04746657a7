"""Places as dated data, and what a text says of them.

`Place` is one entry of places.yaml: names with the time they were in force, parents, successors, spellings and
what is easily taken for it. `Reading` is what one article says of all places.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import date
from typing import Literal, TypeVar

import msgspec

from services.domain.article import Field
from services.domain.record import Record

Nearness = Literal["about", "part", "mention"]
Verdict = Literal["about", "mentioned", "none"]
Kind = Literal[
    "tỉnh", "thành phố", "huyện", "thị xã", "quận", "xã", "phường", "thị trấn", "vườn quốc gia", "cửa khẩu", "địa danh"
]


class PlaceName(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name and kind of unit, and when they were in force. Both days are included; null is open."""

    text: str
    kind: Kind
    valid_from: date | None = None
    valid_to: date | None = None
    document: str = ""
    """The document that began it."""
    ended_by: str = ""
    """The document that ended it."""

    def valid(self, on: date | None) -> bool:
        """Whether it was in force on that day; with no day, whether it ever was."""
        return on is None or ((self.valid_from or on) <= on <= (self.valid_to or on))


class Parent(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The unit that a place belonged to, and when. Both days are included."""

    place: str
    valid_from: date | None = None
    valid_to: date | None = None
    document: str = ""

    def valid(self, on: date | None) -> bool:
        return on is None or ((self.valid_from or on) <= on <= (self.valid_to or on))


class Successor(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The unit that a place became, or became part of."""

    place: str
    on: date
    document: str = ""


class Confusable(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A longer name that holds this one and is something else: it wins by its length."""

    text: str
    what: str
    """What it is, in Vietnamese: shown as the reason."""


class Place(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of places.yaml."""

    id: str
    watched: bool = False
    names: list[PlaceName]
    """In order of time, the present one last."""
    spellings: list[str] = []
    """Other ways to write the name, in any language; matched without regard to the unit's kind."""
    unmistakable: bool = False
    """No other place bears the name: needs no anchor, and is matched without marks when of three syllables."""
    parents: list[Parent] = []
    successors: list[Successor] = []
    anchors: list[str] = []
    """Words that show that the name means this place."""
    confusables: list[Confusable] = []
    match: list[str] = []
    """Sample texts that count for this place, by itself or by a unit of it; checked at every validation."""
    refuse: list[str] = []
    """Sample texts that do not."""
    code: str = ""
    """The State's code of the unit."""
    verified: bool = False
    source: str = ""
    note: str = ""


class Mention(Record, frozen=True, kw_only=True):
    """A place that a text names. Offsets are code points of the field as given, end exclusive."""

    place: str
    surface: str
    field: Field
    start: int
    end: int
    class_: Nearness
    confidence: float
    """0..1"""
    rule: str
    reason: str


class Rejected(Record, frozen=True, kw_only=True):
    """A candidate that was recognised and turned down: a bridge, a person, a commune elsewhere."""

    place: str
    surface: str
    field: Field
    start: int
    end: int
    rule: str
    reason: str


MOST_TOLD = 1000
"""Mentions, and rejected names, that are told of one article. A page may name a place 75,000 times, which made a
message of 20 MB; of 569 real articles that name one, the most names 24.
"""
_One = TypeVar("_One")


class Reading(Record, frozen=True, kw_only=True):
    """All that was read of places in one article.

    As it is told (on the bus, in the archive, by `match`; see `told`) it holds the first `MOST_TOLD` mentions and as
    many rejected names in the order of the text, and the first of each place and class also beyond them. `places` and
    `verdict` are always of all mentions.
    """

    mentions: list[Mention] = []
    rejected: list[Rejected] = []
    places: dict[str, Nearness] = {}
    """The strongest class for each place; a commune counts for each of its parents."""
    verdict: Verdict = "none"

    def told(self) -> Reading:
        """With no more mentions and rejected names than are told; tone and findings read all of them before."""
        if max(len(self.mentions), len(self.rejected)) <= MOST_TOLD:
            return self
        return msgspec.structs.replace(
            self,
            mentions=_first(self.mentions, lambda one: (one.place, one.class_)),
            rejected=_first(self.rejected, lambda one: one.place),
        )


def _first(found: list[_One], kind: Callable[[_One], Hashable]) -> list[_One]:
    """The first `MOST_TOLD`, and the first of each kind."""
    seen: set[Hashable] = set()
    kept: list[_One] = []
    for one in found:
        if len(kept) < MOST_TOLD or kind(one) not in seen:
            kept.append(one)
            seen.add(kind(one))
    return kept
