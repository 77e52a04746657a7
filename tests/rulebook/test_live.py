"""Live rules: what is saved takes effect whole or waits visibly; all services run one version."""

import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from services.adapters.sqlite_ledger import SqliteLedger
from services.ports.errors import Unavailable
from services.ports.ledger import Put
from services.rulebook.accepted import NotInForce, accept, accepted_set, current_version, history
from services.rulebook.apply import accept_watches, roll_back
from services.rulebook.errors import ConfigError, ConfigErrors
from services.rulebook.folder import write_texts
from services.rulebook.live import LiveRules
from services.rulebook.load import load_texts, version_of
from services.rulebook.pending import PendingSet, put_pending
from services.rulebook.proof import BacktestRun, override, record_backtest
from services.rulebook.seen import place_of
from services.rulebook.versions import Versions
from tests.rulebook.conftest import SMALL
from tests.rulebook.installation import BROKEN, MONDAY, MORE_TOPICS, OTHER_WATCHES, Installation, look

SMALL_WATCH = {"id": "mau", "query": "place:tinh-mau", "recipients": ["leadership"]}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Installation]:
    office = Installation(tmp_path)
    with closing(office.ledger):
        yield office


def test_a_good_change_takes_effect_at_the_second_look(office: Installation) -> None:
    live = office.live()
    first = live()
    office.save(topics=MORE_TOPICS)
    look(live, times=1)
    assert live() is first
    look(live, times=1)
    assert live().texts["topics.yaml"] == MORE_TOPICS
    current = current_version(office.ledger)
    assert current is not None
    assert (current.version, current.previous) == (live().version, first.version)
    assert any("topics.yaml" in line for line in office.said)
    assert office.pending() == []


def test_what_is_still_being_written_is_not_taken(office: Installation) -> None:
    live = office.live()
    first = live()
    for part in range(3, 9):
        office.save(topics=MORE_TOPICS[: part * 10])
        look(live, times=1)
        assert live() is first
        assert office.pending() == []
    office.save(topics=MORE_TOPICS)
    look(live)
    assert live().texts["topics.yaml"] == MORE_TOPICS


@pytest.mark.parametrize(
    "text", [BROKEN, "", "\tx: 1\n", SMALL["places.yaml"] * 2], ids=["yaml", "empty", "tab", "two"]
)
def test_a_bad_file_never_replaces_a_good_one_and_is_told(office: Installation, text: str) -> None:
    live = office.live()
    first = live()
    office.save(places=text, topics=MORE_TOPICS)
    look(live, times=4)
    assert live() is first
    (pending,) = office.pending()
    assert (pending.state, pending.files) == ("bad", ["places.yaml", "topics.yaml"])
    assert all(error.count(":") >= 3 for error in pending.errors)
    assert any(error in office.said for error in pending.errors)
    told = len(office.said)
    look(live, times=3)
    assert len(office.said) == told, "told once"
    office.save(places=SMALL["places.yaml"])
    look(live)
    assert live().texts["topics.yaml"] == MORE_TOPICS
    assert office.pending() == []


def test_errors_of_diembao_yaml_keep_the_set_out_and_a_change_asks_for_a_restart(office: Installation) -> None:
    wrong: list[ConfigError] = []

    def check() -> None:
        if wrong:
            raise ConfigErrors(wrong)

    live = LiveRules(office.folder, office.ledger, office.clock, "dichvu", office.said.append, check, service="run")
    first = live.start()
    wrong.append(ConfigError("diembao.yaml", 1, 2, "sai", "wrong"))
    office.save(diembao="office: {name: Văn phòng khác}\n", topics=MORE_TOPICS)
    look(live)
    assert live() is first
    assert office.pending()[0].errors == ["diembao.yaml:1:2: sai / wrong"]
    wrong.clear()
    office.save(diembao="office: {name: Văn phòng mới}\n")
    look(live)
    assert live().texts["topics.yaml"] == MORE_TOPICS
    assert any("khởi động lại để nhận" in line for line in office.said)


# -- watches.yaml ---------------------------------------------------------------------------------------------------


