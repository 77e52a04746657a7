"""What an aggregator and the paper itself bring of one article: one card in one letter, whichever comes first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.adapters.folder_mailer import FolderMailer
from services.adapters.sqlite_archive import SqliteArchive
from services.adapters.trafilatura_extractor import TrafilaturaExtractor
from services.alerter.alert import Alerter
from services.domain.watch import Mailboxes, People
from services.enricher.enrich import Enricher
from services.rulebook.accepted import accept
from services.rulebook.load import load
from tests.alerter.office import LEADER, read_letter, settings_of, text_of
from tests.collector.conftest import CONFIG
from tests.collector.newsroom import NOON, Newsroom, newsroom
from tests.collector.test_claim import FEEDS, LINK, TITLE, found, paper, search
from tests.press_server import PressServer


@dataclass(frozen=True)
class Whole:
    """The three services on one folder."""

    room: Newsroom
    enricher: Enricher
    alerter: Alerter
    mail: Path

    def go(self, **time: float) -> None:
        self.room.clock.set(NOON + timedelta(**time))
        self.room.collector.round()
        while self.enricher.step() or self.alerter.step():
            pass

    def letters_with_it(self) -> int:
        self.alerter.send_due_digests()
        return sum(text_of(read_letter(path)).count(TITLE) for path in self.mail.glob("*lanhdao*.eml"))


@contextmanager
def whole(folder: Path, press: PressServer) -> Iterator[Whole]:
    rules = replace(load(CONFIG, samples=False), feeds=FEEDS, people=People([LEADER], Mailboxes()))
    mail = folder / "mail"
    with (
        closing(TrafilaturaExtractor(deadline_seconds=10)) as extractor,
        newsroom(folder, press, rules, extractor, FEEDS) as room,
        closing(SqliteArchive(folder / "archive.db")) as archive,
    ):
        accept(room.ledger, rules, "vanhanh", room.clock.now())
        alerter = Alerter(
            lambda: rules, settings_of(folder), room.bus, room.ledger, FolderMailer(mail), room.clock, owner="run"
        )
        yield Whole(room, Enricher(lambda: rules, room.bus, archive, room.ledger, room.clock), alerter, mail)


@pytest.mark.parametrize("first", ["aggregator", "paper"])
@pytest.mark.parametrize(("between", "told"), [(1, 1), (8, 2)], ids=["the next day", "after a week"])
def test_it_is_told_once(tmp_path: Path, first: str, between: int, told: int) -> None:
    with PressServer() as press:
        search(press)
        paper(press)
        with whole(tmp_path, press) as office:
            office.go()  # the first poll, which fills the archive alone
            office.alerter.send_due_digests()
            for day, which in ((0, first), (between, "paper" if first == "aggregator" else "aggregator")):
                if which == "paper":
                    paper(press, LINK)
                else:
                    search(press, found())
                office.go(days=day, minutes=30)
                office.go(days=day, hours=20)
                assert office.letters_with_it() == (1 if day == 0 else told)
