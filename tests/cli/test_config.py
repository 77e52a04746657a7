"""`config history` and `config rollback`, and what `check` and `doctor` say of a set that waits."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services import wiring
from services.__main__ import assembled
from services.adapters.manual_clock import ManualClock
from services.adapters.sqlite_ledger import SqliteLedger
from services.rulebook.folder import write_texts
from services.rulebook.live import LiveRules
from services.settings import load_settings
from tests.rulebook.conftest import SMALL
from tests.rulebook.installation import BROKEN, MORE_TOPICS, OTHER_WATCHES

LOGIN = pwd.getpwuid(os.geteuid()).pw_name
PEOPLE = f"people:\n- {{login: {LOGIN}, name: Lê Thị Vận, email: van@coquan.example, role: operator}}\n"
app = assembled()


class Office:
    """A folder, a ledger, and the rules of a service that runs on them."""

    def __init__(self, folder: Path) -> None:
        self.config, self.data = folder / "cau-hinh", folder / "du-lieu"
        write_texts(self.config, {**SMALL, "people.yaml": PEOPLE})
        self.clock = ManualClock(datetime(2026, 11, 2, 1, tzinfo=UTC))
        settings = load_settings(self.config, self.data, {})
        for opened in (
            wiring.open_bus(settings, self.clock, create=True),
            wiring.open_archive(settings, create=True),
        ):
            opened.close()
        self.ledger = SqliteLedger(self.data / "ledger.db")
        self.live = LiveRules(self.config, self.ledger, self.clock, "dichvu", lambda _line: None, service="run")
        self.live.start()
        self.clock.set(datetime(2026, 11, 23, 1, tzinfo=UTC))

    def save(self, name: str, text: str) -> str:
        """Returns the version that runs afterwards."""
        (self.config / name).write_text(text, encoding="utf-8")
        self.live.refresh()
        self.live.refresh()
        return self.live().version

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--config", str(self.config), "--data", str(self.data)])


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    with closing(office.ledger):
        yield office


def test_history_says_who_when_why_and_what(office: Office) -> None:
    first = office.live().version
    second = office.save("topics.yaml", MORE_TOPICS)
    result = office("config", "history")
    assert result.exit_code == 0
    head, *lines = [line.split("\t") for line in result.stdout.splitlines()]
    assert len(head) == 5
    assert [line[0] for line in lines] == [first, second]
    assert lines[0][1:] == ["08:00 02/11/2026", "dichvu", "khởi động lần đầu", f"{len(SMALL)} tệp / files"]
    assert lines[1][1:] == ["08:00 23/11/2026", "dichvu", "lưu tệp", "topics.yaml (+1 −1)"]
    assert f"Đang có hiệu lực: bản {second}" in result.stderr
    (_, told) = [json.loads(line) for line in office("config", "history", "--json").stdout.splitlines()]
    assert (told["previous"], told["files"]) == (first, [{"name": "topics.yaml", "added": 1, "removed": 1}])
    shown = office("config", "history", "--diff", second[:6]).stdout
    assert "+++ topics.yaml" in shown
    assert "-    strong: [phá rừng]" in shown
    assert "+    strong: [phá rừng, chặt cây rừng]" in shown
    assert office("config", "history", "--diff", "khong-co").exit_code == 2
    oldest = office("config", "history", "--diff", first)
    assert (oldest.exit_code, len(oldest.stdout.splitlines())) == (0, 1)
    assert "là bản đầu tiên" in oldest.stdout


def test_rollback_by_a_known_person(office: Office) -> None:
    first = office.live().version
    office.save("topics.yaml", MORE_TOPICS)
    result = office("config", "rollback", first[:8], "--reason", "Bắt quá nhiều tin")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Lê Thị Vận" in result.stdout
    assert (office.config / "topics.yaml").read_text(encoding="utf-8") == SMALL["topics.yaml"]
    office.live.refresh()
    assert office.live().version == first
    last = office("config", "history").stdout.splitlines()[-1].split("\t")
    assert (last[0], last[2], "Bắt quá nhiều tin" in last[3]) == (first, LOGIN, True)
    assert f"--config {office.config} --apply" in result.stdout, "what to type for the articles that it took in"
    again = office("config", "rollback", first[:8], "--reason", "Lần nữa")
    assert (again.exit_code, "đang có hiệu lực rồi" in again.stdout) == (0, True)
    assert "Lần nữa" not in office("config", "history").stdout


def test_rollback_refuses_strangers_unknown_versions_and_what_would_be_lost(office: Office) -> None:
    first = office.live().version
    office.save("topics.yaml", MORE_TOPICS)
    short = office("config", "rollback", "abc")
    assert (short.exit_code, "cần ít nhất 4 ký tự" in short.output) == (2, True)
    unknown = office("config", "rollback", "abcd")
    assert (unknown.exit_code, "Không có bản abc" in unknown.stderr) == (2, True)
    office.save("places.yaml", BROKEN)
    lost = office("config", "rollback", first)
    assert (lost.exit_code, "--reason" in lost.stderr) == (2, True)
    assert (office.config / "places.yaml").read_text(encoding="utf-8") == BROKEN
    office.save("places.yaml", SMALL["places.yaml"])
    office.save("people.yaml", PEOPLE.replace(LOGIN, "nguoi-khac"))
    stranger = office("config", "rollback", first)
    assert stranger.exit_code == 2
    assert f"- {{login: {LOGIN}, name:" in stranger.stderr
    assert (office.config / "topics.yaml").read_text(encoding="utf-8") == MORE_TOPICS


def test_rollback_leaves_a_folder_alone_that_no_service_follows(office: Office, tmp_path: Path) -> None:
    first = office.live().version
    office.save("topics.yaml", MORE_TOPICS)
    copy = tmp_path / "banthu"
    write_texts(copy, {**SMALL, "people.yaml": PEOPLE, "feeds.yaml": SMALL["feeds.yaml"] + "# sửa\n"})
    options = ["--config", str(copy), "--data", str(office.data), "--reason", "thử"]
    result = CliRunner().invoke(app, ["config", "rollback", first, *options])
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{copy} không phải thư mục mà dịch vụ đang dùng" in result.stderr
    assert f"Thư mục đang dùng: {office.config}" in result.stderr
    assert (copy / "feeds.yaml").read_text(encoding="utf-8") == SMALL["feeds.yaml"] + "# sửa\n"
    office.live.refresh()
    assert office.live().texts["topics.yaml"] == MORE_TOPICS


def test_the_folder_of_the_services_under_another_name_is_theirs(office: Office, tmp_path: Path) -> None:
    """As the operator's container sees it, also while an edit waits there."""
    first = office.live().version
    office.save("topics.yaml", MORE_TOPICS)
    office.save("watches.yaml", OTHER_WATCHES)
    (tmp_path / "cung-noi").symlink_to(office.config)
    options = ["--config", str(tmp_path / "cung-noi"), "--data", str(office.data), "--reason", "thử"]
    result = CliRunner().invoke(app, ["config", "rollback", first, *options])
    assert result.exit_code == 0
    assert f"Tệp chưa có hiệu lực được giữ ở {office.config / 'watches.yaml~'}" in result.stderr
    office.live.refresh()
    assert office.live().version == first


