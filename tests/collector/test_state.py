"""The nine states, decided by data alone (contracts.md, section 5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from services.collector.state import decide, stale_after, unchanged, worth_reading
from services.domain.feed import Entry, Feed, FeedCursor, FeedState
from services.ports.fetcher import Failure, Request, Response
from tests.press_server import CHALLENGE, rss

NOW = datetime(2026, 8, 3, 5, 0, tzinfo=UTC)
FEED = Feed(id="f", url="https://bao.vn/rss")
BODY = rss("Thời sự", "").encode()


def _response(
    status: int = 200, body: bytes = BODY, moved_to: str = "", failure: Failure | None = None, **headers: str
) -> Response:
    return Response(Request(FEED.url), status, FEED.url, body, headers, moved_to, failure, "lý do" if failure else "")


def _entries(*ages_days: float) -> list[Entry]:
    return [
        Entry(key=str(age), link="https://bao.vn/1", title="Tin thời sự", published_at=NOW - timedelta(days=age))
        for age in ages_days
    ]


def _state(response: Response, entries: list[Entry] | None = None, **options: object) -> FeedState:
    feed = options.get("feed", FEED)
    before = options.get("before")
    assert isinstance(feed, Feed)
    assert before is None or isinstance(before, FeedCursor)
    problem = str(options.get("problem", ""))
    entries = _entries(0.1, 0.2) if entries is None else entries
    return decide(feed, response, entries, problem, before, NOW, str(options.get("title", ""))).state


def _cursor(state: FeedState, read_state: FeedState | None, failures: int = 0) -> FeedCursor:
    return FeedCursor(
        feed="f",
        url=FEED.url,
        state=state,
        since=NOW,
        polled_at=NOW,
        due_at=NOW,
        read_state=read_state,
        failures=failures,
    )


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        ("unreachable", "http_error"),
        ("timeout", "http_error"),
        ("too_many_redirects", "http_error"),
        ("refused_address", "refused"),
        ("too_large", "refused"),
        ("bad_url", "refused"),
    ],
)
def test_failures(failure: Failure, state: FeedState) -> None:
    verdict = decide(FEED, _response(0, b"", failure=failure), [], "", None, NOW)
    assert (verdict.state, verdict.detail) == (state, "lý do")


@pytest.mark.parametrize(
    ("status", "state"),
    [(401, "blocked"), (403, "blocked"), (404, "http_error"), (410, "http_error"), (500, "http_error")],
)
def test_statuses(status: int, state: FeedState) -> None:
    assert _state(_response(status, b"")) == state


def test_too_many_requests_is_a_block_when_it_lasts() -> None:
    assert _state(_response(429, b"")) == "http_error"
    assert _state(_response(429, b""), before=_cursor("http_error", "ok", failures=1)) == "blocked"


def test_a_wall_is_a_block_with_any_status() -> None:
    assert _state(_response(503, CHALLENGE.encode())) == "blocked"
    assert _state(_response(503, b"busy")) == "http_error"
    assert _state(_response(200, CHALLENGE.encode())) == "blocked"
    assert _state(_response(200, b"<script>document.cookie='a'</script>")) == "blocked"
    assert _state(_response(200, b"<!doctype html><html><body>Trang ch\xe1\xbb\xa7</body></html>")) == "blocked"


def test_not_modified_keeps_what_the_last_body_gave() -> None:
    assert _state(_response(304, b""), before=_cursor("ok", "ok")) == "ok"
    assert _state(_response(304, b""), before=_cursor("stale", "stale")) == "stale"
    assert _state(_response(304, b""), before=_cursor("http_error", "ok", failures=3)) == "ok"
    assert _state(_response(304, b"")) == "http_error", "nothing was ever read"


def test_bodies() -> None:
    assert _state(_response()) == "ok"
    assert _state(_response(body=b" \n")) == "empty"
    assert _state(_response(), []) == "empty"
    assert _state(_response(), [], problem="no feed") == "parse_error"
    bomb = b'<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><rss><channel/></rss>'
    assert _state(_response(body=bomb)) == "refused"
    assert _state(_response(body=bomb.decode().encode("utf-16"))) == "refused"
    assert not worth_reading(_response(body=bomb))


def test_moved_to_another_host() -> None:
    assert _state(_response(moved_to="https://baomoi.vn/rss")) == "moved"
    assert _state(_response(moved_to="https://baomoi.vn/rss"), []) == "moved"
    assert _state(_response(moved_to="https://www.bao.vn/rss")) == "ok"
    page = b"<html><body>Trang ch\xe1\xbb\xa7</body></html>"
    assert _state(_response(body=page, moved_to="https://baomoi.vn/")) == "moved"


def test_another_section() -> None:
    feed = replace(FEED, section="kinh tế, tài chính")
    assert _state(_response(), feed=feed) == "wrong_section"
    assert _state(_response(), feed=feed, title="Kinh tế - Báo Mẫu") == "ok"
    assert _state(_response(), [Entry(key="1", link="", title="KINH TẾ tháng 7")], feed=feed) == "ok"


def test_stale() -> None:
    assert _state(_response(), _entries(45, 45.1)) == "stale"
    assert _state(_response(), _entries(8, 8.1, 8.2)) == "stale"
    assert _state(_response(), _entries(6, 6.1)) == "ok"
    assert _state(_response(), _entries(20, 25, 30)) == "ok", "a portal that writes every five days"
    assert _state(_response(), [Entry(key="1", link="", title="không ngày")]) == "ok"
    assert _state(_response(), _entries(45), feed=replace(FEED, aggregator=True, url="https://tim.vn")) == "ok"


def test_the_same_body_goes_stale_with_time() -> None:
    before = replace(_cursor("ok", "ok"), newest_at=NOW - timedelta(days=6), stale_after_hours=7 * 24)
    assert unchanged(before, FEED, NOW).state == "ok"
    assert unchanged(before, FEED, NOW + timedelta(days=2)).state == "stale"


def test_usual_gaps_are_bounded() -> None:
    assert stale_after([]) == stale_after(_entries(1)) == timedelta(days=30), "nothing tells the usual gap"
    assert stale_after(_entries(0.1, 0.2)) == timedelta(days=7)
    assert stale_after(_entries(1, 2.5, 4)) == timedelta(days=15)
    assert stale_after(_entries(10, 20, 30)) == timedelta(days=30)
