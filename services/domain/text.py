"""Vietnamese text: one tokenisation for matching, indexing and highlighting.

`tokenise(field)` yields the tokens that every engine sees: the in-memory matcher, the place register, the
lexicons, SQLite and Elasticsearch. Each token is kept twice, *marked* (NFC, lower case, one tone placement) and
*plain* (marks removed, đ -> d), with its span in the field as given, so a hit on either lands on the original
characters, whatever they were: NFD, NBSP, zero-width, capitals.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from ahocorasick_rs import AhoCorasick

# Characters that carry no text: zero-width ones, the soft hyphen, bidi marks, the byte order mark.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")

# Marks that no letter took in: what is left of them after NFC is dropped, or a token would end inside its letter.
_COMBINING = re.compile("[\u0300-\u036f]")
_UNCLEAN = re.compile(f"{_INVISIBLE.pattern}|{_COMBINING.pattern}")
_MOST_MARKS = 32
"""Read on one letter, where Vietnamese has two: to compose 100,000 takes 5 s."""

# Scripts written without spaces: every character is a token, so that a name inside a longer run is found.
_UNSPACED = "\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"

# One token: an unspaced character; or a road or document code ("đt.741"); or a run of letters and digits in which
# a point or comma between digits ("1.061,16") and an apostrophe before a letter ("s'tiêng") do not split.
# An English possessive is split off ("phuoc's" is "phuoc" and "s"); a hyphen always splits.
_WORD = rf"(?:(?![{_UNSPACED}])[^\W_])+"
_WITHIN = r"(?:(?<=\d)[.,](?=\d)|'(?!s(?![^\W_]))(?=[^\W\d_]))"
_TOKEN = re.compile(
    rf"([{_UNSPACED}]"
    rf"|(?<![^\W_])[a-zđ]{{1,3}}\.(?=\d){_WORD}"
    rf"|{_WORD}(?:{_WITHIN}{_WORD})*)"
)
# Almost every text holds neither an unspaced script nor a road code; without them the same tokens cost half as much.
_RARE = re.compile(f"[{_UNSPACED}]"), re.compile(r"\.(?<=[a-zđ]\.)(?=\d)")
_ORDINARY_TOKEN = re.compile(rf"([^\W_]+(?:{_WITHIN}[^\W_]+)*)")

# "hoà" and "hòa", "thuỷ" and "thủy" are one word: the mark goes where the older spelling puts it.
_TONE_PAIRS = {
    late: early
    for lates, earlies in (
        ("oà oá oả oã oạ", "òa óa ỏa õa ọa"),
        ("oè oé oẻ oẽ oẹ", "òe óe ỏe õe ọe"),
        ("uỳ uý uỷ uỹ uỵ", "ùy úy ủy ũy ụy"),
    )
    for late, early in zip(lates.split(), earlies.split(), strict=True)
}
# Character classes: half the time of the pairs one by one, and this runs over every text.
_LATE_TONE = re.compile(r"(?<!q)(?:o[àáảãạèéẻẽẹ]|u[ỳýỷỹỵ])(?![^\W_])")


def _fold_table() -> dict[int, str]:
    table = {ord("đ"): "d", ord("Đ"): "D", ord("’"): "'", ord("ʼ"): "'"}
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii() and base.isalpha():
            table[code] = base
    return table


_FOLD = _fold_table()


def fold(text: str) -> str:
    """The text without Vietnamese marks; NFC input keeps its length, so offsets still hold."""
    return text.translate(_FOLD)


class _Remembered(dict[str, str]):
    """Token -> another form of it, remembered: a language has few syllables, and each is met millions of times."""

    _MOST = 200_000

    def __init__(self, form: Callable[[str], str]) -> None:
        self._form = form

    def __missing__(self, token: str) -> str:
        if len(self) >= self._MOST:
            self.clear()
        found = self[token] = self._form(token)
        return found


def normalise(text: str) -> tuple[str, Sequence[int] | None]:
    """NFC, lower case, invisible characters gone, with the way back.

    Returns (normalised, offsets). `offsets[i]` is the code point in `text` where normalised character i begins and
    `offsets[i + 1]` where it ends, with one entry more than there are characters; None means they are the same.
    """
    normal, offsets = _composed(text)
    return _one_tone_placement(normal), offsets


def _composed(text: str) -> tuple[str, Sequence[int] | None]:
    """`normalise` without the placement of tones."""
    lowered = text.lower()
    if len(lowered) == len(text) and unicodedata.is_normalized("NFC", lowered) and not _UNCLEAN.search(lowered):
        return lowered, None
    characters: list[str] = []
    offsets: list[int] = []
    for start, end in _clusters(text):
        composed = unicodedata.normalize("NFC", _INVISIBLE.sub("", text[start:end])[:_MOST_MARKS])
        for character in composed:
            if not _COMBINING.match(character):
                # One character for one: only the Turkish İ becomes two, of which the first is the letter.
                characters.append(character.lower()[0])
                offsets.append(start)
    offsets.append(len(text))
    return "".join(characters), offsets


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Spans of a base character with the combining and invisible characters that follow it."""
    start = 0
    for index in range(1, len(text) + 1):
        if index == len(text) or not (unicodedata.combining(text[index]) or _INVISIBLE.match(text[index])):
            yield start, index
            start = index


