"""Which of many watches an article satisfies, without asking them all.

A watch is asked only where the article has what its query cannot do without (query/necessary.py): first its places and
topics, which are known before the text is tokenised, then its rarest word. The answers, and their order, are those of
asking every watch in turn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from services.domain.query import Alternatives, Searchable
from services.domain.query.match import holds, quickest_first
from services.domain.query.necessary import necessary
from services.domain.query.tree import And, Node, Not, Or, Place, Text, Value, all_of, leaves
from services.domain.watch import CompiledWatch


class WatchIndex:
    """Over the watches given, in their order."""

    def __init__(self, watches: Iterable[CompiledWatch]) -> None:
        self._watches = tuple(watches)
        self._hits = _Table([one.query.necessary for one in self._watches])
        self._rest = [_rest_of(one.query.tree) for one in self._watches]
        self._spoken = [_asks_language(one) for one in self._watches]
        wider = [(number, necessary(tree)) for number, one in enumerate(self._watches) if (tree := one.query.wider)]
        # What NOT keeps out needs what a hit needs, as a rule: then it stands among the same candidates.
        alike = {number for number, sets in wider if sets == self._watches[number].query.necessary}
        self._wider = {number: _rest_of(tree) for number in alike if (tree := self._watches[number].query.wider)}
        others = [(number, sets) for number, sets in wider if number not in alike]
        self._with_exclusions = [number for number, _ in others]
        self._excluding = _Table([sets for _, sets in others])

    def matching(self, document: Searchable) -> list[CompiledWatch]:
        """Those whose query surely hits the article."""
        asked = [(number, self._rest[number]) for number in self._hits.candidates(document)]
        return [self._watches[number] for number in _holding(asked, document)]

    def possible(self, document: Searchable) -> list[CompiledWatch]:
        """Those that are not surely false."""
        found = map(self._watches.__getitem__, self._hits.candidates(document))
        return [one for one in found if one.query.possible(document)]

    def excluded(self, document: Searchable) -> list[CompiledWatch]:
        """Those that only what stands under NOT keeps from hitting it."""
        return self.judged(document)[1]

    def judged(self, document: Searchable) -> tuple[list[CompiledWatch], list[CompiledWatch]]:
        """(matching, excluded), each watch asked once."""
        candidates = self._hits.candidates(document)
        hits = _holding([(number, self._rest[number]) for number in candidates], document)
        hit = set(hits)
        missed = set(candidates) - hit
        kept_out = _holding([(number, self._wider[number]) for number in missed & self._wider.keys()], document)
        kept_out += [
            number
            for number in map(self._with_exclusions.__getitem__, self._excluding.candidates(document))
            if number not in hit and self._watches[number].query.excluded(document, missed=True)
        ]
        kept_out.sort()
        return [self._watches[number] for number in hits], [self._watches[number] for number in kept_out]

    def reach(self, facts: frozenset[str]) -> Literal["none", "words", "language"]:
        """What must be known of an article of these places, topics and outlet to say which of them hit it.

        none: nothing, none of them can. words: its text. language: that too.
        """
        near = list(self._hits.in_reach(facts))
        if not near:
            return "none"
        return "language" if any(self._spoken[number] for number in near) else "words"


@dataclass(frozen=True, slots=True)
class _Rest:
    """What must still be asked of a candidate: `_Table` has seen that it has a key of each set that decides alone."""

    without: frozenset[str]
    """Places, topics, outlets and languages that it must not have."""
    tree: Node | None


def _holding(asked: Iterable[tuple[int, _Rest]], document: Searchable) -> list[int]:
    facts = document.facts
    return [
        number
        for number, rest in asked
        if rest.without.isdisjoint(facts) and (rest.tree is None or holds(rest.tree, document))
    ]


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


def _by_words(group: _Group, words: frozenset[str]) -> list[int]:
    return [
        number
        for word in words & group.by_word.keys()
        for number, rest in group.by_word[word]
        if not rest or not any(map(words.isdisjoint, rest))
    ]


def _split(sets: tuple[Alternatives, ...]) -> tuple[tuple[Alternatives, ...], tuple[Alternatives, ...]]:
    """(those of places, topics, outlets and languages alone, those of words alone); a mixed one says nothing here."""
    facts = tuple(one for one in sets if all(":" in key for key in one))
    words = tuple(one for one in sets if not any(":" in key for key in one))
    return facts, words


def _rest_of(tree: Node) -> _Rest:
    nodes = tree.nodes if isinstance(tree, And) else (tree,)
    without = [node for node in nodes if isinstance(node, Not) and _is_fact(node.node)]
    left = [node for node in nodes if node not in without and not _decided(node)]
    return _Rest(
        frozenset(key for node in without for one in necessary(node.node) for key in one),
        quickest_first(all_of(left)) if left else None,
    )


def _decided(node: Node) -> bool:
    """Whether the one set of keys that the node needs is also enough for it, and `_split` tells its kind."""
    sides = node.nodes if isinstance(node, Or) else (node,)
    words = [isinstance(leaf, Text) and len(leaf.written) == 1 and not leaf.exact and not leaf.field for leaf in sides]
    return all(words) or all(map(_is_fact, sides))


def _is_fact(node: Node) -> bool:
    return isinstance(node, Place) or (isinstance(node, Value) and node.name != "tone")


def _without_language(sets: tuple[Alternatives, ...]) -> tuple[Alternatives, ...]:
    return tuple(one for one in sets if not any(key.startswith("language:") for key in one))


def _asks_language(watch: CompiledWatch) -> bool:
    return any(isinstance(leaf, Value) and leaf.name == "language" for leaf in leaves(watch.query.tree))
