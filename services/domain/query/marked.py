"""The marked form of a query: its hits come first in search order."""

from __future__ import annotations

from collections.abc import Callable

from services.domain.query.tree import And, Near, Node, Not, Or, Text, all_of, any_of
from services.domain.text import fold, tokenise

LONGEST_NAME = 8
"""Tokens of the longest register name that is looked for in a row of words."""

Spellings = Callable[[str], tuple[str, ...]]
"""The marked spellings of a register name given without marks; () for any other words."""


def marked_form(node: Node, spellings: Spellings | None) -> Node:
    """The tree that holds an article's marked tokens against the query as written.

    Words in a row that are a register name without marks stand for the marked spellings of that name.
    """
    match node:
        case Text():
            return _marked_row([node], spellings)
        case Not(inner):
            return Not(marked_form(inner, spellings))
        case Or(nodes):
            return any_of([marked_form(inner, spellings) for inner in nodes])
        case And(nodes):
            marked: list[Node] = []
            for unit in rows(nodes):
                texts = [inner for inner in unit if isinstance(inner, Text)]
                marked.append(_marked_row(texts, spellings) if texts else marked_form(unit[0], spellings))
            return all_of(marked)
        case Near(left, right, within):
            lefts, rights = (_alternatives(_marked_row([side], spellings)) for side in (left, right))
            return any_of([Near(one, other, within) for one in lefts for other in rights])
    return node


def rows(nodes: tuple[Node, ...]) -> list[list[Node]]:
    """The conditions of an And, neighbouring texts of the same field together."""
    found: list[list[Node]] = []
    for node in nodes:
        last = found[-1][-1] if found else None
        if isinstance(node, Text) and isinstance(last, Text) and node.field == last.field:
            found[-1].append(node)
        else:
            found.append([node])
    return found


def _alternatives(node: Node) -> list[Text]:
    """Of one text: itself, or its spellings."""
    return [one for one in (node.nodes if isinstance(node, Or) else (node,)) if isinstance(one, Text)]


def _marked_row(texts: list[Text], spellings: Spellings | None) -> Node:
    nodes: list[Node] = []
    at = 0
    while at < len(texts):
        ends = range(min(len(texts), at + LONGEST_NAME), at, -1) if spellings is not None else ()
        for end in ends:
            spelled = _spelled(texts[at:end], spellings) if spellings is not None else []
            if spelled:
                nodes.append(any_of(spelled))
                at = end
                break
        else:
            nodes.append(Text(texts[at].written, texts[at].field, exact=True))
            at += 1
    return all_of(nodes)


def _spelled(texts: list[Text], spellings: Spellings) -> list[Node]:
    """For each marked spelling of the name that these texts are, the texts written so."""
    name = tuple(token for text in texts for token in text.written)
    # A text already exact is meant as typed.
    if len(name) > LONGEST_NAME or any(text.exact for text in texts) or any(fold(token) != token for token in name):
        return []
    found: list[Node] = []
    for spelling in spellings(" ".join(name)):
        tokens = tokenise(spelling)
        # A spelling of other words ("Bugiamap") is no hit of this query at all, so it cannot be its marked form.
        if tokens.plain != name:
            continue
        parts: list[Node] = []
        at = 0
        for text in texts:
            parts.append(Text(tokens.marked[at : at + len(text.written)], text.field, exact=True))
            at += len(text.written)
        if (node := all_of(parts)) not in found:
            found.append(node)
    return found
