"""The fetcher port: public addresses only, one pace for each host, hard limits, an answer for every request."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from services.adapters.http_fetcher import HttpFetcher
from services.ports.errors import Unavailable
from services.ports.fetcher import Fetcher, Request, Response, was_not_asked
from tests.press_server import Answer, PressServer, drip, gzip_bomb

Open = Callable[..., Fetcher]


@pytest.fixture
def press() -> Iterator[PressServer]:
    with PressServer() as server:
        yield server


@pytest.fixture(params=["http"])
def opened(request: pytest.FixtureRequest, press: PressServer) -> Iterator[Open]:
    """Opens a fetcher whose hosts are those of the press served so far."""
    fetchers: list[Fetcher] = []

    def open_one(**options: object) -> Fetcher:
        arguments: dict[str, Any] = {"user_agent": "DiemBao/test", "host_seconds": 0.0, "routes": press.routes}
        fetchers.append(HttpFetcher(**(arguments | options)))
        return fetchers[-1]

    yield open_one
    for fetcher in fetchers:
        fetcher.close()


def _all(fetcher: Fetcher, requests: Sequence[Request]) -> dict[str, Response]:
    return {response.request.url: response for response in fetcher.fetch(requests)}


def _one(fetcher: Fetcher, url: str, **options: Any) -> Response:
    [response] = fetcher.fetch([Request(url, **options)])
    return response


def test_every_request_has_one_answer(press: PressServer, opened: Open) -> None:
    press.serve("a.vn", "/1", "một")
    press.serve("b.vn", "/2", "hai")
    urls = ["http://a.vn/1", "http://b.vn/2", "http://a.vn/missing", "http://khong-co.invalid/", "ftp://a.vn/", "???"]
    answers = _all(opened(), [Request(url) for url in urls])
    assert set(answers) == set(urls)
    assert answers["http://a.vn/1"].body.decode() == "một"
    assert answers["http://a.vn/missing"].status == 404
    assert answers["http://khong-co.invalid/"].failure == "unreachable"
    assert answers["ftp://a.vn/"].failure == answers["???"].failure == "bad_url"
    assert list(opened().fetch([])) == []


def test_it_names_itself_and_asks_conditionally(press: PressServer, opened: Open) -> None:
    seen: list[dict[str, str]] = []

    def answer(headers: Mapping[str, str]) -> Answer:
        seen.append(dict(headers))
        return Answer(304)

    press.answer("a.vn", "/rss", answer)
    response = _one(opened(), "http://a.vn/rss", etag='"x"', last_modified="Mon, 03 Aug 2026 00:00:00 GMT")
    assert (response.status, response.body) == (304, b"")
    assert seen[0]["user-agent"] == "DiemBao/test"
    assert seen[0]["if-none-match"] == '"x"'
    assert seen[0]["if-modified-since"] == "Mon, 03 Aug 2026 00:00:00 GMT"


def test_redirects_are_followed_and_a_permanent_move_is_told(press: PressServer, opened: Open) -> None:
    press.redirect("cu.vn", "/rss", "http://moi.vn/rss?x=1", 301)
    press.redirect("moi.vn", "/rss", "/dich", 302)
    press.serve("moi.vn", "/dich", "tới", x_kind="y")
    response = _one(opened(), "http://cu.vn/rss")
    assert (response.status, response.final_url) == (200, "http://moi.vn/dich")
    assert response.moved_to == "http://moi.vn/rss?x=1"
    assert response.headers["x-kind"] == "y"
    press.redirect("cu.vn", "/tam", "http://moi.vn/dich", 302)
    assert _one(opened(), "http://cu.vn/tam").moved_to == ""
    press.redirect("cu.vn", "/vong", "/vong", 302)
    assert _one(opened(), "http://cu.vn/vong").failure == "too_many_redirects"


def test_a_redirect_to_a_host_of_another_is_told_and_not_followed(press: PressServer, opened: Open) -> None:
    press.redirect("cua-ta.vn", "/1", "/2")
    press.redirect("cua-ta.vn", "/2", "http://cung-cua-ta.vn/3", 301)
    press.redirect("cung-cua-ta.vn", "/3", "http://cua-nguoi.vn/4?x=1")
    press.redirect("cua-ta.vn", "/cam", "https://www.facebook.com/x")
    press.redirect("cua-ta.vn", "/noi-bo", "http://127.0.0.1:1/x")
    press.serve("cua-nguoi.vn", "/4", "tới")
    urls = [f"http://cua-ta.vn/{name}" for name in ("1", "cam", "noi-bo")]
    fetched = opened().fetch([Request(url) for url in urls], mine=lambda host: host.endswith("cua-ta.vn"))
    answers = {response.request.url: response for response in fetched}
    handed = answers[urls[0]]
    assert (handed.failure, handed.status, handed.final_url) == ("not_ours", 0, "http://cua-nguoi.vn/4?x=1")
    assert "cua-nguoi.vn" not in {host for host, _, _ in press.requests}
    # What nobody may ask is no other collector's.
    assert [answers[url].failure for url in urls[1:]] == ["refused_source", "refused_address"]


def test_a_session_cookie_ends_a_redirect_to_itself(press: PressServer, opened: Open) -> None:
    def answer(headers: Mapping[str, str]) -> Answer:
        if "sid=7" in headers.get("cookie", ""):
            return Answer(body=b"feed")
        return Answer(302, headers={"Location": "/rss", "Set-Cookie": "sid=7; path=/"})

    press.answer("a.vn", "/rss", answer)
    press.redirect("b.vn", "/rss", "http://a.vn/echo")
    press.answer("a.vn", "/echo", lambda headers: Answer(body=headers.get("cookie", "none").encode()))
    fetcher = opened()
    assert _one(fetcher, "http://a.vn/rss").body == b"feed"
    assert _one(fetcher, "http://b.vn/rss").body == b"none", "cookies live as long as one GET"


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1/", "http://localhost/", "http://[::ffff:127.0.0.1]/", "http://2130706433/", "http://10.0.0.1/",
     "http://169.254.169.254/", "file:///etc/passwd", "http://127.0.0.1:{port}/bi-mat", "http://127.0.0.1:{other}/"],
)  # fmt: skip
def test_a_redirect_inside_is_refused(press: PressServer, opened: Open, target: str) -> None:
    with PressServer() as inside:
        press.redirect("a.vn", "/rss", target.format(port=press.port, other=inside.port))
        response = _one(opened(ports=[press.port, inside.port]), "http://a.vn/rss")
        assert response.failure == "refused_address"
        assert response.reason
        assert [path for _, path, _ in press.requests] == ["/rss"]
        assert inside.requests == []


def test_no_hop_asks_a_personal_host(press: PressServer, opened: Open) -> None:
    press.redirect("a.vn", "/1", "https://www.facebook.com/bai/1")
    press.redirect("www.facebook.com", "/bai/1", "http://a.vn/2")
    response = _one(opened(), "http://a.vn/1")
    assert (response.failure, response.final_url) == ("refused_source", "https://www.facebook.com/bai/1")
    assert response.reason
    assert [host for host, _, _ in press.requests] == ["a.vn"]


def test_a_failed_get_says_how_far_it_came(press: PressServer, opened: Open) -> None:
    press.redirect("a.vn", "/1", "http://b.vn/cham")
    press.answer("b.vn", "/cham", drip(0.05))
    response = _one(opened(), "http://a.vn/1", deadline_seconds=1)
    assert (response.failure, response.final_url) == ("timeout", "http://b.vn/cham")


@pytest.mark.parametrize("target", ["http://[x", "//[::1"])
def test_a_redirect_to_a_broken_address_is_an_answer(press: PressServer, opened: Open, target: str) -> None:
    press.redirect("a.vn", "/1", target)
    assert _one(opened(), "http://a.vn/1").failure == "unreachable"


class _Rebinding(AbstractResolver):
    """A name server that answers with an inner address."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["::ffff:127.0.0.1"], ["10.0.0.1", "127.0.0.1"], ["64:ff9b::7f00:1", "::1"]]
)
def test_a_name_that_resolves_inside_is_refused_at_the_socket(opened: Open, addresses: list[str]) -> None:
    with PressServer() as inside:
        fetcher = opened(ports=[inside.port], resolver=_Rebinding(addresses))
        response = _one(fetcher, f"http://bao.example:{inside.port}/", deadline_seconds=5)
        assert response.failure == "refused_address"
        assert inside.requests == []


