"""Why a query hits an article or does not: the terms that decided, as an operator writes them."""

from __future__ import annotations

from services.domain.calendar import ZONE
from services.domain.query import Query, Searchable
from services.domain.query.match import holds
from services.domain.query.tree import And, Leaf, Near, Node, Not, Or, Place, Regex, Since, Text, Until, Value

_MOST = 8


def deciding(query: Query, document: Searchable) -> tuple[str, ...]:
    """Of a hit: the terms by which it is one; of alternatives, those that hold."""
    return _few(_holding(query.tree, document))


def lacking(query: Query, document: Searchable) -> tuple[str, ...]:
    """The terms that the article does not satisfy; one that stands under NOT bears a minus. Of a hit none."""
    return () if holds(query.tree, document) else _few(_failing(query.tree, document))


def exclusions(query: Query, document: Searchable) -> tuple[str, ...]:
    """Of what only NOT keeps from being a hit: what stands there and holds."""
    return tuple(term for term in lacking(query, document) if term.startswith("-"))


def written(leaf: Leaf) -> str:
    """A term as it is written in a query."""
    match leaf:
        case Text():
            field, sign = f"{_FIELDS[leaf.field]}:" if leaf.field else "", "=" if leaf.exact else ""
            said = " ".join(leaf.written)
            return f'{field}{sign}"{said}"' if len(leaf.written) > 1 else f"{field}{sign}{said}"
        case Near(left, right, within):
            return f"{written(left)} NEAR/{within} {written(right)}"
        case Regex(pattern, field_name):
            return (f"{_FIELDS[field_name]}:" if field_name else "") + f"re:/{pattern}/"
        case Place(place, any_mention):
            return f"place:{place}/any" if any_mention else f"place:{place}"
        case Value(name, value):
            return f"{name}:{value}"
        case Since(at):
            return f"after:{at.astimezone(ZONE):%Y-%m-%d}"
        case Until(at):
            return f"before:{at.astimezone(ZONE):%Y-%m-%d}"


_FIELDS = {"title": "title", "lead": "lead", "text": "body"}


def _holding(node: Node, document: Searchable) -> list[str]:
    match node:
        case And(nodes):
            return [term for inner in nodes for term in _holding(inner, document)]
        case Or(nodes):
            return [term for inner in nodes if holds(inner, document) for term in _holding(inner, document)]
        case Not(inner):
            # That something is absent decides nothing that could be shown.
            return [] if not isinstance(inner, Not) else _holding(inner.node, document)
    return [written(node)]


def _failing(node: Node, document: Searchable) -> list[str]:
    match node:
        case And(nodes):
            return [term for inner in nodes if not holds(inner, document) for term in _failing(inner, document)]
        case Or(nodes):
            return [term for inner in nodes for term in _failing(inner, document)]
        case Not(inner):
            return [f"-{term}" for term in _holding(inner, document)]
    return [written(node)]


def _few(terms: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(terms))[:_MOST]
