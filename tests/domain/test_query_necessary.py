"""What is necessary for a hit, for an index over many queries; and that large queries stay cheap."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.query import QueryError, parse
from services.domain.query.parse import MAX_CHARACTERS, MAX_TERMS
from tests.domain.test_query import document


@pytest.mark.parametrize(
    ("query", "sets"),
    [
        ("place:a", [{"place:a"}]),
        ("place:a/any", [{"place:a/any"}]),
        ("place:a Cháy", [{"place:a"}, {"chay"}]),
        ('place:a "cháy rừng"', [{"place:a"}, {"chay"}, {"rung"}]),
        ("cháy NEAR/3 =rừng", [{"chay"}, {"rung"}]),
        ("place:a OR topic:b OR outlet:c OR language:vi", [{"place:a", "topic:b", "outlet:c", "language:vi"}]),
        ("(place:a cháy) OR (place:a lũ)", [{"place:a"}, {"place:a", "lu"}, {"chay", "place:a"}, {"chay", "lu"}]),
        ("place:a (cháy OR lũ) -bão", [{"place:a"}, {"chay", "lu"}]),
        ("place:a -(bão OR NOT lũ)", [{"place:a"}, {"lu"}]),
        ("place:a re:/x/ tone:critical after:2026-01-01", [{"place:a"}]),
        ("place:a OR after:2026-01-01", []),
        ("tone:critical", []),
    ],
)
def test_necessary(query: str, sets: list[set[str]]) -> None:
    assert list(parse(query).necessary) == sets


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        inner.map("(NOT {})".format),
    )


_TERMS = st.sampled_from(
    [
        *("lúa", "=mía", "mia", '"lúa mía"', "lúa NEAR/1 mía", "title:lúa", "place:a", "place:a/any", "topic:t"),
        *("outlet:o", "language:vi", "after:2026-11-20", "before:2026-11-20", "re:/m[ií]a/"),
    ]
)


@given(
    st.recursive(_TERMS, _nested, max_leaves=8),
    st.sampled_from(["", "lúa", "mía", "Lúa mía", "mía x lúa"]),
    st.sampled_from(["", "lua", "mia"]),
    st.sampled_from(["about", "mention", None]),
    st.sampled_from([("t",), ()]),
)
def test_every_hit_has_what_is_necessary(
    query: str, title: str, text: str, near: str | None, topics: tuple[str, ...]
) -> None:
    try:
        parsed = parse(query)
    except QueryError:
        return
    places = {"a": "about" if near == "about" else "mention"} if near else {}
    article = document(title, "", text, places=dict(places), topics=topics, outlet="o")  # type: ignore[arg-type]
    if parsed.possible(article):
        assert all(one & article.keys for one in parsed.necessary)


@pytest.mark.parametrize(
    "query",
    [
        " OR ".join(f"từ{number}" for number in range(MAX_TERMS)),
        " ".join(f"từ{number}" for number in range(MAX_TERMS)),
        " OR ".join(f"(a{number} NEAR/50 b)" for number in range(MAX_TERMS // 2)),
        " ".join(["bù gia mập"] * (MAX_TERMS // 3)),
        "place:a " + " ".join(f"re:/x{number}[a-zđ]+y/" for number in range(MAX_TERMS - 1)),
        " OR ".join(f"(a{number} b)" for number in range(MAX_TERMS // 2)),
        ("đ" * 99 + " ") * (MAX_CHARACTERS // 100),
        '"' + "gia " * (MAX_CHARACTERS // 4 - 1) + '"',
        "x" * MAX_CHARACTERS,
        "-" * MAX_CHARACTERS,
        "(" * MAX_CHARACTERS,
        "re:/" * (MAX_CHARACTERS // 4),
        "a re:/" + "(" * (MAX_CHARACTERS - 7) + "/",
        "=" * MAX_CHARACTERS,
        "a:" * (MAX_CHARACTERS // 2),
        '"' * MAX_CHARACTERS,
    ],
    ids=lambda query: query[:12],
)
def test_the_largest_queries_take_bounded_time(query: str) -> None:
    article = document("bù gia mập", "", "gia đình ở bù gia mập x1ay " * 400, places={"a": "about"})
    begin = time.process_time()
    try:
        parsed = parse(query, lambda name: ("bù gia mập",) if name == "bu gia map" else ())
    except QueryError:
        pass
    else:
        parsed.rank(article)
        parsed.highlights(article.fields)
        assert parsed.necessary is not None
        assert parsed.candidates is not None
    assert time.process_time() - begin < 2.0
