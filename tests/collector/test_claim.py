"""An aggregator's item that leads nowhere and the paper's own entry are one article, whichever comes first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from services.collector.records import get
from services.domain.article import id_of
from services.domain.events import COLLECTED, UNMATCHED
from services.domain.feed import Alias, ArticleRecord, Feed
from services.ports.bus import Bus
from services.ports.extractor import Extractor
from services.ports.ledger import Held, Ledger, Put
from services.rulebook.book import Rulebook
from tests.collector.newsroom import NOON, Newsroom, newsroom
from tests.collector.test_collect import BODY, DATE, ELSEWHERE, LEAD, PRESS, PRESS_TOO
from tests.collector.test_hosts import SomeHosts
from tests.press_server import Answer, PressServer, item, page, rss

SEARCH = "tim.example"
TITLE = "Khởi công đường liên thôn ở Bù Gia Mập"
LINK = f"https://{PRESS}/1.html"
FEEDS = {
    "g": Feed(id="g", url=f"https://{SEARCH}/rss", aggregator=True),
    "a": Feed(id="a", url=f"https://{PRESS}/rss"),
}

Open = Callable[..., AbstractContextManager[Newsroom]]


@pytest.fixture
def opened(tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor) -> Open:
    search(press)
    paper(press)
    return lambda: newsroom(tmp_path, press, rules, extractor, FEEDS)


def found(title: str = TITLE, number: int = 1, host: str = PRESS, name: str = "Báo", date: str = DATE) -> str:
    """An item of the aggregator, whose link leads nowhere."""
    source = f'<source url="https://{host}">{name}</source>'
    return item(f"{title} - {name}", f"https://{SEARCH}/opaque-{number}", date, more=source)


def search(press: PressServer, *items: str) -> None:
    press.serve_feed(SEARCH, "/rss", rss("x", "".join(items)))
    for number in range(9):
        press.serve(SEARCH, f"/opaque-{number}", page("Tìm kiếm", ELSEWHERE))


def paper(press: PressServer, *links: str, title: str = TITLE, date: str = DATE) -> None:
    """The paper's own feed with these articles of one title, and their pages."""
    press.serve_feed(PRESS, "/rss", rss("x", "".join(item(title, link, date, LEAD) for link in links)))
    for link in links:
        press.serve(PRESS, link.removeprefix(f"https://{PRESS}"), page(title, BODY, LEAD))


def later(room: Newsroom, **time: float) -> None:
    room.clock.set(NOON + timedelta(**time))
    room.collector.round()


def outcomes(room: Newsroom) -> list[tuple[str, str]]:
    return sorted((record.feed, record.outcome) for record in room.entries())


@pytest.mark.parametrize("days", [0.1, 7])
def test_the_papers_own_entry_is_a_version_of_the_aggregators_item(
    press: PressServer, opened: Open, days: float
) -> None:
    search(press, found())
    with opened() as room:
        search(press, found())
        room.collector.round()
        paper(press, LINK)
        later(room, days=days)
        first, second = (one.article for one in room.collected())
        assert outcomes(room) == [("a", "published"), ("g", "published")]
        assert (first.text, first.text_basis) == ("", "feed")
        assert (second.text, second.text_basis, second.url) == ("\n".join(BODY), "page", LINK)
        assert second.article_id == first.article_id
        assert second.first_seen == first.first_seen == NOON
        assert second.feed == "a"
        assert (first.first_poll, second.first_poll) == (True, False)  # the aggregator's was; the paper's is news
        assert get(room.ledger, "alias", id_of(LINK), Alias) == Alias(article_id=first.article_id)

        # From here on the article is the paper's: its page is the one that is read again.
        press.serve(PRESS, "/1.html", page(TITLE, [BODY[0].replace("bốn", "sáu"), BODY[1]], LEAD))
        later(room, days=days, hours=30)
        [*_, edited] = (one.article for one in room.collected())
        assert ("sáu" in edited.text, edited.article_id, edited.first_seen) == (True, first.article_id, NOON)


def test_an_aggregators_item_of_an_article_that_is_there_is_already_known(press: PressServer, opened: Open) -> None:
    with opened() as room:
        paper(press, LINK)
        room.collector.round()
        search(press, found(), found(number=2))
        later(room, days=1)
        assert outcomes(room) == [("a", "published"), ("g", "already_known"), ("g", "already_known")]
        [only] = room.collected()
        assert only.article.article_id == id_of(LINK)
        assert {one.article_id for one in room.entries()} == {id_of(LINK)}


