"""`diembao backtest` as a command: what it tells, what it records, what it changes, and what it refuses."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from services.adapters.sqlite_bus import SqliteBus
from services.adapters.sqlite_ledger import SqliteLedger
from services.adapters.system_clock import SystemClock
from services.cli.backtest import backtest
from services.cli.options import account
from services.domain.events import COLLECTED, UNMATCHED
from services.rulebook.accepted import WATCHES, accept, current_version, history
from services.rulebook.load import load
from services.rulebook.proof import BacktestRun, Override, proofs_of
from services.rulebook.seen import FolderSeen, put_folder
from tests.journey.process import run_through
from tests.replay.days import documents, opened

WIDER = """
# Mùa cà phê năm nay
- id: ca-phe
  name: Mùa cà phê
  query: topic:nong_nghiep "cà phê"
  recipients: [leadership]
"""
app = typer.Typer()
app.command()(backtest)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three days of the sample press; whoever runs the tests is its analyst, by a version accepted since."""
    data = run_through("samples", tmp_path_factory.mktemp("samples"), Path()).data
    people = data / "config" / "people.yaml"
    people.write_text(
        re.sub(r'login: "?chuyen-vien-mau"?', f"login: {account()}", people.read_text(encoding="utf-8")),
        encoding="utf-8",
    )
    with closing(SqliteLedger(data / "ledger.db")) as ledger:
        accept(ledger, load(data / "config"), account(), datetime.now(UTC))
    return data


@pytest.fixture
def data(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "data"))


@pytest.fixture
def new(data: Path, tmp_path: Path) -> Path:
    """A wider watches.yaml beside the configuration."""
    path = tmp_path / "moi.yaml"
    path.write_text((data / "config" / WATCHES).read_text(encoding="utf-8") + WIDER, encoding="utf-8")
    return path


def run(data: Path, new: Path, *arguments: str) -> tuple[int, str, str]:
    options = ["--config", str(data / "config"), "--data", str(data), "--days", str(_DAYS)]
    result = CliRunner().invoke(app, [str(new), *arguments, *options], env={"COLUMNS": "160"})
    return result.exit_code, result.stdout, result.stderr


_DAYS = (datetime.now(UTC) - datetime(2026, 11, 16, tzinfo=UTC)).days + 1
"""Back to before the sample press."""


def held(data: Path) -> dict[str, object]:
    with opened(data) as days:
        ours = days.installation
        return {
            "archive": documents(ours.archive),
            "log": {topic: ours.bus.size(topic) for topic in (COLLECTED, UNMATCHED)},
            "watches": (data / "config" / WATCHES).read_bytes(),
            "version": current_version(ours.ledger),
            "mail": sorted(path.name for path in (data / "mail").iterdir()),
        }


def proofs(data: Path, text: str) -> Sequence[BacktestRun | Override]:
    with closing(SqliteLedger(data / "ledger.db")) as ledger:
        found = proofs_of(ledger, text)
        return [*found.runs, *found.overrides]


def test_it_tells_and_records_and_changes_nothing_else(data: Path, new: Path) -> None:
    before = held(data)
    status, out, err = run(data, new)
    assert status == 0
    assert "Mùa cà phê: bắt thêm 1 bài" in out
    assert 'khớp nhờ topic:nong_nghiep, "cà phê"; điều kiện mới' in out
    assert re.search(r"^Mùa cà phê\tmới\t1\t1\t0\t0\t", out, re.MULTILINE)
    assert re.search(r"^lanh-dao@mau\.example\t\d+\t21\t", out, re.MULTILINE)
    assert "chưa thay đổi gì" in err
    assert held(data) == before
    (proof,) = proofs(data, new.read_text(encoding="utf-8"))
    assert isinstance(proof, BacktestRun)
    assert (proof.by, proof.counts["gained"], proof.counts["from_unmatched"]) == (account(), 1, 1)


