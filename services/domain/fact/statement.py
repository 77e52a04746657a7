"""One sentence of an article, with all that a check needs: tokens, quotations, dates and the places it names."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from services.domain.article import FIELDS, Field, Fields
from services.domain.fact.dates import DateMention, dates, days_without_year
from services.domain.text import Tokens

_LONGEST = 400
"""Tokens. Dates and places of a sentence are compared pair by pair."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place named: `place` is None where it is some other place. Token indices of the field, both included."""

    place: str | None
    first: int
    last: int
    region: bool = False
    """ "cả nước", "Tây Nguyên": stands in no list with provinces."""


@dataclass(frozen=True)
class Statement:
    """Characters `start`..`end` (exclusive) and tokens `first`..`last` (included) of a field."""

    field: Field
    tokens: Tokens
    start: int
    end: int
    first: int
    last: int
    quoted: tuple[tuple[int, int], ...]
    spots: tuple[Spot, ...]
    published: date | None

    @property
    def quote(self) -> str:
        return self.tokens.source[self.start : self.end]

    @cached_property
    def dates(self) -> list[DateMention]:
        """With offsets in the sentence. Days without a year are read from the day of publication."""
        dated = dates(self.quote)
        if self.published is not None:
            dated += days_without_year(self.quote, self.published)
        return dated

    @cached_property
    def words(self) -> str:
        """ " ubnd huyện bù gia mập vừa ... ": the tokens with their marks, a space around each."""
        return f" {' '.join(self.tokens.marked[self.first : self.last + 1])} "

    def in_quotes(self, first: int, last: int) -> bool:
        """Whether any of these tokens is somebody's quoted words."""
        start, end = self.tokens.starts[first], self.tokens.ends[last]
        return any(start < stop and begin < end for begin, stop in self.quoted)

    def between(self, last: int, first: int) -> str:
        """The characters from the end of token `last` to the start of token `first`."""
        return self.tokens.source[self.tokens.ends[last] : self.tokens.starts[first]]


def statements(fields: Fields, spots: dict[Field, list[Spot]], published: date | None) -> Iterator[Statement]:
    """The sentences of title, lead and text in order; longer than 400 tokens is a table or a list, and left out."""
    for field in FIELDS:
        tokens = fields[field]
        quoted = tuple(_quotations(tokens.source))
        places = [spot.first for spot in spots[field]]
        for start, end in tokens.sentences:
            first, last = bisect_left(tokens.starts, start), bisect_left(tokens.starts, end) - 1
            if first <= last < first + _LONGEST:
                said = tokens.source[start:end]
                start, end = start + len(said) - len(said.lstrip()), start + len(said.rstrip())
                here = spots[field][bisect_left(places, first) : bisect_right(places, last)]
                within = tuple(spot for spot in here if spot.last <= last)
                yield Statement(field, tokens, start, end, first, last, quoted, within, published)


def token_span(tokens: Tokens, start: int, end: int) -> tuple[int, int]:
    """The first and last token of the characters `start`..`end`."""
    return bisect_right(tokens.ends, start), bisect_left(tokens.starts, end) - 1


_PAIRS = {'"': '"', "“": "”", "«": "»", "‘": "’", "„": "”"}
_OPENING = re.compile(f"[{''.join(_PAIRS)}]")
_SPEAKER = re.compile(
    r"^\s*(?:[-–—•+*]\s+|"
    r"(?:ông|bà|anh|chị|pv|phóng viên|đồng chí|luật sư|ths|ts|pgs|gs|đại tá|thượng tá)\b[^:\n]{0,80}:)",
    re.IGNORECASE,
)


def _quotations(text: str) -> Iterator[tuple[int, int]]:
    """Spans in quotation marks, and paragraphs that an interview gives to a speaker.

    A mark that is never closed runs to the end of its paragraph.
    """
    for paragraph in re.finditer(r"[^\n]+", text):
        begin, end = paragraph.span()
        if _SPEAKER.match(paragraph[0]):
            yield begin, end
            continue
        at = begin
        while (opening := _OPENING.search(text, at, end)) is not None:
            at = opening.start()
            stop = text.find(_PAIRS[opening[0]], at + 1, end)
            yield at, (stop + 1 if stop >= 0 else end)
            at = stop + 1 if stop >= 0 else end
