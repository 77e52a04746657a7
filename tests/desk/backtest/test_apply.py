"""Once new watches are in force: old articles are judged again, nobody is mailed, and it may happen twice."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from services.adapters.folder_mailer import FolderMailer
from services.adapters.manual_clock import ManualClock
from services.adapters.sqlite_bus import SqliteBus
from services.alerter.alert import Alerter
from services.alerter.records import LETTER
from services.desk.backtest.apply import REASON, Work, judge_again, work_of
from services.desk.backtest.trial import Trial
from services.desk.why import why
from services.domain.codec import decode
from services.domain.events import COLLECTED, Collected, Enriched
from services.enricher.enrich import Enricher
from services.ports.archive import Archive
from services.ports.bus import Bus
from services.ports.ledger import Ledger
from services.rulebook.accepted import WATCHES
from services.rulebook.book import Rulebook
from services.rulebook.load import load_texts
from tests.desk.backtest.office import (
    ALL,
    CITY,
    PLANTED_WATCH,
    WIDER,
    forecast_of,
    of,
    plant,
    replayed,
    tried,
    with_watches,
)
from tests.replay.days import END, Days, documents


def wider(days: Days, *more: str) -> Rulebook:
    return with_watches(days, days.rules.texts[WATCHES] + "".join(more))


def do(days: Days, trial: Trial) -> Work:
    ours = days.installation
    work = work_of(trial, ours.archive, ours.ledger)
    judge_again(work, trial.rules, ours.bus, ours.archive, ours.ledger)
    return work


def enrich_all(days: Days, rules: Rulebook) -> int:
    """The enricher of a running service."""
    ours, done = days.installation, 0
    enricher = Enricher(lambda: rules, ours.bus, ours.archive, ours.ledger, ManualClock(END))
    while some := enricher.step():
        done += some
    return done


def test_unmatched_articles_enter_the_archive_with_one_outcome(days: Days) -> None:
    rules, ours = wider(days, WIDER), days.installation
    gained = of(tried(days, rules), "ca-phe").gained_told[0].document.article
    assert gained.url is not None
    before = why(gained.url, rules, ours.archive, ours.ledger)
    assert [entry.outcome for entry in before.entries] == ["unmatched"]
    assert before.article is None
    work = do(days, tried(days, rules))
    assert [one.article_id for one in work.gained] == [gained.article_id]
    after = why(gained.url, rules, ours.archive, ours.ledger)
    assert [(entry.outcome, entry.reason) for entry in after.entries] == [("published", REASON)]
    assert after.article is not None
    assert after.article.rules == rules.version
    copies = [one for one in ours.bus.scan(COLLECTED) if one.message.key == gained.article_id]
    assert [one.message.headers["replay"] for one in copies] == ["1"]
    assert decode(copies[0].message.value, Collected).watches == ["ca-phe"]
    assert ours.archive.count() == len({one.message.key for one in ours.bus.scan(COLLECTED)})


def test_nobody_is_mailed_and_no_digest_shows_it(days: Days, tmp_path: Path) -> None:
    rules, ours = wider(days, PLANTED_WATCH, CITY), days.installation
    plant(days, 12)
    letters = [held.key for held in ours.ledger.scan(LETTER)]
    do(days, tried(days, rules))
    with closing(SqliteBus(days.settings.data_dir / "bus.db", ManualClock(END))) as bus:
        enrich_all(days, rules)
        clock = ManualClock(END)
        alerter = Alerter(
            lambda: rules, days.settings, bus, ours.ledger, FolderMailer(tmp_path / "mail"), clock, owner="run"
        )
        while alerter.step():
            pass
        assert not list((tmp_path / "mail").glob("*.eml"))
        assert [held.key for held in ours.ledger.scan(LETTER)] == letters
        clock.set(END + timedelta(days=1))
        sent = alerter.send_due_digests()
    assert sent
    for one in sent:
        assert "dó bầu" not in Path(one.where).read_text(encoding="utf-8")
    articles = {article for held in ours.ledger.scan("sequence") for article in [held.key]}
    assert not any(document.article_id in articles for document in _planted(ours.archive))


def _planted(archive: Archive) -> list[Enriched]:
    found = [one.document for one in archive.snapshot() if "dó bầu" in one.document.article.title]
    assert len(found) == 12
    return found


@pytest.mark.parametrize("running", [True, False], ids=["service", "no service"])
def test_the_forecast_is_what_a_replay_writes_after_it_is_applied(days: Days, tmp_path: Path, running: bool) -> None:
    rules = wider(days, PLANTED_WATCH, CITY, ALL)
    plant(days, 50)
    trial = tried(days, rules)
    work = do(days, trial)
    assert len(work.gained) > 50
    if running:
        assert enrich_all(days, rules) == len(work.gained)
    assert forecast_of(trial) == replayed(days, rules, tmp_path / "letters")


def test_the_enricher_then_writes_the_same_documents(days: Days) -> None:
    rules = wider(days, PLANTED_WATCH, CITY)
    plant(days, 20)
    do(days, tried(days, rules))
    before = documents(days.installation.archive)
    assert enrich_all(days, rules) > 0
    assert documents(days.installation.archive) == before


def test_archived_articles_are_written_again_where_a_new_place_is_recorded(days: Days) -> None:
    rules, ours = wider(days, CITY), days.installation
    before = documents(ours.archive)
    work = do(days, tried(days, rules))
    changed = {key for key, document in documents(ours.archive).items() if before.get(key) != document}
    assert changed == {one.article_id for one in (*work.again, *work.gained)}
    found = ours.archive.search(rules.watches["ca-thanh-pho"].query, limit=200)
    assert found.total == of(tried(days, rules), "ca-thanh-pho").matched


def test_done_twice_it_changes_nothing_more(days: Days) -> None:
    rules, ours = wider(days, WIDER, CITY), days.installation
    do(days, tried(days, rules))
    archive, size = documents(ours.archive), ours.bus.size(COLLECTED)
    again = Days(ours, days.settings, rules)  # they are in force now
    trial = tried(again, rules)
    assert trial.counts()["gained"] == trial.counts()["lost"] == 0
    assert do(again, trial).count == 0
    assert (documents(ours.archive), ours.bus.size(COLLECTED)) == (archive, size)


class _Killed(Exception):
    pass


class _DyingBus(SqliteBus):
    """Dies when something is to be published on press.collected."""

    def publish(self, topic: str, messages: object) -> None:
        raise _Killed


class _DyingLedger:
    """Dies at the outcome; everything else goes to the ledger under it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def __getattr__(self, name: str) -> object:
        return getattr(self._ledger, name)

    def get(self, kind: str, key: str) -> object:
        if kind == "article":
            raise _Killed
        return self._ledger.get(kind, key)