def test_changed_watches_wait_for_their_proof_and_the_rest_does_not(office: Installation) -> None:
    live = office.live()
    office.pass_days(8)
    office.save(watches=OTHER_WATCHES, topics=MORE_TOPICS)
    look(live)
    assert live().texts["topics.yaml"] == MORE_TOPICS
    assert live().texts["watches.yaml"] == SMALL["watches.yaml"]
    (pending,) = office.pending()
    assert (pending.state, pending.files, pending.since) == ("untested", ["watches.yaml"], office.clock.now())
    record_backtest(office.ledger, OTHER_WATCHES + "# khác\n", BacktestRun(by="an", at=office.clock.now(), days=90))
    look(live, times=3)
    assert live().texts["watches.yaml"] == SMALL["watches.yaml"], "another content was tried"
    record_backtest(office.ledger, OTHER_WATCHES, BacktestRun(by="an", at=office.clock.now(), days=90))
    look(live, times=1)
    assert live().texts["watches.yaml"] == OTHER_WATCHES
    last = history(office.ledger)[-1]
    assert (last.version, last.by, last.note) == (live().version, "an", "đã thử trên 90 ngày")
    assert office.pending() == []


def test_an_override_needs_a_reason_and_is_the_note(office: Installation) -> None:
    live = office.live()
    office.pass_days(8)
    with pytest.raises(ValueError, match="lý do"):
        override(office.ledger, OTHER_WATCHES, "  ", "an", office.clock.now())
    office.save(watches=OTHER_WATCHES)
    look(live)
    assert live().texts == SMALL
    override(office.ledger, OTHER_WATCHES, "Bão sắp vào", "an", office.clock.now())
    look(live)
    assert live().texts["watches.yaml"] == OTHER_WATCHES
    assert history(office.ledger)[-1].note == "bỏ qua bước thử, lý do: Bão sắp vào"


def test_in_the_first_days_watches_take_effect_with_a_note(office: Installation) -> None:
    live = office.live()
    assert history(office.ledger)[-1].note == "khởi động lần đầu"
    office.pass_days(6.9)
    office.save(watches=OTHER_WATCHES)
    look(live)
    assert live().texts["watches.yaml"] == OTHER_WATCHES
    assert "chưa đủ 7 ngày" in history(office.ledger)[-1].note


def test_a_restart_does_not_let_untested_watches_in(office: Installation) -> None:
    office.live()
    office.pass_days(8)
    office.save(watches=OTHER_WATCHES)
    again = office.live()
    since = office.pending()[0].since
    assert again().texts["watches.yaml"] == SMALL["watches.yaml"]
    office.pass_days(1)
    again = office.live()
    assert [one.since for one in office.pending()] == [since]
    override(office.ledger, OTHER_WATCHES, "Cần ngay", "an", office.clock.now())
    assert office.live()().texts["watches.yaml"] == OTHER_WATCHES


def test_new_places_that_do_not_fit_the_running_watches_wait_with_the_new_ones(office: Installation) -> None:
    live = office.live()
    office.pass_days(8)
    renamed = {name: SMALL[f"{name}.yaml"].replace("tinh-mau", "tinh-moi") for name in ("places", "watches")}
    office.save(**renamed)
    look(live)
    assert live().texts == SMALL
    (pending,) = office.pending()
    assert (pending.state, pending.files) == ("unfit", ["places.yaml", "watches.yaml"])
    assert "tinh-mau" in pending.errors[0]
    record_backtest(office.ledger, renamed["watches"], BacktestRun(by="an", at=office.clock.now(), days=90))
    look(live)
    assert list(live().places.places) == ["tinh-moi"]
    assert office.pending() == []


def test_going_back_to_the_running_watches_ends_the_waiting(office: Installation) -> None:
    live = office.live()
    office.pass_days(8)
    office.save(watches=OTHER_WATCHES)
    look(live)
    assert office.pending()
    office.save(watches=SMALL["watches.yaml"])
    look(live)
    assert office.pending() == []
    assert len(history(office.ledger)) == 1


# -- several services -----------------------------------------------------------------------------------------------


