"""Which candidates are places of the register and which are not, each with its rule and its reason.

Order: a longer name of something else, letter case, persons, the kind of unit, the address that follows, landmarks,
longer names, and for a name that other places bear too an anchor near by.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.domain.article import Field
from services.domain.place import Kind, Place
from services.domain.place.index import Candidate
from services.domain.place.kind import kind_of, same_kind
from services.domain.place.territory import Territories
from services.domain.place.words import (
    COMMUNE_KINDS,
    DOUBTFUL_SURNAMES,
    KIND_AFTER,
    LANDMARK_PAIRS,
    LANDMARKS,
    NEVER_IN_NAME,
    PERSON_TITLES,
    STARTERS,
    SURNAMES,
)
from services.domain.place.written_address import Address, follow

# An anchor this many tokens away still speaks of the same thing: about two paragraphs.
_ANCHOR_REACH = 80

_HEAD_ANCHORS = 20

# "thống nhất" in lower case is no name at all: such a candidate is dropped without a word.
_COMMON_WORD = "common_word"


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate with the place it was taken for, and why it was accepted or not."""

    candidate: Candidate
    place: str
    accepted: bool
    rule: str
    reason: str
    confidence: float = 0.0


class PlaceJudge:
    """The rules, over the register's places."""

    def __init__(self, places: Mapping[str, Place], territories: Territories) -> None:
        self._places = places
        self._around = {place: territories.ever(place) for place in places}

    def judge(self, candidates: Sequence[Candidate], on: date | None) -> list[Judged]:
        """All candidates judged; `on` is the day of the article."""
        known: dict[Field, dict[int, Candidate]] = defaultdict(dict)
        for candidate in candidates:
            known[candidate.field][candidate.first] = candidate
        first = [self._by_itself(candidate, known[candidate.field], on) for candidate in candidates]
        anchors = _Anchors([one for one in first if one is not None and one.accepted])
        told = {one.place: one for one in first if one is not None and one.rule in ("address", "elsewhere")}
        judged = []
        for candidate, settled in zip(candidates, first, strict=True):
            if not candidate.anchor and not (settled and settled.rule == _COMMON_WORD):
                judged.append(settled or self._by_article(candidate, anchors, told, on))
        return judged

    # -- what the words beside it tell ---------------------------------------------------------------------------

    def _by_itself(self, candidate: Candidate, known: Mapping[int, Candidate], on: date | None) -> Judged | None:
        """The verdict where the words beside the name suffice; None where the article must decide."""
        if candidate.anchor:
            return _yes(candidate, candidate.places[0], "anchor", "", 0.0)
        if candidate.confusable:
            return _no(candidate, candidate.places[0], "longer_name", f"Tên dài hơn, là {candidate.confusable}.")
        kind = kind_of(candidate)
        place = self._choose(candidate, kind, on)
        unmistakable = self._places[place].unmistakable or not self._watched(place)
        refusal = self._person(candidate, place)
        a_name = candidate.capitalised or (unmistakable and (_long(candidate) or _lower(candidate)))
        if not a_name:
            rule = "lower_case" if unmistakable else _COMMON_WORD
            refusal = _no(candidate, place, rule, "Viết thường: không phải tên riêng.")
        if refusal is not None:
            return refusal
        address = follow(candidate, known, lambda named, kind: self._fitting(named, kind, on))
        if not unmistakable or candidate.writing == "without_marks":
            refusal = self._address_elsewhere(candidate, place, address)
            if refusal is not None:
                return refusal
        if unmistakable:
            return self._yes_by_name(candidate, place)
        for other in address.places:  # the nearest first: two communes of one name lie in one province
            for bearer in self._bearers(candidate, kind, on):
                if self._tells(bearer, other, on):
                    return _yes(candidate, bearer, "address", f"Địa chỉ kèm theo: {address.words}.", 0.97)
        if kind is not None and not self._had_kind(place, kind):
            return _no(candidate, place, "other_kind", f"Sổ địa danh không có “{kind} {candidate.surface}”.")
        return self._landmark(candidate, place) or self._longer(candidate, place)

    def _choose(self, candidate: Candidate, kind: Kind | None, on: date | None) -> str:
        """The likeliest of the places that bear the name."""
        return self._bearers(candidate, kind, on)[0]

    def _bearers(self, candidate: Candidate, kind: Kind | None, on: date | None) -> list[str]:
        """The places of one name, the likeliest first: by kind, the widest, then what was in force that day."""

        def order(place: str) -> tuple[bool, bool, bool, int]:
            names = [name for name in self._places[place].names if kind is None or same_kind(name.kind, kind)]
            in_force = any(name.valid(on) for name in names)
            return (
                not names,
                self._is_commune(place),
                not in_force,
                len(self._around[place]),
            )

        return sorted(candidate.places, key=order)

    def _fitting(self, named: Candidate, kind: Kind | None, on: date | None) -> str | None:
        """The place that a name in an address means; None where it has none of that kind."""
        place = self._choose(named, kind, on)
        return place if kind is None or self._had_kind(place, kind) else None

    def _tells(self, place: str, other: str, on: date | None) -> bool:
        """Whether an address with `other` in it tells `place`: not when that name is itself borne by many."""
        sure = self._places[other].unmistakable or other in self._around[place]
        return sure and self._in_one_territory(place, other, on)

    def _had_kind(self, place: str, kind: Kind) -> bool:
        return any(same_kind(name.kind, kind) for name in self._places[place].names)

    def _person(self, candidate: Candidate, place: str) -> Judged | None:
        tokens, before = candidate.tokens, candidate.first - 1
        if not candidate.capitalised or not _only_space(candidate, before):
            return None
        word = tokens.marked[before]
        if word in PERSON_TITLES:
            return _no(candidate, place, "person", f"Tên người: “{tokens.surface(before, candidate.last)}”.")
        if not candidate.capital(before):
            return None
        starts = _starts_sentence(candidate, before)
        surname = word in SURNAMES or (word in DOUBTFUL_SURNAMES and not starts)
        if not surname and _only_space(candidate, before - 1) and candidate.capital(before - 1):
            surname = tokens.marked[before - 1] in SURNAMES and word not in STARTERS | NEVER_IN_NAME
        if surname:
            return _no(candidate, place, "person", f"Tên người: “{tokens.surface(before, candidate.last)}”.")
        return None

    def _address_elsewhere(self, candidate: Candidate, place: str, address: Address) -> Judged | None:
        named = address.places
        if address.foreign or (named and not any(self._related(bearer, named) for bearer in candidate.places)):
            return _no(candidate, place, "elsewhere", f"Trùng tên, ở nơi khác: {address.words}.")
        return None

    def _landmark(self, candidate: Candidate, place: str) -> Judged | None:
        tokens, before = candidate.tokens, candidate.first - 1
        if not tokens.unbroken(before, candidate.first):
            return None
        if tokens.marked[before] in LANDMARKS or tokens.marked[before - 1 : before + 1] in LANDMARK_PAIRS:
            return _no(candidate, place, "landmark", f"Tên đặt cho thứ khác: “{tokens.marked[before]}”.")
        return None

    def _longer(self, candidate: Candidate, place: str) -> Judged | None:
        """A name with a capital right beside it is a part of a longer name: "Thăng Long Hà Nội"."""
        tokens, before, after = candidate.tokens, candidate.first - 1, candidate.last + 1
        if candidate.capital(before) and _only_space(candidate, before):
            word = tokens.marked[before]
            shouting = tokens.surface(before, before).isupper() and len(word) > 1
            if word not in STARTERS | NEVER_IN_NAME and not shouting and not _starts_sentence(candidate, before):
                return _no(
                    candidate, place, "longer_name", f"Một phần của tên “{tokens.surface(before, candidate.last)}”."
                )
        if candidate.capital(after) and _only_space(candidate, candidate.last):
            word = tokens.marked[after]
            if word not in STARTERS | NEVER_IN_NAME and word not in KIND_AFTER:
                return _no(
                    candidate, place, "longer_name", f"Một phần của tên “{tokens.surface(candidate.first, after)}”."
                )
        return None

    def _yes_by_name(self, candidate: Candidate, place: str) -> Judged:
        if candidate.writing == "exact":
            return _yes(candidate, place, "name", "Đúng tên trong sổ địa danh.", 1.0)
        if candidate.writing == "other_spelling":
            return _yes(candidate, place, "spelling", "Cách viết khác đã ghi trong sổ địa danh.", 0.95)
        return _yes(candidate, place, "without_marks", "Viết thiếu dấu; không nơi nào khác mang tên này.", 0.9)

    # -- what the rest of the article tells -----------------------------------------------------------------------

    def _by_article(
        self, candidate: Candidate, anchors: _Anchors, told: Mapping[str, Judged], on: date | None
    ) -> Judged:
        bearers = self._bearers(candidate, kind_of(candidate), on)
        place = next((bearer for bearer in bearers if bearer in told), bearers[0])
        same = told.get(place)
        if same is not None and not same.accepted:
            return _no(candidate, place, "elsewhere", f"Bài đã nói rõ là nơi khác: “{same.reason}”")
        if same is not None:
            return _yes(candidate, place, "said_before", "Bài đã nêu địa chỉ của nơi này.", 0.9)
        for anchor in anchors.near(candidate):
            for bearer in bearers:
                if self._speaks_for(candidate, bearer, anchor, on):
                    return _yes(candidate, bearer, "anchor", f"Cùng đoạn với “{anchor.candidate.surface}”.", 0.85)
        return _no(candidate, place, "no_anchor", "Nhiều nơi trùng tên, bài không có từ nào cho biết là nơi này.")

    def _speaks_for(self, candidate: Candidate, place: str, anchor: Judged, on: date | None) -> bool:
        if anchor.candidate.anchor:
            return place in anchor.candidate.places
        if on is None and not self._watched(anchor.place) and kind_of(anchor.candidate) != "thành phố":
            return False  # an undated "Đồng Nai" may be the province of before
        if kind_of(candidate) is None and self._is_commune(place):
            # "Bình Sơn" beside "Bình Phước" may be anything: only its own district tells.
            return anchor.place in self._around[place] and bool(self._around[anchor.place])
        return self._in_one_territory(place, anchor.place, on)

    def _is_commune(self, place: str) -> bool:
        return all(name.kind in COMMUNE_KINDS for name in self._places[place].names)

    def _in_one_territory(self, place: str, anchor: str, on: date | None) -> bool:
        """Whether naming `anchor` tells that `place` is meant: it lies in it, or they lie in one district."""
        around, other = self._around[place], self._around[anchor]
        if anchor in around:
            return self._watched(anchor) or self._in_force(place, on)
        return place in other or any(self._watched(shared) for shared in around & other)

    def _watched(self, place: str) -> bool:
        return self._places[place].watched

    def _in_force(self, place: str, on: date | None) -> bool:
        """What ended with the old province is not told by the new city alone: it has others of that name."""
        return any(parent.valid(on) and not self._watched(parent.place) for parent in self._places[place].parents)

    def _related(self, place: str, others: Sequence[str]) -> bool:
        around = self._around[place]
        return any(
            other == place or other in around or place in self._around[other] or around & self._around[other]
            for other in others
        )


