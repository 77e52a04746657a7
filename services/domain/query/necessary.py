"""What an article must have for a query to hit it: an index over many queries asks this first."""

from __future__ import annotations

from itertools import islice, product

from services.domain.query.tree import And, Near, Node, Not, Or, Place, Text, Value
from services.domain.text import fold

Alternatives = frozenset[str]
_MOST_COMBINED = 16


def key_of_place(place: str, any_mention: bool) -> str:
    """No token holds a colon, so keys of all kinds live in one set."""
    return f"place:{place}/any" if any_mention else f"place:{place}"


def key_of(name: str, value: str) -> str:
    return f"{name}:{value}"


def necessary(node: Node, negated: bool = False) -> tuple[Alternatives, ...]:
    """Sets of keys; every hit (also a possible one) has at least one key of each. () where nothing is necessary.

    Keys are plain tokens as they are, and "place:ID", "place:ID/any", "topic:ID", "outlet:ID", "language:CODE";
    Searchable.keys are an article's. Pure: the same tree gives the same sets in the same order.
    """
    match node:
        case Not(inner):
            return necessary(inner, not negated)
        case And(nodes) | Or(nodes):
            parts = [necessary(inner, negated) for inner in nodes]
            if isinstance(node, And) is not negated:
                return tuple(dict.fromkeys(one for part in parts for one in part))
            return _one_of(parts)
    return () if negated else _of_leaf(node)


def _of_leaf(node: Node) -> tuple[Alternatives, ...]:
    match node:
        case Text(written):
            return tuple(dict.fromkeys(frozenset((fold(token),)) for token in written))
        case Near(left, right):
            return tuple(dict.fromkeys(_of_leaf(left) + _of_leaf(right)))
        case Place(place, any_mention):
            return (frozenset((key_of_place(place, any_mention),)),)
        case Value(name, value) if name != "tone":  # the collector does not know the tone, and yet must not miss
            return (frozenset((key_of(name, value),)),)
    return ()


def _one_of(parts: list[tuple[Alternatives, ...]]) -> tuple[Alternatives, ...]:
    """What every one of several ways needs: a set of each, together."""
    combinations = 1
    for part in parts:
        combinations *= len(part)
    if not combinations:
        return ()
    if combinations > _MOST_COMBINED:
        parts = [tuple(islice(sorted(part, key=len), 1)) for part in parts]
    return tuple(dict.fromkeys(frozenset().union(*chosen) for chosen in product(*parts)))
