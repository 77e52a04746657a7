"""A query's syntax tree as a condition in SQL over `article a` and the full-text index `words`.

Whatever is text alone goes into one FTS5 expression; the rest joins by AND, OR and NOT in SQL. Each part is a set of
article numbers, made once for the statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.adapters.sqlite.store import micros
from services.domain.article import FIELDS
from services.domain.query.tree import And, Node, Not, Or, Place, Since, Text, Until, Value

PLAIN = {name: f"plain_{name}" for name in FIELDS}
MARKED = {name: f"marked_{name}" for name in FIELDS}


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL that is true or false for each row of `article a`, with its values in order."""

    sql: str
    values: tuple[Any, ...] = ()


def condition(node: Node) -> Condition:
    """The SQL of a tree."""
    expression = full_text(node)
    if expression is not None:
        return Condition("a.number in (select rowid from words where words match ?)", (expression,))
    match node:
        case And(nodes):
            return _join(" and ", _text_together(nodes, And))
        case Or(nodes):
            return _join(" or ", _text_together(nodes, Or))
        case Not(inner):
            negated = condition(inner)
            return Condition(f"not {negated.sql}", negated.values)
        case Place(place, any=True):
            return Condition("a.number in (select number from place where place = ?)", (place,))
        case Place(place):
            return Condition("a.number in (select number from place where place = ? and near)", (place,))
        case Value("topic", value):
            return Condition("a.number in (select number from topic where topic = ?)", (value,))
        case Value(name, value):
            return Condition(f"a.{name} = ?", (value,))
        case Since(at):
            return Condition("a.time >= ?", (micros(at),))
        case Until(at):
            return Condition("a.time < ?", (micros(at),))
    raise AssertionError(f"a text is always full text: {node}")


def full_text(node: Node) -> str | None:
    """The FTS5 expression of a tree of texts; None where another condition, or nothing but NOT, is in it."""
    match node:
        case Text():
            columns = MARKED if node.exact else PLAIN
            names = columns.values() if node.field is None else (columns[node.field],)
            # Tokens hold no quotation mark, and within marks nothing is an operator. A phrase is in one column.
            return f'({{{" ".join(names)}}} : "{" ".join(node.tokens)}")'
        case Or(nodes):
            found = [full_text(inner) for inner in nodes]
            return None if None in found else f"({' OR '.join(filter(None, found))})"
        case And(nodes):
            wanted = [full_text(inner) for inner in nodes if not isinstance(inner, Not)]
            unwanted = [full_text(inner.node) for inner in nodes if isinstance(inner, Not)]
            if not wanted or None in wanted or None in unwanted:
                return None
            positive = f"({' AND '.join(filter(None, wanted))})"
            return f"({positive} NOT ({' OR '.join(filter(None, unwanted))}))" if unwanted else positive
    return None


def _text_together(nodes: tuple[Node, ...], kind: type[And] | type[Or]) -> list[Node]:
    """The nodes, those of text alone as one node; in an And also what they exclude."""
    texts = [node for node in nodes if full_text(node) is not None]
    if texts and kind is And:
        texts += [node for node in nodes if isinstance(node, Not) and full_text(node.node) is not None]
    if len(texts) < 2:
        return list(nodes)
    return [kind(tuple(texts)), *(node for node in nodes if node not in texts)]


def _join(operator: str, nodes: list[Node]) -> Condition:
    conditions = [condition(node) for node in nodes]
    return Condition(
        f"({operator.join(part.sql for part in conditions)})",
        tuple(value for part in conditions for value in part.values),
    )
