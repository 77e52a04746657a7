"""Live rules: what is saved takes effect whole or waits visibly; all services run one version."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from services.ports.errors import Unavailable
from services.ports.ledger import Put
from services.rulebook.accepted import NotInForce, accepted_set, current_version, history
from services.rulebook.apply import accept_watches, roll_back
from services.rulebook.errors import ConfigError, ConfigErrors
from services.rulebook.live import LiveRules
from services.rulebook.load import version_of
from services.rulebook.proof import BacktestRun, override, record_backtest
from services.rulebook.versions import Versions
from tests.rulebook.conftest import SMALL
from tests.rulebook.installation import BROKEN, MONDAY, MORE_TOPICS, OTHER_WATCHES, Installation, look


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
    assert office.waiting() == []


def test_what_is_still_being_written_is_not_taken(office: Installation) -> None:
    live = office.live()
    first = live()
    for part in range(3, 9):
        office.save(topics=MORE_TOPICS[: part * 10])
        look(live, times=1)
        assert live() is first
        assert office.waiting() == []
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
    (waiting,) = office.waiting()
    assert (waiting.state, waiting.files) == ("bad", ["places.yaml", "topics.yaml"])
    assert all(error.count(":") >= 3 for error in waiting.errors)
    assert any(error in office.said for error in waiting.errors)
    told = len(office.said)
    look(live, times=3)
    assert len(office.said) == told, "told once"
    office.save(places=SMALL["places.yaml"])
    look(live)
    assert live().texts["topics.yaml"] == MORE_TOPICS
    assert office.waiting() == []


def test_errors_of_diembao_yaml_keep_the_set_out_and_a_change_asks_for_a_restart(office: Installation) -> None:
    wrong: list[ConfigError] = []

    def check() -> None:
        if wrong:
            raise ConfigErrors(wrong)

    live = LiveRules(office.folder, office.ledger, office.clock, "dichvu", office.said.append, check)
    first = live.start()
    wrong.append(ConfigError("diembao.yaml", 1, 2, "sai", "wrong"))
    office.save(diembao="office: {name: Văn phòng khác}\n", topics=MORE_TOPICS)
    look(live)
    assert live() is first
    assert office.waiting()[0].errors == ["diembao.yaml:1:2: sai / wrong"]
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
    (waiting,) = office.waiting()
    assert (waiting.state, waiting.files, waiting.since) == ("untested", ["watches.yaml"], office.clock.now())
    record_backtest(office.ledger, OTHER_WATCHES + "# khác\n", BacktestRun(by="an", at=office.clock.now(), days=90))
    look(live, times=3)
    assert live().texts["watches.yaml"] == SMALL["watches.yaml"], "another content was tried"
    record_backtest(office.ledger, OTHER_WATCHES, BacktestRun(by="an", at=office.clock.now(), days=90))
    look(live, times=1)
    assert live().texts["watches.yaml"] == OTHER_WATCHES
    last = history(office.ledger)[-1]
    assert (last.version, last.by, last.note) == (live().version, "an", "đã thử trên 90 ngày")
    assert office.waiting() == []


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
    since = office.waiting()[0].since
    assert again().texts["watches.yaml"] == SMALL["watches.yaml"]
    office.pass_days(1)
    again = office.live()
    assert [one.since for one in office.waiting()] == [since]
    override(office.ledger, OTHER_WATCHES, "Cần ngay", "an", office.clock.now())
    assert office.live()().texts["watches.yaml"] == OTHER_WATCHES


def test_new_places_that_do_not_fit_the_running_watches_wait_with_the_new_ones(office: Installation) -> None:
    live = office.live()
    office.pass_days(8)
    renamed = {name: SMALL[f"{name}.yaml"].replace("tinh-mau", "tinh-moi") for name in ("places", "watches")}
    office.save(**renamed)
    look(live)
    assert live().texts == SMALL
    (waiting,) = office.waiting()
    assert (waiting.state, waiting.files) == ("unfit", ["places.yaml", "watches.yaml"])
    assert "tinh-mau" in waiting.errors[0]
    record_backtest(office.ledger, renamed["watches"], BacktestRun(by="an", at=office.clock.now(), days=90))
    look(live)
    assert list(live().places.places) == ["tinh-moi"]
    assert office.waiting() == []


def test_going_back_to_the_running_watches_ends_the_waiting(office: Installation) -> None:
    live = office.live()
    office.pass_days(8)
    office.save(watches=OTHER_WATCHES)
    look(live)
    assert office.waiting()
    office.save(watches=SMALL["watches.yaml"])
    look(live)
    assert office.waiting() == []
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
    assert [one.state for one in office.waiting()] == ["bad"]
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
    assert [one.state for one in office.waiting()] == ["bad"]


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
    assert [one.state for one in office.waiting()] == ["unread"]


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
    assert office.waiting() == []
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
    assert (done.version, done.kept) == (first, False)
    assert done.changed == ["lexicon/moi.yaml", "topics.yaml", "watches.yaml"]
    look(live)
    assert live().version == first
    last = history(office.ledger)[-1]
    assert (last.by, last.previous, last.note) == ("binh", second, f"quay lại bản {first}")
    assert office.waiting() == []
    assert [one.version for one in history(office.ledger)] == [first, second, first]


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
    assert (live().version, office.waiting()) == (first, [])


def test_a_folder_that_cannot_be_written_changes_nothing(office: Installation) -> None:
    live = office.live()
    override(office.ledger, OTHER_WATCHES, "Cần ngay", "an", office.clock.now())
    nowhere = office.folder / "places.yaml" / "x"
    with pytest.raises(Unavailable, match="không ghi được"):
        accept_watches(office.ledger, nowhere, OTHER_WATCHES, "an", office.clock.now())
    assert len(history(office.ledger)) == 1
    assert live().texts == SMALL