def test_all_services_run_one_version_whatever_their_folders_hold(office: Installation) -> None:
    other = office.make_folder("may-khac", people="people: []\n# máy khác\n")
    here, there = office.live(), office.live(other)
    look(here, there)
    assert here().version == there().version
    office.save(topics=MORE_TOPICS)
    look(here, there)
    assert here().version == there().version
    assert here().texts["topics.yaml"] == MORE_TOPICS
    versions = len(history(office.ledger))
    look(here, there, times=5)
    assert len(history(office.ledger)) == versions, "no going back and forth between two folders"
    restarted = office.live(other)
    assert restarted().version == here().version, "a folder that stayed behind takes nothing back at a restart"
    assert any("rollback" in line for line in office.said)


def test_two_services_on_one_folder_accept_it_once(office: Installation) -> None:
    here, there = office.live(), office.live()
    office.save(topics=MORE_TOPICS)
    look(here, there, times=3)
    assert here().version == there().version
    assert len(history(office.ledger)) == 2


def test_a_pending_record_of_another_service_comes_back_after_an_acceptance(office: Installation) -> None:
    other = office.make_folder("may-khac")
    here, there = office.live(), office.live(other)
    office.pass_days(8)
    office.save(places=BROKEN)
    office.save(other, topics=MORE_TOPICS)
    look(here, there)
    look(here)
    assert [one.state for one in office.pending()] == ["bad"]
    assert here().texts["topics.yaml"] == MORE_TOPICS


def test_versions_on_their_way_are_compiled_from_the_ledger(office: Installation) -> None:
    live = office.live()
    first = live()
    office.save(topics=MORE_TOPICS)
    look(live)
    versions = Versions(office.ledger)
    assert versions.of(first.version, live()).texts == SMALL
    assert versions.of(live().version, live()) is live()
    assert versions.of("khong-con", live()) is live()


# -- start ----------------------------------------------------------------------------------------------------------


def test_a_bad_folder_stops_the_first_start_alone(office: Installation) -> None:
    office.save(places=BROKEN)
    with pytest.raises(ConfigErrors, match=r"places\.yaml:"):
        office.live()
    office.save(places=SMALL["places.yaml"])
    office.live()
    office.save(places=BROKEN)
    assert office.live()().texts == SMALL
    assert [one.state for one in office.pending()] == ["bad"]


@pytest.mark.parametrize("escape", ["\\ud83d", "\\udd25\\ud83d", "\\0", "\\U00110000"])
def test_no_escape_in_an_id_keeps_a_service_from_starting_or_looking(office: Installation, escape: str) -> None:
    live = office.live()
    office.save(topics=SMALL["topics.yaml"].replace("id: rung", f'id: "rung{escape}"'))
    look(live, times=3)
    restarted = office.live()
    assert live().texts == restarted().texts == SMALL
    (pending,) = office.pending()
    assert (pending.state, pending.files) == ("bad", ["topics.yaml"])
    assert pending.errors[0].startswith("topics.yaml:2:")
    office.save(topics=MORE_TOPICS)
    look(live, restarted)
    assert (restarted().texts["topics.yaml"], office.pending()) == (MORE_TOPICS, [])


def test_a_name_with_an_emoji_as_json_writes_it_is_one_that_a_letter_can_bear(office: Installation) -> None:
    office.save(watches=json.dumps([{**SMALL_WATCH, "name": "Cháy 🔥"}]))
    (watch,) = office.live()().running.values()
    assert watch.watch.name == "Cháy 🔥"
    assert watch.watch.name.encode()


@pytest.mark.parametrize("error", [RuntimeError("\ud83d chưa ai nghĩ tới"), UnicodeDecodeError("x", b"", 0, 1, "y")])
def test_whatever_the_folder_does_the_accepted_version_runs(office: Installation, error: Exception) -> None:
    office.live()
    office.save(topics=MORE_TOPICS)

    def check() -> None:
        raise error

    live = LiveRules(office.folder, office.ledger, office.clock, "dichvu", office.said.append, check, service="run")
    assert live.start().texts == SMALL
    look(live)
    assert live().texts == SMALL
    (pending,) = office.pending()
    assert (pending.state, pending.files) == ("bad", ["topics.yaml"])
    assert type(error).__name__ in pending.errors[0]


