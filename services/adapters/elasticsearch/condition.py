"""A query's syntax tree as a query of Elasticsearch over the fields of archive.json: filters only, without scripts."""

from __future__ import annotations

import base64
from typing import Any, TypeAlias

import msgspec

from services.domain.article import FIELDS, Field
from services.domain.instants import micros
from services.domain.query.tree import And, Near, Node, Not, Or, Place, Since, Text, Until, Value

Clause: TypeAlias = dict[str, Any]

PLAIN: dict[Field, str] = {name: f"plain_{name}" for name in FIELDS}
MARKED: dict[Field, str] = {name: f"marked_{name}" for name in FIELDS}

_DEEPEST = 20
"""Elasticsearch refuses bool within bool beyond 30; a tree of twenty parentheses makes forty."""


def condition(node: Node) -> Clause:
    """The filter of a tree that needs no check (Query.needs_check)."""
    return _clause(node, 0)


def _clause(node: Node, depth: int) -> Clause:
    if depth == _DEEPEST:
        # A wrapped query is read by itself: its depth counts from 0 again.
        return {"wrapper": {"query": base64.b64encode(msgspec.json.encode(_clause(node, 0))).decode()}}
    match node:
        case And(nodes):
            wanted = [_clause(inner, depth + 1) for inner in nodes if not isinstance(inner, Not)]
            unwanted = [_clause(inner.node, depth + 1) for inner in nodes if isinstance(inner, Not)]
            return {"bool": {"filter": wanted, "must_not": unwanted}}
        case Or(nodes):
            return _any([_clause(inner, depth + 1) for inner in nodes])
        case Not(inner):
            return {"bool": {"must_not": [_clause(inner, depth + 1)]}}
    return _leaf(node)


def _leaf(node: Node) -> Clause:
    match node:
        case Text():
            return _any([_phrase(name, node.tokens) for name in _fields(node)])
        case Near(left, right, within):
            assert node.native, node
            return _any([_near(name, left, right, within) for name in _fields(left)])
        case Place(place, any=every):
            return {"term": {"place" if every else "near_place": place}}
        case Value(name, value):
            return {"term": {name: value}}
        case Since(at):
            return {"range": {"time": {"gte": micros(at)}}}
        case Until(at):
            return {"range": {"time": {"lt": micros(at)}}}
    raise AssertionError(f"no engine answers this: {node}")


def _fields(text: Text) -> list[str]:
    names = MARKED if text.exact else PLAIN
    return list(names.values()) if text.field is None else [names[text.field]]


def _phrase(name: str, tokens: tuple[str, ...]) -> Clause:
    if len(tokens) == 1:
        return {"match": {name: tokens[0]}}
    return {"match_phrase": {name: " ".join(tokens)}}


def _near(name: str, left: Text, right: Text, within: int) -> Clause:
    sides = [{"match": {"query": " ".join(text.tokens), "ordered": True, "max_gaps": 0}} for text in (left, right)]
    return {"intervals": {name: {"all_of": {"intervals": sides, "ordered": False, "max_gaps": within}}}}


def _any(clauses: list[Clause]) -> Clause:
    return clauses[0] if len(clauses) == 1 else {"bool": {"should": clauses, "minimum_should_match": 1}}
