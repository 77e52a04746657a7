"""The query language: one syntax tree for watches, archive search, digest sections and back-tests.

lex -> parse -> tree; read by match (in memory), highlight, necessary, and the adapters of the archive. docs/truy-van.md
tells operators every form.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from services.domain.article import Fields
from services.domain.query.highlight import highlights
from services.domain.query.marked import Spellings, marked_form
from services.domain.query.match import Searchable, holds, quickest_first, searchable
from services.domain.query.necessary import Alternatives, necessary
from services.domain.query.parse import parse_tree
from services.domain.query.tree import (
    Near,
    Node,
    Place,
    QueryError,
    Regex,
    Value,
    candidates,
    leaves,
    requires,
    without_exclusions,
)
from services.domain.topic import Evidence

__all__ = ["Alternatives", "Query", "QueryError", "Searchable", "parse", "searchable"]


@dataclass(frozen=True)
class Query:
    """A query that was understood. `tree` decides what is a hit, `marked` which hits come first."""

    text: str
    tree: Node
    marked: Node

    def matches(self, document: Searchable) -> bool:
        """Whether it surely is a hit: with a tone that is not known yet, whatever the tone will be."""
        return holds(self._quick, document)

    def possible(self, document: Searchable) -> bool:
        """Whether it is not surely no hit: the same as `matches` where the tone is known."""
        return holds(self._quick, document, unknown=True)

    def rank(self, document: Searchable) -> Literal[0, 1] | None:
        """0: a hit that holds the query's marked form too; 1: another hit; None: no hit."""
        if not holds(self._quick, document):
            return None
        return 0 if holds(self.marked, document) else 1

    def excluded(self, document: Searchable, *, missed: bool = False) -> bool:
        """Whether only what stands under NOT keeps this article from being a hit; `missed`: known to be none."""
        if self._quick_wider is None or not holds(self._quick_wider, document):
            return False
        return missed or not holds(self._quick, document)

    @cached_property
    def needs_check(self) -> bool:
        """Whether an index cannot answer it alone: tree.py says what an engine does then."""
        return any(
            isinstance(leaf, Regex) or (isinstance(leaf, Near) and not leaf.native) for leaf in leaves(self.tree)
        )

    @cached_property
    def candidates(self) -> Node:
        """A tree that an index can answer and that has every hit among its own; `tree` itself where that can be."""
        found = candidates(self.tree)
        assert found is not None  # parse refuses a query that only a pattern decides
        return found

    @cached_property
    def necessary(self) -> tuple[Alternatives, ...]:
        """Sets of keys: an article that is a hit, or a possible one, has at least one of each in Searchable.keys."""
        return necessary(self.tree)

    def highlights(self, fields: Fields) -> list[Evidence]:
        """The query's words in an article, in reading order; offsets are code points of the fields as given."""
        return highlights(self.tree, fields)

    @property
    def required_place_or_topic(self) -> bool:
        """Whether every way to match needs a place: or a topic: term (fair coverage, rule 2)."""
        return requires(self.tree, (Place, Value), ("topic",))

    @property
    def places(self) -> frozenset[str]:
        """Ids of all places it names."""
        return frozenset(leaf.id for leaf in leaves(self.tree) if isinstance(leaf, Place))

    @property
    def topics(self) -> frozenset[str]:
        """Ids of all topics it names."""
        return frozenset(leaf.value for leaf in leaves(self.tree) if isinstance(leaf, Value) and leaf.name == "topic")

    @property
    def outlets(self) -> frozenset[str]:
        """Ids of all outlets it names."""
        return frozenset(leaf.value for leaf in leaves(self.tree) if isinstance(leaf, Value) and leaf.name == "outlet")

    @cached_property
    def _quick(self) -> Node:
        return quickest_first(self.tree)

    @cached_property
    def wider(self) -> Node | None:
        """The query without what stands under NOT; None where nothing is left, or nothing stands there."""
        found = without_exclusions(self.tree)
        return None if found == self.tree else found

    @cached_property
    def _quick_wider(self) -> Node | None:
        return quickest_first(self.wider) if self.wider is not None else None


def parse(text: str, spellings: Spellings | None = None) -> Query:
    """A query from its text. Raises QueryError with the column and what was expected, in Vietnamese.

    `spellings` tells the marked spellings of a register name written without marks, for the search order.
    """
    tree = parse_tree(text)
    return Query(text, tree, marked_form(tree, spellings))
