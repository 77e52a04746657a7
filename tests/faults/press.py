"""A press whose pages are asked for minutes, one host at a pace, while servers and services fall: who asked when."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime

from samples.press.loopback import Loopback
from tests.press_server import item, page, rss

HOSTS = tuple(f"bao-{number}.example" for number in range(1, 9))
DETOUR = "tin.example"
"""Has no articles: its addresses lead to those of all others, as an aggregator's do."""
COMMUNES = ("Đăk Ơ", "Bù Gia Mập", "Phú Nghĩa", "Đa Kia")
WORDS = ("cà phê", "hồ tiêu", "cao su", "trường học", "cầu treo", "trạm y tế", "đường bê tông", "nhà văn hóa")


@dataclass(frozen=True, slots=True)
class Story:
    """One article. `wrong`: it gives a length of the border that a verified fact contradicts."""

    number: int
    host: str
    path: str
    title: str
    text: str
    wrong: bool
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def url(self) -> str:
        return f"https://{self.host}{self.path}"

    @property
    def link(self) -> str:
        """As the feed gives it: every twelfth is a redirect of another host."""
        return f"https://{DETOUR}{self.path}" if self.number % 12 == 1 else self.url


def is_copy(number: int) -> bool:
    """Whether this article is the one before it, reprinted by another paper at the same time."""
    return number % 20 == 5


def story(number: int) -> Story:
    """The article of this number: no two read alike, but for those that are reprinted."""
    if is_copy(number):
        return replace(story(number - 1), number=number, host=HOSTS[number % len(HOSTS)], path=f"/tin-{number}.html")
    commune, word = COMMUNES[number % len(COMMUNES)], WORDS[number % len(WORDS)]
    wrong = number % 10 == 0
    said = " ".join(
        f"Hạng mục thứ {number}{k} gồm {number * 7 + k} hộ ở tổ {k} nhận {word} đợt {number % 9}." for k in range(6)
    )
    more = f" Tỉnh Bình Phước có đường biên giới dài {300 + number} km với Campuchia." if wrong else ""
    return Story(
        number,
        HOSTS[number % len(HOSTS)],
        f"/tin-{number}.html",
        f"Xã {commune}, tỉnh Bình Phước bàn giao {word} lần {number}",
        f"UBND xã {commune} (huyện Bù Gia Mập cũ) bàn giao {word} lần {number}. {said}{more}",
        wrong,
    )


class Press(Loopback):
    """Serves all that was published so far; `requests` holds (host, monotonic seconds) in order of arrival."""

    def __init__(self) -> None:
        super().__init__((*HOSTS, DETOUR))
        self.requests: list[tuple[str, float]] = []
        self.stories: list[Story] = []
        self._pages: dict[tuple[str, str], Story] = {}

    def publish(self, count: int) -> None:
        for _ in range(count):
            one = story(len(self.stories) + 1)
            self._pages[one.host, one.path] = one
            self.stories.append(one)

    def answer(self, host: str, path: str) -> tuple[int, str, str]:
        self.requests.append((host, time.monotonic()))
        if host == DETOUR:
            return self._detour(path)
        if path == "/rss":
            ours = [one for one in list(self.stories) if one.host == host]
            items = "".join(item(one.title, one.link, format_datetime(one.at), one.title) for one in ours)
            return 200, "application/rss+xml; charset=utf-8", rss(host, items)
        if path.startswith("/rss-"):
            # A second feed of the same host, which leads elsewhere: two feeds must share one pace.
            return 302, "text/plain", f"https://{DETOUR}/{host}"
        found = self._pages.get((host, path))
        if found is None:
            return 404, "text/html; charset=utf-8", "<html><body><h1>404</h1></body></html>"
        return 200, "text/html; charset=utf-8", page(found.title, found.text.split(". "), found.title)

    def _detour(self, path: str) -> tuple[int, str, str]:
        """A host's second feed, with nothing in it that matters; or the way to an article."""
        host = path.removeprefix("/")
        if host in HOSTS:
            other = item(f"Tin khác của {host}", f"https://{host}/khac.html")
            return 200, "application/rss+xml; charset=utf-8", rss(host, other)
        found = next((one for one in list(self.stories) if one.path == path), None)
        return (302, "text/plain", found.url) if found else (404, "text/plain", "")

    def closest(self) -> tuple[float, str]:
        """(seconds, host) of the two requests to one host that came closest to each other."""
        last: dict[str, float] = {}
        found = (float("inf"), "")
        for host, at in list(self.requests):
            if host in last:
                found = min(found, (at - last[host], host))
            last[host] = at
        return found