def _one_tone_placement(text: str) -> str:
    return _LATE_TONE.sub(lambda found: _TONE_PAIRS[found[0]], text)


_placed = _Remembered(_one_tone_placement)
_folded = _Remembered(fold)


@dataclass(frozen=True)
class Tokens:
    """The tokens of one field, and where they stand in it.

    Most articles hold nothing that anybody looks for: their plain tokens are all that is ever asked of them, so the
    rest waits until somebody does.
    """

    source: str
    plain: tuple[str, ...]
    """Without marks."""
    _parts: list[str]
    """What lies between the tokens, and the tokens, in turn."""
    _offsets: Sequence[int] | None

    @cached_property
    def marked(self) -> tuple[str, ...]:
        """With their marks, each where the older spelling puts it."""
        return tuple(map(_placed.__getitem__, self._parts[1::2]))

    @cached_property
    def _spans(self) -> tuple[Sequence[int], Sequence[int]]:
        borders = list(accumulate(map(len, self._parts)))
        starts, ends = borders[0:-1:2], borders[1::2]
        if self._offsets is None:
            return starts, ends
        way_back = self._offsets.__getitem__
        return list(map(way_back, starts)), list(map(way_back, ends))

    @property
    def starts(self) -> Sequence[int]:
        """Code points of the field as given."""
        return self._spans[0]

    @property
    def ends(self) -> Sequence[int]:
        """Code points of the field as given, exclusive."""
        return self._spans[1]

    def __len__(self) -> int:
        return len(self.plain)

    @cached_property
    def joined(self) -> str:
        """ " bu gia map ": the plain tokens, a space around each, for search by substring."""
        return f" {' '.join(self.plain)} " if self.plain else " "

    @cached_property
    def sentences(self) -> list[tuple[int, int]]:
        """As `sentences` of the field as given: places, tone and facts each ask for them."""
        return sentences(self.source)

    def found(self, automaton: AhoCorasick) -> Iterator[tuple[int, int]]:
        """(number of the pattern, first token) of each place where one stands in `joined`; a pattern begins with a
        space and ends with one.
        """
        at, token = 0, 0
        for number, start, _end in automaton.find_matches_as_indexes(self.joined, overlapping=True):
            # Counted on from the last one: few stand in an article, and in no great disorder.
            between = self.joined.count(" ", min(at, start), max(at, start))
            token += between if start >= at else -between
            at = start
            yield number, token

    def form(self, first: int, last: int) -> tuple[str, ...]:
        """`marked` from token `first` to token `last`, both included."""
        return tuple(map(_placed.__getitem__, self._parts[2 * first + 1 : 2 * last + 2 : 2]))

    @property
    def bare(self) -> int:
        """How many tokens are written in ASCII alone."""
        return sum(map(str.isascii, self._parts[1::2]))

    def surface(self, first: int, last: int) -> str:
        """The original characters from token `first` to token `last`, both included."""
        return self.source[self.starts[first] : self.ends[last]]

    def unbroken(self, first: int, last: int) -> bool:
        """Whether only spaces and hyphens lie between these tokens: "Phú, Nghĩa" is no "Phú Nghĩa"."""
        return all(
            _NAME_GAP.fullmatch(self.source, self.ends[index], self.starts[index + 1]) for index in range(first, last)
        )


_NAME_GAP = re.compile("[\\s\u00a0\u00ad\u200b-\u200f\u2060\ufeff\\-\u2010-\u2013·・_]*")


def tokenise(text: str) -> Tokens:
    """The tokens of one field; empty for a field without letters or digits."""
    normal, offsets = _composed(text)
    normal = normal.replace("’", "'").replace("ʼ", "'")
    parts = (_TOKEN if any(rare.search(normal) for rare in _RARE) else _ORDINARY_TOKEN).split(normal)
    return Tokens(text, tuple(map(_folded.__getitem__, parts[1::2])), parts, offsets)


def words(text: str) -> tuple[str, ...]:
    """The plain tokens alone."""
    return tokenise(text).plain


_SENTENCE_END = re.compile(
    r"""(?<=[.!?…])(?<!\bTP\.)(?<!\bP\.)(?<!\bQ\.)(?<!\bH\.)(?<!\bTX\.)(?<!\bTT\.)(?<!\bĐT\.)(?<!\bTS\.)"""
    r"""(?<!\bThS\.)(?<!\bGS\.)(?<!\bPGS\.)["”’)\]]*\s+(?=["“‘(\[]?[\W\d]*[^\W\d_a-zàáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩị"""
    r"""òóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ])|\s*\n+\s*"""
)


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans (start, end exclusive) of the sentences of a field; abbreviations such as "TP." do not end one."""
    spans, start = [], 0
    for found in _SENTENCE_END.finditer(text):
        if text[start : found.start()].strip():
            spans.append((start, found.start()))
        start = found.end()
    if text[start:].strip():
        spans.append((start, len(text)))
    return spans
