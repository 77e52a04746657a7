"""The archive gives the same hits in the same order as the in-memory matcher, over generated articles and queries."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from services.domain.article import Article, hash_of
from services.domain.events import Enriched
from services.domain.place import Nearness, Reading
from services.domain.query import Query, QueryError, parse, searchable
from services.ports.archive import Archive
from tests.contracts.documents import enriched

OpenArchive = Callable[[], Archive]
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
    ),
    min_size=6,
    max_size=6,
)

_WORDS = writings(2).map(lambda said: said.replace('"', " "))
_TEXTS = st.sampled_from(PHRASES) | _WORDS | _WORDS.map(lambda said: f'"{said}"')
_TERMS = st.one_of(
    _TEXTS,
    _TEXTS,
    st.sampled_from(PHRASES).map(lambda said: f'"{said}"'),
    st.builds("{}:{}".format, st.sampled_from(["title", "lead", "body"]), _TEXTS),
    st.builds("place:{}{}".format, st.sampled_from(PLACES), st.sampled_from(["", "/any"])),
    st.sampled_from(TOPICS).map(lambda topic: f"topic:{topic}"),
    st.sampled_from(OUTLETS).map(lambda outlet: f"outlet:{outlet}"),
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
        asked = searchable(article, document.reading, document.topics, document.language)
        rank = query.rank(asked)
        assert query.matches(asked) == (rank is not None)
        if rank is not None:
            hits.append((rank, -(article.time - MOMENTS[0]), article.article_id))
    return [article_id for _, _, article_id in sorted(hits)]


def _compare(archive: Archive, documents: list[Enriched], texts: list[str]) -> None:
    current = _current(documents)
    archive.save(current)
    compared = 0
    for text in texts:
        try:
            query = parse(text, lambda plain: SPELLINGS.get(plain, ()))
        except QueryError:
            continue
        compared += 1
        expected = _in_memory(query, current)
        page = archive.search(query, limit=4)
        rest = archive.search(query, limit=4, after=page.next).hits if page.next else []
        assert [hit.article_id for hit in page.hits + rest] == expected, text
        assert page.total == len(expected)
        event("hits" if expected else "no hit")
    assume(compared)


def test_same_answers(open_archive: OpenArchive) -> None:
    archive = open_archive()

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(DOCUMENTS, st.lists(QUERIES, min_size=1, max_size=3))
    def compare(documents: list[Enriched], texts: list[str]) -> None:
        _compare(archive, documents, texts)

    compare()


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_same_answers_ten_thousand_times(open_archive: OpenArchive) -> None:
    archive = open_archive()

    @settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
    @given(DOCUMENTS, st.lists(QUERIES, min_size=1, max_size=2))
    def compare(documents: list[Enriched], texts: list[str]) -> None:
        _compare(archive, documents, texts)

    compare()
