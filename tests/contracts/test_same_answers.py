"""The archive gives the same hits in the same order as the in-memory matcher, over generated articles and queries."""

from __future__ import annotations

import unicodedata
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import count, product

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from services.domain.article import Article, hash_of
from services.domain.calendar import ZONE
from services.domain.events import Enriched
from services.domain.place import Nearness, Reading
from services.domain.query import Query, QueryError, parse, searchable
from services.domain.query.parse import MAX_DEPTH
from services.domain.tone import ToneLabel
from services.ports.archive import Archive
from tests.contracts.documents import enriched

SPELLINGS = {
    "bu gia map": ("bù gia mập",),
    "dak o": ("đăk ơ", "đắk ơ", "đak ơ", "Đắc Ơ"),
    "binh phuoc": ("bình phước",),
    "phuoc": ("phước",),
}
PHRASES = [
    *("Bù Gia Mập", "bu gia map", "BÙ GIA MẬP", "bú gia map", "Đắk Ơ", "Dak O", "đak ơ", "Bình Phước", "Binh Phuoc"),
    *("hòa", "hoà", "HOÀ", "thuỷ", "thủy", "quý", "cháy", "chay", "S'tiêng", "s’tiêng", "S'", "Phuoc's", "布加", "ព្រំ"),
    *("ĐT.741", "đt 741", "1.061,16", "7.000", "1,5", "km²", "12:30", "a.b", "1..2", "'", ".", "🙂", "x_y"),
    *("Ǆ", "İstanbul", "istanbul", "ẞ", "ſ", "ﬁ", "I", "i", "Đ", "d", "AND", "or", "Not", "near"),
]
GAPS = [" ", " ", " ", "\u00a0", "\n", "-", ", ", ". ", "\u200b", "  ", '"', "", "_", "\u0301", "\u00ad"]
PLACES = ["bu-gia-map", "xa-dak-o", "binh-phuoc"]
TOPICS = ["y-te", "giao-thong"]
OUTLETS = ["bao-mau", "VOV", "tuoitre.vn"]
TONES: list[ToneLabel] = ["positive", "critical", "none"]
PATTERNS = [
    r"đt\.?\s?741",
    "b[uù] gia",
    r"\d+[.,]\d",
    "(^|\\W)phước(\\W|$)",
    "hoà",
    "Thuỷ|quý",
    r"\pL's",
    "布.?加",
    "a.b",
    "İ|I",
]
_MIDNIGHT = datetime(2026, 11, 19, 17, tzinfo=UTC)
"""In Vietnam."""
MOMENTS = [_MIDNIGHT + timedelta(hours=hours, microseconds=micros) for hours in (-24, 0, 7, 24) for micros in (-1, 0)]


def _as_somebody_typed_it(parts: list[str], gaps: list[str], form: str) -> str:
    joined = "".join(part + gap for part, gap in zip(parts, gaps, strict=False))
    return unicodedata.normalize("NFD", joined) if form == "NFD" else joined


def writings(most: int) -> st.SearchStrategy[str]:
    return st.builds(
        _as_somebody_typed_it,
        st.lists(st.sampled_from(PHRASES), max_size=most),
        st.lists(st.sampled_from(GAPS), min_size=most, max_size=most),
        st.sampled_from(["NFC", "NFC", "NFD"]),
    )


NEARNESS: st.SearchStrategy[Nearness] = st.sampled_from(["about", "part", "mention"])
DOCUMENTS = st.lists(
    st.builds(
        enriched,
        title=writings(4),
        lead=writings(4),
        text=writings(8),
        published_at=st.none() | st.sampled_from(MOMENTS),
        first_seen=st.sampled_from(MOMENTS),
        outlet=st.sampled_from(OUTLETS),
        language=st.sampled_from(["vi", "en"]),
        places=st.dictionaries(st.sampled_from(PLACES), NEARNESS),
        topics=st.lists(st.sampled_from(TOPICS), unique=True).map(tuple),
        tone=st.sampled_from(TONES),
    ),
    min_size=6,
    max_size=6,
)

