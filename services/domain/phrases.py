"""Words and phrases of a list found in tokens: topics and tone both read a text through this.

Found without marks by Aho-Corasick over `Tokens.joined`, then confirmed by the marks ("cháy" is not "chạy"). A longer
phrase swallows those inside it ("phòng cháy chữa cháy" is no fire), whatever list each belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ahocorasick_rs import AhoCorasick

from services.domain.article import Fields
from services.domain.text import Tokens, tokenise

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A phrase in a field, with what its list says of it. Token indices, both included."""

    value: T
    phrase: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Phrase(Generic[T]):
    value: T
    text: str
    marked: tuple[str, ...]


class Phrases(Generic[T]):
    """A list of (phrase, value), compiled once. One phrase may stand there with several values."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._phrases: list[_Phrase[T]] = []
        patterns: list[str] = []
        for text, value in entries:
            tokens = tokenise(text)
            if len(tokens):
                self._phrases.append(_Phrase(value, text, tokens.marked))
                patterns.append(tokens.joined)
        self._automaton = AhoCorasick(patterns) if patterns else None

    def find(self, tokens: Tokens, unmarked: bool = False) -> list[Found[T]]:
        """In order of the text. `unmarked`: the article was typed without Vietnamese marks, so marks confirm nothing
        and a single syllable is too little: "chay" may be a fire, a run or a vegetarian."""
        if self._automaton is None or not len(tokens):
            return []
        hits: list[Found[T]] = []
        for index, first in tokens.found(self._automaton):
            phrase = self._phrases[index]
            last = first + len(phrase.marked) - 1
            confirmed = (unmarked and last > first) or tokens.form(first, last) == phrase.marked
            named = first == last and _within_a_name(tokens, first)
            if confirmed and not named and tokens.unbroken(first, last):
                hits.append(Found(phrase.value, phrase.text, first, last))
        return _longest(hits)


def _within_a_name(tokens: Tokens, at: int) -> bool:
    """A capital inside a sentence: "ông Thắng", "xã Bão"; a headline all in capitals says nothing."""
    surface = tokens.surface(at, at)
    if at == 0 or not surface[0].isupper() or tokens.source.isupper():
        return False
    return tokens.unbroken(at - 1, at)


def _longest(hits: list[Found[T]]) -> list[Found[T]]:
    """Without those that lie inside a longer one."""
    hits.sort(key=lambda hit: (hit.first, -hit.last))
    kept: list[Found[T]] = []
    reach, reach_first = -1, -1
    for hit in hits:
        if hit.last > reach or (hit.last == reach and hit.first == reach_first):
            kept.append(hit)
            reach, reach_first = hit.last, hit.first
    return kept


def typed_without_marks(fields: Fields) -> bool:
    """Whether a text was typed without Vietnamese marks at all: under 2 % of its tokens carry one.

    Ordinary Vietnamese text carries a mark on about three tokens in four.
    """
    total = sum(len(tokens) for tokens in fields.values())
    marked = total - sum(tokens.bare for tokens in fields.values())
    return marked < max(1, total * 0.02)