def test_bodies_beyond_the_cap_are_refused_soon(press: PressServer, opened: Open) -> None:
    press.answer("a.vn", "/stated", Answer(headers={"X": "y"}, body=b"x" * 200_000))
    press.answer("a.vn", "/streamed", Answer(stream=lambda: iter([b"x" * 100_000] * 3)))
    press.answer("a.vn", "/bomb", gzip_bomb(4000))
    started = time.monotonic()
    requests = [Request(f"http://a.vn/{path}", max_bytes=150_000) for path in ("stated", "streamed", "bomb")]
    answers = _all(opened(), requests)
    assert {response.failure for response in answers.values()} == {"too_large"}
    assert time.monotonic() - started < 5


def test_compressed_bodies_arrive_plain(press: PressServer, opened: Open) -> None:
    plain = "Bù Gia Mập ".encode() * 1000
    raw = zlib.compressobj(wbits=-15)
    bodies = {
        "/gzip": ("gzip", gzip.compress(plain)),
        "/members": ("gzip", gzip.compress(plain[:5000]) + gzip.compress(plain[5000:]) + b"\0\0"),
        "/zlib": ("deflate", zlib.compress(plain)),
        "/raw": ("deflate", raw.compress(plain) + raw.flush()),
    }
    for path, (encoding, body) in bodies.items():
        press.answer("a.vn", path, Answer(body=body, headers={"Content-Encoding": encoding}))
    press.answer("a.vn", "/broken", Answer(body=b"no gzip", headers={"Content-Encoding": "gzip"}))
    press.answer("a.vn", "/strange", Answer(body=b"?", headers={"Content-Encoding": "br"}))
    fetcher = opened()
    assert {path: _one(fetcher, "http://a.vn" + path).body == plain for path in bodies} == dict.fromkeys(bodies, True)
    assert _one(fetcher, "http://a.vn/broken").failure == "unreachable"
    assert _one(fetcher, "http://a.vn/strange").failure == "unreachable"


