"""Where a query's words stand in an article, on the original characters."""

from __future__ import annotations

from collections.abc import Iterator

from services.domain.article import FIELDS, Field, Fields
from services.domain.query.marked import rows
from services.domain.query.near import pairs
from services.domain.query.pattern import spans
from services.domain.query.tree import And, Near, Node, Not, Or, Regex, Text
from services.domain.text import Tokens, fold
from services.domain.topic import Evidence

_LONGEST_ROW = 40
"""Texts. A name or a title is shorter; the work grows with the square of a row that repeats a word."""


def highlights(tree: Node, fields: Fields) -> list[Evidence]:
    """The places of the words that the query asks for (not those under NOT), in reading order, none overlapping.

    Words that stand in a row in the query are shown where the longest such row stands in the text: with "Bù Gia
    Mập" found, a "gia" elsewhere is not shown. A word written with marks is shown with its marks if it is there.
    The sides of NEAR/n are shown where they are near each other.
    """
    found: dict[Field, list[tuple[int, int]]] = {name: [] for name in FIELDS}
    for asked in _asked(tree):
        for name, start, end in _spans(asked, fields):
            found[name].append((start, end))
    return [
        Evidence(surface=fields[name].source[start:end], field=name, start=start, end=end)
        for name in FIELDS
        for start, end in _joined(found[name])
    ]


def _asked(node: Node) -> Iterator[list[Text] | Near | Regex]:
    """What is asked for, each row of texts together."""
    match node:
        case Text():
            yield [node]
        case Near() | Regex():
            yield node
        case Or(nodes):
            for inner in nodes:
                yield from _asked(inner)
        case And(nodes):
            for unit in rows(nodes):
                texts = [inner for inner in unit if isinstance(inner, Text)]
                if texts:
                    yield from (texts[at : at + _LONGEST_ROW] for at in range(0, len(texts), _LONGEST_ROW))
                else:
                    yield from _asked(unit[0])
        case Not(Not(inner)):
            yield from _asked(inner)


def _spans(asked: list[Text] | Near | Regex, fields: Fields) -> Iterator[tuple[Field, int, int]]:
    """(field, start, end) in code points of the field, end exclusive."""
    if isinstance(asked, list):
        for name, first, last in _best(asked, fields):
            yield name, fields[name].starts[first], fields[name].ends[last]
        return
    only = asked.field if isinstance(asked, Regex) else asked.left.field
    for name in FIELDS if only is None else (only,):
        tokens = fields[name]
        if isinstance(asked, Regex):
            for start, end in spans(asked.pattern, tokens):
                yield name, start, end
            continue
        for left, right in pairs(asked, tokens):
            for side, first in ((asked.left, left), (asked.right, right)):
                yield name, tokens.starts[first], tokens.ends[first + len(side.tokens) - 1]


def _best(row: list[Text], fields: Fields) -> set[tuple[Field, int, int]]:
    """For each text of the row, its occurrences within the longest piece of the row that the article has."""
    found = [(name, *hit) for name in FIELDS if row[0].field in (None, name) for hit in _pieces(row, fields[name])]
    best: set[tuple[Field, int, int]] = set()
    for index in range(len(row)):
        with_it = [hit for hit in found if hit[1] <= index < hit[2]]
        longest = max((hit[2] - hit[1] for hit in with_it), default=0)
        with_it = [hit for hit in with_it if hit[2] - hit[1] == longest]
        if any(fold(token) != token for token in row[index].written):
            with_it = [hit for hit in with_it if hit[5]] or with_it
        best.update((name, first, last) for name, _, _, first, last, _ in with_it)
    return best


def _pieces(row: list[Text], tokens: Tokens) -> Iterator[tuple[int, int, int, int, bool]]:
    """(first text, text after the last, first token, last token, with the marks as written) of each longest piece."""
    beginnings: dict[str, list[int]] = {}
    for index, text in enumerate(row):
        beginnings.setdefault(fold(text.tokens[0]), []).append(index)
    for at, token in enumerate(tokens.plain):
        for begin in beginnings.get(token, ()):
            end, to = begin, at
            while end < len(row) and _stands(row[end], tokens, to):
                to += len(row[end].tokens)
                end += 1
            if end > begin:
                written = tuple(mark for text in row[begin:end] for mark in text.written)
                yield begin, end, at, to - 1, tokens.marked[at:to] == written


def _stands(text: Text, tokens: Tokens, at: int) -> bool:
    return (tokens.marked if text.exact else tokens.plain)[at : at + len(text.tokens)] == text.tokens


def _joined(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
