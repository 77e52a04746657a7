"""tone: in queries, and what is possible while the tone is not known."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerter.words import TONES
from services.domain.query import QueryError, parse
from services.domain.tone import ToneLabel
from tests.domain.test_query import document

LABELS: tuple[ToneLabel, ...] = get_args(ToneLabel)


@pytest.mark.parametrize("label", LABELS)
def test_each_label_and_its_name_in_letters(label: ToneLabel) -> None:
    for said in {label, label.upper(), f'"{TONES[label] or "không có"}"', f"“{TONES[label] or 'KHONG CO'}”"}:
        query = parse(f"tone:{said}")
        assert [query.matches(document(tone=other)) for other in LABELS] == [other == label for other in LABELS]


def test_other_names() -> None:
    assert parse('tone:"phê bình"').tree == parse("tone:critical").tree
    assert parse("tone:su-co").tree == parse("tone:incident").tree


@pytest.mark.parametrize(
    ("query", "matches", "possible"),
    [
        ("tone:critical", False, True),
        ("NOT NOT tone:critical", False, True),
        ("lúa tone:critical", False, True),
        ("mía tone:critical", False, False),
        ("lúa -tone:critical", False, True),
        ("mía -tone:critical", False, False),
        ("lúa OR tone:critical", True, True),
        ("mía OR tone:critical", False, True),
        ("lúa (tone:critical OR tone:incident)", False, True),
        ("lúa -(mía tone:critical)", True, True),
        ("lúa -(mía OR tone:critical)", False, True),
        ("lúa -(lúa OR tone:critical)", False, False),
        ("lúa", True, True),
        ("mía", False, False),
    ],
)
def test_an_unknown_tone_is_neither_true_nor_false(query: str, matches: bool, possible: bool) -> None:
    parsed = parse(query)
    assert (parsed.matches(document("lúa")), parsed.possible(document("lúa"))) == (matches, possible)


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        inner.map("(NOT {})".format),
    )


@given(
    st.recursive(st.sampled_from(["lúa", "mía", "tone:critical", "tone:none"]), _nested, max_leaves=8),
    st.sampled_from(["lúa", "mía", "lúa mía", ""]),
)
def test_what_turns_out_true_was_possible_and_what_was_sure_stays(query: str, title: str) -> None:
    try:
        parsed = parse(query)
    except QueryError:
        return
    unknown = document(title)
    for label in LABELS:
        known = document(title, tone=label)
        assert parsed.possible(known) == parsed.matches(known)
        assert parsed.matches(unknown) <= parsed.matches(known) <= parsed.possible(unknown)


def test_tone_is_no_place_and_no_topic_that_a_watch_requires() -> None:
    assert not parse("tone:critical").required_place_or_topic
    assert parse("tone:critical place:a").required_place_or_topic
