"""What the rules of the shipped places make of a sentence: the verdict on a name, and the role of a hit.

The name that is asked for stands in square brackets: "Mưa ở [Bình Phước]."; without any, it is the first.
"""

from __future__ import annotations

from datetime import date
from functools import partial

from services import resources
from services.domain.article import Fields, tokens_of
from services.domain.place.hits import Hit, Scene
from services.domain.place.index import PlaceIndex
from services.domain.place.judge import Judged, PlaceJudge
from services.domain.place.register import PlaceRegister
from services.domain.place.territory import Territories
from services.rulebook.load import load_places

TODAY = date(2026, 11, 20)


class PlaceScene:
    """The parts of the register, one by one: it tells itself only what follows from all of them."""

    def __init__(self, register: PlaceRegister | None = None) -> None:
        self.register = register or load_places(resources.config_dir())
        places = self.register.places
        self._territories = Territories(places)
        self._index = PlaceIndex(places.values())
        self._judge = PlaceJudge(places, self._territories)

    def verdicts(self, text: str, title: str = "", lead: str = "", on: date | None = TODAY) -> list[Judged]:
        """Of all names of the article, in its order."""
        return self._read(tokens_of(title, lead, text), on)

    def verdict(self, marked: str, title: str = "", lead: str = "", on: date | None = TODAY) -> Judged | None:
        """On the name asked for; None where it is no candidate at all."""
        text, start = asked(marked)
        found = self.verdicts(text, title, lead, on)
        if start is None:
            return found[0] if found else None
        return next((one for one in found if (one.candidate.field, one.candidate.start) == ("text", start)), None)

    def of(self, text: str, title: str = "", also: frozenset[str] = frozenset()) -> Scene:
        """All hits of the watched places, and of the places of `also`."""
        judged = self.verdicts(text, title)
        return Scene(judged, partial(self._territories.of, on=TODAY), self.register.watched | also)

    def hit(self, text: str, title: str = "") -> Hit:
        """The first hit."""
        return self.of(text, title).hits[0]

    def _read(self, fields: Fields, on: date | None) -> list[Judged]:
        return self._judge.judge(self._index.candidates(fields), on)


def asked(marked: str) -> tuple[str, int | None]:
    """The text without its square brackets, and where the name in them begins."""
    start = marked.find("[")
    return marked.replace("[", "").replace("]", ""), start if start >= 0 else None
