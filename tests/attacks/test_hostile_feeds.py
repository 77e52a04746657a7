"""Feeds that lie, hang or attack: each ends in its named state within its deadline, and the others are read."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from services.collector.feed_days import feed_days
from services.domain.feed import Feed, FeedState
from services.ports.extractor import Extractor
from services.rulebook.book import Rulebook
from tests.collector.newsroom import DEADLINE, NOON, Newsroom, newsroom
from tests.collector.test_collect import BODY, DATE, LEAD, PRESS
from tests.press_server import CHALLENGE, Answer, PressServer, drip, gzip_bomb, item, page, rss

XML = "application/rss+xml; charset=utf-8"
GOOD = Feed(id="tot", url=f"https://{PRESS}/rss")
LAUGHS = '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def _feed(*dates: str) -> bytes:
    return rss("x", "".join(item(f"Tin {n}", f"https://h.vn/{n}.html", date) for n, date in enumerate(dates))).encode()


def _with(prolog: str) -> bytes:
    return rss("&b;", item("&b;", "https://h.vn/1.html")).replace("?>\n", "?>\n" + prolog, 1).encode()


def _attributes() -> bytes:
    tag = "<p " + " ".join(f"a{n}=''" for n in range(200_000)) + ">x</p>"
    return rss("x", item("Một", "https://h.vn/1.html", DATE, tag)).encode()


def _canned(body: bytes, status: int = 200, kind: str = XML) -> Callable[[PressServer], Answer]:
    return lambda press: Answer(status, body, {"Content-Type": kind})


HOSTILE: dict[str, tuple[FeedState, Callable[[PressServer], Answer]]] = {
    "redirect inside": ("refused", lambda _: Answer(302, headers={"Location": "http://127.0.0.1/"})),
    "redirect to this very server": ("refused", lambda press: Answer(302, headers={"Location": press.origin + "/rss"})),
    "4 GB gzip": ("refused", lambda _: gzip_bomb(4000)),
    "50 MB body": ("refused", _canned(b" " * 50_000_000)),
    "entity bomb": ("refused", _canned(_with(LAUGHS))),
    "outside entity": ("refused", _canned(_with(OUTSIDE))),
    "one byte a second": ("http_error", lambda _: drip(1.0)),
    "javascript wall": ("blocked", _canned(CHALLENGE.encode(), kind="text/html")),
    "front page": ("blocked", _canned("<!DOCTYPE html><html><body>Trang chủ</body></html>".encode())),
    "no items": ("empty", _canned(_feed())),
    "no bytes": ("empty", _canned(b"")),
    "odd dates": ("ok", _canned(_feed("Mon, 03 Aug 2026 09:00:00 GMT+7", "8/3/2026 5:20:00\u202fAM"))),
    "no dates": ("ok", _canned(_feed("hôm qua", ""))),
    "stale": ("stale", _canned(_feed("Fri, 19 Jun 2026 09:00:00 +0700", "Thu, 18 Jun 2026 09:00:00 +0700"))),
    "another host": ("moved", lambda _: Answer(301, headers={"Location": f"https://{PRESS}/rss"})),
    "not a feed": ("parse_error", _canned(b"khong phai RSS")),
    "server error": ("http_error", _canned(b"", 500)),
    "forbidden": ("blocked", _canned(b"", 403)),
    "200,000 attributes": ("ok", _canned(_attributes())),
}


def _name(number: int) -> str:
    return f"h{number}.vn"


def _assert_article_was_read(room: Newsroom) -> None:
    assert [one.article.title for one in room.collected()] == ["Của xã"]


def test_each_ends_in_its_state_and_the_good_feed_is_read(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor
) -> None:
    press.serve_feed(PRESS, "/rss", rss("x", item("Của xã", f"https://{PRESS}/1.html", DATE, LEAD)))
    press.serve(PRESS, "/1.html", page("Của xã", BODY, LEAD))
    feeds = {"tot": GOOD}
    for number, (name, (_, answer)) in enumerate(HOSTILE.items()):
        press.answer(_name(number), "/rss", answer(press))
        feeds[name] = Feed(id=name, url=f"https://{_name(number)}/rss")
    with newsroom(tmp_path, press, rules, extractor, feeds) as room:
        started = time.monotonic()
        room.collector.poll_feeds()
        assert time.monotonic() - started < DEADLINE + 10, "fetched side by side, each within its deadline"
        states = {name: room.cursor(name).state for name in feeds}
        room.collector.round()
        _assert_article_was_read(room)
    assert states == {"tot": "ok"} | {name: state for name, (state, _) in HOSTILE.items()}


def test_dates_of_odd_dialects_are_right(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor
) -> None:
    dates = ("Mon, 03 Aug 2026 09:00:00 GMT+7", "8/3/2026 9:00:00\u202fAM", "Mon, 03 Aug 26 09:00:00 +07", "sáng nay")
    press.serve_feed("h.vn", "/rss", _feed(*dates))
    with newsroom(tmp_path, press, rules, extractor, {"f": Feed(id="f", url="https://h.vn/rss")}) as room:
        room.collector.poll_feeds()
        found = [record.entry.published_at for record in sorted(room.entries(), key=lambda one: one.entry.title)]
    assert found == [NOON - timedelta(hours=3)] * 3 + [None], "unknown is unknown, never now"


def test_200_000_entries_are_read_to_the_cap_and_counted(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor
) -> None:
    short = "".join(f"<item><guid>{n}</guid><title>Tin</title></item>" for n in range(200_000))
    press.serve_feed("h.vn", "/rss", rss("x", short))
    feed = Feed(id="f", url="https://h.vn/rss")
    with newsroom(tmp_path, press, rules, extractor, {"f": feed}) as room:
        started = time.monotonic()
        report = room.collector.poll_feeds()
        assert time.monotonic() - started < DEADLINE + 10
        [day] = feed_days(room.ledger)
    assert (report.new_entries, report.cut) == (5_000, 195_000)
    assert (day.state, day.entries, day.outcomes) == ("ok", 200_000, {"pending": 5_000, "cut": 195_000})


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_titles_keep_their_unicode_form_and_match(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor, form: Literal["NFC", "NFD"]
) -> None:
    title, lead = (unicodedata.normalize(form, text) for text in ("Khởi công đường ở Bù Gia Mập", LEAD))
    press.serve_feed(
        PRESS, "/rss", rss("x", item(title, f"https://{PRESS}/1.html", DATE, lead)).replace("UTF-8", "utf-16")
    )
    with newsroom(tmp_path, press, rules, extractor, {"tot": GOOD}) as room:
        room.collector.round()
        [collected] = room.collected()
    assert (collected.article.title, collected.article.lead) == (title, lead)
    assert collected.reading.verdict == "about"


def test_a_page_that_attacks_costs_only_itself(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor
) -> None:
    attacks: dict[str, Answer] = {
        "/attributes": Answer(body=b"<html><body><p " + b"a " * 200_000 + b">x</p>"),
        "/bomb": gzip_bomb(4000),
        "/slow": drip(0.5),
        "/large": Answer(body=b"<p>" + b"x" * 3_100_000),
        "/binary": Answer(body=bytes(range(256)) * 100, headers={"Content-Type": "application/pdf"}),
        "/nested": Answer(body=b"<div>" * 100_000 + b"x"),
    }
    for path, answer in attacks.items():
        press.answer(PRESS, path, answer)
    items = "".join(item(f"Tin{path} Bù Gia Mập", f"https://{PRESS}{path}", DATE, LEAD) for path in attacks)
    press.serve_feed(PRESS, "/rss", rss("x", items + item("Của xã", f"https://{PRESS}/1.html", DATE, LEAD)))
    press.serve(PRESS, "/1.html", page("Của xã", BODY, LEAD))
    with newsroom(tmp_path, press, rules, extractor, {"tot": GOOD}) as room:
        room.collector.round()
        basis = {one.article.title: one.article.text_basis for one in room.collected()}
        assert set(room.outcomes().values()) == {"published"}
    assert basis.pop("Của xã") == "page"
    assert basis == {f"Tin{path} Bù Gia Mập": "feed" for path in attacks}
