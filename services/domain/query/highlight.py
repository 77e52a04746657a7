"""Where a query's words stand in an article, on the original characters."""

from __future__ import annotations

from collections.abc import Iterator

from services.domain.article import FIELDS, Field, Fields
from services.domain.query.match import rows
from services.domain.query.tree import And, Node, Not, Or, Text
from services.domain.text import Tokens, fold
from services.domain.topic import Evidence


def highlights(tree: Node, fields: Fields) -> list[Evidence]:
    """The places of the words that the query asks for (not those under NOT), in reading order, none overlapping.

    Words that stand in a row in the query are shown where the longest such row stands in the text: with "Bù Gia
    Mập" found, a "gia" elsewhere is not shown. A word written with marks is shown with its marks if it is there.
    """
    spans: dict[Field, list[tuple[int, int]]] = {name: [] for name in FIELDS}
    for row in _rows(tree):
        for name, first, last in _best(row, fields):
            spans[name].append((first, last))
    return [
        Evidence(surface=tokens.surface(first, last), field=name, start=tokens.starts[first], end=tokens.ends[last])
        for name in FIELDS
        for tokens in (fields[name],)
        for first, last in _joined(spans[name])
    ]


def _rows(node: Node) -> Iterator[list[Text]]:
    match node:
        case Text():
            yield [node]
        case Or(nodes):
            for inner in nodes:
                yield from _rows(inner)
        case And(nodes):
            for unit in rows(nodes):
                texts = [inner for inner in unit if isinstance(inner, Text)]
                if texts:
                    yield texts
                else:
                    yield from _rows(unit[0])
        case Not(Not(inner)):
            yield from _rows(inner)


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
    plain = [text.tokens for text in row]
    beginnings: dict[str, list[int]] = {}
    for index, wanted in enumerate(plain):
        beginnings.setdefault(wanted[0], []).append(index)
    for at, token in enumerate(tokens.plain):
        for begin in beginnings.get(token, ()):
            end, to = begin, at
            while end < len(row) and tokens.plain[to : to + len(plain[end])] == plain[end]:
                to += len(plain[end])
                end += 1
            if end > begin:
                written = tuple(mark for text in row[begin:end] for mark in text.written)
                yield begin, end, at, to - 1, tokens.marked[at:to] == written


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined
