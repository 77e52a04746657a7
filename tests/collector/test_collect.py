"""From feeds to the bus: every entry in one counted outcome, every article once, restarts without a trace."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.collector.feed_days import feed_days
from services.domain.article import id_of
from services.domain.events import UNMATCHED
from services.domain.feed import Feed
from services.domain.outlet import Outlet, OutletDirectory
from services.ports.extractor import Extractor
from services.rulebook.book import Rulebook
from tests.collector.newsroom import NOON, Newsroom, newsroom
from tests.press_server import Answer, PressServer, item, page, rss

PRESS, PRESS_TOO, PORTAL = "vnexpress.net", "tuoitre.vn", "dongnai.gov.vn"
FEED = Feed(id="a", url=f"https://{PRESS}/rss")
OTHER = Feed(id="b", url=f"https://{PRESS_TOO}/rss")
LEAD = "Xã Bù Gia Mập, thành phố Đồng Nai vừa khởi công tuyến đường liên thôn phục vụ người dân."
BODY = [
    "Sáng nay, Ủy ban nhân dân xã Bù Gia Mập tổ chức lễ khởi công tuyến đường dài bốn cây số.",
    "Tuyến đường đi qua ba thôn, dự kiến hoàn thành trước mùa mưa năm sau để người dân chở nông sản.",
]
ELSEWHERE = ["Hội chợ sách thường niên khai mạc tại công viên trung tâm với hàng trăm gian hàng của nhà xuất bản."] * 2
DATE = "Mon, 03 Aug 2026 09:30:00 +0700"

Open = Callable[..., AbstractContextManager[Newsroom]]


@pytest.fixture
def opened(tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor) -> Open:
    def open_one(*feeds: Feed) -> AbstractContextManager[Newsroom]:
        chosen = {feed.id: feed for feed in feeds or (FEED,)}
        return newsroom(tmp_path, press, rules, extractor, chosen)

    return open_one


def _serve(press: PressServer, host: str, *titles: str, path: str = "/rss", body: list[str] | None = None) -> None:
    """A feed of these titles, and their pages about the place."""
    items = ""
    for title in titles:
        link = f"https://{host}/{abs(hash(title))}.html"
        items += item(title, link, DATE, LEAD)
        press.serve(host, link.removeprefix(f"https://{host}"), page(title, body or BODY, LEAD))
    press.serve_feed(host, path, rss("Thời sự", items))


def test_an_article_of_the_place_is_collected_with_its_page(press: PressServer, opened: Open) -> None:
    dated = '<meta property="article:published_time" content="2026-08-03T09:31:00+07:00">'
    head = dated + '<link rel="canonical" href="/mot.html">'
    press.serve_feed(
        PRESS, "/rss", rss("x", item("Khởi công đường", f"https://m.{PRESS}/mot.html?utm_source=rss", DATE, LEAD))
    )
    press.serve(f"m.{PRESS}", "/mot.html", page("Khởi công đường liên thôn", BODY, LEAD, head))
    with opened() as room:
        report = room.collector.round()
        [collected] = room.collected()
    article = collected.article
    assert (report.polled, report.answered, report.new_entries, dict(report.states)) == (1, 1, 1, {"ok": 1})
    assert article.title == "Khởi công đường liên thôn"
    assert (article.lead, article.text) == (LEAD, "\n".join(BODY))
    assert (article.outlet, article.source_class, article.text_basis) == ("vnexpress", "press", "page")
    assert article.published_at is not None
    assert article.published_at.isoformat() == "2026-08-03T02:30:00+00:00"
    assert (article.first_seen, article.feed, article.first_poll) == (NOON, "a", True)
    assert article.url == f"https://m.{PRESS}/mot.html"
    assert collected.reading.verdict == "about"
    assert "bu-gia-map" in collected.watches


def test_every_entry_ends_in_one_counted_outcome(press: PressServer, opened: Open) -> None:
    items = [
        item("Của xã", f"https://{PRESS}/1.html", DATE, LEAD),
        item("Hội chợ", f"https://{PRESS}/2.html", DATE, "Hội chợ sách."),
        item("Của xã lần nữa", f"http://www.{PRESS}/1.html?fbclid=1", DATE, LEAD),
        item("Cũ", f"https://{PRESS}/3.html", "Wed, 01 Jul 2026 09:30:00 +0700", LEAD),
        item("Không liên kết", "", DATE, LEAD),
        item("Mạng xã hội", "https://www.facebook.com/posts/1", DATE, LEAD),
        item("Nội bộ", "http://192.168.1.1/tin.html", DATE, LEAD),
        item("Chuyển vào trong", f"https://{PRESS}/4.html", DATE, LEAD),
        item("Chuyển sang mạng xã hội", f"https://{PRESS}/5.html", DATE, LEAD),
    ]
    press.serve_feed(PRESS, "/rss", rss("x", "".join(items)))
    press.serve(PRESS, "/1.html", page("Của xã", BODY, LEAD))
    press.serve(PRESS, "/2.html", page("Hội chợ", ELSEWHERE, "Hội chợ sách."))
    press.redirect(PRESS, "/4.html", "http://127.0.0.1/")
    press.redirect(PRESS, "/5.html", "https://www.youtube.com/watch")
    press.serve("www.youtube.com", "/watch", page("Chuyển sang mạng xã hội", BODY, LEAD))
    with opened() as room:
        room.collector.round()
        outcomes = room.outcomes()
        [day] = feed_days(room.ledger)
        assert room.collector.round().settled == 0
    assert outcomes == {
        "Của xã": "published",
        "Hội chợ": "unmatched",
        "Của xã lần nữa": "already_known",
        "Cũ": "too_old",
        "Không liên kết": "no_link",
        "Mạng xã hội": "refused_source",
        "Nội bộ": "refused_address",
        "Chuyển vào trong": "refused_address",
        "Chuyển sang mạng xã hội": "refused_source",
    }
    assert (day.day, day.state, day.entries, sum(day.outcomes.values())) == ("2026-08-03", "ok", 9, 9)


def test_the_same_article_through_two_feeds_is_one(press: PressServer, opened: Open) -> None:
    _serve(press, PRESS, "Của xã")
    press.serve_feed(
        PRESS_TOO, "/rss", rss("x", item("Của xã!", f"https://{PRESS}/{abs(hash('Của xã'))}.html", DATE, LEAD))
    )
    with opened(FEED, OTHER) as room:
        room.collector.round()
        assert room.outcomes() == {"Của xã": "published", "Của xã!": "already_known"}
        assert len(room.collected()) == 1


def test_the_class_is_that_of_the_final_host(press: PressServer, opened: Open) -> None:
    items = item("Cổng", f"https://{PORTAL}/1.html", DATE, LEAD) + item(
        "Lạ", "https://chua-dang-ky.vn/1.html", DATE, LEAD
    )
    press.serve_feed(PRESS, "/rss", rss("x", items + item("Chuyển", f"https://{PRESS}/9.html", DATE, LEAD)))
    for host, title in ((PORTAL, "Cổng"), ("chua-dang-ky.vn", "Lạ")):
        press.serve(host, "/1.html", page(title, BODY, LEAD))
    press.redirect(PRESS, "/9.html", f"https://{PRESS_TOO}/9.html")
    press.serve(PRESS_TOO, "/9.html", page("Chuyển", BODY, LEAD))
    with opened() as room:
        room.collector.round()
        found = {title: (one.article.outlet, one.article.source_class) for title, one in room.by_title().items()}
    assert found["Cổng"][1] == "official"
    assert found["Lạ"] == ("chua-dang-ky.vn", "unclassified")
    assert found["Chuyển"] == ("tuoi-tre", "press")


def test_an_aggregators_item_stands_for_its_source_until_resolved(press: PressServer, opened: Open) -> None:
    feed = Feed(id="g", url="https://tim.example/rss", aggregator=True)
    source = f'<source url="https://{PRESS_TOO}">Tuổi Trẻ</source>'
    personal = '<source url="https://www.youtube.com">Kênh</source>'
    items = (
        item("Đường ở Bù Gia Mập - Tuổi Trẻ", "https://tim.example/a1", DATE, more=source)
        + item("Đường ở Bù Gia Mập - Tuổi Trẻ", "https://tim.example/a2", DATE, more=source)
        + item("Giải được", "https://tim.example/a3", DATE, more=source)
        + item("Của kênh - Kênh", "https://tim.example/a4", DATE, more=personal)
    )
    press.serve_feed("tim.example", "/rss", rss("x", items))
    for opaque in ("/a1", "/a2", "/a4"):
        press.serve("tim.example", opaque, page("Tìm kiếm", ELSEWHERE))
    press.redirect("tim.example", "/a3", f"https://{PRESS}/3.html")
    press.serve(PRESS, "/3.html", page("Giải được", BODY, LEAD))
    with opened(feed) as room:
        room.collector.round()
        found = room.by_title()
        counted = sorted(record.outcome for record in room.entries())
    assert counted == ["already_known", "published", "published", "refused_source"]
    stands = found["Đường ở Bù Gia Mập"].article
    assert (stands.outlet, stands.source_class, stands.text_basis, stands.text) == ("tuoi-tre", "press", "feed", "")
    assert stands.url == "https://tim.example/a1"
    assert found["Giải được"].article.outlet == "vnexpress"


def test_a_page_that_cannot_be_read_loses_no_article(press: PressServer, opened: Open) -> None:
    _serve(press, PRESS, "Của xã")
    path = f"/{abs(hash('Của xã'))}.html"
    press.answer(PRESS, path, Answer(503))
    with opened() as room:
        room.collector.round()
        [first] = room.collected()
        assert (first.article.text_basis, first.article.lead, first.article.text) == ("feed", LEAD, "")
        press.serve(PRESS, path, page("Của xã", BODY, LEAD))
        room.collector.round()
        assert len(room.collected()) == 1, "not before the retry is due"
        room.clock.set(NOON + timedelta(hours=1))
        room.collector.round()
        [_, second] = room.collected()
    assert second.article.text_basis == "page"
    assert second.article.article_id == first.article.article_id
    assert second.article.first_seen == first.article.first_seen == NOON
    assert second.article.content_hash != first.article.content_hash


def test_an_aggregators_item_with_the_papers_own_link_is_read_again(press: PressServer, opened: Open) -> None:
    """Bing's links carry the paper's: a page that does not answer once is no reason to keep title and lead for ever."""
    feed = Feed(id="g", url="https://tim.example/rss", aggregator=True)
    link = f"https://{PRESS}/1.html"
    wrapped = f"https://www.tim.example/news/apiclick.aspx?ref=rss&amp;url=https%3a%2f%2f{PRESS}%2f1.html"
    press.serve_feed("tim.example", "/rss", rss("x", item("Của xã", wrapped, DATE, LEAD)))
    press.serve_feed(PRESS_TOO, "/rss", rss("x", ""))
    press.answer(PRESS, "/1.html", Answer(503))
    with opened(feed, OTHER) as room:
        room.collector.round()
        [first] = room.collected()
        press.serve(PRESS, "/1.html", page("Của xã", BODY, LEAD))
        press.serve_feed(PRESS_TOO, "/rss", rss("x", item("Của xã, tin riêng", link, DATE, LEAD)))
        room.clock.set(NOON + timedelta(hours=1))
        room.collector.round()
        [_, second] = room.collected()
        assert room.outcomes() == {"Của xã": "published", "Của xã, tin riêng": "already_known"}
    assert (first.article.article_id, first.article.text_basis) == (id_of(link), "feed")
    assert (second.article.article_id, second.article.text_basis) == (id_of(link), "page")


def test_an_aggregators_own_link_is_read_again_where_it_led_to_a_paper(press: PressServer, opened: Open) -> None:
    feed = Feed(id="g", url="https://tim.example/rss", aggregator=True)
    press.serve_feed("tim.example", "/rss", rss("x", item("Của xã", "https://tim.example/a1", DATE, LEAD)))
    press.redirect("tim.example", "/a1", f"https://{PRESS}/1.html")
    press.answer(PRESS, "/1.html", Answer(503))
    with opened(feed) as room:
        room.collector.round()
        press.serve(PRESS, "/1.html", page("Của xã", BODY, LEAD))
        room.clock.set(NOON + timedelta(hours=1))
        room.collector.round()
        assert [one.article.text_basis for one in room.collected()] == ["feed", "page"]


def test_a_silent_edit_is_a_new_version_and_furniture_is_none(press: PressServer, opened: Open) -> None:
    _serve(press, PRESS, "Của xã")
    path = f"/{abs(hash('Của xã'))}.html"
    with opened() as room:
        room.collector.round()
        room.clock.set(NOON + timedelta(hours=2))
        press.serve(PRESS, path, page("Của xã", [f"  {text}\n" for text in BODY], LEAD, "<!-- quảng cáo -->"))
        room.collector.round()
        assert len(room.collected()) == 1
        room.clock.set(NOON + timedelta(hours=8))
        press.serve(PRESS, path, page("Của xã", [BODY[0].replace("bốn", "sáu"), BODY[1]], LEAD))
        room.collector.round()
        before, after = (one.article for one in room.collected())
    assert "bốn" in before.text
    assert "sáu" in after.text
    assert (after.article_id, after.first_seen) == (before.article_id, before.first_seen)
    assert after.seen_at == NOON + timedelta(hours=8)


def test_a_source_that_is_classified_within_a_day_is_published_again(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor
) -> None:
    """So that it is told of: as unclassified it stood in no letter."""
    _serve(press, "bao-la.vn", "Của xã")
    feeds = {"a": Feed(id="a", url="https://bao-la.vn/rss")}
    outlet = Outlet(id="bao-la", name="Báo Lạ", hosts=["bao-la.vn"], class_="press")
    told = replace(rules, outlets=OutletDirectory([*rules.outlets.by_id.values(), outlet]))
    with newsroom(tmp_path, press, rules, extractor, feeds) as room:
        room.collector.round()
        room.clock.set(NOON + timedelta(hours=3))
        room.collector.round()
        clock = room.clock
        assert [one.article.source_class for one in room.collected()] == ["unclassified"]
    with newsroom(tmp_path, press, told, extractor, feeds, clock) as room:
        for hours in (9, 25, 50):
            clock.set(NOON + timedelta(hours=hours))
            room.collector.round()
        first, second = (one.article for one in room.collected())
    assert (second.source_class, second.outlet_name) == ("press", "Báo Lạ")
    assert (second.article_id, second.content_hash) == (first.article_id, first.content_hash)


def test_a_title_changed_in_the_feed_reads_the_page_again(press: PressServer, opened: Open) -> None:
    link = f"https://{PRESS}/1.html"
    press.serve_feed(PRESS, "/rss", rss("x", item("Hội chợ sách", link, DATE, "Hội chợ.")))
    press.serve(PRESS, "/1.html", page("Hội chợ sách", ELSEWHERE, "Hội chợ."))
    with opened() as room:
        room.collector.round()
        assert room.outcomes() == {"Hội chợ sách": "unmatched"}
        room.clock.set(NOON + timedelta(minutes=15))
        press.serve_feed(PRESS, "/rss", rss("x", item("Hội chợ sách ở Bù Gia Mập", link, DATE, LEAD)))
        press.serve(PRESS, "/1.html", page("Hội chợ sách ở Bù Gia Mập", BODY, LEAD))
        report = room.collector.round()
        [collected] = room.collected()
        assert report.new_entries == 0
        assert room.outcomes() == {"Hội chợ sách ở Bù Gia Mập": "published"}
        assert collected.article.article_id == room.collected(UNMATCHED)[0].article.article_id


def test_a_feed_is_asked_when_it_is_due_and_not_parsed_twice(press: PressServer, opened: Open) -> None:
    asked: list[str] = []
    body = rss("x", item("Của xã", f"https://{PRESS}/1.html", DATE, LEAD)).encode()

    def answer(headers: object) -> Answer:
        assert isinstance(headers, dict)
        asked.append(headers.get("if-none-match", ""))
        return Answer(304) if len(asked) == 2 else Answer(body=body, headers={"ETag": '"1"'})

    press.answer(PRESS, "/rss", answer)
    with opened() as room:
        for minutes in (0, 5, 15, 30, 24 * 60 + 30):
            room.clock.set(NOON + timedelta(minutes=minutes))
            room.collector.round()
        cursor = room.cursor("a")
    assert asked == ["", '"1"', '"1"', ""], "once a day without validators"
    assert (cursor.state, cursor.entries, cursor.read_at) == ("ok", 1, NOON + timedelta(minutes=24 * 60 + 30))


def test_first_poll_and_only_the_first(press: PressServer, opened: Open) -> None:
    press.answer(PRESS, "/rss", Answer(503))
    with opened() as room:
        room.collector.round()
        room.clock.set(NOON + timedelta(minutes=15))
        _serve(press, PRESS, "Một")
        room.collector.round()
        room.clock.set(NOON + timedelta(minutes=30))
        _serve(press, PRESS, "Một", "Hai")
        room.collector.round()
        assert {title: one.article.first_poll for title, one in room.by_title().items()} == {"Một": True, "Hai": False}


def test_disabled_feeds_are_not_polled(press: PressServer, opened: Open) -> None:
    with opened(Feed(id="a", url=FEED.url, enabled=False)) as room:
        assert room.collector.round().polled == 0
    assert press.requests == []


def test_one_host_does_not_hold_the_others_up(press: PressServer, opened: Open) -> None:
    _serve(press, PRESS, *(f"Tin {n}" for n in range(25)))
    _serve(press, PRESS_TOO, "Của xã")
    with opened(FEED, OTHER) as room:
        room.collector.poll_feeds()
        room.collector.finish_pending()
        outcomes = room.outcomes()
        assert outcomes["Của xã"] == "published"
        assert list(outcomes.values()).count("pending") == 20
        room.collector.round()
        assert set(room.outcomes().values()) == {"published"}


def test_what_is_due_is_polled_between_two_steps_of_a_backlog(press: PressServer, opened: Open) -> None:
    _serve(press, PRESS, *(f"Tin {n}" for n in range(12)))
    with opened() as room:
        beats = 0

        def beat() -> None:
            nonlocal beats
            beats += 1
            room.clock.set(NOON + timedelta(minutes=10 * beats))

        report = room.collector.round(beat=beat)
        assert (report.settled, report.polled, report.new_entries) == (12, 2, 12)
        assert beats == 4


def test_a_round_ends_after_the_step_in_which_it_is_stopped(press: PressServer, opened: Open) -> None:
    _serve(press, PRESS, *(f"Tin {n}" for n in range(12)))
    stops = iter((False, True))
    with opened() as room:
        assert room.collector.round(lambda: next(stops)).settled == 5
        assert list(room.outcomes().values()).count("pending") == 7


def test_running_twice_changes_nothing(press: PressServer, opened: Open) -> None:
    _serve(press, PRESS, "Một", "Hai")
    with opened() as room:
        room.collector.round()
        messages, days = room.collected(), feed_days(room.ledger)
    with opened() as room:
        room.clock.set(NOON + timedelta(minutes=15))
        assert room.collector.round().new_entries == 0
        assert (room.collected(), feed_days(room.ledger)) == (messages, days)
