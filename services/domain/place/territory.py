"""Which territory a place counts for, on a day and ever.

A unit counts for what it lay in on the day, and at any date for the last territory of what has since ended: a
commune of today counts for the district and the province that ended in 2025, but one that left the district in
2015 counts for it only in its time. A new unit lies where those lay that became it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from services.domain.place import Parent, Place

DEEPEST = 12
"""Units above a unit; the State has had four at most."""
_REMEMBERED = 50_000
"""Answers kept: a few hundred places on the days of one archive."""


class Territories:
    """Over the places of a register. Raises ValueError on an unknown place, a circle, or units that lie too deep."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self._places = places
        self._became: dict[str, list[tuple[str, date]]] = defaultdict(list)
        """Place -> those that became it, or part of it, and when."""
        for place in places.values():
            named = [parent.place for parent in place.parents] + [successor.place for successor in place.successors]
            for other in named:
                if other not in places:
                    raise ValueError(f"{place.id}: there is no place {other!r}")
            for successor in place.successors:
                self._became[successor.place].append((place.id, successor.on))
        self._known: dict[tuple[str, date | None, date | None], frozenset[str]] = {}
        for place_id in places:
            self.ever(place_id)

    def ever(self, place_id: str) -> frozenset[str]:
        """Everything that the place ever lay in; the place itself is not among it."""
        return self.of(place_id, None)

    def of(self, place_id: str, on: date | None, since: date | None = None) -> frozenset[str]:
        """Everything that a mention of the place counts for on that day.

        With no day, at any time; `since` is then the earliest day that the article can be of.
        """
        key = (place_id, on, since)
        known = self._known.get(key)
        if known is None:
            known = self._walk(place_id, on, since, ())
        return known

    def _walk(self, place_id: str, on: date | None, since: date | None, path: tuple[str, ...]) -> frozenset[str]:
        if place_id in path:
            raise ValueError(f"{place_id}: it lies in itself ({' > '.join(path)})")
        if len(path) > DEEPEST:
            raise ValueError(f"{place_id}: it lies too deep ({' > '.join(path)})")
        key = (place_id, on, since)
        known = self._known.get(key)
        if known is not None:
            return known
        found: set[str] = set()
        for parent in self._parents(place_id, on):
            in_time = parent.valid(on) and not (since and parent.valid_to and parent.valid_to < since)
            if in_time or self._at_its_end(parent):
                found |= {parent.place} | self._walk(parent.place, on, since, (*path, place_id))
        if len(self._known) < _REMEMBERED:
            self._known[key] = frozenset(found)
        return frozenset(found)

    def _parents(self, place_id: str, on: date | None) -> list[Parent]:
        """Its own parents, and those of the communes that became it."""
        inherited = [
            parent
            for before, when in self._became[place_id]
            if (on is None or on >= when) and self._is_commune(before)
            for parent in self._places[before].parents
            if self._at_its_end(parent) and parent.place != place_id
        ]
        return [*self._places[place_id].parents, *inherited]

    def _is_commune(self, place_id: str) -> bool:
        return any(name.kind in ("xã", "phường", "thị trấn") for name in self._places[place_id].names)

    def _at_its_end(self, parent: Parent) -> bool:
        """Whether the place lay there until that unit itself ended."""
        ended = self._places[parent.place].names[-1].valid_to
        return parent.valid_to is not None and ended is not None and parent.valid_to >= ended
