"""In which order articles reach the bus: the enricher takes the first that it meets for the original."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from services.domain.feed import Feed
from services.ports.bus import Bus
from services.ports.extractor import Extractor
from services.ports.ledger import Ledger, Put
from services.rulebook.book import Rulebook
from tests.collector.newsroom import NOON, newsroom
from tests.collector.test_collect import BODY, LEAD, PRESS, PRESS_TOO
from tests.collector.test_kill import Killed, Killer, MortalBus, MortalLedger
from tests.press_server import PressServer, item, page, rss

FEEDS = {"a": Feed(id="a", url=f"https://{PRESS}/rss"), "b": Feed(id="b", url=f"https://{PRESS_TOO}/rss")}


class WholePuts(MortalLedger):
    """A put happens or does not, as on the embedded ledger."""

    def put(self, *writes: Put) -> None:
        self._killer.write(self._ledger.put, *writes)


def _serve(press: PressServer, host: str, minutes: dict[str, int]) -> None:
    """A feed of these titles, each so many minutes after eight in the morning; the newest first, as papers do."""
    items = ""
    for title, after in sorted(minutes.items(), key=lambda one: -one[1]):
        path = f"/{title.replace(' ', '-')}.html"
        items += item(title, f"https://{host}{path}", format_datetime(NOON + timedelta(minutes=after - 240)), LEAD)
        press.serve(host, path, page(title, BODY, LEAD))
    press.serve_feed(host, "/rss", rss("x", items))


def _order(
    folder: Path, press: PressServer, rules: Rulebook, extractor: Extractor, killer: Killer
) -> tuple[list[str], bool]:
    """Titles as they were first said on the bus, and whether the collector was killed on the way."""

    def mortal(bus: Bus, ledger: Ledger) -> tuple[Bus, Ledger]:
        return MortalBus(bus, killer), WholePuts(ledger, killer)

    killed = False
    with newsroom(folder, press, rules, extractor, FEEDS, through=mortal) as room:
        clock = room.clock
        try:
            room.collector.round()
        except Killed:
            killed = True
    with newsroom(folder, press, rules, extractor, FEEDS, clock) as room:
        room.collector.round()
        return list(dict.fromkeys(one.article.title for one in room.collected())), killed


def test_of_one_poll_the_older_goes_out_first_whatever_feed_it_is_in(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor
) -> None:
    _serve(press, PRESS, {"chép lại": 150, "việc khác": 10})
    _serve(press, PRESS_TOO, {"bài gốc": 60})
    order, _ = _order(tmp_path, press, rules, extractor, Killer(0, after=False))
    assert order == ["việc khác", "bài gốc", "chép lại"]


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.full)], ids=["some", "every"])
def test_a_kill_does_not_change_the_order(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor, step: int
) -> None:
    """More entries than one step takes of a host: a step that holds leftovers of a killed one would be another."""
    _serve(press, PRESS, {f"a {number}": number for number in range(25)})
    _serve(press, PRESS_TOO, {f"b {number}": 2 * number for number in range(12)})
    expected, _ = _order(tmp_path / "whole", press, rules, extractor, Killer(0, after=False))
    assert len(expected) == 37
    at, killed = 0, True
    while killed:
        at += step
        order, killed = _order(tmp_path / str(at), press, rules, extractor, Killer(at, after=True))
        assert order == expected, f"killed at write {at}"
    assert at > 40, "two polls, three steps and their deletions make more writes than this"
