"""An index over many watches answers as asking each of them does, in their order."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.domain.query import QueryError, Searchable, parse
from services.domain.watch import CompiledWatch, Watch
from services.domain.watch_index import WatchIndex
from tests.domain.test_query import document

TERMS = st.sampled_from(
    [
        *("lúa", "=mía", "mia", '"lúa mía"', "lúa NEAR/1 mía", "title:lúa", "place:a", "place:a/any", "place:b"),
        *("topic:t", "topic:s", "outlet:o", "language:vi", "language:en", "after:2026-11-20", "before:2026-11-20"),
        *("re:/m[ií]a/", "tone:critical"),
    ]
)


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        inner.map("(NOT {})".format),
    )


QUERIES = st.recursive(TERMS, _nested, max_leaves=6)
ARTICLES = st.builds(
    lambda title, text, near, topics, tone: document(
        title, "", text, places=near, topics=topics, outlet="o", tone=tone
    ),
    st.sampled_from(["", "lúa", "mía", "Lúa mía", "mía x lúa"]),
    st.sampled_from(["", "lua", "mia"]),
    st.sampled_from([{}, {"a": "about"}, {"a": "mention"}, {"b": "part"}, {"a": "part", "b": "mention"}]),
    st.sampled_from([("t",), ("s", "t"), ()]),
    st.sampled_from([None, "critical", "neutral"]),
)


def compiled(number: int, query: str) -> CompiledWatch | None:
    try:
        found = parse(query)
    except QueryError:
        return None
    return CompiledWatch(Watch(id=f"w{number}", name="w", query=query, recipients=["analyst"]), found)


def test_the_answers_are_those_of_asking_every_watch() -> None:
    pairs = 0

    @settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(QUERIES, min_size=8, max_size=12), ARTICLES)
    def compare(queries: list[str], article: Searchable) -> None:
        nonlocal pairs
        watches = [one for number, query in enumerate(queries) if (one := compiled(number, query)) is not None]
        index = WatchIndex(watches)
        hits = [one for one in watches if one.query.matches(article)]
        excluded = [one for one in watches if one.query.excluded(article)]
        assert index.matching(article) == hits
        assert index.possible(article) == [one for one in watches if one.query.possible(article)]
        assert index.excluded(article) == excluded
        assert index.judged(article) == (hits, excluded)
        pairs += len(watches)

    compare()
    assert pairs >= 2000


@given(st.lists(QUERIES, max_size=6), ARTICLES)
def test_what_is_out_of_reach_is_hit_by_none(queries: list[str], article: Searchable) -> None:
    watches = [one for number, query in enumerate(queries) if (one := compiled(number, query)) is not None]
    reach = WatchIndex(watches).reach(frozenset(key for key in article.facts if not key.startswith("language:")))
    if any(one.query.possible(article) for one in watches):
        assert reach != "none"
    if reach == "words":
        hits = [one for one in watches if one.query.possible(article)]
        assert all("language:" not in one.query.text for one in hits)


def test_only_watches_that_may_hit_are_asked() -> None:
    watches = [one for number in range(200) if (one := compiled(number, f'place:a "hồ tiêu số {number}"')) is not None]
    watches += [one for one in (compiled(900, "place:b"), compiled(901, "place:a -topic:t")) if one is not None]
    index = WatchIndex(watches)
    article = document("", "", "Hồ tiêu số 17 được giá", places={"a": "about"}, topics=("t",))
    assert [one.id for one in index.matching(article)] == ["w17"]
    assert [one.id for one in index.excluded(article)] == ["w901"]
    assert index._hits.candidates(article) == [17, 201]


def test_no_text_is_tokenised_where_places_alone_decide() -> None:
    watches = [one for one in (compiled(1, "place:a cháy"), compiled(2, "place:b/any")) if one is not None]
    article = document("Cháy", "", "", places={"b": "mention"})
    assert [one.id for one in WatchIndex(watches).matching(article)] == ["w2"]
    assert "words" not in vars(article)