class _Anchors:
    """What is known of an article's places, by where it stands."""

    def __init__(self, accepted: Sequence[Judged]) -> None:
        self._by_field: dict[Field, list[Judged]] = defaultdict(list)
        for one in accepted:
            self._by_field[one.candidate.field].append(one)
        self._at = {field: [one.candidate.first for one in found] for field, found in self._by_field.items()}

    def near(self, candidate: Candidate) -> Iterator[Judged]:
        """Those within reach; title and lead speak for the whole article, the beginning of the text for them."""
        for field, found in self._by_field.items():
            if field == candidate.field:
                low = bisect_left(self._at[field], candidate.first - _ANCHOR_REACH)
                high = bisect_right(self._at[field], candidate.first + _ANCHOR_REACH)
                yield from found[low:high]
            elif field != "text" or candidate.first < _ANCHOR_REACH:
                yield from found[:_HEAD_ANCHORS]


def _starts_sentence(candidate: Candidate, index: int) -> bool:
    """Whether the token begins its sentence, so that its capital means nothing."""
    tokens = candidate.tokens
    if index <= 0:
        return True
    gap = tokens.source[tokens.ends[index - 1] : tokens.starts[index]]
    return any(mark in gap for mark in ".!?:;…\n\"“”‘’'([•*")


def _only_space(candidate: Candidate, index: int) -> bool:
    """Whether nothing but space lies between this token and the next."""
    tokens = candidate.tokens
    return index >= 0 and not tokens.source[tokens.ends[index] : tokens.starts[index + 1]].strip()


def _long(candidate: Candidate) -> bool:
    return candidate.last - candidate.first >= 2 or candidate.last == candidate.first


def _lower(candidate: Candidate) -> bool:
    """Whether the whole field is written without capitals, so that they tell nothing."""
    return candidate.tokens.source.islower()


def _yes(candidate: Candidate, place: str, rule: str, reason: str, confidence: float) -> Judged:
    return Judged(candidate, place, True, rule, reason, confidence)


def _no(candidate: Candidate, place: str, rule: str, reason: str) -> Judged:
    return Judged(candidate, place, False, rule, reason)
