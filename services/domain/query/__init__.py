"""The query language: one syntax tree for watches, archive search, digest sections and back-tests.

lex -> parse -> tree; read by match (in memory), highlight, and the adapters of the archive.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from services.domain.article import Fields
from services.domain.query.highlight import highlights
from services.domain.query.match import Searchable, Spellings, holds, marked_form, searchable
from services.domain.query.parse import parse_tree
from services.domain.query.tree import Node, Place, QueryError, Value, leaves, requires, without_exclusions
from services.domain.topic import Evidence

__all__ = ["Query", "QueryError", "Searchable", "parse", "searchable"]


@dataclass(frozen=True)
class Query:
    """A query that was understood. `tree` decides what is a hit, `marked` which hits come first."""

    text: str
    tree: Node
    marked: Node

    def matches(self, document: Searchable) -> bool:
        return holds(self.tree, document)

    def rank(self, document: Searchable) -> Literal[0, 1] | None:
        """0: a hit that holds the query's marked form too; 1: another hit; None: no hit."""
        if not holds(self.tree, document):
            return None
        return 0 if holds(self.marked, document) else 1

    def excluded(self, document: Searchable) -> bool:
        """Whether only what stands under NOT keeps this article from being a hit."""
        return self._wider is not None and holds(self._wider, document) and not holds(self.tree, document)

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
    def _wider(self) -> Node | None:
        return without_exclusions(self.tree)


def parse(text: str, spellings: Spellings | None = None) -> Query:
    """A query from its text. Raises QueryError with the column and what was expected, in Vietnamese.

    `spellings` tells the marked spellings of a register name written without marks, for the search order.
    """
    tree = parse_tree(text)
    return Query(text, tree, marked_form(tree, spellings))