@pytest.mark.parametrize("first", ["aggregator", "paper"])
def test_both_at_once_are_one(press: PressServer, opened: Open, first: str) -> None:
    with opened() as room:
        if first == "paper":
            press.answer(SEARCH, "/rss", Answer(503))
            paper(press, LINK)
            room.collector.poll_feeds()
            search(press, found())
        else:
            press.answer(PRESS, "/rss", Answer(503))
            search(press, found())
            room.collector.poll_feeds()
            paper(press, LINK)
        later(room, minutes=45)
        assert outcomes(room) == [("a", "published"), ("g", "already_known")]
        assert [one.article.text_basis for one in room.collected()] == ["page"]


@pytest.mark.parametrize("first", ["aggregator", "paper"])
def test_after_a_week_they_are_two(press: PressServer, opened: Open, first: str) -> None:
    with opened() as room:
        if first == "paper":
            paper(press, LINK)
        else:
            search(press, found())
        room.collector.round()
        paper(press, LINK)
        search(press, found())
        later(room, days=8)
        assert outcomes(room) == [("a", "published"), ("g", "published")]
        assert len({one.article.article_id for one in room.collected()}) == 2


def test_equal_titles_of_two_outlets_are_two(press: PressServer, opened: Open) -> None:
    with opened() as room:
        search(press, found(host=PRESS_TOO))
        room.collector.round()
        paper(press, LINK)
        later(room, hours=1)
        assert {one.article.outlet for one in room.collected()} == {"vnexpress", "tuoi-tre"}
        assert len({one.article.article_id for one in room.collected()}) == 2


def test_two_articles_of_the_paper_with_one_title_stay_two(press: PressServer, opened: Open) -> None:
    """A column bears the same title every day: the second is never taken for the first, nor for its item."""
    with opened() as room:
        paper(press, LINK)
        search(press, found())
        room.collector.round()
        paper(press, LINK, f"https://{PRESS}/2.html")
        later(room, days=1)
        paper(press, LINK, f"https://{PRESS}/2.html", f"https://{PRESS}/3.html")
        later(room, days=2)
        assert outcomes(room) == [("a", "published")] * 3 + [("g", "already_known")]
        assert len({one.article.article_id for one in room.collected()}) == 3


def test_a_daily_column_is_told_of_each_day(press: PressServer, opened: Open) -> None:
    """An item of today is not yesterday's article of the same title, nor today's article yesterday's item."""
    dates = [DATE, DATE.replace("Mon, 03", "Tue, 04"), DATE.replace("Mon, 03", "Wed, 05")]
    with opened() as room:
        paper(press, LINK, date=dates[0])
        room.collector.round()
        search(press, found(date=dates[1]))
        later(room, days=1)
        assert outcomes(room) == [("a", "published"), ("g", "published")]
        paper(press, f"https://{PRESS}/3.html", date=dates[2])
        later(room, days=2)
        assert outcomes(room) == [("a", "published"), ("a", "published"), ("g", "published")]
        assert len({one.article.article_id for one in room.collected()}) == 3


def test_only_an_item_that_leads_nowhere_is_found_by_its_title(press: PressServer, opened: Open) -> None:
    """The aggregator's link that leads to the paper has the paper's identity; another page there is another article."""
    with opened() as room:
        paper(press, LINK)
        room.collector.round()
        search(press, found())
        press.redirect(SEARCH, "/opaque-1", f"https://{PRESS}/2.html")
        press.serve(PRESS, "/2.html", page(TITLE, BODY, LEAD))
        later(room, hours=1)
        assert outcomes(room) == [("a", "published"), ("g", "published")]
        assert len({one.article.article_id for one in room.collected()}) == 2


def test_the_title_of_the_page_counts_as_that_of_the_feed(press: PressServer, opened: Open) -> None:
    with opened() as room:
        search(press, found(TITLE + " từ hôm nay"))
        room.collector.round()
        paper(press, LINK)
        press.serve(PRESS, "/1.html", page(TITLE + " từ hôm nay", BODY, LEAD))
        later(room, hours=1)
        assert len({one.article.article_id for one in room.collected()}) == 1


def test_another_host_of_the_outlet_is_the_same_source(press: PressServer, opened: Open) -> None:
    with opened() as room:
        search(press, found(host=f"www.{PRESS}"))
        room.collector.round()
        press.serve_feed(PRESS, "/rss", rss("x", item(TITLE, f"https://so.{PRESS}/1.html", DATE, LEAD)))
        press.serve(f"so.{PRESS}", "/1.html", page(TITLE, BODY, LEAD))
        later(room, hours=1)
        assert len({one.article.article_id for one in room.collected()}) == 1


