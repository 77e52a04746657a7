"""What every command shares (contracts.md, sections 1 and 2), by a walk through the whole application."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
import structlog
import typer
from typer.testing import CliRunner

from services.__main__ import assembled
from services.cli import ORDER
from tests.rulebook.conftest import SMALL

app = assembled()
ROOT = Path(__file__).parents[2]
READING = [
    ("search", "lúa"),
    ("why", "https://baomau.example.vn/1"),
    ("feeds",),
    ("feeds", "--json"),
    ("doctor",),
    ("digest",),
    ("review", "list"),
    ("review", "show", "3c7d"),
    ("parked",),
]


def commands_of(one: typer.Typer, *before: str) -> Iterator[tuple[str, ...]]:
    """The words of every command, those of groups included."""
    for command in one.registered_commands:
        assert command.callback is not None
        yield (*before, command.name or command.callback.__name__.replace("_", "-"))
    for group in one.registered_groups:
        assert group.typer_instance is not None
        yield from commands_of(group.typer_instance, *before, str(group.name))


@pytest.mark.parametrize("words", list(commands_of(app)), ids=" ".join)
def test_every_command_takes_config_and_data(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "--config" in result.output
    assert "--data" in result.output


def test_the_walk_sees_the_commands() -> None:
    assert {("run",), ("match",), ("init",), ("review", "confirm")} <= set(commands_of(app))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "cau-hinh"
    for name, text in SMALL.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_reading_where_there_is_nothing_says_so_and_makes_nothing(words: tuple[str, ...], config: Path) -> None:
    data = config.parent / "go-nham"
    result = CliRunner().invoke(app, [*words, "--config", str(config), "--data", str(data)])
    assert result.exit_code == 3
    assert str(data) in result.output
    assert "diembao run" in result.output
    assert "--data" in result.output
    assert not data.exists()


def test_match_opens_no_data(config: Path) -> None:
    data = config.parent / "du-lieu"
    given = '{"title": "Tỉnh Mẫu Phước mở đường"}\n'.encode()
    result = CliRunner().invoke(app, ["match", "--config", str(config), "--data", str(data)], input=given)
    assert (result.exit_code, '"about"' in result.stdout) == (0, True)
    assert not data.exists()


def test_an_address_that_is_none_is_refused(config: Path) -> None:
    result = CliRunner().invoke(app, ["why", " ", "--config", str(config)])
    assert result.exit_code == 2


def test_help_is_in_vietnamese_and_in_the_order_of_use() -> None:
    said = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    assert sorted(ORDER, key=lambda name: said.index(f" {name} ")) == list(ORDER)
    assert set(ORDER) == {words[0] for words in commands_of(app)}
    for words in ([], ["run"], ["review"], ["review", "show"]):
        said = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"}).output
        assert "Show this message" not in said
        assert "Xem hướng dẫn này" in said


def test_logs_are_not_results(config: Path) -> None:
    with structlog_as_it_was():
        result = CliRunner().invoke(app, ["check", "--config", str(config)])
        assert result.exit_code == 0
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            structlog.get_logger().warning("thử")
    assert out.getvalue() == ""
    assert "thử" in err.getvalue()


@contextmanager
def structlog_as_it_was() -> Iterator[None]:
    before = structlog.get_config()
    structlog.reset_defaults()
    try:
        yield
    finally:
        structlog.configure(**before)


def test_a_full_disk_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    given = '{"title": "Cháy rừng ở xã Đăk Ơ"}\n'.encode()
    command = [sys.executable, "-m", "services", "match"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, input=given, stdout=full, stderr=subprocess.PIPE, cwd=ROOT, check=False)
    assert done.returncode == 3
    assert done.stderr.decode().startswith("Không ghi được kết quả")
    assert done.stderr.count(b"\n") == 1