def test_a_version_that_this_program_cannot_read_is_not_followed(office: Installation) -> None:
    other = office.make_folder("may-khac")
    here, there = office.live(), office.live(other)
    office.save(other, topics=MORE_TOPICS)
    look(there)
    kept = accepted_set(office.ledger, there().version)
    assert kept is not None
    office.ledger.put(Put("config", f"text|{kept.files['topics.yaml']}", b"- {id: moi, kieu: chua-biet}\n"))
    look(here, times=3)
    assert here().texts == SMALL
    assert [one.state for one in office.pending()] == ["unread"]


class Overtaken(SqliteLedger):
    """Right before the first version comes into force here, another service's does."""

    def __init__(self, path: Path, other: Callable[[], object]) -> None:
        super().__init__(path)
        self._other: Callable[[], object] | None = other

    def put(self, *writes: Put) -> None:
        other = self._other
        if other is not None and any(write.key == "current" for write in writes):
            self._other = None
            other()
        super().put(*writes)


def test_who_loses_the_first_start_was_never_in_force_and_is_taken_next(office: Installation) -> None:
    other = office.make_folder("may-khac", topics=MORE_TOPICS)
    with closing(Overtaken(office.root / "ledger.db", office.live)) as ledger:
        loser = LiveRules(other, ledger, office.clock, "dichvu", office.said.append, service="run")
        loser.start()
    assert loser().texts["topics.yaml"] == MORE_TOPICS
    assert [(one.version, one.number) for one in history(office.ledger)] == [
        (version_of(SMALL), 1),
        (loser().version, 2),
    ]
    assert not any("giữ bản cũ" in line for line in office.said)


# -- what is not a file ---------------------------------------------------------------------------------------------


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_no_file_holds_nothing_up_and_is_told(office: Installation, kind: str) -> None:
    live = office.live()
    first, path = live(), office.folder / "lexicon" / "zz.yaml"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    look(live)
    assert live() is first
    (pending,) = office.pending()
    assert (pending.state, pending.files) == ("bad", ["lexicon/zz.yaml"])
    assert pending.errors[0].startswith("lexicon/zz.yaml:1:1: chỗ này phải là một tệp")
    assert office.live()().texts == SMALL
    path.unlink()
    look(live)
    assert office.pending() == []


def test_a_file_name_that_is_not_utf_8_is_told(office: Installation) -> None:
    live = office.live()
    path = office.folder / os.fsdecode(b"lexicon/\xff.yaml")
    path.write_text(SMALL["lexicon/vi.yaml"], encoding="utf-8")
    look(live)
    (pending,) = office.pending()
    assert (pending.state, pending.files) == ("bad", ["lexicon/\\udcff.yaml"])
    assert pending.errors[0].startswith("lexicon/\\udcff.yaml:1:1: thiếu tệp này")
    path.unlink()
    look(live)
    assert (office.pending(), live().texts) == ([], SMALL)


def test_a_file_is_not_put_in_the_place_of_a_device(office: Installation) -> None:
    device = office.root / "thiet-bi"
    os.mkfifo(device)
    path = office.folder / "topics.yaml"
    path.unlink()
    path.symlink_to(device)
    with pytest.raises(Unavailable, match="không phải là tệp"):
        write_texts(office.folder, {"topics.yaml": MORE_TOPICS})
    assert stat.S_ISFIFO(device.stat().st_mode)


# -- what was pending and is over -----------------------------------------------------------------------------------


def test_an_edit_undone_while_no_service_ran_is_over(office: Installation) -> None:
    live = office.live()
    office.save(feeds=BROKEN)
    look(live)
    assert office.pending()
    office.save(feeds=SMALL["feeds.yaml"])
    office.live()
    assert office.pending() == []


def test_of_two_edits_the_one_that_stands_there_is_pending(office: Installation) -> None:
    live = office.live()
    office.save(feeds=BROKEN)
    look(live)
    office.save(feeds=SMALL["feeds.yaml"], topics=BROKEN)
    again = office.live()
    assert [one.files for one in office.pending()] == [["topics.yaml"]]
    since = office.pending()[0].since
    office.pass_days(1)
    look(again)
    assert [one.since for one in office.pending()] == [since]


