"""Several collectors on one ledger and bus: each asks its own hosts only, and nothing is left undone."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from services.collector.records import Pending, put, stamp
from services.domain.feed import Feed
from services.ports.extractor import Extractor
from services.ports.hosts import Hosts
from services.rulebook.book import Rulebook
from tests.collector.newsroom import NOON, newsroom
from tests.collector.test_collect import BODY, DATE, LEAD, PRESS, PRESS_TOO
from tests.press_server import PressServer, item, page, rss

FEEDS = {"a": Feed(id="a", url=f"https://{PRESS}/rss"), "b": Feed(id="b", url=f"https://{PRESS_TOO}/rss")}


class SomeHosts(Hosts):
    """What was given; a share may be changed, as Kafka does, and is told by the next refresh."""

    def __init__(self, *given: str) -> None:
        self.given = set(given)
        self._ours: set[str] = set()

    def refresh(self) -> None:
        self._ours = set(self.given)

    def mine(self, host: str) -> bool:
        return host in self._ours

    def close(self) -> None:
        self._ours = set()


def serve(press: PressServer, host: str, *links: str) -> None:
    """A feed on `host`, and the pages of these links wherever they are."""
    press.serve_feed(host, "/rss", rss("x", "".join(item(f"Tin {link}", link, DATE, LEAD) for link in links)))
    for link in links:
        _, _, there, path = link.split("/", 3)
        press.serve(there, f"/{path}", page(f"Tin {link}", [*BODY, link], LEAD))


def test_each_collector_asks_its_own_hosts_and_both_finish_all(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor
) -> None:
    links = [f"https://{PRESS}/1.html", f"https://{PRESS_TOO}/2.html"]
    serve(press, PRESS, *links)
    serve(press, PRESS_TOO)
    with ExitStack() as opened:
        mine, others = SomeHosts(PRESS), SomeHosts(PRESS_TOO, "")
        first = opened.enter_context(newsroom(tmp_path, press, rules, extractor, FEEDS, hosts=mine))
        second = opened.enter_context(newsroom(tmp_path, press, rules, extractor, FEEDS, first.clock, hosts=others))
        assert first.collector.round().polled == 1
        assert {host for host, _, _ in press.requests} == {PRESS}
        assert sorted(first.outcomes().values()) == ["pending", "published"]
        press.requests.clear()
        assert second.collector.round().polled == 1
        assert {host for host, _, _ in press.requests} == {PRESS_TOO}
        assert sorted(first.outcomes().values()) == ["published", "published"]
        assert len(first.collected()) == 2


def test_pages_are_read_again_by_whose_host_they_are(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor
) -> None:
    serve(press, PRESS, *(f"https://{PRESS}/{number}.html" for number in range(3)))
    serve(press, PRESS_TOO, f"https://{PRESS_TOO}/3.html")
    share = SomeHosts(PRESS, PRESS_TOO)
    with newsroom(tmp_path, press, rules, extractor, FEEDS, hosts=share) as room:
        room.collector.round()
        assert len(room.collected()) == 4
        room.clock.set(NOON + timedelta(hours=3))
        share.given = {PRESS_TOO}
        press.requests.clear()
        while room.collector.finish_pending():
            pass
        assert [host for host, _, _ in press.requests] == [PRESS_TOO]
        share.given = {PRESS}
        while room.collector.finish_pending():
            pass
        assert [host for host, _, _ in press.requests] == [PRESS_TOO, PRESS, PRESS, PRESS]


def test_an_entry_that_another_collector_is_just_registering_is_left_to_it(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor
) -> None:
    pending = Pending(entry="a|x", host=PRESS_TOO, link_id="x")
    share = SomeHosts(PRESS_TOO)
    with newsroom(tmp_path, press, rules, extractor, FEEDS, hosts=share) as room:
        key = f"{stamp(NOON)}|{stamp(NOON)}|a|00000|x"
        room.ledger.put(put("pending", key, pending))
        assert room.collector.finish_pending() == 0
        assert room.ledger.get("pending", key)
        # Its collector died between the two writes: the feed is ours now, or it is long ago.
        share.given = {PRESS, PRESS_TOO}
        assert room.collector.finish_pending() == 1
        assert room.ledger.get("pending", key) is None
        share.given = {PRESS_TOO}
        room.ledger.put(put("pending", key, pending))
        room.clock.set(NOON + timedelta(minutes=11))
        assert room.collector.finish_pending() == 1
        assert room.ledger.get("pending", key) is None