def test_what_stands_in_the_archive_gets_the_papers_text(press: PressServer, opened: Open) -> None:
    """The title names the place and is collected; the page does not: it follows, or the archive kept the title."""
    title = "Bình Phước ngày mới"
    with opened() as room:
        search(press, found(title))
        room.collector.round()
        assert len(room.collected(COLLECTED)) == 1
        paper(press, LINK, title=title)
        press.serve(PRESS, "/1.html", page("Hội chợ sách", ELSEWHERE, "Hội chợ."))
        later(room, hours=1)
        assert len(room.collected(UNMATCHED)) == 0
        assert len({one.article.article_id for one in room.collected()}) == 1


def test_a_third_entry_of_the_article_is_already_known(press: PressServer, opened: Open) -> None:
    """Also under its plain link, which is neither the first entry's link nor the article's id."""
    with opened() as room:
        search(press, found())
        room.collector.round()
        paper(press, f"https://{PRESS}/moi-1.html")
        head = f'<link rel="canonical" href="{LINK}">'
        press.serve(PRESS, "/moi-1.html", page(TITLE, BODY, LEAD, head))
        later(room, hours=1)
        press.serve_feed(PRESS, "/rss", rss("x", item("Một tiêu đề khác hẳn", LINK, DATE, LEAD)))
        press.serve(PRESS, "/1.html", page("Một tiêu đề khác hẳn", BODY, LEAD))
        later(room, hours=2)
        assert outcomes(room) == [("a", "already_known"), ("a", "published"), ("g", "published")]


class Interrupted(Ledger):
    """Calls `meanwhile` once, before call number `at`: what another process does just then."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self.at, self.calls = ledger, 0, 0
        self.meanwhile: Callable[[], object] = lambda: None

    def _tick(self) -> Ledger:
        self.calls += 1
        if self.calls == self.at:
            self.meanwhile()
        return self._ledger

    def get(self, kind: str, key: str) -> Held | None:
        return self._tick().get(kind, key)

    def get_many(self, kind: str, keys: list[str]) -> dict[str, Held]:
        return self._tick().get_many(kind, keys)

    def put(self, *writes: Put) -> None:
        for write in writes:
            self._tick().put(write)

    def scan(self, kind: str, prefix: str = "", after: str = "") -> Iterator[Held]:
        return self._tick().scan(kind, prefix, after)

    def snapshot(self) -> Iterator[tuple[str, Held]]:
        return self._ledger.snapshot()

    def delete(self, kind: str, *keys: str | Held) -> None:
        self._tick().delete(kind, *keys)

    def close(self) -> None:
        self._ledger.close()


@pytest.mark.parametrize("interrupted", ["aggregator", "paper"])
def test_two_collectors_at_any_moment_make_one_article(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor, interrupted: str
) -> None:
    search(press, found())
    paper(press, LINK)
    at, calls = 0, 1
    while at < calls:
        at += 1
        with ExitStack() as opened:
            ledgers: list[Interrupted] = []

            def through(bus: Bus, ledger: Ledger, ledgers: list[Interrupted] = ledgers) -> tuple[Bus, Ledger]:
                ledgers.append(Interrupted(ledger))
                return bus, ledgers[-1]

            shares = [SomeHosts(SEARCH), SomeHosts(PRESS)]
            if interrupted == "paper":
                shares.reverse()
            folder = tmp_path / str(at)
            one = opened.enter_context(newsroom(folder, press, rules, extractor, FEEDS, None, through, shares[0]))
            other = opened.enter_context(newsroom(folder, press, rules, extractor, FEEDS, one.clock, hosts=shares[1]))
            one.collector.poll_feeds()
            other.collector.poll_feeds()
            [ledger] = ledgers
            ledger.calls, ledger.at, ledger.meanwhile = 0, at, other.collector.finish_pending
            for room in (one, other, one, other):
                while room.collector.finish_pending():
                    pass
            calls = ledger.calls
            ids = {collected.article.article_id for collected in one.collected()}
            states = sorted(outcome for _, outcome in outcomes(one))
            assert len(ids) == 1, (at, outcomes(one))
            assert states in (["already_known", "published"], ["published", "published"]), at
            known = {get(one.ledger, "article", article_id, ArticleRecord) for article_id in ids}
            assert {record.feed for record in known if record} == {"a"}, f"{at}: its page is the one that is read again"
    assert at > 10
