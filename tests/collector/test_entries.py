"""Entries: one key each, absolute links, the source's name off the title, by-lines off the text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.collector.entries import entries_of
from services.domain.feed import Entry, Feed
from services.ports.extractor import RawEntry

NOW = datetime(2026, 8, 3, 5, 0, tzinfo=UTC)
FEED = Feed(id="f", url="https://bao.vn/rss/home.rss")


def _entries(*items: RawEntry) -> list[Entry]:
    return entries_of(items, FEED, FEED.url, NOW)


def _one(item: RawEntry) -> Entry:
    [entry] = _entries(item)
    return entry


def test_the_key_is_guid_else_link_else_title() -> None:
    assert _one(RawEntry(guid="g1", link="https://bao.vn/1", title="T")).key == "g1"
    assert _one(RawEntry(link="https://bao.vn/1", title="T")).key == "https://bao.vn/1"
    assert _one(RawEntry(title="T")).key == "title:T"
    assert _entries(RawEntry()) == []


def test_a_feed_that_repeats_itself() -> None:
    entries = _entries(RawEntry(guid="1", title="Một"), RawEntry(guid="2", title="Hai"), RawEntry(guid="1", title="Ba"))
    assert [entry.title for entry in entries] == ["Một", "Hai"]


def test_links_are_absolute_and_unwrapped() -> None:
    assert _one(RawEntry(link="/tin-1.html")).link == "https://bao.vn/tin-1.html"
    wrapped = "http://www.bing.com/news/apiclick.aspx?url=https%3a%2f%2fbao.vn%2f1&c=2"
    assert _one(RawEntry(link=wrapped)).link == "https://bao.vn/1"


@pytest.mark.parametrize("link", ["http://[x", "//[::1", "http://a\u2100.vn"])
def test_a_link_that_is_no_address_is_none(link: str) -> None:
    assert _one(RawEntry(link=link, title="T")).link == ""
    assert [entry.key for entry in _entries(RawEntry(link=link), RawEntry(link="/1"))] == ["https://bao.vn/1"]


def test_an_aggregators_title_without_its_source() -> None:
    entry = _one(RawEntry(link="https://x.vn/1", title="Tin A - Báo B", lead="Tin A\u00a0 Báo B", source_name="Báo B"))
    assert (entry.title, entry.lead, entry.source_name) == ("Tin A", "", "Báo B")
    assert _one(RawEntry(link="https://x.vn/1", title="Báo B", source_name="Báo B")).title == "Báo B"
    assert _one(RawEntry(link="https://x.vn/1", title="Tin A - B")).title == "Tin A - B"


def test_dates_are_read_in_the_feeds_zone_and_never_made_up() -> None:
    assert _one(RawEntry(link="/1", date="03/08/2026 11:00")).published_at == NOW - timedelta(hours=1)
    assert _one(RawEntry(link="/1", date="03/08/2026 15:00")).published_at is None, "three hours ahead"
    assert _one(RawEntry(link="/1", date="sáng nay")).published_at is None


def test_by_lines_are_removed() -> None:
    entry = _one(RawEntry(link="/1", text="Hôm nay trời nắng đẹp ở nhiều nơi.\nTác giả: Nguyễn Văn Quýt"))
    assert entry.text.strip() == "Hôm nay trời nắng đẹp ở nhiều nơi."