def test_the_deadline_is_for_the_whole_of_it(press: PressServer, opened: Open) -> None:
    press.answer("a.vn", "/slow", drip(0.05))
    press.serve("b.vn", "/fast", "ok")
    started = time.monotonic()
    answers = [(r.failure, time.monotonic() - started) for r in opened().fetch(
        [Request("http://a.vn/slow", deadline_seconds=1), Request("http://b.vn/fast")]
    )]  # fmt: skip
    assert [failure for failure, _ in answers] == [None, "timeout"], "the fast host is not held up"
    assert answers[0][1] < 0.8
    assert 0.9 < answers[1][1] < 3


def test_what_takes_too_long_for_the_call_is_given_up(press: PressServer, opened: Open) -> None:
    press.answer("a.vn", "/slow", drip(0.05))
    press.serve("b.vn", "/fast", "ok")
    fetcher = opened()
    requests = [Request("http://a.vn/slow"), Request("http://b.vn/fast")]
    started = time.monotonic()
    assert [answer.body for answer in fetcher.fetch(requests, within_seconds=0.5)] == [b"ok"]
    assert 0.4 < time.monotonic() - started < 2
    assert _one(fetcher, "http://b.vn/fast").body == b"ok"


def test_the_call_ends_in_time_while_its_caller_works(press: PressServer, opened: Open) -> None:
    requests = [Request(f"http://bao{number}.vn/1") for number in range(100)]
    for number in range(100):
        press.serve(f"bao{number}.vn", "/1", "x")
    started = time.monotonic()
    given = 0
    for _ in opened().fetch(requests, within_seconds=1.0):
        given += 1
        time.sleep(0.1)
    assert 1.0 <= time.monotonic() - started < 1.5
    assert 5 <= given <= 11


def test_nothing_is_asked_after_the_end_of_the_call(press: PressServer, opened: Open) -> None:
    for path in range(50):
        press.serve("a.vn", f"/{path}", "x")
    fetcher = opened(host_seconds=0.1)
    answers = fetcher.fetch([Request(f"http://a.vn/{path}") for path in range(50)], within_seconds=0.5)
    started = time.monotonic()
    assert next(answers).status == 200
    time.sleep(1.5)  # the caller is busy with that answer
    times = [at - started for _, _, at in press.requests]
    assert 2 <= len(times) <= 6
    assert max(times) < 0.7
    assert list(answers) == []


