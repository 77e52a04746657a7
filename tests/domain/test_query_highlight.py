"""Where a query's words are shown: against a definition written out, and in a time that grows with the text alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.article import tokens_of
from services.domain.query import parse
from services.domain.text import Tokens, tokenise

_WORDS = st.lists(st.sampled_from(["bù", "bu", "gia", "mập"]), min_size=1, max_size=9)


def _as_defined(row: list[str], tokens: Tokens) -> list[tuple[int, int]]:
    """(first token, last token): of each word of the row its occurrences in the longest piece of it that is there."""
    asked = tokenise(" ".join(row))
    pieces = [
        (begin, end, at)
        for begin in range(len(row))
        for end in range(begin + 1, len(row) + 1)
        for at in range(len(tokens))
        if tokens.plain[at : at + end - begin] == asked.plain[begin:end]
    ]
    shown = set()
    for index in range(len(row)):
        with_it = [piece for piece in pieces if piece[0] <= index < piece[1]]
        longest = max((end - begin for begin, end, _ in with_it), default=0)
        with_it = [piece for piece in with_it if piece[1] - piece[0] == longest]
        if asked.marked[index] != asked.plain[index]:
            marked = [
                one for one in with_it if tokens.form(one[2], one[2] + longest - 1) == asked.marked[one[0] : one[1]]
            ]
            with_it = marked or with_it
        shown |= {(at, at + end - begin - 1) for begin, end, at in with_it}
    joined: list[tuple[int, int]] = []
    for first, last in sorted(shown):
        if joined and first <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return joined


@given(_WORDS, _WORDS)
def test_a_row_of_words_is_shown_as_defined(row: list[str], text: list[str]) -> None:
    fields = tokens_of("", "", " ".join(text))
    tokens = fields["text"]
    found = [(mark.start, mark.end) for mark in parse(" ".join(row)).highlights(fields)]
    assert found == [(tokens.starts[first], tokens.ends[last]) for first, last in _as_defined(row, tokens)]


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("bu gia map " * 166, "Bù Gia Mập "),
        ("gia NEAR/50 gia", "gia "),
        ("gia " * 40, "gia "),
        (" OR ".join(f"({'gia ' * words})" for words in range(40, 28, -1)), "gia "),
        (f'"{"gia " * 1900}"', "gia "),
        ("gia re:/g(.*z)?/", "gia "),
    ],
)
def test_no_query_takes_long_to_show(query: str, word: str) -> None:
    """158 s and 11 s for the first two, when each hit was held against each other one."""
    fields = tokens_of("", "", word * 20_000)
    asked = parse(query)
    begin = time.process_time()
    marks = asked.highlights(fields)
    assert time.process_time() - begin < 2.0
    assert marks[0].surface.startswith(word.split()[0][0])


def test_a_list_that_says_a_word_twice_is_shown_as_if_once() -> None:
    fields = tokens_of("", "", "Ở Bù Gia Mập, xã Bù Nho")
    twice, once = parse("bu gia map " * 14), parse("bu gia map")
    assert [mark.surface for mark in twice.highlights(fields)] == ["Bù Gia Mập"]
    assert twice.highlights(fields) == once.highlights(fields)
