"""Where a query's words stand in an article, on the original characters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from services.domain.article import FIELDS, Field, Fields
from services.domain.query.marked import rows
from services.domain.query.near import sides
from services.domain.query.pattern import spans
from services.domain.query.tree import And, Near, Node, Not, Or, Regex, Text
from services.domain.text import Tokens, fold
from services.domain.topic import Evidence

_LONGEST_ROW = 40
"""Texts. A name or a title is shorter."""
_MOST_HITS = 2000
"""Of one row, side of NEAR or pattern, in one field: more than anybody looks at. A pattern may read the rest of the
text for each of its hits."""

_Row = tuple[Text, ...]
_Where = dict[Field, dict[str, list[int]]]
"""The indices of each plain token that a row begins with, in order."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Texts of a row, from `begin` to before `end`, that stand in a row in the article too; tokens are inclusive."""

    begin: int
    end: int
    field: Field
    first: int
    last: int
    as_written: bool
    """With the marks of the query."""


def highlights(tree: Node, fields: Fields) -> list[Evidence]:
    """The places of the words that the query asks for (not those under NOT), in reading order, none overlapping.

    Words that stand in a row in the query are shown where the longest such row stands in the text: with "Bù Gia
    Mập" found, a "gia" elsewhere is not shown. A word written with marks is shown with its marks if it is there.
    The sides of NEAR/n are shown where they are near each other.
    """
    found: dict[Field, list[tuple[int, int]]] = {name: [] for name in FIELDS}
    asked = dict.fromkeys(_asked(tree))
    where = _where([one for one in asked if isinstance(one, tuple)], fields)
    for one in asked:
        for name, start, end in _best(one, fields, where) if isinstance(one, tuple) else _spans(one, fields):
            found[name].append((start, end))
    return [
        Evidence(surface=fields[name].source[start:end], field=name, start=start, end=end)
        for name in FIELDS
        for start, end in _joined(found[name])
    ]


def _asked(node: Node) -> Iterator[_Row | Near | Regex]:
    """What is asked for, each row of texts together."""
    match node:
        case Text():
            yield (node,)
        case Near() | Regex():
            yield node
        case Or(nodes):
            for inner in nodes:
                yield from _asked(inner)
        case And(nodes):
            for unit in rows(nodes):
                texts = [inner for inner in unit if isinstance(inner, Text)]
                if len(texts) > _LONGEST_ROW:
                    # No name any more, but a list: what it has twice is looked for once.
                    texts = list(dict.fromkeys(texts))
                if texts:
                    yield from (tuple(texts[at : at + _LONGEST_ROW]) for at in range(0, len(texts), _LONGEST_ROW))
                else:
                    yield from _asked(unit[0])
        case Not(Not(inner)):
            yield from _asked(inner)


def _spans(asked: Near | Regex, fields: Fields) -> Iterator[tuple[Field, int, int]]:
    """(field, start, end) in code points of the field, end exclusive."""
    only = asked.field if isinstance(asked, Regex) else asked.left.field
    for name in FIELDS if only is None else (only,):
        tokens = fields[name]
        if isinstance(asked, Regex):
            for start, end in islice(spans(asked.pattern, tokens), _MOST_HITS):
                yield name, start, end
            continue
        for side, firsts in zip((asked.left, asked.right), sides(asked, tokens), strict=True):
            for first in firsts[:_MOST_HITS]:
                yield name, tokens.starts[first], tokens.ends[first + len(side.tokens) - 1]


def _where(asked: list[_Row], fields: Fields) -> _Where:
    wanted = {fold(text.tokens[0]) for row in asked for text in row}
    found: _Where = {name: {} for name in FIELDS}
    for name in FIELDS:
        for at, token in enumerate(fields[name].plain):
            if token in wanted:
                found[name].setdefault(token, []).append(at)
    return found


def _best(row: _Row, fields: Fields, where: _Where) -> set[tuple[Field, int, int]]:
    """(field, start, end): of each text of the row its occurrences in the longest piece of the row that is there."""
    pieces: dict[tuple[int, int], list[_Piece]] = {}
    for name in FIELDS if row[0].field is None else (row[0].field,):
        for piece in islice(_pieces(row, name, fields[name], where[name]), _MOST_HITS):
            pieces.setdefault((piece.begin, piece.end), []).append(piece)
    best: set[_Piece] = set()
    for index, text in enumerate(row):
        with_it = [(begin, end) for begin, end in pieces if begin <= index < end]
        longest = max((end - begin for begin, end in with_it), default=0)
        found = [piece for begin, end in with_it if end - begin == longest for piece in pieces[begin, end]]
        if any(fold(token) != token for token in text.written):
            found = [piece for piece in found if piece.as_written] or found
        best.update(found)
    return {(one.field, fields[one.field].starts[one.first], fields[one.field].ends[one.last]) for one in best}


def _pieces(row: _Row, name: Field, tokens: Tokens, where: dict[str, list[int]]) -> Iterator[_Piece]:
    """All that are part of no longer one, in reading order."""
    beginnings: dict[str, list[int]] = {}
    for index, text in enumerate(row):
        beginnings.setdefault(fold(text.tokens[0]), []).append(index)
    for at in sorted(index for token in beginnings for index in where.get(token, ())):
        for begin in beginnings[tokens.plain[at]]:
            if begin and _stands(row[begin - 1], tokens, at - len(row[begin - 1].tokens)):
                continue
            end, to = begin, at
            while end < len(row) and _stands(row[end], tokens, to):
                to += len(row[end].tokens)
                end += 1
            if end > begin:
                written = tuple(mark for text in row[begin:end] for mark in text.written)
                yield _Piece(begin, end, name, at, to - 1, tokens.marked[at:to] == written)


def _stands(text: Text, tokens: Tokens, at: int) -> bool:
    return at >= 0 and (tokens.marked if text.exact else tokens.plain)[at : at + len(text.tokens)] == text.tokens


def _joined(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