def test_a_host_that_is_lost_in_the_middle_is_asked_no_more(press: PressServer, opened: Open) -> None:
    """Asked after the pause, right before each GET: the host goes while the third waits for its turn."""
    lost_at = [float("inf")]
    for path in range(6):
        press.serve("a.vn", f"/{path}", "x")
        press.serve("b.vn", f"/{path}", "x")

    def mine(host: str) -> bool:
        return host == "b.vn" or time.monotonic() < lost_at[0]

    fetcher = opened(host_seconds=0.3)
    answers = {}
    for answer in fetcher.fetch(
        [Request(f"http://{host}/{n}") for host in ("a.vn", "b.vn") for n in range(6)], mine=mine
    ):
        answers[answer.request.url] = answer
        if answer.request.url == "http://a.vn/1":
            lost_at[0] = time.monotonic() + 0.1
    assert [path for host, path, _ in press.requests if host == "a.vn"] == ["/0", "/1"]
    given_up = [answers[f"http://a.vn/{n}"] for n in range(2, 6)]
    assert {(answer.failure, answer.status) for answer in given_up} == {("not_ours", 0)}
    assert all(was_not_asked(answer) for answer in given_up)
    assert [answers[f"http://b.vn/{n}"].body for n in range(6)] == [b"x"] * 6


def test_a_host_that_is_lost_between_two_redirects_is_asked_no_more(press: PressServer, opened: Open) -> None:
    gone: set[str] = set()

    def leading(target: str, loses: str) -> Callable[[Mapping[str, str]], Answer]:
        def answer(headers: Mapping[str, str]) -> Answer:
            gone.add(loses)
            return Answer(302, headers={"Location": target})

        return answer

    press.answer("a.vn", "/1", leading("/2", loses="a.vn"))
    press.answer("b.vn", "/1", leading("http://c.vn/2", loses="c.vn"))
    answers = {}
    for answer in opened().fetch(
        [Request(f"http://{host}/1") for host in ("a.vn", "b.vn")], mine=lambda h: h not in gone
    ):
        answers[answer.request.url] = answer
    assert was_not_asked(answers["http://a.vn/1"])
    led_on = answers["http://b.vn/1"]
    assert (led_on.failure, led_on.final_url, was_not_asked(led_on)) == ("not_ours", "http://c.vn/2", False)
    assert sorted((host, path) for host, path, _ in press.requests) == [("a.vn", "/1"), ("b.vn", "/1")]


def test_one_pace_for_each_host(press: PressServer, opened: Open) -> None:
    for host in ("a.vn", "b.vn"):
        for path in ("/1", "/2", "/3"):
            press.serve(host, path, "x")
    fetcher = opened(host_seconds=0.2)
    requests = [Request(f"http://{host}/{path}") for host in ("a.vn", "b.vn") for path in (1, 2, 3)]
    started = time.monotonic()
    assert len(_all(fetcher, requests)) == 6
    assert 0.4 <= time.monotonic() - started < 1.2, "hosts side by side"
    times = [at for host, _, at in press.requests if host == "a.vn"]
    assert all(later - earlier >= 0.19 for earlier, later in pairwise(times))


def test_a_dead_host_is_not_asked_over_and_over(opened: Open) -> None:
    requests = [Request(f"http://khong-co.invalid/{n}") for n in range(5)]
    answers = _all(opened(), requests)
    assert [answer.failure for answer in answers.values()] == ["unreachable"] * 5
    assert sum("không trả lời" in answer.reason for answer in answers.values()) == 3


def test_a_server_that_hangs_up_is_an_answer(press: PressServer, opened: Open) -> None:
    press.answer("a.vn", "/", Answer(stream=lambda: iter([b"half"]), headers={"Content-Length": "10"}))
    assert _one(opened(), "http://a.vn/").failure == "unreachable"


def test_closing_ends_a_fetch_that_runs(press: PressServer, opened: Open) -> None:
    press.answer("a.vn", "/slow", drip(0.05))
    fetcher = opened()
    threading.Timer(0.3, fetcher.close).start()
    with pytest.raises(Unavailable):
        _one(fetcher, "http://a.vn/slow", deadline_seconds=30)
    with pytest.raises(Unavailable):
        _one(fetcher, "http://a.vn/slow")


@pytest.mark.parametrize("origin", ["127.0.0.1:80", "http://bao.vn", "http://127.0.0.1:80/path", "ftp://127.0.0.1"])
def test_a_route_is_an_exact_origin(origin: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        HttpFetcher(user_agent="x", routes={"a.vn": origin})