def test_json_is_one_object(data: Path, new: Path) -> None:
    status, out, _ = run(data, new, "--json")
    assert status == 0
    found = json.loads(out)
    assert out.count("\n") == 1
    assert found.keys() == {"version", "from", "to", "seen", "watches", "recipients"}
    assert found["seen"].keys() == {
        *("archived", "unmatched", "unread", "collected_from", "unmatched_from", "full_days"),
    }
    one = next(one for one in found["watches"] if one["id"] == "ca-phe")
    assert (one["state"], one["gained"], one["lost"], one["days"]) == ("new", 1, 0, {"2026-11-17": 1})
    (article,) = one["gained_articles"]
    assert article["terms"] == ["topic:nong_nghiep", '"cà phê"']
    assert not article["archived"]
    assert {"surface", "field", "start", "end"} == article["words"][0].keys()
    leader = next(one for one in found["recipients"] if one["recipient"] == "lanh-dao@mau.example")
    assert leader["lines"] == sum(day["lines"] for day in leader["days"]) == 21
    assert "tone" not in out


def test_apply_puts_it_into_force_and_judges_again(data: Path, new: Path) -> None:
    before, text = held(data), new.read_text(encoding="utf-8")
    status, _, err = run(data, new, "--apply")
    assert status == 0
    assert "Áp dụng sẽ xét lại 1 bài cũ: 1 bài không khớp vào kho, 0 bài trong kho ghi lại; không gửi thư nào" in err
    after = held(data)
    assert after["mail"] == before["mail"]
    assert (data / "config" / WATCHES).read_text(encoding="utf-8") == text
    with opened(data) as days:
        ours = days.installation
        current = current_version(ours.ledger)
        assert current is not None
        assert current.version == load(data / "config").version
        last = history(ours.ledger)[-1]
        assert (last.by, last.version) == (account(), current.version)
        assert "đã thử" in last.note
        assert ours.archive.count() == len({one.message.key for one in ours.bus.scan(COLLECTED)})
    assert len(_archive(after)) == len(_archive(before)) + 1
    status, _, err = run(data, data / "config" / WATCHES, "--apply")
    assert status == 0
    assert "xét lại 0 bài cũ" in err
    assert held(data) == after


def _archive(state: dict[str, object]) -> dict[str, bytes]:
    found = state["archive"]
    assert isinstance(found, dict)
    return found


def test_override_logs_its_reason_and_tries_nothing(data: Path, new: Path) -> None:
    before = held(data)
    status, out, _ = run(data, new, "--override", "Họp gấp, thử sau")
    assert status == 0
    assert "không thử" in out
    (proof,) = proofs(data, new.read_text(encoding="utf-8"))
    assert isinstance(proof, Override)
    assert (proof.by, proof.reason) == (account(), "Họp gấp, thử sau")
    after = held(data)
    assert after["version"] != before["version"]
    assert _archive(after) == _archive(before)
    status, out, _ = run(data, new, "--override", "Lần nữa")
    assert (status, "đang có hiệu lực rồi" in out) == (0, True)
    assert held(data) == after
    assert len(proofs(data, new.read_text(encoding="utf-8"))) == 1


def test_the_file_that_is_in_force_is_tried_too(data: Path) -> None:
    status, out, err = run(data, data / "config" / WATCHES)
    assert status == 0
    assert "bắt thêm" not in out.replace("Thêm", "")
    assert "đúng nội dung này" in err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- id: [hỏng", ":1:"),
        ("", ":1:1: tệp trống"),
        ("- {id: a, name: A, query: cháy, recipients: [leadership]}", "phải bắt buộc một địa danh"),
        ("- {id: a, name: A, query: place:khong-co, recipients: [ai-do]}", ":1:"),
        ("- {id: a, name: Báo xấu, query: place:binh-phuoc, recipients: [leadership]}", ":1:"),
    ],
)
def test_a_bad_file_changes_nothing(data: Path, tmp_path: Path, text: str, said: str) -> None:
    bad, before = tmp_path / "sai.yaml", held(data)
    bad.write_text(text, encoding="utf-8")
    for more in ((), ("--apply",), ("--override", "thử")):
        status, out, err = run(data, bad, *more)
        assert (status, out) == (2, "")
        assert f"{bad}:" in err
        assert said in err
    assert held(data) == before
    assert not proofs(data, text)


