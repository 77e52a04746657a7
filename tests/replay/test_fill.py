"""Days replayed into an archive: equal documents, and nothing else changes."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from services.adapters.folder_mailer import FolderMailer
from services.adapters.manual_clock import ManualClock
from services.adapters.overlay_ledger import OverlayLedger
from services.adapters.sqlite_bus import SqliteBus
from services.alerter.alert import Alerter
from services.domain.codec import decode
from services.domain.events import COLLECTED, ENRICHED, PARKED, Enriched
from services.ports.archive import Archive
from services.ports.bus import Message
from services.replay.fill import fill
from tests.replay.days import AFTER_CHANGE, BEFORE_CHANGE, BEGIN, END, Days, documents, fresh_archive, held


class Stopped(Exception):
    """A replay that was cut off."""


def test_three_days_into_a_fresh_archive_give_equal_documents_and_change_nothing_else(
    days: Days, tmp_path: Path
) -> None:
    before = days.state()
    with fresh_archive(tmp_path / "fresh.db") as fresh:
        done = fill(days.installation, days.rules, BEGIN, END, fresh)
        assert held(fresh) == held(days.installation.archive)
    assert days.state() == before
    assert done.articles == done.equal == days.installation.archive.count() > 30
    assert done.messages > done.articles, "an article must have changed in these days"
    assert (done.new, done.different, done.later, done.refused) == (0, 0, 0, ())


def test_replayed_into_its_own_archive_changes_nothing_and_mails_nothing(days: Days, tmp_path: Path) -> None:
    before, archive = days.state(), held(days.installation.archive)
    done = fill(days.installation, days.rules, BEGIN, END, days.installation.archive)
    assert held(days.installation.archive) == archive
    assert done.equal == done.articles == len(archive)
    published = [one.message for one in days.installation.bus.scan(ENRICHED)][len(_log(before)[ENRICHED]) :]
    assert len(published) == done.messages
    assert all(one.headers["replay"] for one in published)
    sent: list[object] = []
    clock = ManualClock(END)
    mailer = FolderMailer(tmp_path / "mail")
    bus, ledger = days.installation.bus, days.installation.ledger
    alerter = Alerter(lambda: days.rules, days.settings, bus, ledger, mailer, clock, sent.append, owner="run")
    while alerter.step():
        pass
    assert sent == []
    after = days.state()
    assert _kinds(after) == _kinds(before)
    assert bus.lag(ENRICHED, "alerter") == 0


def test_an_article_that_changed_is_compared_with_a_text_from_before_the_days(days: Days, tmp_path: Path) -> None:
    with fresh_archive(tmp_path / "fresh.db") as fresh:
        done = fill(days.installation, days.rules, BEFORE_CHANGE, AFTER_CHANGE, fresh)
        found, real = documents(fresh), documents(days.installation.archive)
        changed = [decode(one, Enriched) for one in found.values() if decode(one, Enriched).change]
        # The documents are equal; of the versions only those of the days are there.
        assert found == {article_id: real[article_id] for article_id in found}
        assert [one.change for one in changed] == ["number"]
        assert len(fresh.versions(changed[0].article_id)) == 1
        assert len(days.installation.archive.versions(changed[0].article_id)) == 2
    assert done.equal == done.articles == len(found)


def test_a_text_that_changed_after_the_days_is_told_from_a_difference(days: Days, tmp_path: Path) -> None:
    with fresh_archive(tmp_path / "fresh.db") as fresh:
        done = fill(days.installation, days.rules, BEGIN, BEFORE_CHANGE, fresh)
    assert done.later == 1
    assert done.equal == done.articles - 1


def test_cut_off_and_repeated_it_comes_to_the_same(days: Days, tmp_path: Path) -> None:
    def stop(at: datetime) -> None:
        raise Stopped

    with fresh_archive(tmp_path / "fresh.db") as fresh:
        with pytest.raises(Stopped):
            fill(days.installation, days.rules, BEGIN, AFTER_CHANGE, fresh, stop)
        fill(days.installation, days.rules, BEGIN, END, fresh)
        fill(days.installation, days.rules, BEGIN, END, fresh)
        assert held(fresh) == held(days.installation.archive)


def test_over_a_ledger_that_knows_nothing_stories_are_the_same_sets(days: Days, tmp_path: Path) -> None:
    foreign = dataclasses.replace(days.installation, ledger=OverlayLedger())
    with fresh_archive(tmp_path / "fresh.db") as fresh:
        fill(foreign, days.rules, BEGIN, END, fresh)
        stories = _stories(fresh)
        assert stories == _stories(days.installation.archive)
        assert max(map(len, stories)) > 1


def test_other_rules_give_other_documents_and_say_so(days: Days, tmp_path: Path) -> None:
    rules = dataclasses.replace(days.rules, version="another")
    with fresh_archive(tmp_path / "fresh.db") as fresh:
        done = fill(days.installation, rules, BEGIN, END, fresh)
    assert done.different == done.articles > 0


def test_a_message_that_cannot_be_read_is_told_and_not_parked_again(days: Days, tmp_path: Path) -> None:
    moment = END + timedelta(days=1)
    with closing(SqliteBus(days.settings.data_dir / "bus.db", ManualClock(moment))) as bus:
        good = next(bus.scan(COLLECTED)).message
        bus.publish(COLLECTED, [Message("broken", b"{}", {"schema": "1"}), good])
    before = days.state()
    with fresh_archive(tmp_path / "fresh.db") as fresh:
        done = fill(days.installation, days.rules, END, moment + timedelta(seconds=1), fresh)
    assert [one.key for one in done.refused] == ["broken"]
    assert (done.messages, done.articles) == (2, 1)
    assert days.state() == before
    assert _log(before)[PARKED] == []


def _log(state: dict[str, object]) -> dict[str, list[Message]]:
    found = state["log"]
    assert isinstance(found, dict)
    return found


def _kinds(state: dict[str, object]) -> list[object]:
    """The ledger without the alerter's lease, which it takes and gives back."""
    found = state["ledger"]
    assert isinstance(found, list)
    return [(kind, one) for kind, one in found if kind != "lease"]


def _stories(archive: Archive) -> set[frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for one in archive.snapshot():
        found[one.document.story_id].add(one.document.article_id)
    return {frozenset(members) for members in found.values()}