@pytest.mark.parametrize("dies", ["bus", "ledger"])
def test_killed_in_between_the_next_run_ends_it(days: Days, dies: str) -> None:
    rules, ours = wider(days, WIDER), days.installation
    work = work_of(tried(days, rules), ours.archive, ours.ledger)
    bus: Bus = ours.bus
    ledger: Ledger = ours.ledger
    if dies == "bus":
        bus = _DyingBus(days.settings.data_dir / "bus.db", ManualClock(END))
    else:
        ledger = _DyingLedger(ours.ledger)  # type: ignore[assignment]  # a port by its methods
    with pytest.raises(_Killed):
        judge_again(work, rules, bus, ours.archive, ledger)
    if dies == "bus":
        bus.close()
    again = Days(ours, days.settings, rules)
    assert [one.article_id for one in do(again, tried(again, rules)).gained] == [work.gained[0].article_id]
    url = work.gained[0].article.url
    assert url is not None
    assert [one.outcome for one in why(url, rules, ours.archive, ours.ledger).entries] == ["published"]
    assert do(again, tried(again, rules)).count == 0


def test_what_other_topics_were_read_by_is_read_again_whole(days: Days, tmp_path: Path) -> None:
    """The topics changed since, and the running watches with them: nothing of the documents may be trusted."""
    topics = days.rules.texts["topics.yaml"].replace("cà phê", "cà phê nhân xô")
    assert topics != days.rules.texts["topics.yaml"]
    texts = {**days.rules.texts, "topics.yaml": topics}
    running = load_texts(texts, samples=False)
    rules = load_texts({**texts, WATCHES: texts[WATCHES] + WIDER + ALL}, samples=False)
    trial = tried(Days(days.installation, days.settings, running), rules)
    assert all(known.again for known in trial.days.reads.values())
    assert len(trial.days.reads) >= trial.archived
    assert forecast_of(trial) == replayed(days, rules, tmp_path / "letters")