def test_a_folder_that_holds_older_files_says_how_to_get_those_that_run(office: Office, tmp_path: Path) -> None:
    copy = tmp_path / "ban-sao"
    write_texts(copy, {**SMALL, "people.yaml": PEOPLE})
    there = LiveRules(copy, office.ledger, office.clock, "dichvu", lambda _line: None, service="run")
    there.start()
    office.save("topics.yaml", MORE_TOPICS)
    (copy / "feeds.yaml").write_text(SMALL["feeds.yaml"] + "# sửa\n", encoding="utf-8")
    for _ in range(2):
        there.refresh()
    options = ["--config", str(copy), "--data", str(office.data)]
    told = CliRunner().invoke(app, ["check", *options])
    assert told.exit_code == 0
    command = f"diembao config rollback {there().version} --config {copy} --reason 'LÝ DO'"
    assert f"giữ bản cũ của topics.yaml; lấy bản đang chạy về: `{command}`" in told.stderr
    result = CliRunner().invoke(app, ["config", "rollback", there().version, *options, "--reason", "lấy bản đang chạy"])
    assert result.exit_code == 0
    assert (copy / "topics.yaml").read_text(encoding="utf-8") == MORE_TOPICS
    assert "giữ bản cũ" not in CliRunner().invoke(app, ["check", *options]).output


