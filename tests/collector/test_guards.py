"""What nobody foresaw, hangs or lies in one feed, page or host costs that one alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from services.collector.feed_days import feed_days
from services.collector.records import LONGEST_PAUSE, Pending
from services.domain.codec import decode, encode
from services.domain.feed import Feed
from services.ports.extractor import ExtractedPage, Extractor, FeedContent
from services.ports.ledger import Put
from services.rulebook.book import Rulebook
from tests.collector.newsroom import DEADLINE, NOON, Newsroom, newsroom
from tests.collector.test_collect import BODY, DATE, ELSEWHERE, FEED, LEAD, OTHER, PRESS, PRESS_TOO
from tests.press_server import PressServer, drip, item, page, rss

Open = Callable[..., AbstractContextManager[Newsroom]]


class Faulty(Extractor):
    """The real one, but for what holds the word: there it fails as no port says, or gives what no adapter may."""

    def __init__(self, extractor: Extractor) -> None:
        self._extractor = extractor
        self.poisoned = b"no bytes hold this"
        self.fatal = b"nor this"

    def extract(self, html: bytes, url: str) -> ExtractedPage:
        self._fail_over(html)
        read = self._extractor.extract(html, url)
        if self.poisoned in html:
            # A time without a zone cannot be compared: building an article of it fails.
            return ExtractedPage(read.title, read.lead, read.text, datetime(2026, 8, 3))  # noqa: DTZ001
        return read

    def read_feed(self, body: bytes, content_type: str = "", max_entries: int = 5000) -> FeedContent:
        self._fail_over(body)
        return self._extractor.read_feed(body, content_type, max_entries)

    def close(self) -> None:
        """The real one outlives this."""

    def _fail_over(self, body: bytes) -> None:
        if self.fatal in body:
            raise RuntimeError("nobody foresaw this")


@pytest.fixture
def faulty(extractor: Extractor) -> Faulty:
    return Faulty(extractor)


@pytest.fixture
def opened(tmp_path: Path, press: PressServer, rules: Rulebook, faulty: Faulty) -> Open:
    def open_one(*feeds: Feed) -> AbstractContextManager[Newsroom]:
        return newsroom(tmp_path, press, rules, faulty, {feed.id: feed for feed in feeds or (FEED, OTHER)})

    return open_one


def _serve(press: PressServer, host: str, *names: str) -> None:
    press.serve_feed(host, "/rss", rss("x", "".join(item(n, f"https://{host}/{n}.html", DATE, LEAD) for n in names)))
    for name in names:
        press.serve(host, f"/{name}.html", page(name, BODY, LEAD))


def _pending(room: Newsroom) -> list[Pending]:
    return [decode(held.value, Pending) for held in room.ledger.scan("pending")]


@pytest.mark.parametrize("link", ["http://[x", "//[::1", "http://a\u2100.vn"])
def test_a_broken_link_costs_one_entry(press: PressServer, opened: Open, link: str) -> None:
    _serve(press, PRESS_TOO, "tot")
    press.serve_feed(PRESS, "/rss", rss("x", f"<item><title>Hỏng</title><link>{link}</link></item>"))
    with opened() as room:
        room.collector.round()
        assert room.outcomes() == {"Hỏng": "no_link", "tot": "published"}
        assert (room.cursor("a").state, room.cursor("b").state) == ("ok", "ok")


def test_an_unforeseen_error_costs_one_feed(press: PressServer, opened: Open, faulty: Faulty) -> None:
    _serve(press, PRESS, "xau")
    _serve(press, PRESS_TOO, "tot")
    faulty.fatal = b"xau"
    with opened() as room:
        report = room.collector.round()
        cursor = room.cursor("a")
        assert dict(report.states) == {"parse_error": 1, "ok": 1}
        assert "RuntimeError" in cursor.detail
        assert cursor.due_at == NOON + timedelta(minutes=15), "not asked again at once"
        assert [(day.feed, day.state) for day in feed_days(room.ledger)] == [("a", "parse_error"), ("b", "ok")]
        assert room.outcomes() == {"tot": "published"}
        faulty.fatal = b"nothing holds this"
        room.clock.set(cursor.due_at)
        room.collector.round()
        assert room.cursor("a").state == "ok", "the same body is read once it can be"
        assert room.outcomes()["xau"] == "published"


def test_an_unforeseen_error_costs_one_page(press: PressServer, opened: Open, faulty: Faulty) -> None:
    _serve(press, PRESS, "xau", "tot")
    with opened(FEED) as room:
        room.collector.poll_feeds()
        faulty.fatal = b"<h1>xau"
        while room.collector.finish_pending():
            pass
        basis = {one.article.title: one.article.text_basis for one in room.collected()}
    assert basis == {"xau": "feed", "tot": "page"}


def test_a_poisoned_entry_goes_to_the_back_and_stays_pending(press: PressServer, opened: Open, faulty: Faulty) -> None:
    _serve(press, PRESS, "doc", "tot")
    faulty.poisoned = b"<h1>doc"
    with opened(FEED) as room:
        room.collector.round()
        assert room.outcomes() == {"doc": "pending", "tot": "published"}
        assert [pending.attempts for pending in _pending(room)] == [1]
        [record] = [one for one in room.entries() if one.entry.title == "doc"]
        assert "TypeError" in record.reason
        assert "đã thử 1 lần" in record.reason
        assert room.collector.finish_pending() == 0, "not at once again"
        for attempts in range(2, 7):
            room.clock.set(room.clock.now() + LONGEST_PAUSE)
            while room.collector.finish_pending():
                pass
            assert [pending.attempts for pending in _pending(room)] == [attempts]
        room.clock.set(room.clock.now() + timedelta(hours=23))
        assert room.collector.finish_pending() == 0, "once a day in the end"
        faulty.poisoned = b"nothing holds this"
        room.clock.set(room.clock.now() + timedelta(hours=1))
        room.collector.round()
        assert room.outcomes() == {"doc": "published", "tot": "published"}
        assert _pending(room) == []


def test_a_poisoned_page_read_again_is_tried_later(press: PressServer, opened: Open, faulty: Faulty) -> None:
    _serve(press, PRESS, "doc", "tot")
    with opened(FEED) as room:
        room.collector.round()
        for name in ("doc", "tot"):
            press.serve(PRESS, f"/{name}.html", page(name, [BODY[0].replace("bốn", "sáu"), BODY[1]], LEAD))
        faulty.poisoned = b"<h1>doc"
        room.clock.set(NOON + timedelta(hours=2))
        room.collector.round()
        assert {one.article.title for one in room.collected() if "sáu" in one.article.text} == {"tot"}
        faulty.poisoned = b"nothing holds this"
        room.clock.set(room.clock.now() + timedelta(minutes=1))
        room.collector.round()
        assert {one.article.title for one in room.collected() if "sáu" in one.article.text} == {"doc", "tot"}


def test_a_clock_that_was_ahead_does_not_silence_a_feed(press: PressServer, opened: Open) -> None:
    _serve(press, PRESS, "tot")
    years = timedelta(days=3000)
    with opened(FEED) as room:
        room.collector.round()
        cursor = room.cursor("a")
        ahead = replace(cursor, due_at=NOON + years, full_at=NOON + years, polled_at=NOON + years, etag='"1"')
        room.ledger.put(Put("feed", "a", encode(ahead)))
        assert room.collector.round().polled == 1
        after = room.cursor("a")
        assert (after.due_at, after.full_at) == (NOON + timedelta(minutes=15), NOON)
        assert room.collector.round().polled == 0


def test_the_final_host_decides_also_where_its_page_fails(press: PressServer, opened: Open) -> None:
    _serve(press, PRESS, "mang", "bao")
    press.redirect(PRESS, "/mang.html", "https://www.facebook.com/bai")
    press.answer("www.facebook.com", "/bai", drip())
    press.redirect(PRESS, "/bao.html", f"https://{PRESS_TOO}/bao.html")
    press.answer(PRESS_TOO, "/bao.html", drip())
    with opened(FEED) as room:
        room.collector.round()
        assert room.outcomes() == {"mang": "refused_source", "bao": "published"}
        [collected] = room.collected()
    assert (collected.article.outlet, collected.article.text_basis) == ("tuoi-tre", "feed")
    assert "www.facebook.com" not in {host for host, _, _ in press.requests}, "nothing is asked of it"


def test_an_aggregators_consent_page_resolves_nothing(press: PressServer, opened: Open) -> None:
    feed = Feed(id="g", url="https://news.google.com/rss/search", aggregator=True)
    source = f'<source url="https://{PRESS_TOO}">Tuổi Trẻ</source>'
    links = [f"https://news.google.com/rss/articles/{name}" for name in ("CBMi1", "CBMi2")]
    items = "".join(item("Đường ở Bù Gia Mập - Tuổi Trẻ", link, DATE, more=source) for link in links)
    press.serve_feed("news.google.com", "/rss/search", rss("x", items))
    for link in links:
        path = link.removeprefix("https://news.google.com")
        press.redirect("news.google.com", path, f"https://consent.google.com/m?continue={path}")
    press.serve("consent.google.com", "/m", page("Trước khi bạn tiếp tục", ELSEWHERE))
    with opened(feed) as room:
        room.collector.round()
        [collected] = room.collected()
        assert sorted(record.outcome for record in room.entries()) == ["already_known", "published"]
    article = collected.article
    assert (article.outlet, article.source_class, article.text, article.url) == ("tuoi-tre", "press", "", links[0])


def test_a_host_that_hangs_costs_little(press: PressServer, opened: Open) -> None:
    names = [f"treo-{n}" for n in range(12)]
    _serve(press, PRESS, *names)
    for name in names:
        press.answer(PRESS, f"/{name}.html", drip())
    _serve(press, PRESS_TOO, "tot")
    with opened() as room:
        room.collector.poll_feeds()
        started = time.monotonic()
        room.collector.finish_pending()
        assert time.monotonic() - started < 2 * DEADLINE, "one deadline, not one for each page"
        assert room.outcomes()["tot"] == "published"
        assert list(room.outcomes().values()).count("pending") > 5, "what was not answered waits"
        while room.collector.finish_pending():
            pass
        assert time.monotonic() - started < 4 * DEADLINE
        assert set(room.outcomes().values()) == {"published"}, "no article is lost"
        asked = [path for host, path, _ in press.requests if host == PRESS and path != "/rss"]
        assert len(asked) <= 4, "a silent host is left in peace"
