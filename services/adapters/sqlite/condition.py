"""A query's syntax tree as a condition in SQL over `article a` and the full-text index `words`.

Whatever is text alone goes into one FTS5 expression; the rest joins by AND, OR and NOT in SQL. Each part is a set of
article numbers, made once for the statement. What FTS5 cannot say (a pattern; NEAR/n whose sides may overlap) is asked
of a function in Python, of those articles alone that the other conditions leave.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from services.domain.article import FIELDS, Field
from services.domain.instants import micros
from services.domain.query.near import pairs
from services.domain.query.pattern import compiled, readable
from services.domain.query.tree import And, Near, Node, Not, Or, Place, Regex, Since, Text, Until, Value, leaves
from services.domain.text import Tokens, tokenise

PLAIN = {name: f"plain_{name}" for name in FIELDS}
MARKED = {name: f"marked_{name}" for name in FIELDS}

_DEEPEST = 8
_DEEPEST_TEXT = 12
"""Levels of And, Or and NOT in one expression, of SQL and of FTS5. The parsers of both hold at most 100 symbols, about
three for each level, and SQLite's those of the statement around it; twenty parentheses make 40 levels."""

_ASKED = "leaf_holds(?, (select value from document d where d.number = a.number))"
_LEAF = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL that is true or false for each row of `article a`, with its values in order."""

    sql: str
    values: tuple[Any, ...] = ()


def condition(node: Node) -> Condition:
    """The SQL of a tree, for a connection that `add_functions` was called for."""
    parts: list[Condition] = []
    whole = _condition(node, 0, parts)
    if not parts:
        return whole
    named = ", ".join(
        f"part{number} as not materialized (select a.number from article a where {part.sql})"
        for number, part in enumerate(parts)
    )
    return Condition(
        f"exists (with {named} select 1 where {whole.sql})",
        tuple(value for part in (*parts, whole) for value in part.values),
    )


def _condition(node: Node, depth: int, parts: list[Condition]) -> Condition:
    """The SQL of a tree `depth` levels down; what lies too deep is added to `parts`, and asked for by its name."""
    expression = full_text(node) if _levels(node) <= _DEEPEST_TEXT else None
    if expression is not None:
        return Condition("a.number in (select rowid from words where words match ?)", (expression,))
    if depth == _DEEPEST and isinstance(node, And | Or | Not):
        parts.append(_condition(node, 0, parts))
        name = f"part{len(parts) - 1}"
        # Of one article, asked for where it stands: the parts before it in an And spare this one, as they would within.
        return Condition(f"exists (select 1 from {name} where {name}.number = a.number)")
    match node:
        case And(nodes):
            return _join(" and ", _text_together(nodes, And), depth, parts)
        case Or(nodes):
            return _join(" or ", _text_together(nodes, Or), depth, parts)
        case Not(inner):
            negated = _condition(inner, depth + 1, parts)
            return Condition(f"not {negated.sql}", negated.values)
    return _leaf_condition(node)


def _leaf_condition(node: Node) -> Condition:
    match node:
        case Place(place, any=True):
            return Condition("a.number in (select number from place where place = ?)", (place,))
        case Place(place):
            return Condition("a.number in (select number from place where place = ? and near)", (place,))
        case Near(left, right):
            both = condition(And((left, right)))
            return Condition(f"({both.sql} and {_ASKED})", (*both.values, _LEAF.encode(node).decode()))
        case Regex():
            return Condition(_ASKED, (_LEAF.encode(node).decode(),))
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
            # Tokens hold no quotation mark, and within marks nothing is an operator. A phrase is in one column.
            return f'({{{_columns(node)}}} : "{" ".join(node.tokens)}")'
        case Near(left, right, within) if node.native:
            return f'({{{_columns(left)}}} : NEAR("{" ".join(left.tokens)}" "{" ".join(right.tokens)}", {within}))'
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


def _columns(text: Text) -> str:
    columns = MARKED if text.exact else PLAIN
    return " ".join(columns.values() if text.field is None else (columns[text.field],))


def _text_together(nodes: tuple[Node, ...], kind: type[And] | type[Or]) -> list[Node]:
    """The nodes, those of text alone as one node; in an And also what they exclude."""
    flat = [node for node in nodes if _levels(node) < _DEEPEST_TEXT]
    texts = [node for node in flat if full_text(node) is not None]
    if texts and kind is And:
        texts += [node for node in flat if isinstance(node, Not) and full_text(node.node) is not None]
    if len(texts) < 2:
        return list(nodes)
    return [kind(tuple(texts)), *(node for node in nodes if node not in texts)]


def _levels(node: Node) -> int:
    match node:
        case And(nodes) | Or(nodes):
            return 1 + max(map(_levels, nodes))
        case Not(inner):
            return 1 + _levels(inner)
    return 0


def _join(operator: str, nodes: list[Node], depth: int, parts: list[Condition]) -> Condition:
    # SQLite asks in this order: what reads a document comes last.
    conditions = [_condition(node, depth + 1, parts) for node in sorted(nodes, key=_reads)]
    return Condition(
        f"({operator.join(part.sql for part in conditions)})",
        tuple(value for part in conditions for value in part.values),
    )


def _reads(node: Node) -> bool:
    return any(isinstance(leaf, Regex) or (isinstance(leaf, Near) and not leaf.native) for leaf in leaves(node))


def add_functions(connection: sqlite3.Connection) -> None:
    """What the conditions of `condition` call."""
    connection.create_function("leaf_holds", 2, _leaf_holds, deterministic=True)


class _Texts(msgspec.Struct, frozen=True):
    title: str
    lead: str
    text: str


class _Stored(msgspec.Struct, frozen=True):
    """Of a stored document (domain.events.Enriched) what is read here."""

    article: _Texts


def _leaf_holds(asked: str, document: bytes) -> bool:
    leaf = _leaf(asked)
    if isinstance(leaf, Regex):
        program = compiled(leaf.pattern)
        return any(program.search(text) for text in _readable(document, leaf.field))
    return any(any(True for _ in pairs(leaf, tokens)) for tokens in _tokens(document, leaf.left.field))


@lru_cache(maxsize=256)
def _leaf(asked: str) -> Near | Regex:
    value = msgspec.json.decode(asked)
    if "pattern" in value:
        return Regex(value["pattern"], value["field"])
    left, right = (
        Text(tuple(side["written"]), side["field"], side["exact"]) for side in (value["left"], value["right"])
    )
    return Near(left, right, value["within"])


# One row asks for the query and for its marked form: the last few documents are kept as they were read.
@lru_cache(maxsize=4)
def _readable(document: bytes, field: Field | None) -> list[bytes]:
    return [readable(text) for text in _sources(document, field)]


@lru_cache(maxsize=4)
def _tokens(document: bytes, field: Field | None) -> list[Tokens]:
    return [tokenise(text) for text in _sources(document, field)]


def _sources(document: bytes, field: Field | None) -> list[str]:
    texts = msgspec.json.decode(document, type=_Stored).article
    return [str(getattr(texts, name)) for name in (FIELDS if field is None else (field,))]