def test_check_and_doctor_tell_of_what_waits(office: Office) -> None:
    office.save("watches.yaml", OTHER_WATCHES)
    for command in ("check", "doctor"):
        result = office(command)
        assert result.exit_code == 0
        assert "watches.yaml (từ 08:00 23/11/2026): watches.yaml đã sửa, chưa thử" in result.output
    office.save("watches.yaml", SMALL["watches.yaml"])
    for command in ("check", "doctor"):
        assert "chưa thử" not in office(command).output
    office.save("places.yaml", BROKEN)
    bad = office("check")
    assert bad.exit_code == 2
    first, *rest = bad.stderr.splitlines()
    assert first.startswith("places.yaml:")
    assert any("có lỗi, bản cũ vẫn chạy" in line for line in rest)


def test_check_says_that_diembao_yaml_waits_for_a_restart(office: Office) -> None:
    assert "khởi động lại" not in office("check").output
    office.save("diembao.yaml", "office: {name: Văn phòng mới}\n")
    assert "diembao.yaml đã đổi từ lần khởi động gần nhất: khởi động lại để nhận" in office("check").output


def test_nothing_is_said_and_made_where_no_service_ever_ran(tmp_path: Path) -> None:
    write_texts(tmp_path / "c", SMALL)
    options = ["--config", str(tmp_path / "c"), "--data", str(tmp_path / "d")]
    result = CliRunner().invoke(app, ["check", *options])
    assert (result.exit_code, result.stderr) == (0, "")
    assert CliRunner().invoke(app, ["config", "history", *options]).exit_code == 3
    assert not (tmp_path / "d").exists()


def test_a_bad_file_does_not_hold_up_commands_that_read(office: Office) -> None:
    office.save("topics.yaml", "")
    version = office.live().version
    for command, status in (
        (("search", "place:bu-gia-map"), 1),
        (("feeds",), 0),
        (("why", "https://bao.example/1"), 1),
    ):
        result = office(*command)
        assert result.exit_code == status
        (line,) = [one for one in result.stderr.splitlines() if one.startswith("CHÚ Ý")]
        assert "đang có 1 lỗi" in line
        assert version in line
        assert "topics.yaml:1:1" not in result.stderr
    result = office("doctor")
    assert result.exit_code == 2
    (line,) = [one for one in result.stdout.splitlines() if "topics.yaml:1:1: tệp trống" in one and "HỎNG" in one]
    assert "diembao check" in line
    assert "Kho tra cứu / archive" in result.stdout
    office.save("topics.yaml", SMALL["topics.yaml"])
    for words in (("search", "place:bu-gia-map"), ("feeds",)):
        assert "CHÚ Ý: thư mục" not in office(*words).stderr


def test_check_tells_no_service_to_take_what_is_not_valid(office: Office) -> None:
    (office.config / "topics.yaml").write_text("", encoding="utf-8")
    result = office("check")
    assert result.exit_code == 2
    assert "trong vài giây" not in result.stderr
    assert "có lỗi nên chưa có hiệu lực" in result.stderr
    (office.config / "topics.yaml").write_text(MORE_TOPICS, encoding="utf-8")
    result = office("check")
    assert (result.exit_code, "trong vài giây" in result.stderr) == (0, True)


def test_an_error_that_is_mended_is_told_no_more(office: Office) -> None:
    office.save("topics.yaml", "")
    assert office("check").stderr.count("topics.yaml:1:1") == 1
    (office.config / "topics.yaml").write_text(SMALL["topics.yaml"], encoding="utf-8")
    result = office("check")
    assert (result.exit_code, "ĐANG CHỜ" in result.output) == (0, False)


def test_what_waits_names_a_command_that_runs(office: Office) -> None:
    office.save("watches.yaml", OTHER_WATCHES)
    told = office("check").stderr
    assert f"`diembao backtest {office.config}/watches.yaml --config {office.config}`" in told
    assert f"watches.yaml --config {office.config} --override 'LÝ DO'`" in told


def test_check_tells_of_a_nickname_in_lower_case(office: Office) -> None:
    place = (
        "- {id: xa-a, watched: true, names: [{text: Xa Mát, kind: xã}], spellings: [Phà Điện, phà điện, Phà điện]}\n"
    )
    (office.config / "places.yaml").write_text(SMALL["places.yaml"] + place, encoding="utf-8")
    result = office("check")
    lines = [one for one in result.stdout.splitlines() if "viết thường" in one]
    number = SMALL["places.yaml"].count("\n") + 1
    assert [line.partition(": ")[2].partition("»")[0] for line in lines] == ["CHÚ Ý: «phà điện", "CHÚ Ý: «Phà điện"]
    assert all(line.startswith(f"places.yaml:{number}:") for line in lines)
    assert result.exit_code == 0
