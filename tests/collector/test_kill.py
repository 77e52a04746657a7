"""Killed before or after any one write, or between the writes of one put in whatever order, and started again: the
same messages in effect, the same outcomes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.collector.feed_days import feed_days
from services.domain.feed import Feed
from services.ports.bus import Bus, Delivery, Message
from services.ports.extractor import Extractor
from services.ports.ledger import Held, Ledger, Put
from services.rulebook.book import Rulebook
from tests.collector.newsroom import NOON, Newsroom, newsroom
from tests.collector.test_collect import BODY, DATE, ELSEWHERE, LEAD, PRESS, PRESS_TOO
from tests.press_server import Answer, PressServer, item, page, rss

FEEDS = {
    "a": Feed(id="a", url=f"https://{PRESS}/rss"),
    "b": Feed(id="b", url=f"https://{PRESS_TOO}/rss"),
    "g": Feed(id="g", url="https://tim.example/rss", aggregator=True),
}


class Killed(BaseException):
    """What SIGKILL is to a process, so far as its stores can tell."""


class Killer:
    """Strikes at write number `at`, before it or after it is done."""

    def __init__(self, at: int, after: bool) -> None:
        self._at, self._after, self._count = at, after, 0
        self._order = random.Random(at)

    def shuffled(self, writes: Sequence[Put]) -> list[Put]:
        return self._order.sample(writes, len(writes))

    def write(self, do: Any, *arguments: Any) -> Any:
        self._count += 1
        if self._count == self._at and not self._after:
            raise Killed
        result = do(*arguments)
        if self._count == self._at:
            raise Killed
        return result


class MortalBus(Bus):
    def __init__(self, bus: Bus, killer: Killer) -> None:
        self._bus, self._killer = bus, killer

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        self._killer.write(self._bus.publish, topic, messages)

    def poll(self, topic: str, group: str, limit: int = 100) -> list[Delivery]:
        return self._bus.poll(topic, group, limit)

    def commit(self, topic: str, group: str, deliveries: Sequence[Delivery]) -> None:
        self._killer.write(self._bus.commit, topic, group, deliveries)

    def rewind(self, topic: str, group: str) -> None:
        self._bus.rewind(topic, group)

    def scan(self, topic: str, since: Any = None, until: Any = None) -> Iterator[Delivery]:
        return self._bus.scan(topic, since, until)

    def lag(self, topic: str, group: str) -> int:
        return self._bus.lag(topic, group)

    def waiting_since(self, topic: str, group: str) -> datetime | None:
        return self._bus.waiting_since(topic, group)

    def skip_to(self, topic: str, group: str, since: datetime | None) -> None:
        self._killer.write(self._bus.skip_to, topic, group, since)

    def size(self, topic: str) -> int:
        return self._bus.size(topic)

    def close(self) -> None:
        self._bus.close()


class MortalLedger(Ledger):
    """A put of several writes happens in any order and may be cut in the middle: the port promises no more."""

    def __init__(self, ledger: Ledger, killer: Killer) -> None:
        self._ledger, self._killer = ledger, killer

    def get(self, kind: str, key: str) -> Held | None:
        return self._ledger.get(kind, key)

    def get_many(self, kind: str, keys: list[str]) -> dict[str, Held]:
        return self._ledger.get_many(kind, keys)

    def put(self, *writes: Put) -> None:
        for write in self._killer.shuffled(writes):
            self._killer.write(self._ledger.put, write)

    def scan(self, kind: str, prefix: str = "", after: str = "") -> Iterator[Held]:
        return self._ledger.scan(kind, prefix, after)

    def snapshot(self) -> Iterator[tuple[str, Held]]:
        return self._ledger.snapshot()

    def delete(self, kind: str, *keys: str | Held) -> None:
        for key in keys:
            self._killer.write(self._ledger.delete, kind, key)

    def close(self) -> None:
        self._ledger.close()


def _serve_first_day(press: PressServer) -> None:
    shared = item("Của xã", f"https://{PRESS}/1.html", DATE, LEAD)
    twin = item("Bản di động", f"https://m.{PRESS}/di-dong-1.html", DATE, LEAD)
    press.serve_feed(PRESS, "/rss", rss("x", shared + item("Hội chợ", f"https://{PRESS}/2.html", DATE, "Hội chợ.")))
    press.serve_feed(
        PRESS_TOO, "/rss", rss("x", shared + twin + item("Hỏng", f"https://{PRESS_TOO}/3.html", DATE, LEAD))
    )
    head = '<link rel="canonical" href="https://vnexpress.net/1.html">'
    press.serve(PRESS, "/1.html", page("Của xã", BODY, LEAD, head))
    press.serve(f"m.{PRESS}", "/di-dong-1.html", page("Của xã", BODY, LEAD, head))
    press.serve(PRESS, "/2.html", page("Hội chợ", ELSEWHERE, "Hội chợ."))
    press.answer(PRESS_TOO, "/3.html", Answer(503))
    _serve_search(press, "Cầu mới ở Bù Gia Mập")


def _serve_search(press: PressServer, *titles: str) -> None:
    """An aggregator whose links lead nowhere."""
    source = f'<source url="https://{PRESS_TOO}">Báo</source>'
    links = {title: f"/{number}" for number, title in enumerate(titles)}
    items = "".join(item(title, f"https://tim.example{link}", DATE, more=source) for title, link in links.items())
    press.serve_feed("tim.example", "/rss", rss("x", items))
    for link in links.values():
        press.serve("tim.example", link, page("Tìm kiếm", ELSEWHERE))


def _serve_second_day(press: PressServer) -> None:
    """An edit, a page that has come back, a new title in a feed; a paper's article that an aggregator had named, and
    an aggregator's item of an article that is there.
    """
    press.serve(PRESS, "/1.html", page("Của xã", [BODY[0].replace("bốn", "sáu"), BODY[1]], LEAD))
    press.serve(PRESS_TOO, "/3.html", page("Hỏng", BODY, LEAD))
    press.serve_feed(PRESS, "/rss", rss("x", item("Hội chợ ở Bù Gia Mập", f"https://{PRESS}/2.html", DATE, LEAD)))
    press.serve(PRESS, "/2.html", page("Hội chợ ở Bù Gia Mập", BODY, LEAD))
    bridge = item("Cầu mới ở Bù Gia Mập", f"https://{PRESS_TOO}/4-moi.html", DATE, LEAD)
    press.serve_feed(PRESS_TOO, "/rss", rss("x", bridge))
    head = f'<link rel="canonical" href="https://{PRESS_TOO}/4.html">'
    press.serve(PRESS_TOO, "/4-moi.html", page("Cầu mới ở Bù Gia Mập", BODY, LEAD, head))
    _serve_search(press, "Cầu mới ở Bù Gia Mập", "Hỏng")


def _two_days(room: Newsroom) -> None:
    """Both days, as far as they are not done: what a loop does after a restart."""
    if room.clock.now() == NOON:
        _serve_first_day(room.press)
        room.collector.round()
        room.clock.set(NOON + timedelta(hours=8))
    _serve_second_day(room.press)
    room.collector.round()


def _effect(room: Newsroom) -> object:
    """What readers of the bus and of the ledger can tell apart; a message said twice says nothing new."""
    said = {
        (
            topic,
            one.article.article_id,
            one.article.content_hash,
            one.article.feed,
            one.article.first_seen,
            one.article.url,
        )
        for topic in ("press.collected", "press.unmatched")
        for one in room.collected(topic)
    }
    waiting = sum(1 for _ in room.ledger.scan("pending"))
    later = sorted(held.key for held in room.ledger.scan("later"))
    return said, room.outcomes(), [(d.feed, d.day, d.state, d.outcomes) for d in feed_days(room.ledger)], waiting, later


def _run(
    folder: Path, press: PressServer, rules: Rulebook, extractor: Extractor, killer: Killer
) -> tuple[object, bool]:
    def mortal(bus: Bus, ledger: Ledger) -> tuple[Bus, Ledger]:
        return MortalBus(bus, killer), MortalLedger(ledger, killer)

    killed = False
    _serve_first_day(press)
    with newsroom(folder, press, rules, extractor, FEEDS, through=mortal) as room:
        clock = room.clock
        try:
            _two_days(room)
        except Killed:
            killed = True
    with newsroom(folder, press, rules, extractor, FEEDS, clock) as room:
        if killed:
            _two_days(room)
        return _effect(room), killed


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.full)], ids=["some", "every"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_at_any_write_changes_nothing(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor, after: bool, step: int
) -> None:
    expected, _ = _run(tmp_path / "whole", press, rules, extractor, Killer(0, after))
    at, killed = 0, True
    while killed:
        at += step
        effect, killed = _run(tmp_path / str(at), press, rules, extractor, Killer(at, after))
        assert effect == expected, f"killed at write {at}"
    assert at > 30, "the two days make more writes than this"