def test_an_edit_undone_in_a_folder_that_was_left_behind_is_over(office: Installation) -> None:
    other = office.make_folder("may-khac")
    here, there = office.live(), office.live(other)
    look(here, there)
    office.save(other, feeds=BROKEN)
    look(there)
    office.save(other, feeds=SMALL["feeds.yaml"])
    look(there)  # taken, with all of it in force; then the first folder goes on
    office.save(topics=MORE_TOPICS)
    look(here)
    put_pending(office.ledger, left_by(place_of(other), office))
    office.live(other)
    assert any("giữ bản cũ" in line for line in office.said)
    assert office.pending() == []


def left_by(place: str, office: Installation) -> PendingSet:
    now = office.clock.now()
    return PendingSet(content="x", folder=place, state="bad", files=["feeds.yaml"], since=now, confirmed=now)


def test_what_waits_on_a_machine_that_is_gone_is_forgotten_after_a_week(office: Installation) -> None:
    put_pending(office.ledger, left_by("may-da-bo:/c", office))
    live = office.live()
    office.save(feeds=BROKEN)
    look(live)
    mine = version_of({**SMALL, "feeds.yaml": BROKEN})
    for _ in range(7):
        assert {one.content for one in office.pending()} == {"x", mine}
        office.pass_days(1)
        look(live)
    office.pass_days(0.1)
    look(live)
    (left,) = office.pending()
    assert (left.content, left.since, left.confirmed) == (mine, MONDAY, office.clock.now())


# -- what people put into force -------------------------------------------------------------------------------------


def test_tested_watches_are_put_into_the_folder_and_followed(office: Installation) -> None:
    live = office.live()
    office.pass_days(8)
    path = office.folder / "watches.yaml"
    path.chmod(0o640)
    with pytest.raises(NotInForce, match="chưa được thử"):
        accept_watches(office.ledger, office.folder, OTHER_WATCHES, "an", office.clock.now())
    run = BacktestRun(by="an", at=office.clock.now(), days=90, counts={"gained": 50})
    record_backtest(office.ledger, OTHER_WATCHES, run)
    taken = accept_watches(office.ledger, office.folder, OTHER_WATCHES, "an", office.clock.now())
    assert taken.changed == ["watches.yaml"]
    assert (path.read_text(encoding="utf-8"), path.stat().st_mode & 0o777) == (OTHER_WATCHES, 0o640)
    assert [one.name for one in office.folder.iterdir() if one.name.startswith(".")] == []
    look(live)
    assert live().version == taken.version == version_of({**SMALL, "watches.yaml": OTHER_WATCHES})
    assert office.pending() == []
    record_backtest(office.ledger, BROKEN, run)
    with pytest.raises(ConfigErrors):
        accept_watches(office.ledger, office.folder, BROKEN, "an", office.clock.now())
    assert path.read_text(encoding="utf-8") == OTHER_WATCHES


def test_a_kill_between_the_file_and_the_ledger_is_finished_by_the_service(office: Installation) -> None:
    live = office.live()
    office.pass_days(8)
    override(office.ledger, OTHER_WATCHES, "Cần ngay", "an", office.clock.now())
    office.save(watches=OTHER_WATCHES)  # and then the command was killed
    look(live)
    assert live().texts["watches.yaml"] == OTHER_WATCHES
    assert history(office.ledger)[-1].by == "an"


def test_roll_back_writes_the_files_and_is_followed(office: Installation) -> None:
    live = office.live()
    first = live().version
    office.pass_days(8)
    override(office.ledger, OTHER_WATCHES, "Thử", "an", office.clock.now())
    (office.folder / "lexicon" / "moi.yaml").write_text("language: vi\n", encoding="utf-8")
    office.save(watches=OTHER_WATCHES, topics=MORE_TOPICS)
    look(live)
    second = live().version
    assert second != first
    office.clock.set(office.clock.now() + timedelta(hours=1))
    done = roll_back(office.ledger, office.folder, first[:8], "binh", office.clock.now())
    assert (done.version, done.kept) == (first, ())
    assert done.changed == ["lexicon/moi.yaml", "topics.yaml", "watches.yaml"]
    look(live)
    assert live().version == first
    last = history(office.ledger)[-1]
    assert (last.by, last.previous, last.note) == ("binh", second, f"quay lại bản {first}")
    assert office.pending() == []
    assert [one.version for one in history(office.ledger)] == [first, second, first]


