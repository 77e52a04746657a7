"""An article out of an entry and its page: whose words, whose date, whose host."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from services.collector.build import PageRead, Refused, before_reading, build
from services.domain.article import Article, id_of
from services.domain.feed import Entry, EntryRecord, Feed
from services.domain.outlet import Outlet, OutletDirectory
from services.ports.extractor import ExtractedPage

NOW = datetime(2026, 8, 3, 5, 0, tzinfo=UTC)
FEED = Feed(id="f", url="https://bao.vn/rss")
LINK = "https://bao.vn/tin-1.html"
ENTRY = Entry(
    key="1", link=LINK, title="Khởi công đường liên xã", lead="Xã khởi công tuyến đường mới dài bốn cây số.",
    published_at=NOW - timedelta(hours=3),
)  # fmt: skip
RECORD = EntryRecord(feed="f", entry=ENTRY, first_seen=NOW)
TEXT = "Tuyến đường mới dài bốn cây số đi qua ba thôn của xã, hoàn thành trong năm nay."
PAGE = ExtractedPage(title="Khởi công đường liên xã mới", lead="Xã khởi công tuyến đường mới hôm nay.", text=TEXT)
OUTLETS = OutletDirectory([Outlet(id="bao", name="Báo", hosts=["bao.vn"], class_="press")])


def _built(
    page: ExtractedPage | None = PAGE, record: EntryRecord = RECORD, feed: Feed = FEED, url: str = LINK
) -> Article:
    article = build(record, feed, PageRead(url, page), OUTLETS, NOW, 30)
    assert isinstance(article, Article)
    return article


def _with(**changes: object) -> EntryRecord:
    return replace(RECORD, entry=replace(ENTRY, **changes))


def test_the_pages_words_where_they_are_this_articles() -> None:
    article = _built()
    assert (article.title, article.lead, article.text) == (PAGE.title, PAGE.lead, TEXT)


def test_a_site_name_and_a_slogan_are_no_title_and_no_lead() -> None:
    page = ExtractedPage(title="Báo điện tử hàng đầu", lead="Đọc báo nhanh nhất Việt Nam 24h", text=TEXT)
    article = _built(page)
    assert (article.title, article.lead) == (ENTRY.title, ENTRY.lead)
    assert _built(page, _with(lead="")).lead == ""


def test_without_a_page_the_feed_speaks() -> None:
    article = _built(None, _with(text="Toàn văn trong nguồn."))
    assert (article.title, article.lead, article.text) == (ENTRY.title, ENTRY.lead, "Toàn văn trong nguồn.")
    assert article.text_basis == "feed"
    assert _built(None, url="https://bao.vn/dang-nhap").article_id == article.article_id, "a login page is no identity"


@pytest.mark.parametrize(
    ("of_feed", "of_page", "expected", "basis"),
    [
        (-3, -2, -3, "feed"),
        (-3, -20, -3, "feed"),
        (-3, -30, -30, "page"),
        (None, -2, -2, "page"),
        (-3, None, -3, "feed"),
        (None, None, None, "unknown"),
        (None, 5, None, "unknown"),
    ],
)
def test_the_date(of_feed: int | None, of_page: int | None, expected: int | None, basis: str) -> None:
    def at(hours: int | None) -> datetime | None:
        return NOW + timedelta(hours=hours) if hours is not None else None

    page = ExtractedPage(title=PAGE.title, lead=PAGE.lead, text=TEXT, published_at=at(of_page))
    article = _built(page, _with(published_at=at(of_feed)))
    assert (article.published_at, article.date_basis) == (at(expected), basis)


def test_an_old_article_listed_as_new_is_too_old() -> None:
    page = ExtractedPage(title=PAGE.title, lead=PAGE.lead, text=TEXT, published_at=NOW - timedelta(days=3000))
    refused = build(RECORD, FEED, PageRead(LINK, page), OUTLETS, NOW, 30)
    assert isinstance(refused, Refused)
    assert refused.outcome == "too_old"


def test_the_limit_of_age_is_the_feeds() -> None:
    record = _with(published_at=NOW - timedelta(days=8))
    assert before_reading(record, FEED, 30) is None
    refused = before_reading(record, replace(FEED, max_age_days=7), 30)
    assert refused is not None
    assert refused.outcome == "too_old"
    assert before_reading(record, FEED, 7) == refused


def test_the_id_follows_the_canonical_link_of_the_same_site() -> None:
    plain = _built().article_id
    assert plain == id_of(LINK)
    assert _built(replace_page("https://m.bao.vn/tin-1.html?utm_source=x")).article_id == plain
    assert _built(replace_page("https://khac.vn/tin-1.html")).article_id == plain
    assert _built(replace_page("https://bao.vn/tin-1-moi.html")).article_id != plain


def replace_page(canonical: str) -> ExtractedPage:
    return ExtractedPage(title=PAGE.title, lead=PAGE.lead, text=TEXT, canonical_url=canonical)
