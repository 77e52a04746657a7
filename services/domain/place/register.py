"""The dated register of places: what the press calls them, what they belonged to and when, and what a text says.

`PlaceRegister.read` is the one entry: names are found (index.py), judged (judge.py), and classed as about,
part or mention (nearness.py). The rest answers what a place was on a day, for facts, findings and letters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial
from typing import TypeVar

import msgspec

from services.domain.article import FIELDS, Field, Fields, tokens_of
from services.domain.calendar import ZONE
from services.domain.place import Mention, Nearness, Place, PlaceName, Reading, Rejected, Verdict
from services.domain.place.index import PlaceIndex
from services.domain.place.judge import Judged, PlaceJudge
from services.domain.place.kind import kind_of
from services.domain.place.legacy import decoded, legacy_encoding
from services.domain.place.naming import Naming
from services.domain.place.nearness import class_mentions
from services.domain.place.territory import Territories

_STRENGTH: dict[Nearness, int] = {"mention": 0, "part": 1, "about": 2}


_Said = TypeVar("_Said", Mention, Rejected)


class PlaceRegister:
    """All places of places.yaml. Raises ValueError where two share an id, or one names a place that is not there."""

    def __init__(self, places: Sequence[Place]) -> None:
        self.places: dict[str, Place] = {}
        for place in places:
            if place.id in self.places:
                raise ValueError(f"two places have the id {place.id!r}")
            self.places[place.id] = place
        self._watched = frozenset(place.id for place in places if place.watched)
        self._territories = Territories(self.places)
        self._index = PlaceIndex(places)
        self._judge = PlaceJudge(self.places, self._territories)

    def read(self, fields: Fields, published_at: datetime | None, also: frozenset[str] = frozenset()) -> Reading:
        """What an article says of the watched places, and of the places of `also`.

        Without `published_at` all periods are valid.
        """
        legacy = _modern(fields)
        if legacy is not None:
            return _as_given(self.read(legacy[0], published_at, also), fields, legacy[1])
        on = published_at.astimezone(ZONE).date() if published_at else None
        judged = self._judge.judge(self._index.candidates(fields), on)
        since = None if on else self._not_before(judged)
        recorded = self._watched | also
        classes: dict[int, tuple[Nearness, str]] = {}
        for wanted in (also - self._watched, self._watched):  # apart, so that a running watch changes no other class
            if wanted:
                territory = partial(self._territories.of, on=on, since=since)
                classes |= class_mentions(fields, judged, territory, wanted)
        mentions = [_mention(one, classes[number]) for number, one in enumerate(judged) if number in classes]
        strongest: dict[str, Nearness] = {}
        for mention in mentions:
            for place in (mention.place, *sorted(self._territories.of(mention.place, on, since))):
                if place in recorded and _stronger(mention.class_, strongest.get(place)):
                    strongest[place] = mention.class_
        rejected = [_rejected(one) for one in judged if not one.accepted and one.place in recorded]
        watched = {self.places[mention.place].watched and mention.class_ for mention in mentions} - {False}
        verdict: Verdict = "about" if watched & {"about", "part"} else "mentioned" if watched else "none"
        return Reading(mentions=mentions, rejected=rejected, places=strongest, verdict=verdict)

    def _not_before(self, judged: Sequence[Judged]) -> date | None:
        """The earliest day that an undated article can be of: that of the youngest unit it names with its kind."""
        days = [
            name.valid_from
            for one in judged
            if one.accepted
            for name in self.places[one.place].names
            if name.valid_from and name.kind == kind_of(one.candidate)
        ]
        return max(days, default=None)

    @property
    def watched(self) -> frozenset[str]:
        """Ids of the watched places."""
        return self._watched

    def naming(self, places: frozenset[str]) -> Callable[[Sequence[str]], bool]:
        """Whether the fields of an article may name one of these places or what lies in them.

        True wherever `read` would say anything of them.
        """
        within = {one for one in self.places if one in places or not places.isdisjoint(self._territories.ever(one))}
        naming = Naming(self._index.names_of(within))
        return lambda fields: any(map(naming.may_name, fields)) or legacy_encoding("\n".join(fields)) is not None

    # -- what a place was on a day --------------------------------------------------------------------------------

    def names_at(self, place_id: str, on: date | None) -> list[PlaceName]:
        """The names in force that day (all of them where no day is given), the newest last."""
        return [name for name in self.places[place_id].names if name.valid(on)]

    def name_at(self, place_id: str, on: date | None) -> str:
        """For display: "xã Phú Nghĩa". The name in force that day, else the last one with "(cũ)" after it."""
        names = self.places[place_id].names
        in_force = self.names_at(place_id, on)
        if in_force:
            return _display(in_force[-1])
        return _display(names[-1]) + (" (cũ)" if names[-1].valid_to else "")

    def ancestors(self, place_id: str, on: date | None = None) -> tuple[str, ...]:
        """All places for which a mention of this one counts, the nearest first; with no day, at any time."""
        found = self._territories.of(place_id, on)
        return tuple(sorted(found, key=lambda other: (-len(self._territories.ever(other)), other)))

    def spellings_of(self, plain: str) -> tuple[str, ...]:
        """The marked spellings of a register name given without marks: "bu gia map" -> ("bù gia mập", ...)."""
        return self._index.marked_forms(plain)


def _modern(fields: Fields) -> tuple[Fields, dict[Field, Sequence[int] | None]] | None:
    """The fields of an old encoding in Unicode, with the offsets of those as given; None for any other article."""
    given = [fields[field].source for field in FIELDS]
    # Told by all fields together: a title alone may hold a single word of it.
    encoding = legacy_encoding("\n".join(given))
    if encoding is None:
        return None
    read = [decoded(source, encoding) for source in given]
    return tokens_of(*(text for text, _offsets in read)), dict(
        zip(FIELDS, (offsets for _text, offsets in read), strict=True)
    )


def _as_given(reading: Reading, fields: Fields, offsets: dict[Field, Sequence[int] | None]) -> Reading:
    """The reading of the decoded fields, with the offsets and characters of those as given."""

    def moved(one: _Said) -> _Said:
        known = offsets[one.field]
        start, end = (known[one.start], known[one.end]) if known is not None else (one.start, one.end)
        surface = fields[one.field].source[start:end]
        return msgspec.structs.replace(one, start=start, end=end, surface=surface)

    return msgspec.structs.replace(
        reading, mentions=list(map(moved, reading.mentions)), rejected=list(map(moved, reading.rejected))
    )


def _display(name: PlaceName) -> str:
    return (
        name.text if name.text.lower().startswith(name.kind) or name.kind == "địa danh" else f"{name.kind} {name.text}"
    )


def _stronger(one: Nearness, other: Nearness | None) -> bool:
    return other is None or _STRENGTH[one] > _STRENGTH[other]


def _mention(judged: Judged, nearness: tuple[Nearness, str]) -> Mention:
    class_, why = nearness
    candidate = judged.candidate
    return Mention(
        place=judged.place,
        surface=candidate.surface,
        field=candidate.field,
        start=candidate.start,
        end=candidate.end,
        class_=class_,
        confidence=judged.confidence,
        rule=judged.rule,
        reason=f"{judged.reason} {why}",
    )


def _rejected(judged: Judged) -> Rejected:
    candidate = judged.candidate
    return Rejected(
        place=judged.place,
        surface=candidate.surface,
        field=candidate.field,
        start=candidate.start,
        end=candidate.end,
        rule=judged.rule,
        reason=judged.reason,
    )