def test_roll_back_to_what_this_program_reads_otherwise_in_a_sample(office: Installation) -> None:
    """The version that ran yesterday, before the program was updated."""
    otherwise = SMALL["topics.yaml"] + "    match: [Trồng cây đầu xuân]\n"
    yesterday = load_texts({**SMALL, "topics.yaml": otherwise}, samples=False)
    accept(office.ledger, yesterday, "an", office.clock.now())
    office.save(topics=MORE_TOPICS)
    live = office.live()
    assert live().texts["topics.yaml"] == MORE_TOPICS
    roll_back(office.ledger, office.folder, yesterday.version, "an", office.clock.now())
    look(live)
    assert live().version == office.live()().version == yesterday.version
    assert office.pending() == []


def test_roll_back_refuses_what_would_be_lost_without_a_reason(office: Installation) -> None:
    live = office.live()
    first = live().version
    office.save(topics=MORE_TOPICS)
    look(live)
    office.save(places=BROKEN)
    with pytest.raises(NotInForce, match="--reason"):
        roll_back(office.ledger, office.folder, first, "an", MONDAY)
    for unknown in ("", "zzz"):
        with pytest.raises(NotInForce):
            roll_back(office.ledger, office.folder, unknown, "an", MONDAY, "Lý do")
    assert (office.folder / "places.yaml").read_text(encoding="utf-8") == BROKEN
    office.clock.set(office.clock.now() + timedelta(hours=1))
    assert roll_back(office.ledger, office.folder, first, "an", office.clock.now(), "Hỏng").kept
    assert (office.folder / "places.yaml~").read_text(encoding="utf-8") == BROKEN
    look(live)
    assert (live().version, office.pending()) == (first, [])


def test_watches_that_a_colleague_saved_are_set_aside_by_apply(office: Installation) -> None:
    live = office.live()
    office.pass_days(8)
    unsaved = OTHER_WATCHES + "# của đồng nghiệp\n"
    office.save(watches=unsaved)
    look(live)
    assert [one.state for one in office.pending()] == ["untested"]
    for text, kept in ((OTHER_WATCHES, ["watches.yaml~"]), (SMALL["watches.yaml"], []), (OTHER_WATCHES, [])):
        override(office.ledger, text, "Cần ngay", "an", office.clock.now())
        taken = accept_watches(office.ledger, office.folder, text, "an", office.clock.now())
        assert [path.name for path in taken.kept] == kept
        assert all(path.read_text(encoding="utf-8") == unsaved for path in taken.kept)
    look(live)
    assert (live().texts["watches.yaml"], office.pending()) == (OTHER_WATCHES, [])


def test_what_was_set_aside_before_is_never_written_over(office: Installation) -> None:
    live = office.live()
    first = live().version
    for number, text in enumerate((BROKEN, BROKEN + "# hai\n", BROKEN + "# ba\n"), 1):
        office.save(topics=text)
        (office.folder / "lexicon" / "moi.yaml").write_text(text, encoding="utf-8")
        done = roll_back(office.ledger, office.folder, first, "an", office.clock.now(), "Hỏng")
        end = f"~{number}" if number > 1 else "~"
        assert {path.name for path in done.kept} == {f"topics.yaml{end}", f"moi.yaml{end}"}
        assert {path.read_text(encoding="utf-8") for path in done.kept} == {text}
    assert (office.folder / "topics.yaml~").read_text(encoding="utf-8") == BROKEN
    assert (office.folder / "topics.yaml~2").read_text(encoding="utf-8") == BROKEN + "# hai\n"
    assert live().texts == SMALL


def test_a_folder_that_cannot_be_written_changes_nothing(office: Installation) -> None:
    live = office.live()
    override(office.ledger, OTHER_WATCHES, "Cần ngay", "an", office.clock.now())
    nowhere = office.folder / "places.yaml" / "x"
    with pytest.raises(Unavailable, match="không ghi được"):
        accept_watches(office.ledger, nowhere, OTHER_WATCHES, "an", office.clock.now())
    assert len(history(office.ledger)) == 1
    assert live().texts == SMALL
