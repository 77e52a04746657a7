"""Several folders, one installation: an edit is taken, a copy that stayed behind takes nothing back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.rulebook.accepted import WATCHES, current_version, hash_of, history
from services.rulebook.apply import accept_watches, roll_back
from services.rulebook.live import LiveRules
from services.rulebook.load import SETTINGS
from services.rulebook.merge import agreed, merge
from services.rulebook.pending import words_of
from services.rulebook.proof import BacktestRun, record_backtest
from services.rulebook.seen import FolderSeen, put_folder
from tests.rulebook.conftest import SMALL
from tests.rulebook.installation import MORE_TOPICS, OTHER_WATCHES, Installation, look

PEOPLE = "people:\n- {login: an, name: An, email: an@coquan.example, role: analyst}\n"
FEEDS = SMALL["feeds.yaml"] + "# máy kia\n"
MINE = OTHER_WATCHES + "# máy này\n"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Installation]:
    office = Installation(tmp_path)
    with closing(office.ledger):
        yield office


def applied(office: Installation, watches: str, by: str = "an") -> None:
    """What `backtest --apply` on the first folder does."""
    tried(office, watches, by)
    accept_watches(office.ledger, office.folder, watches, by, office.clock.now())


def tried(office: Installation, watches: str, by: str = "an") -> None:
    record_backtest(office.ledger, watches, BacktestRun(by=by, at=office.clock.now(), days=90))


@pytest.fixture
def two(office: Installation) -> tuple[LiveRules, LiveRules, Path]:
    """Services on two copies of one folder; on the first, new watches are applied after a week."""
    copy = office.make_folder("ban-sao")
    here, there = office.live(), office.live(copy)
    tried(office, SMALL[WATCHES], "binh")
    office.pass_days(8)
    applied(office, OTHER_WATCHES)
    look(here, there)
    return here, there, copy


def test_an_edit_in_a_stale_copy_takes_no_newer_file_back(
    office: Installation, two: tuple[LiveRules, LiveRules, Path]
) -> None:
    here, there, copy = two
    office.save(copy, topics=MORE_TOPICS)
    look(there, here)
    assert here().version == there().version
    assert here().texts == {**SMALL, WATCHES: OTHER_WATCHES, "topics.yaml": MORE_TOPICS}
    assert [(one.by, one.note) for one in history(office.ledger)][1:] == [("an", "đã thử trên 90 ngày"), ("dichvu", "")]
    assert office.pending() == []
    (told,) = [line for line in office.said if "giữ bản cũ của" in line]
    assert f"{copy} giữ bản cũ của watches.yaml" in told
    assert f"config rollback {there().version} --config {copy}" in told


def test_it_goes_for_every_file_and_for_further_edits_and_restarts(
    office: Installation, two: tuple[LiveRules, LiveRules, Path]
) -> None:
    here, there, copy = two
    office.save(people=PEOPLE, feeds=FEEDS)
    (office.folder / "lexicon" / "moi.yaml").write_text("language: vi\n", encoding="utf-8")
    look(here, there)
    newest = here().texts
    office.save(copy, topics=MORE_TOPICS)
    look(there, here)
    assert here().texts == {**newest, "topics.yaml": MORE_TOPICS}
    office.save(copy, topics=SMALL["topics.yaml"])
    look(there, here)
    assert here().texts == newest
    restarted = office.live(copy)
    assert restarted().texts == newest
    assert office.pending() == []


def test_one_file_changed_in_both_waits_with_everything_until_what_runs_is_taken_over(
    office: Installation, two: tuple[LiveRules, LiveRules, Path]
) -> None:
    here, there, copy = two
    running = here().version
    tried(office, MINE)
    office.save(copy, watches=MINE, topics=MORE_TOPICS)
    look(there, here)
    assert there().version == here().version == running
    (pending,) = office.pending()
    assert (pending.state, pending.files) == ("crossed", [WATCHES])
    command = f"diembao config rollback {running} --config {copy} --reason 'LÝ DO'"
    assert command in words_of(pending)
    assert "người khác cũng đã đổi" in words_of(pending)
    done = roll_back(office.ledger, copy, running, "an", office.clock.now(), reason="lấy bản đang chạy")
    look(there, here)
    assert office.pending() == []
    assert {path.name: path.read_text(encoding="utf-8") for path in done.kept} == {
        "topics.yaml~": MORE_TOPICS,
        "watches.yaml~": MINE,
    }
    office.save(copy, watches=MINE, topics=MORE_TOPICS)
    look(there, here)
    assert here().texts == {**SMALL, WATCHES: MINE, "topics.yaml": MORE_TOPICS}


def test_what_waited_for_its_proof_is_crossed_when_others_come_into_force_and_is_over_when_they_go_back(
    office: Installation,
) -> None:
    copy = office.make_folder("ban-sao")
    here, there = office.live(), office.live(copy)
    office.pass_days(8)
    first = here().version
    office.save(copy, watches=MINE)
    look(here, there)
    assert [one.state for one in office.pending()] == ["untested"]
    applied(office, OTHER_WATCHES)
    look(here, there)
    assert [one.state for one in office.pending()] == ["crossed"]
    tried(office, MINE)
    look(here, there)
    assert here().texts[WATCHES] == OTHER_WATCHES
    roll_back(office.ledger, office.folder, first, "an", office.clock.now())
    look(here, there)
    look(here, there)
    assert (here().texts[WATCHES], office.pending()) == (MINE, [])


def test_who_tried_the_watches_stands_for_nothing_saved_beside_them(office: Installation) -> None:
    live = office.live()
    office.pass_days(8)
    tried(office, OTHER_WATCHES)
    office.save(watches=OTHER_WATCHES, people=PEOPLE)
    look(live)
    assert live().texts["people.yaml"] == PEOPLE
    assert [one.by for one in history(office.ledger)] == ["dichvu", "dichvu"]
    tried(office, MINE)
    office.save(watches=MINE)
    look(live)
    assert history(office.ledger)[-1].by == "an"


def test_edits_that_do_not_fit_what_others_changed_wait(office: Installation) -> None:
    copy = office.make_folder("ban-sao")
    here, there = office.live(), office.live(copy)
    new = "\n- id: rung\n  name: Rừng\n  query: topic:rung\n  recipients: [leadership]\n"
    applied(office, SMALL[WATCHES] + new)
    look(here, there)
    office.save(copy, topics=SMALL["topics.yaml"].replace("id: rung", "id: rung-moi"))
    look(here, there)
    (pending,) = office.pending()
    assert (pending.state, pending.files) == ("crossed", ["topics.yaml"])
    assert "«rung»" in pending.errors[0]
    assert here().texts["topics.yaml"] == SMALL["topics.yaml"]


def test_settings_may_differ_from_machine_to_machine(office: Installation) -> None:
    copy = office.make_folder("ban-sao", diembao="office: {name: Máy khác}\n")
    here, there = office.live(), office.live(copy)
    look(here, there)
    office.said.clear()
    assert office.live()().version == there().version
    assert office.said == []
    office.save(diembao="office: {name: Máy này}\n", topics=MORE_TOPICS)
    look(here, there)
    assert (there().texts["topics.yaml"], office.pending()) == (MORE_TOPICS, [])


def test_what_the_first_release_noted_of_a_folder_is_read(office: Installation) -> None:
    live = office.live()
    first = live().version
    applied(office, OTHER_WATCHES)
    copy = office.make_folder("ban-sao", topics=MORE_TOPICS)
    put_folder(office.ledger, copy, FolderSeen(content=first, taken=True))
    there = office.live(copy)
    assert there().texts == {**SMALL, WATCHES: OTHER_WATCHES, "topics.yaml": MORE_TOPICS}


# -- the comparison itself ------------------------------------------------------------------------------------------

A, B, C = "a", "b", "c"


@pytest.mark.parametrize(
    ("mine", "was", "runs", "wanted", "left", "crossed"),
    [
        (A, A, A, A, False, False),
        (B, A, A, B, False, False),
        (A, A, B, B, True, False),
        (B, A, B, B, False, False),
        (B, A, C, B, False, True),
        (None, A, A, None, False, False),
        (A, A, None, None, True, False),
        (None, A, B, None, False, True),
        (B, A, None, B, False, True),
        (A, None, None, A, False, False),
        (None, None, A, A, True, False),
        (A, None, B, A, False, True),
        (None, A, None, None, False, False),
    ],
)
def test_a_file_is_compared_three_ways(
    mine: str | None, was: str | None, runs: str | None, wanted: str | None, left: bool, crossed: bool
) -> None:
    name = "topics.yaml"
    here, running = ({name: text} if text is not None else {} for text in (mine, runs))
    before = {name: hash_of(was)} if was is not None else {}
    found = merge(here, before, running)
    assert found.texts == ({name: wanted} if wanted is not None else {})
    assert (found.left, found.crossed) == ([name] * left, [name] * crossed)
    held = agreed(here, before, running).get(name)
    assert held == (hash_of(mine) if mine is not None and mine == runs else before.get(name) if mine or runs else None)
    assert merge({SETTINGS: "b"}, {SETTINGS: "x"}, {SETTINGS: "c"}).crossed == []


def test_a_stale_copy_is_current_again_once_it_is_the_same(
    office: Installation, two: tuple[LiveRules, LiveRules, Path]
) -> None:
    here, there, copy = two
    office.save(copy, watches=OTHER_WATCHES)
    look(there, here)
    tried(office, MINE)
    office.save(copy, watches=MINE)
    look(there, here)
    assert here().texts[WATCHES] == MINE
    current = current_version(office.ledger)
    assert current is not None
    assert current.version == there().version
