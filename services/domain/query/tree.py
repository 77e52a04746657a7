"""The syntax tree of a query: what the parser makes and every engine reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from services.domain.article import Field
from services.domain.text import fold


class QueryError(ValueError):
    """What is wrong with a query, in Vietnamese, and where: `column` counts code points from 1."""

    def __init__(self, column: int, message_vi: str) -> None:
        super().__init__(f"cột {column}: {message_vi}")
        self.column = column
        self.message_vi = message_vi


@dataclass(frozen=True, slots=True)
class Text:
    """Tokens in a row within one field; `field` None: within any one of them."""

    written: tuple[str, ...]
    """As the query has them, with their marks."""
    field: Field | None = None
    exact: bool = False
    """Held against the marked tokens, else against the plain ones."""

    @property
    def tokens(self) -> tuple[str, ...]:
        return self.written if self.exact else tuple(map(fold, self.written))


@dataclass(frozen=True, slots=True)
class Place:
    """Class about or part; with `any`, every mention."""

    id: str
    any: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """A property of the article that is equal to this, in lower case."""

    name: Literal["topic", "outlet", "language"]
    value: str


@dataclass(frozen=True, slots=True)
class Since:
    """Article.time at or after this instant (UTC)."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Until:
    """Article.time before this instant (UTC)."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Not:
    node: Node


@dataclass(frozen=True, slots=True)
class And:
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    nodes: tuple[Node, ...]


Node: TypeAlias = Text | Place | Value | Since | Until | Not | And | Or


def all_of(nodes: list[Node]) -> Node:
    """And, flat: neighbours of a row of words stay neighbours whatever parentheses stood around them."""
    flat = [inner for node in nodes for inner in (node.nodes if isinstance(node, And) else (node,))]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(nodes: list[Node]) -> Node:
    flat = [inner for node in nodes for inner in (node.nodes if isinstance(node, Or) else (node,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def none_of(node: Node) -> Node:
    return node.node if isinstance(node, Not) else Not(node)


def leaves(node: Node) -> list[Text | Place | Value | Since | Until]:
    """Every condition, in the order of the query."""
    match node:
        case And(nodes) | Or(nodes):
            return [leaf for inner in nodes for leaf in leaves(inner)]
        case Not(inner):
            return leaves(inner)
    return [node]


def requires(node: Node, kinds: tuple[type, ...], names: tuple[str, ...] = (), negated: bool = False) -> bool:
    """Whether every way to satisfy the node satisfies a condition of one of these kinds (a Value: of these names).

    Under NOT, AND and OR change places; a condition that must be false is none that is required.
    """
    match node:
        case Not(inner):
            return requires(inner, kinds, names, not negated)
        case And(nodes):
            found = [requires(inner, kinds, names, negated) for inner in nodes]
            return all(found) if negated else any(found)
        case Or(nodes):
            found = [requires(inner, kinds, names, negated) for inner in nodes]
            return any(found) if negated else all(found)
    return not negated and isinstance(node, kinds) and (not isinstance(node, Value) or not names or node.name in names)


def without_exclusions(node: Node) -> Node | None:
    """The node with everything under NOT taken out; None where nothing is left."""
    match node:
        case Not():
            return None
        case And(nodes) | Or(nodes):
            kept = [inner for inner in map(without_exclusions, nodes) if inner is not None]
            if not kept:
                return None
            return all_of(kept) if isinstance(node, And) else any_of(kept)
    return node
