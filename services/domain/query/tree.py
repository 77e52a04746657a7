"""The syntax tree of a query: what the parser makes and every engine reads.

An engine answers `Query.tree` itself where `Query.needs_check` is False: each Near in it is `native` then and no
Regex is there. Otherwise it answers `Query.candidates`, a tree of the same kind that has every hit among its own, and
takes of those the ones with `Query.rank(searchable(...))` not None, which is also their place in the search order.
Totals, facets, timelines and pages are of what is left; no candidate may be cut off before.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as made
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
    """Held against the marked tokens, else against the plain ones. Both are in lower case: exact means marks only."""
    tokens: tuple[str, ...] = made(init=False, compare=False, repr=False)
    """What is looked for in those tokens."""
    run: str = made(init=False, compare=False, repr=False)
    """The same as " a b ", to be found in Tokens.joined."""

    def __post_init__(self) -> None:
        # Once for each query and not once for each article.
        object.__setattr__(self, "tokens", self.written if self.exact else tuple(map(fold, self.written)))
        object.__setattr__(self, "run", f" {' '.join(self.tokens)} ")


@dataclass(frozen=True, slots=True)
class Near:
    """`left NEAR/within right`; both have the same `field`, each is exact or not on its own.

    Holds where one field (that of `field`, else any one) has an occurrence of `left` and an occurrence of `right` that
    share no token, at most `within` tokens lie between the last token of the one and the first of the other, and
    either may be the first. So "gia NEAR/3 gia" needs two of them, "a NEAR/0 b" is "a b" or "b a", and fields are
    never crossed. Tokens are those of domain.text: "ĐT.741" is one, punctuation is none.
    """

    left: Text
    right: Text
    within: int

    @property
    def native(self) -> bool:
        """Whether an index with positions can answer it: one kind of token, and no occurrence overlaps the other.

        Then FTS5's `NEAR("a" "b", within)`, and in Elasticsearch an unordered interval with max_gaps (or span_near,
        slop = within, in_order false) on one field are exactly this; all of them let occurrences overlap.
        """
        return self.left.exact == self.right.exact and not _may_overlap(self.left.tokens, self.right.tokens)


@dataclass(frozen=True, slots=True)
class Regex:
    """A pattern of RE2, found anywhere in the readable text of one field (domain.query.pattern); never native."""

    pattern: str
    field: Field | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Class about or part; with `any`, every mention."""

    id: str
    any: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """A property of the article that is equal to this, in lower case; a tone is one of tone.ToneLabel."""

    name: Literal["topic", "outlet", "language", "tone"]
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


Leaf: TypeAlias = Text | Near | Regex | Place | Value | Since | Until
Node: TypeAlias = Leaf | Not | And | Or


def all_of(nodes: list[Node]) -> Node:
    """And, flat: neighbours of a row of words stay neighbours whatever parentheses stood around them."""
    flat = [inner for node in nodes for inner in (node.nodes if isinstance(node, And) else (node,))]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(nodes: list[Node]) -> Node:
    flat = [inner for node in nodes for inner in (node.nodes if isinstance(node, Or) else (node,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def none_of(node: Node) -> Node:
    return node.node if isinstance(node, Not) else Not(node)


def leaves(node: Node) -> list[Leaf]:
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


def candidates(node: Node, negated: bool = False) -> Node | None:
    """A tree of native conditions that holds wherever this one does; None where only "everything" does.

    Under NOT it is the other way round: a tree that holds nowhere else, None for "nothing".
    """
    match node:
        case Not(inner):
            narrower = candidates(inner, not negated)
            return None if narrower is None else none_of(narrower)
        case And(nodes) | Or(nodes):
            found = [candidates(inner, negated) for inner in nodes]
            kept = [inner for inner in found if inner is not None]
            # What is unknown adds nothing to an And that may hold more, nor to an Or that may hold less.
            if not kept or (len(kept) < len(found) and isinstance(node, Or) is not negated):
                return None
            return all_of(kept) if isinstance(node, And) else any_of(kept)
        case Near(left, right) if not node.native:
            return None if negated else And((left, right))
        case Regex():
            return None
    return node


def _may_overlap(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Whether an occurrence of one can share tokens with one of the other."""
    return any(
        first[at : at + len(second)] == second[: len(first) - at]
        for first, second in ((left, right), (right, left))
        for at in range(len(first))
    )
