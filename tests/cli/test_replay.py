"""`diembao replay` as a command."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from services.cli.replay import replay
from tests.journey.process import run_through
from tests.replay.days import documents, fresh_archive, opened

THREE_DAYS = ("--from", "2026-11-17", "--to", "2026-11-20")
app = typer.Typer()
app.command()(replay)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the three days of the sample press."""
    return run_through("samples", tmp_path_factory.mktemp("samples"), Path()).data


@pytest.fixture
def data(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "data"))


def run(data: Path, *arguments: str) -> tuple[int, str, str]:
    options = ["--config", str(data / "config"), "--data", str(data)]
    result = CliRunner().invoke(app, [*arguments, *options], env={"COLUMNS": "160"})
    return result.exit_code, result.stdout, result.stderr


def test_into_a_new_archive_that_is_named_from_the_data_folder(data: Path) -> None:
    status, out, err = run(data, *THREE_DAYS, "--into", "sqlite:thu/moi.db")
    assert (status, err) == (0, "*** DỮ LIỆU MẪU ***\n")
    with opened(data) as days, fresh_archive(data / "thu" / "moi.db") as fresh:
        assert documents(fresh) == documents(days.installation.archive)
        count = fresh.count()
    assert f"{count} bài" in out
    assert f"{count} giống hệt, 0 khác, 0 chưa có, 0 đã có bản mới hơn" in out


def test_into_its_own_archive_also_where_that_was_lost(data: Path) -> None:
    status, out, _ = run(data, *THREE_DAYS)
    assert status == 0
    assert "0 khác, 0 chưa có." in out
    with opened(data) as days:
        before = documents(days.installation.archive)
    for path in data.glob("archive.db*"):
        path.unlink()
    status, out, _ = run(data, *THREE_DAYS)
    assert status == 0
    assert f"{len(before)} chưa có" in out
    with opened(data) as days:
        assert documents(days.installation.archive) == before


def test_letters_are_written_and_told_one_a_line(data: Path, tmp_path: Path) -> None:
    status, out, err = run(data, *THREE_DAYS, "--letters", str(tmp_path / "thu"))
    written = sorted(path.name for path in (tmp_path / "thu").iterdir())
    assert status == 0
    assert written == sorted(path.name for path in (data / "mail").iterdir())
    assert sorted(line.rpartition("/")[2] for line in err.splitlines()[1:]) == written
    assert "không gửi cho ai" in out
    assert "lanh-dao@mau.example" in out
    status, _, err = run(data, *THREE_DAYS, "--letters", str(tmp_path / "thu"))
    assert status == 2
    assert "không ghi đè" in err
    assert sorted(path.name for path in (tmp_path / "thu").iterdir()) == written


def test_the_rules_are_those_in_force_not_those_at_hand(data: Path) -> None:
    """A folder that somebody is editing holds up no replay and changes no document."""
    (data / "config" / "watches.yaml").write_text("- id: [hỏng", encoding="utf-8")
    status, out, _ = run(data, *THREE_DAYS)
    assert status == 0
    assert "0 khác, 0 chưa có." in out


def test_days_without_articles_end_with_status_1(data: Path) -> None:
    status, out, err = run(data, "--from", "2025-01-01", "--to", "2025-01-02")
    assert (status, out) == (1, "")
    assert "Không có bài nào" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "hôm qua", "--to", "2026-11-20"), "--from: hôm qua không phải ngày giờ"),
        (("--from", "2026-11-20", "--to", "2026-11-20"), "--from phải trước --to"),
        ((*THREE_DAYS, "--into", "kho.db"), "không phải địa chỉ kho"),
        ((*THREE_DAYS, "--into", "kafka://a:1"), "không phải địa chỉ kho"),
        ((*THREE_DAYS, "--into", "https://ai:matkhau@"), "không phải địa chỉ kho"),
        ((*THREE_DAYS, "--into", "sqlite:archive.db"), "đó là kho của cấu hình"),
    ],
)
def test_what_is_not_understood_ends_with_status_2(data: Path, arguments: tuple[str, ...], said: str) -> None:
    status, out, err = run(data, *arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert "matkhau" not in err


def test_without_data_it_ends_with_status_3_and_makes_nothing(data: Path, tmp_path: Path) -> None:
    options = ["--config", str(data / "config"), "--data", str(tmp_path / "nothing")]
    result = CliRunner().invoke(app, [*THREE_DAYS, *options])
    assert result.exit_code == 3
    assert not (tmp_path / "nothing").exists()