_WORDS = writings(2).map(lambda said: said.replace('"', " "))
_TEXTS = st.sampled_from(PHRASES) | _WORDS | _WORDS.map(lambda said: f'"{said}"')
_EXACT = st.sampled_from(PHRASES).map(lambda said: f'="{said}"')
_PATTERNS = st.builds("{}re:/{}/".format, st.sampled_from(["", "", "title:"]), st.sampled_from(PATTERNS))
# Words that stand beside themselves and within each other: whose occurrences may overlap.
_SIDES = st.one_of(
    st.sampled_from(PHRASES).map(lambda said: f'"{said}"'),
    st.sampled_from(["bù", "gia", "ơ", '"gia mập"', '"bù gia"', '"dak o bu"', '"ơ bù gia mập"']),
    _EXACT,
)
_NEAR = st.builds(
    "{}{} NEAR/{} {}".format, st.sampled_from(["", "", "title:", "body:"]), _SIDES, st.integers(0, 4), _SIDES
)
_TERMS = st.one_of(
    _TEXTS,
    _TEXTS,
    st.sampled_from(PHRASES).map(lambda said: f'"{said}"'),
    st.builds("{}:{}".format, st.sampled_from(["title", "lead", "body"]), _TEXTS),
    st.builds("place:{}{}".format, st.sampled_from(PLACES), st.sampled_from(["", "/any"])),
    st.sampled_from(TOPICS).map(lambda topic: f"topic:{topic}"),
    st.sampled_from(OUTLETS).map(lambda outlet: f"outlet:{outlet}"),
    st.sampled_from(TONES).map(lambda tone: f"tone:{tone}"),
    _EXACT,
    _NEAR,
    _PATTERNS,
    st.sampled_from(["language:vi", "language:en", "after:2026-11-20", "before:20/11/2026"]),
    st.sampled_from(MOMENTS).map(lambda moment: f"after:{moment.isoformat()}"),
)


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{} {}".format, inner, inner),
        st.builds("{} AND {}".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("{} NOT {}".format, inner, inner),
        st.builds("{} -({})".format, inner, inner),
        st.builds("({} {} {})".format, inner, inner, inner),
        inner.map("NOT {}".format),
        inner.map("({})".format),
    )


QUERIES = st.recursive(_TERMS, _combined, max_leaves=7)
_SEEN = count()


def _spellings(plain: str) -> tuple[str, ...]:
    return SPELLINGS.get(plain, ())


def _current(documents: list[Enriched]) -> list[Enriched]:
    """The same six ids in every example, each newer than the last: what is compared was also changed before."""
    seen_at = datetime(2026, 11, 21, tzinfo=UTC) + timedelta(microseconds=next(_SEEN))
    return [_renamed(document, f"a{number}", seen_at) for number, document in enumerate(documents)]


def _renamed(document: Enriched, article_id: str, seen_at: datetime) -> Enriched:
    old = document.article
    article = Article(
        article_id=article_id,
        source_class="press",
        title=old.title,
        lead=old.lead,
        text=old.text,
        published_at=old.published_at,
        first_seen=old.first_seen,
        seen_at=seen_at,
        outlet=old.outlet,
        content_hash=hash_of(old.title, old.lead, old.text),
    )
    return Enriched(
        article=article,
        reading=Reading(places=document.places),
        language=document.language,
        topics=document.topics,
        tone=document.tone,
        tone_document=document.tone_document,
        story_id=article_id,
    )


def _in_memory(query: Query, documents: list[Enriched]) -> list[str]:
    hits = []
    for document in documents:
        article = document.article
        asked = searchable(article, document.reading, document.topics, document.language, tone=document.tone)
        rank = query.rank(asked)
        assert query.matches(asked) == (rank is not None)
        if rank is not None:
            hits.append((rank, -(article.time - MOMENTS[0]), article.article_id))
    return [article_id for _, _, article_id in sorted(hits)]


def _counts(query: Query, documents: list[Enriched]) -> tuple[list[tuple[str, int]], list[tuple[date, int]]]:
    """Its facet by place and its timeline."""
    hits = set(_in_memory(query, documents))
    found = [document for document in documents if document.article_id in hits]
    places = Counter(place for document in found for place in document.places)
    days = Counter(document.article.time.astimezone(ZONE).date() for document in found)
    return sorted(places.items(), key=lambda item: (-item[1], item[0])), sorted(days.items())


def _compare(archive: Archive, documents: list[Enriched], texts: list[str]) -> int:
    """Pairs of a query and a document whose answers were compared."""
    current = _current(documents)
    archive.save(current)
    compared = 0
    for text in texts:
        try:
            query = parse(text, _spellings)
        except QueryError:
            continue
        compared += len(current)
        event("hits" if _compare_one(archive, current, query) else "no hit")
        if compared == len(current):
            assert (archive.facet(query, "place"), archive.timeline(query)) == _counts(query, current), text
    assume(compared)
    return compared


