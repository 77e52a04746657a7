"""The sample press as its readers see it: feeds in every dialect, pages that change, failures that are plain."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections import Counter
from datetime import datetime

import feedparser
import msgspec
import pytest

from samples.press.content import Edit, load_items, local
from samples.press.pages import CHALLENGE, PAPERS, Paper
from samples.press.server import SamplePress

ITEMS = load_items()
EVENING = local("2026-11-19T23:00")


class Hours:
    """The hour of the press, which a test turns forward."""

    def __init__(self, now: datetime) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at


def get(press: SamplePress, host: str, path: str, **headers: str) -> tuple[int, str, str]:
    """(status, ETag, body)."""
    request = urllib.request.Request(press.origin + path, headers={"Host": host, **headers})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers["ETag"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["ETag"] or "", error.read().decode()


def test_sixty_items_in_eight_newspapers_over_three_mornings() -> None:
    assert len(ITEMS) == 60
    outlets = Counter(item.outlet for item in ITEMS)
    assert len(outlets) == 8
    assert set(outlets) < {paper.outlet for paper in PAPERS}
    assert all(len("".join(item.body_at(EVENING))) > 200 for item in ITEMS if item.link is None and item.page == "")


@pytest.mark.parametrize("paper", PAPERS[:8], ids=lambda paper: paper.outlet)
def test_every_feed_reads_as_one(paper: Paper) -> None:
    with SamplePress(ITEMS, lambda: EVENING) as press:
        status, _, body = get(press, paper.host, paper.feed_path)
    assert status == 200
    entries = feedparser.parse(body).entries
    assert len(entries) == sum(item.outlet == paper.outlet for item in ITEMS)
    assert all(entry.title and entry.get("published") for entry in entries)


def test_an_item_is_there_from_its_hour_on_and_an_unchanged_feed_answers_304() -> None:
    hours = Hours(local("2026-11-17T09:59"))
    with SamplePress(ITEMS, hours.now) as press:
        status, tag, before = get(press, "bao-mau-4.example", "/rss/tin.rss")
        assert (status, "Cháy kho" in before) == (200, False)
        assert get(press, "bao-mau-4.example", "/rss/tin.rss", **{"If-None-Match": tag})[0] == 304
        assert get(press, "bao-mau-4.example", "/tin/chay-kho-dieu.html")[0] == 404
        hours.at = local("2026-11-17T10:00")
        assert "Cháy kho" in get(press, "bao-mau-4.example", "/rss/tin.rss", **{"If-None-Match": tag})[2]
        assert get(press, "bao-mau-4.example", "/tin/chay-kho-dieu.html?utm_source=rss")[0] == 200


def test_a_figure_is_edited_without_a_word_the_next_morning() -> None:
    hours = Hours(local("2026-11-18T06:59"))
    with SamplePress(ITEMS, hours.now) as press:
        assert "khoảng 12 tấn" in get(press, "bao-mau-4.example", "/tin/chay-kho-dieu.html")[2]
        hours.at = local("2026-11-18T07:00")
        page = get(press, "bao-mau-4.example", "/tin/chay-kho-dieu.html")[2]
    assert "khoảng 18 tấn" in page
    assert "12 tấn" not in page


def test_the_broken_ones_are_broken_as_they_say() -> None:
    with SamplePress(ITEMS, lambda: EVENING) as press:
        assert feedparser.parse(get(press, "bao-mau-9.example", "/rss/home.rss")[2]).entries == []
        assert get(press, "bao-mau-10.example", "/rss/home.rss")[2] == CHALLENGE
        assert get(press, "bao-mau-6.example", "/phap-luat/tram-y-te-loi-trang.html")[0] == 404
        assert get(press, "bao-la.example", "/")[0] == 404


def test_a_copy_repeats_its_source() -> None:
    items = {item.id: item for item in ITEMS}
    source, copy = items["chay-kho-dieu"], items["chay-kho-dong-nai"]
    assert copy.body.startswith(source.body.strip())
    assert len(copy.body_at(EVENING)) == len(source.body_at(EVENING)) + 1
    assert len(items["chay-kho-phap-luat"].body_at(EVENING)) == 2


def test_an_edit_of_words_that_are_not_there_is_an_error() -> None:
    edit = Edit(at="2026-11-18T07:00", old="không có câu này", new="x")
    item = msgspec.structs.replace(ITEMS[0], edits=[edit])
    with pytest.raises(ValueError, match="không có câu này"):
        item.body_at(EVENING)
