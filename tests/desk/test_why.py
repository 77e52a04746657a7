"""What became of an address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from services.adapters.sqlite_archive import SqliteArchive
from services.desk.why import why
from services.domain.address import canonical_url
from services.domain.article import id_of
from services.domain.codec import encode
from services.domain.feed import Entry, EntryRecord, Outcome
from services.ports.archive import Archive
from services.ports.ledger import Put
from tests.alerter.office import LEADER, START, Press, article, finding

URL = "https://bao-1.example/tin-1"


@pytest.fixture
def press(tmp_path: Path) -> Iterator[Press]:
    press = Press(tmp_path)
    with closing(press.bus), closing(press.ledger):
        yield press


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with closing(SqliteArchive(tmp_path / "archive.db")) as archive:
        yield archive


def entered(press: Press, feed: str, link: str, outcome: Outcome, reason: str = "", article_id: str = "") -> None:
    record = EntryRecord(
        feed=feed,
        entry=Entry(key=link, link=link, title="Tin"),
        first_seen=START,
        outcome=outcome,
        reason=reason,
        article_id=article_id,
    )
    press.ledger.put(Put("entry", f"{feed}|{id_of(link)}", encode(record)))


def test_an_unknown_address_is_unknown(press: Press, archive: Archive) -> None:
    entered(press, "bao-0", "https://bao-0.example/khac", "unmatched")
    assert not why(URL, press.rules, archive, press.ledger).known


def test_a_personal_address_is_refused_with_the_reason(press: Press, archive: Archive) -> None:
    assert "mạng xã hội" in why("https://www.facebook.com/ai-do", press.rules, archive, press.ledger).refused


def test_each_feed_that_carried_it_says_its_outcome(press: Press, archive: Archive) -> None:
    entered(press, "bao-1", URL + "?utm_source=rss", "too_old", "đăng hơn 30 ngày")
    known = id_of(canonical_url(URL))
    entered(press, "tim-kiem", "https://news.example/rss/articles/abc", "already_known", article_id=known)
    entered(press, "bao-0", "https://bao-0.example/tin-1", "unmatched")
    account = why(URL, press.rules, archive, press.ledger)
    assert {(one.feed, one.outcome) for one in account.entries} == {("bao-1", "too_old"), ("tim-kiem", "already_known")}


def test_the_way_from_article_to_letters(press: Press, archive: Archive) -> None:
    one = article(1, findings=(finding(1),))
    known = id_of(canonical_url(URL))
    told = msgspec.structs.replace(one, article=msgspec.structs.replace(one.article, article_id=known))
    archive.save([told])
    press.enter(told)
    press.morning()
    account = why(URL, press.rules, archive, press.ledger)
    assert account.article is not None
    assert account.article.reading.places["bu-gia-map"] == "about"
    assert [match.watch for match in account.clippings[0].matches] == ["dia-ban"]
    carried = {(one.letter.kind, one.letter.recipient, one.shown) for one in account.letters}
    assert ("digest", LEADER.email, True) in carried
    assert "notice" in {kind for kind, _, _ in carried}