def _compare_one(archive: Archive, current: list[Enriched], query: Query) -> int:
    """Hits, eight at most."""
    expected = _in_memory(query, current)
    page = archive.search(query, limit=4)
    rest = archive.search(query, limit=4, after=page.next).hits if page.next else []
    assert [hit.article_id for hit in page.hits + rest] == expected, query.text
    assert page.total == len(expected)
    return len(expected)


def _compare_many(archive: Archive, examples: int) -> int:
    """Many queries for each set of documents: showing a save to searches is what costs a server most."""
    pairs = 0

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(DOCUMENTS, st.lists(QUERIES, min_size=4, max_size=8))
    def compare(documents: list[Enriched], texts: list[str]) -> None:
        nonlocal pairs
        pairs += _compare(archive, documents, texts)

    compare()
    return pairs


def test_same_answers(archive: Archive) -> None:
    assert _compare_many(archive, examples=60) >= 500


_FEW = st.lists(st.sampled_from(["bù", "bu", "gia", "mập"]), max_size=7).map(" ".join)
_FEW_SIDES = st.builds(
    '{}"{}"'.format,
    st.sampled_from(["", "", "="]),
    st.lists(st.sampled_from(["bù", "bu", "gia"]), min_size=1, max_size=3).map(" ".join),
)


def test_same_answers_of_what_stands_near(archive: Archive) -> None:
    """Few words, so that sides repeat, touch and overlap."""
    documents = st.lists(st.builds(enriched, title=_FEW, text=_FEW), min_size=6, max_size=6)
    near = st.builds(
        "{}{} NEAR/{} {}".format, st.sampled_from(["", "title:"]), _FEW_SIDES, st.integers(0, 3), _FEW_SIDES
    )
    queries = near | st.builds("gia -({})".format, near) | st.builds("mập OR ({})".format, near)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(documents, st.lists(queries, min_size=1, max_size=3))
    def compare(documents: list[Enriched], texts: list[str]) -> None:
        _compare(archive, documents, texts)

    compare()


_AT: dict[str, Nearness] = {"xa-dak-o": "about"}
_TITLES = ("Bù Gia Mập", "lúa mía")
_ARTICLES = [
    enriched(
        title=title, text=text, places={"xa-dak-o": "about"} if number % 3 else {}, topics=tuple(TOPICS[: number % 2])
    )
    for number, (title, text) in enumerate(product(_TITLES, ("đường ĐT.741 gia", "bù gia gia", "lúa", "")))
]
_DEEPEST_LEAVES = [
    *("lúa", '"bù gia"', "=bù", '="bù gia"', "title:mía", "body:gia", "place:xa-dak-o", "place:xa-dak-o/any"),
    *("topic:y-te", "outlet:bao-mau", "language:vi", "tone:none", "after:2026-11-01", "before:2026-11-01"),
    *(
        '"bu" NEAR/1 gia',
        '"gia" NEAR/3 gia',
        '="bù" NEAR/2 gia',
        "title:gia NEAR/1 gia",
        r"re:/đt\.?741/ gia",
        "mía -lúa",
    ),
]


@pytest.mark.parametrize(
    ("opening", "closing", "depth"),
    [
        ("(lúa OR place:xa-dak-o ", ")", MAX_DEPTH),
        ("(place:xa-dak-o/any OR đường ", ")", MAX_DEPTH),
        ("(bù OR gia ", ")", MAX_DEPTH),
        ("(gia NEAR/2 gia OR gia ", ")", MAX_DEPTH),
        ("(bù OR gia -(", "))", MAX_DEPTH // 3),
        ("(lúa OR topic:y-te NOT (", "))", MAX_DEPTH // 3),
        ("-(lúa OR topic:y-te ", ")", MAX_DEPTH // 2),
        ("NOT (mía OR title:bù ", ")", MAX_DEPTH // 2),
    ],
)
def test_same_answers_as_deep_as_is_allowed(archive: Archive, opening: str, closing: str, depth: int) -> None:
    """SQLite's parser and that of its full-text index each hold a hundred symbols, Elasticsearch's thirty levels."""
    current = _current(_ARTICLES)
    archive.save(current)
    found = 0
    for leaf in _DEEPEST_LEAVES:
        for deep in (depth - leaf.count(" -"), depth * 2 // 3):
            query = parse(f"gia OR place:xa-dak-o OR đường {opening * deep}{leaf}{closing * deep}", _spellings)
            found += _compare_one(archive, current, query)
    assert found


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_same_answers_ten_thousand_times(archive: Archive) -> None:
    assert _compare_many(archive, examples=1000) >= 10_000
