"""Several collectors on one ledger and bus: each asks its own hosts only, and nothing is left undone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from services.collector.records import Pending, put, stamp
from services.domain.codec import decode
from services.domain.feed import Feed
from services.ports.extractor import Extractor
from services.ports.hosts import Hosts
from services.rulebook.book import Rulebook
from tests.collector.newsroom import NOON, Newsroom, newsroom
from tests.collector.test_collect import BODY, DATE, LEAD, PRESS, PRESS_TOO
from tests.press_server import Answer, PressServer, item, page, rss

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

    def lose(self, *hosts: str) -> None:
        """In the middle of a step: cut off from the others, or put out of the group."""
        self._ours -= set(hosts)

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


def test_pages_of_a_host_that_is_lost_in_the_middle_stay_pending(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor
) -> None:
    links = [f"https://{PRESS}/{number}.html" for number in range(4)]
    serve(press, PRESS, *links)
    serve(press, PRESS_TOO)
    share = SomeHosts(PRESS, PRESS_TOO)
    answered: list[str] = []

    def serve_until_two(link: str) -> None:
        def answer(headers: Mapping[str, str]) -> Answer:
            answered.append(link)
            if len(answered) == 2:
                share.lose(PRESS)
            return Answer(body=page("Tin", [*BODY, link], LEAD).encode())

        press.answer(PRESS, link.removeprefix(f"https://{PRESS}"), answer)

    for link in links:
        serve_until_two(link)
    with newsroom(tmp_path, press, rules, extractor, FEEDS, hosts=share) as room:
        room.collector.poll_feeds()
        assert room.collector.finish_pending() == 2
        assert answered == links[:2]
        assert sorted(room.outcomes().values()) == ["pending", "pending", "published", "published"]
        waiting = [decode(held.value, Pending) for held in room.ledger.scan("pending")]
        assert [(one.attempts, one.handed) for one in waiting] == [(0, None)] * 2
        assert room.collector.finish_pending() == 2
        assert list(room.outcomes().values()) == ["published"] * 4
        assert {one.article.text_basis for one in room.collected()} == {"page"}
        assert len(room.collected()) == 4
        # Read again for silent edits: what was not asked when the host went is due still.
        room.clock.set(NOON + timedelta(hours=3))
        answered.clear()
        assert [room.collector.finish_pending() for _ in range(3)] == [2, 2, 0]
        assert sorted(answered) == links


def test_a_feed_whose_host_is_lost_before_it_is_asked_stays_due(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor
) -> None:
    feeds = {name: Feed(id=name, url=f"https://{PRESS}/{name}") for name in "ab"}
    share = SomeHosts(PRESS)
    body = rss("x", item("Tin", f"https://{PRESS}/1.html", DATE, LEAD)).encode()

    def last_answer(headers: Mapping[str, str]) -> Answer:
        share.lose(PRESS)
        return Answer(body=body)

    press.answer(PRESS, "/a", last_answer)
    press.serve_feed(PRESS, "/b", rss("x", item("Tin b", f"https://{PRESS}/2.html", DATE, LEAD)))
    with newsroom(tmp_path, press, rules, extractor, feeds, hosts=share) as room:
        assert room.collector.poll_feeds().polled == 1
        assert room.ledger.get("feed", "b") is None
        assert [path for _, path, _ in press.requests] == ["/a"]
        assert room.collector.poll_feeds().polled == 1
        assert [path for _, path, _ in press.requests] == ["/a", "/b"]
        assert room.cursor("b").state == "ok"


SHORT = "chuyen.example"
"""A host whose addresses only lead elsewhere."""


@contextmanager
def two_collectors(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor, feeds: Mapping[str, Feed]
) -> Iterator[tuple[Newsroom, Newsroom]]:
    """The first has the host that leads elsewhere, the second those to which it leads."""
    first, second = SomeHosts(SHORT), SomeHosts(PRESS, PRESS_TOO)
    with (
        newsroom(tmp_path, press, rules, extractor, feeds, hosts=first) as one,
        newsroom(tmp_path, press, rules, extractor, feeds, one.clock, hosts=second) as other,
    ):
        yield one, other


def asked(press: PressServer) -> list[tuple[str, str]]:
    """(host, path) since it was asked last."""
    found = [(host, path) for host, path, _ in press.requests]
    press.requests.clear()
    return found


def test_a_page_behind_a_redirect_is_asked_for_by_whose_host_it_is(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor
) -> None:
    feeds = {"g": Feed(id="g", url=f"https://{SHORT}/rss", aggregator=True)}
    source = f'<source url="https://{PRESS}">Báo</source>'
    press.serve_feed(SHORT, "/rss", rss("x", item("Cầu mới", f"https://{SHORT}/di/1", DATE, LEAD, source)))
    press.redirect(SHORT, "/di/1", f"https://{PRESS}/1.html")
    press.redirect(PRESS, "/1.html", f"https://{PRESS_TOO}/2.html")
    press.serve(PRESS_TOO, "/2.html", page("Cầu mới", BODY, LEAD))
    with two_collectors(tmp_path, press, rules, extractor, feeds) as (first, second):
        first.collector.round()
        assert asked(press) == [(SHORT, "/rss"), (SHORT, "/di/1")]
        assert first.outcomes() == {"Cầu mới": "pending"}
        second.collector.round()
        assert asked(press) == [(PRESS, "/1.html"), (PRESS_TOO, "/2.html")]
        [collected] = first.collected()
        assert (collected.article.url, collected.article.text_basis) == (f"https://{PRESS_TOO}/2.html", "page")
        # Read again for silent edits: from the link again, since redirects change.
        first.clock.set(NOON + timedelta(hours=3))
        while first.collector.finish_pending():
            pass
        assert asked(press) == [(SHORT, "/di/1")]
        press.serve(PRESS_TOO, "/2.html", page("Cầu mới", [*BODY, "Cầu dài 900 m."], LEAD))
        while second.collector.finish_pending():
            pass
        assert asked(press) == [(PRESS, "/1.html"), (PRESS_TOO, "/2.html")]
        assert ["900 m" in one.article.text for one in first.collected()] == [False, True]


def test_pages_that_lead_round_in_a_ring_between_two_collectors_come_to_an_end(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor
) -> None:
    feeds = {"g": Feed(id="g", url=f"https://{SHORT}/rss")}
    press.serve_feed(SHORT, "/rss", rss("x", item("Cầu mới ở Bù Gia Mập", f"https://{SHORT}/di/1", DATE, LEAD)))
    press.redirect(SHORT, "/di/1", f"https://{PRESS}/1.html")
    press.redirect(PRESS, "/1.html", f"https://{SHORT}/di/1")
    with two_collectors(tmp_path, press, rules, extractor, feeds) as (first, second):
        for _ in range(10):
            first.collector.round()
            second.collector.round()
        assert len(asked(press)) == 10  # the feed, the page, and 8 times handed on
        [collected] = first.collected()
        assert collected.article.text_basis == "feed"


def test_a_feed_behind_a_redirect_belongs_to_whose_host_it_is(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor
) -> None:
    feeds = {"a": Feed(id="a", url=f"https://{SHORT}/rss")}
    press.redirect(SHORT, "/rss", f"https://{PRESS}/rss", 301)
    serve(press, PRESS, f"https://{PRESS}/1.html")
    with two_collectors(tmp_path, press, rules, extractor, feeds) as (first, second):

        def poll() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
            """What each asked for."""
            first.collector.poll_feeds()
            own = asked(press)
            second.collector.poll_feeds()
            return own, asked(press)

        assert poll() == ([(SHORT, "/rss")], [(PRESS, "/rss")])
        assert first.cursor("a").state == "moved", "as where one collector follows it"
        assert list(first.outcomes()) == [f"Tin https://{PRESS}/1.html"]
        assert poll() == ([], []), "not due"
        for hours in (1, 2):
            first.clock.set(NOON + timedelta(hours=hours))
            assert poll() == ([], [(PRESS, "/rss")])
        assert first.cursor("a").state == "moved"
        press.answer(PRESS, "/rss", Answer(503))
        first.clock.set(NOON + timedelta(hours=3))
        assert poll() == ([], [(PRESS, "/rss")])
        assert first.cursor("a").state == "http_error"
        first.clock.set(NOON + timedelta(hours=4))
        assert poll() == ([(SHORT, "/rss")], [(PRESS, "/rss")]), "its own address first, after a failure"
        serve(press, PRESS)
        for hours, own in ((5, [(SHORT, "/rss")]), (28, []), (30, [(SHORT, "/rss")])):
            first.clock.set(NOON + timedelta(hours=hours))
            assert poll() == (own, [(PRESS, "/rss")]), "and once a day"
        serve(press, SHORT, f"https://{PRESS}/1.html")
        first.clock.set(NOON + timedelta(hours=55))
        assert poll() == ([(SHORT, "/rss")], []), "it leads nowhere else any more"
        assert (first.cursor("a").state, first.cursor("a").handed) == ("ok", None)


def test_a_feed_that_leads_round_in_a_ring_is_no_endless_work(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor
) -> None:
    feeds = {"a": Feed(id="a", url=f"https://{SHORT}/rss")}
    press.redirect(SHORT, "/rss", f"https://{PRESS}/rss")
    press.redirect(PRESS, "/rss", f"https://{SHORT}/rss")
    with two_collectors(tmp_path, press, rules, extractor, feeds) as (first, second):
        for _ in range(10):
            first.collector.poll_feeds()
            second.collector.poll_feeds()
        assert len(asked(press)) == 9
        assert first.cursor("a").state == "http_error"
        assert first.cursor("a").due_at == NOON + timedelta(minutes=15)


def test_one_collector_follows_redirects_at_once(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor
) -> None:
    feeds = {"a": Feed(id="a", url=f"https://{SHORT}/rss")}
    press.redirect(SHORT, "/rss", f"https://{PRESS}/rss")
    press.redirect(SHORT, "/di/1", f"https://{PRESS}/1.html")
    press.serve_feed(PRESS, "/rss", rss("x", item("Cầu mới", f"https://{SHORT}/di/1", DATE, LEAD)))
    press.serve(PRESS, "/1.html", page("Cầu mới", BODY, LEAD))
    with newsroom(tmp_path, press, rules, extractor, feeds) as room:
        room.collector.round()
        assert asked(press) == [(SHORT, "/rss"), (PRESS, "/rss"), (SHORT, "/di/1"), (PRESS, "/1.html")]
        assert (room.cursor("a").handed, room.outcomes()) == (None, {"Cầu mới": "published"})
