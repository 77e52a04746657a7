"""Which of many watches an article satisfies, without asking them all.

A watch is asked only where the article has what its query cannot do without (query/necessary.py): first its places and
topics, which are known before the text is tokenised, then its rarest word. The answers, and their order, are those of
asking every watch in turn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from services.domain.query import Alternatives, Searchable
from services.domain.query.necessary import necessary
from services.domain.query.tree import Value, leaves
from services.domain.watch import CompiledWatch


class WatchIndex:
    """Over the watches given, in their order."""

    def __init__(self, watches: Iterable[CompiledWatch]) -> None:
        self._watches = tuple(watches)
        self._hits = _Table([one.query.necessary for one in self._watches])
        self._spoken = [_asks_language(one) for one in self._watches]
        wider = [(number, one.query.wider) for number, one in enumerate(self._watches)]
        self._with_exclusions = [number for number, tree in wider if tree is not None]
        self._excluding = _Table([necessary(tree) for _, tree in wider if tree is not None])

    def matching(self, document: Searchable) -> list[CompiledWatch]:
        """Those whose query surely hits the article."""
        return self._ask(self._hits.candidates(document), lambda one: one.query.matches(document))

    def possible(self, document: Searchable) -> list[CompiledWatch]:
        """Those that are not surely false."""
        return self._ask(self._hits.candidates(document), lambda one: one.query.possible(document))

    def excluded(self, document: Searchable) -> list[CompiledWatch]:
        """Those that only what stands under NOT keeps from hitting it."""
        return self.judged(document)[1]

    def judged(self, document: Searchable) -> tuple[list[CompiledWatch], list[CompiledWatch]]:
        """(matching, excluded), each watch asked once."""
        hits = {number for number in self._hits.candidates(document) if self._watches[number].query.matches(document)}
        kept_out = [
            number
            for number in map(self._with_exclusions.__getitem__, self._excluding.candidates(document))
            if number not in hits and self._watches[number].query.excluded(document, missed=True)
        ]
        return [self._watches[number] for number in sorted(hits)], [self._watches[number] for number in kept_out]

    def reach(self, facts: frozenset[str]) -> Literal["none", "words", "language"]:
        """What must be known of an article of these places, topics and outlet to say which of them hit it.

        none: nothing, none of them can. words: its text. language: that too.
        """
        near = list(self._hits.in_reach(facts))
        if not near:
            return "none"
        return "language" if any(self._spoken[number] for number in near) else "words"

    def _ask(self, numbers: Iterable[int], holds: Callable[[CompiledWatch], bool]) -> list[CompiledWatch]:
        return [one for one in map(self._watches.__getitem__, numbers) if holds(one)]


@dataclass(slots=True)
class _Group:
    """Watches that need the same places and topics. Numbers are those of the watches."""

    needs: tuple[Alternatives, ...]
    numbers: list[int] = field(default_factory=list)
    wordless: list[int] = field(default_factory=list)
    by_word: dict[str, list[tuple[int, tuple[Alternatives, ...]]]] = field(default_factory=dict)
    """A word -> those that may be hits where it stands, with the sets of words that each needs besides."""


class _Table:
    """Sets of keys, by number; a candidate is a number of whose every set the article has a key."""

    def __init__(self, needs: Sequence[tuple[Alternatives, ...]]) -> None:
        split = [_split(sets) for sets in needs]
        asked = Counter(word for _, words in split for one in words for word in one)
        groups: dict[frozenset[Alternatives], _Group] = {}
        for number, (facts, words) in enumerate(split):
            group = groups.setdefault(frozenset(facts), _Group(facts))
            group.numbers.append(number)
            if not words:
                group.wordless.append(number)
                continue
            # The word that fewest others ask for; of those the longest, for short syllables stand in every text.
            rarest = min(words, key=lambda one: (sum(asked[word] for word in one), -min(map(len, one))))
            rest = tuple(one for one in words if one is not rarest)
            for word in rarest:
                group.by_word.setdefault(word, []).append((number, rest))
        self._reach = [(_without_language(group.needs), group.numbers) for group in groups.values()]
        self._everywhere = [group for group in groups.values() if not group.needs]
        self._by_fact: dict[str, list[_Group]] = {}
        for group in groups.values():
            for fact in min(group.needs, key=len) if group.needs else ():
                self._by_fact.setdefault(fact, []).append(group)

    def candidates(self, document: Searchable) -> list[int]:
        """In order; a superset of the hits."""
        found: set[int] = set()
        for group in self._groups(document.facts):
            found.update(group.wordless)
            if group.by_word:
                found.update(_by_words(group, document.words))
        return sorted(found)

    def in_reach(self, facts: frozenset[str]) -> Iterator[int]:
        """Those that an article of these facts may be a hit of, whatever its language and words."""
        for needs, numbers in self._reach:
            if not any(map(facts.isdisjoint, needs)):
                yield from numbers

    def _groups(self, facts: frozenset[str]) -> Iterator[_Group]:
        yield from self._everywhere
        seen: set[int] = set()
        for fact in facts & self._by_fact.keys():
            for group in self._by_fact[fact]:
                if id(group) not in seen and not any(map(facts.isdisjoint, group.needs)):
                    seen.add(id(group))
                    yield group


def _by_words(group: _Group, words: frozenset[str]) -> Iterator[int]:
    for word in words & group.by_word.keys():
        for number, rest in group.by_word[word]:
            if not any(map(words.isdisjoint, rest)):
                yield number


def _split(sets: tuple[Alternatives, ...]) -> tuple[tuple[Alternatives, ...], tuple[Alternatives, ...]]:
    """(those of places, topics, outlets and languages alone, those of words alone); a mixed one says nothing here."""
    facts = tuple(one for one in sets if all(":" in key for key in one))
    words = tuple(one for one in sets if not any(":" in key for key in one))
    return facts, words


def _without_language(sets: tuple[Alternatives, ...]) -> tuple[Alternatives, ...]:
    return tuple(one for one in sets if not any(key.startswith("language:") for key in one))


def _asks_language(watch: CompiledWatch) -> bool:
    return any(isinstance(leaf, Value) and leaf.name == "language" for leaf in leaves(watch.query.tree))
