"""NEAR/n over the tokens of one field; tree.Near has the definition."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from services.domain.query.tree import Near, Text
from services.domain.text import Tokens


def pairs(near: Near, tokens: Tokens) -> Iterator[tuple[int, int]]:
    """(first token of a left occurrence, first token of a right one) of all that are near each other."""
    lefts, rights = occurrences(near.left, tokens), occurrences(near.right, tokens)
    left_length, right_length = len(near.left.tokens), len(near.right.tokens)
    for left in lefts:
        before, after = left - right_length, left + left_length
        for right in rights[bisect_left(rights, before - near.within) : bisect_right(rights, before)]:
            yield left, right
        for right in rights[bisect_left(rights, after) : bisect_right(rights, after + near.within)]:
            yield left, right


def sides(near: Near, tokens: Tokens) -> tuple[list[int], list[int]]:
    """The left and the right sides of all pairs, each once and in order; their number may be the square of these."""
    lefts, rights = occurrences(near.left, tokens), occurrences(near.right, tokens)
    left_length, right_length = len(near.left.tokens), len(near.right.tokens)
    return (
        [at for at in lefts if _stands_near(at, left_length, rights, right_length, near.within)],
        [at for at in rights if _stands_near(at, right_length, lefts, left_length, near.within)],
    )


def _stands_near(at: int, length: int, others: list[int], other_length: int, within: int) -> bool:
    before, after = at - other_length, at + length
    return bisect_left(others, before - within) < bisect_right(others, before) or (
        bisect_left(others, after) < bisect_right(others, after + within)
    )


def occurrences(text: Text, tokens: Tokens) -> list[int]:
    """Indices of the first token of each occurrence, in order; they may overlap."""
    held, wanted = tokens.marked if text.exact else tokens.plain, text.tokens
    found: list[int] = []
    at = -1
    try:
        while True:
            at = held.index(wanted[0], at + 1)
            if held[at : at + len(wanted)] == wanted:
                found.append(at)
    except ValueError:
        return found