@pytest.mark.parametrize("arguments", [("--apply", "--override", "x"), ("--override", " "), ("--days", "0")])
def test_what_does_not_go_together_ends_with_status_2(data: Path, new: Path, arguments: tuple[str, ...]) -> None:
    options = ["--config", str(data / "config"), "--data", str(data)]
    result = CliRunner().invoke(app, [str(new), *options, *arguments])
    assert result.exit_code == 2
    assert not proofs(data, new.read_text(encoding="utf-8"))


def test_a_file_that_is_not_there(data: Path, tmp_path: Path) -> None:
    status, _, err = run(data, tmp_path / "khong-co.yaml")
    assert status == 2
    assert "khong-co.yaml:1:1" in err


def test_before_the_first_start_there_is_nothing_to_try_against(data: Path, new: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    SqliteLedger(empty / "ledger.db").close()
    options = ["--config", str(data / "config"), "--data", str(empty)]
    result = CliRunner().invoke(app, [str(new), *options])
    assert result.exit_code == 2
    assert "diembao run" in result.stderr
    result = CliRunner().invoke(app, [str(new), "--config", str(data / "config"), "--data", str(tmp_path / "none")])
    assert result.exit_code == 3


@pytest.mark.parametrize("more", [(), ("--json",), ("--apply",), ("--apply", "--json")])
def test_a_run_that_saw_no_article_lets_nothing_take_effect(data: Path, new: Path, more: tuple[str, ...]) -> None:
    for path in data.glob("bus.db*"):
        path.unlink()
    SqliteBus(data / "bus.db", SystemClock()).close()
    before = held(data)
    status, out, err = run(data, new, *more)
    assert status == 1
    assert "không có bài nào để thử: không ghi lần thử vào sổ" in err
    assert "--override" in err
    assert json.loads(out)["seen"]["archived"] == 0 if "--json" in more else "0 bài đã thu và 0 bài không khớp" in out
    assert held(data) == before
    assert not proofs(data, new.read_text(encoding="utf-8"))


def test_with_few_days_it_says_what_it_could_not_see(data: Path, new: Path) -> None:
    options = ["--config", str(data / "config"), "--data", str(data), "--days", "365"]
    result = CliRunner().invoke(app, [str(new), *options])
    assert "Bài đã thu: chỉ có từ 05:45 17/11/2026" in result.stdout
    assert "Bài không khớp: nhật ký chỉ còn giữ từ" in result.stdout


def test_someone_unknown_tries_nothing(data: Path, new: Path) -> None:
    people = data / "config" / "people.yaml"
    people.write_text(people.read_text(encoding="utf-8").replace(f"login: {account()},", "login: ai-khac,"), "utf-8")
    with closing(SqliteLedger(data / "ledger.db")) as ledger:
        accept(ledger, load(data / "config"), "ai-khac", datetime.now(UTC) + timedelta(seconds=1))
    status, out, err = run(data, new)
    assert (status, out) == (2, "")
    assert f"login: {account()}" in err


def test_a_folder_beside_is_only_tried(data: Path, tmp_path: Path) -> None:
    beside = Path(shutil.copytree(data / "config", tmp_path / "banthu"))
    places, watches = beside / "places.yaml", beside / WATCHES
    text = places.read_text(encoding="utf-8")
    places.write_text(text.replace("spellings: [Đắk Ơ,", "spellings: [Bắc Âu, Đắk Ơ,"), encoding="utf-8")
    before, options = held(data), ["--config", str(beside), "--data", str(data), "--days", str(_DAYS)]
    known = proofs(data, watches.read_text(encoding="utf-8"))
    result = CliRunner().invoke(app, [str(watches), *options], env={"COLUMNS": "160"})
    assert result.exit_code == 0
    assert f"Thử với places.yaml của {beside}, chưa có hiệu lực" in result.stdout
    assert "bắt thêm 1 bài" in result.stdout
    assert "phà điện" in result.stdout
    assert f"chép {places} vào thư mục cấu hình của dịch vụ" in result.stderr
    for more in (("--apply",), ("--override", "gấp")):
        result = CliRunner().invoke(app, [str(watches), *more, *options])
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"chép {places} vào" in result.stderr
    places.write_text("- {id: x, names: [}", encoding="utf-8")
    result = CliRunner().invoke(app, [str(watches), *options])
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"\n{places}:1:" in result.stderr
    assert held(data) == before
    assert proofs(data, watches.read_text(encoding="utf-8")) == known


@pytest.mark.parametrize("file", ["places.yaml", WATCHES])
@pytest.mark.parametrize("more", [("--apply",), ("--override", "gấp")])
def test_a_folder_named_by_the_environment_is_not_written_where_no_service_follows_it(
    data: Path, new: Path, tmp_path: Path, file: str, more: tuple[str, ...]
) -> None:
    beside = Path(shutil.copytree(data / "config", tmp_path / "banthu"))
    with (beside / file).open("a", encoding="utf-8") as text:
        text.write("# sửa\n")
    with closing(SqliteLedger(data / "ledger.db")) as ledger:
        put_folder(ledger, data / "config", FolderSeen(content="", taken=True))
    before, watches = held(data), (beside / WATCHES).read_bytes()
    options = [str(new), *more, "--data", str(data)]
    result = CliRunner().invoke(app, options, env={"DIEMBAO_CONFIG": str(beside)})
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{beside} không phải thư mục mà dịch vụ đang dùng" in result.stderr
    assert f"{data / 'config'}; ghi nó sau --config" in result.stderr
    assert ((beside / WATCHES).read_bytes(), held(data)) == (watches, before)
    assert not proofs(data, new.read_text(encoding="utf-8"))


def test_without_a_folder_it_is_tried_with_what_is_in_force(data: Path, new: Path) -> None:
    """And not with the shipped one, which stands in where none is named."""
    options = [str(new), "--data", str(data), "--days", str(_DAYS)]
    tried = CliRunner().invoke(app, options, env={"DIEMBAO_CONFIG": ""})
    assert (tried.exit_code, "chưa có hiệu lực" in tried.stdout) == (0, False)
    assert proofs(data, new.read_text(encoding="utf-8"))


def test_what_a_colleague_saved_is_set_aside_and_told(data: Path, new: Path) -> None:
    watches = data / "config" / WATCHES
    unsaved = watches.read_text(encoding="utf-8") + "# của đồng nghiệp\n"
    watches.write_text(unsaved, encoding="utf-8")
    with closing(SqliteLedger(data / "ledger.db")) as ledger:
        put_folder(ledger, data / "config", FolderSeen(content="", taken=False))
    status, _, err = run(data, new, "--override", "gấp")
    assert (status, watches.read_text(encoding="utf-8")) == (0, new.read_text(encoding="utf-8"))
    assert f"được giữ ở {watches}~" in err
    assert watches.with_name(f"{WATCHES}~").read_text(encoding="utf-8") == unsaved


def test_a_folder_that_a_service_follows_is_tried_as_it_is_in_force(data: Path) -> None:
    places = data / "config" / "places.yaml"
    with closing(SqliteLedger(data / "ledger.db")) as ledger:
        put_folder(ledger, data / "config", FolderSeen(content="", taken=False))
    places.write_text("- {id: x, names: [}", encoding="utf-8")
    status, out, err = run(data, data / "config" / WATCHES)
    assert status == 0
    assert "chưa có hiệu lực" not in out
    assert "Đã ghi lần thử vào sổ" in err
