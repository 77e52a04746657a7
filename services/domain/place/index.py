"""Every known way to write a place, found in one pass over the tokens.

Aho-Corasick over the plain tokens finds (a regular expression of this size is hundreds of times slower), the marked
tokens confirm (two of three marks-blind hits are false), and of overlapping names the longest wins, so that "Hiệp
Bình Phước" consumes "Bình Phước".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Literal

from ahocorasick_rs import AhoCorasick

from services.domain.article import FIELDS, Field, Fields
from services.domain.place import Place
from services.domain.text import Tokens, tokenise

Writing = Literal["exact", "other_spelling", "without_marks"]

_LONG_NAME = 3
"""Syllables from which a name that no other place bears is known without its marks."""

# Under this share of marked tokens a text is no ordinary Vietnamese: typed without marks, or another language.
_MARKED_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to write the names of these places, or of something that holds such a name."""

    plain: tuple[str, ...]
    forms: dict[tuple[str, ...], Writing] = field(default_factory=dict)
    """Marked tokens -> how near to the official form."""
    places: dict[str, None] = field(default_factory=dict)
    bearers: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    """Marked tokens -> the places that are written so: "Lộc Thành" is not "Lộc Thạnh"."""
    confusable: dict[tuple[str, ...], tuple[str, str]] = field(default_factory=dict)
    """Marked tokens -> (the place it is taken for, what it is)."""
    anchors: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    """Marked tokens -> places for which these words speak."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name in the text, not judged yet. Tokens `first` to `last`, both included."""

    field: Field
    tokens: Tokens
    first: int
    last: int
    places: tuple[str, ...]
    """Places that bear the name."""
    writing: Writing
    confusable: str = ""
    """What it is, where it is a longer name of something else."""
    anchor: bool = False
    """No name: words that speak for these places."""

    @property
    def start(self) -> int:
        return self.tokens.starts[self.first]

    @property
    def end(self) -> int:
        return self.tokens.ends[self.last]

    @property
    def surface(self) -> str:
        return self.tokens.surface(self.first, self.last)

    def capital(self, index: int) -> bool:
        """Whether the token at `index` is written with a capital (scripts without case count as such)."""
        if not 0 <= index < len(self.tokens):
            return False
        letter = self.tokens.source[self.tokens.starts[index]]
        return letter.isupper() or (letter.isalpha() and letter.lower() == letter.upper())

    @property
    def capitalised(self) -> bool:
        return all(self.capital(index) for index in range(self.first, self.last + 1))


class PlaceIndex:
    """The names of all places."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._unmistakable: set[str] = set()
        self._spellings: dict[tuple[str, ...], Spelling] = {}
        for place in places:
            if place.unmistakable:
                self._unmistakable.add(place.id)
            for number, text in enumerate([*(name.text for name in place.names), *place.spellings]):
                spelling = self._spelling(text)
                spelling.places[place.id] = None
                form = tokenise(text).marked
                spelling.forms.setdefault(form, "exact" if number < len(place.names) else "other_spelling")
                bearers = spelling.bearers.setdefault(form, [])
                if place.id not in bearers:
                    bearers.append(place.id)
            for confusable in place.confusables:
                spelling = self._spelling(confusable.text)
                spelling.confusable[tokenise(confusable.text).marked] = (place.id, confusable.what)
            for words in place.anchors:
                self._spelling(words).anchors.setdefault(tokenise(words).marked, []).append(place.id)
        self._ordered = list(self._spellings.values())
        self._automaton = AhoCorasick([f" {' '.join(spelling.plain)} " for spelling in self._ordered])

    def _spelling(self, text: str) -> Spelling:
        plain = tokenise(text).plain
        if not plain:
            raise ValueError(f"a place's name holds no letters: {text!r}")
        return self._spellings.setdefault(plain, Spelling(plain))

    def marked_forms(self, plain: str) -> tuple[str, ...]:
        """The marked forms of a name given without marks: "bu gia map" -> ("bù gia mập", ...); () if unknown."""
        spelling = self._spellings.get(tokenise(plain).plain)
        if spelling is None or not spelling.places:
            return ()
        return tuple(" ".join(form) for form in spelling.forms if form != spelling.plain)

    def names_of(self, places: Collection[str]) -> list[tuple[str, ...]]:
        """Everything that these places are called, and what is taken for them, as tokens without marks."""
        return [
            spelling.plain
            for spelling in self._ordered
            if not spelling.places.keys().isdisjoint(places)
            or any(place in places for place, _what in spelling.confusable.values())
        ]

    def candidates(self, fields: Fields) -> list[Candidate]:
        """All names in reading order, overlaps resolved; those whose marks differ are left out."""
        without_marks = _without_marks(fields)
        found: list[Candidate] = []
        for name in FIELDS:
            found += _longest(self._in_field(name, fields[name], without_marks))
        return found

    def _in_field(self, name: Field, tokens: Tokens, without_marks: bool) -> Iterable[Candidate]:
        for number, first in tokens.found(self._automaton):
            spelling = self._ordered[number]
            last = first + len(spelling.plain) - 1
            candidate = self._confirm(spelling, name, tokens, first, last, without_marks)
            # Last, because it asks for the places of the tokens, which most articles never need.
            if candidate is not None and tokens.unbroken(first, last):
                yield candidate

    def _confirm(
        self, spelling: Spelling, name: Field, tokens: Tokens, first: int, last: int, without_marks: bool
    ) -> Candidate | None:
        form = tokens.form(first, last)
        places = tuple(spelling.places)
        other = spelling.confusable.get(form)
        if other is None and form == spelling.plain:  # a confusable typed without marks is the same confusable
            other = next(iter(spelling.confusable.values()), None)
        if other is not None:
            return Candidate(name, tokens, first, last, (other[0],), "exact", other[1])
        if not places:
            speaks_for = spelling.anchors.get(form)
            return Candidate(name, tokens, first, last, tuple(speaks_for), "exact", anchor=True) if speaks_for else None
        writing = spelling.forms.get(form)
        if writing == "exact":
            places = tuple(spelling.bearers[form])
        elif writing is None:
            known = tuple(place for place in places if place in self._unmistakable)
            bare = form == spelling.plain
            if bare and without_marks:
                writing = "without_marks"
            elif known and (bare or len(form) >= _LONG_NAME):
                places, writing = known, "without_marks"
            else:
                return None
        return Candidate(name, tokens, first, last, places, writing)


def _longest(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Of names that overlap, the longest; each token belongs to one name only."""
    chosen: list[Candidate] = []
    taken: set[int] = set()
    for candidate in sorted(candidates, key=lambda found: (found.first - found.last, found.first)):
        span = range(candidate.first, candidate.last + 1)
        if taken.isdisjoint(span):
            taken.update(span)
            chosen.append(candidate)
    return sorted(chosen, key=lambda found: found.first)


def _without_marks(fields: Fields) -> bool:
    """Whether the article is typed without marks, or is not Vietnamese at all."""
    total = sum(len(tokens) for tokens in fields.values())
    bare = sum(tokens.bare for tokens in fields.values())
    return total - bare < _MARKED_SHARE * total
