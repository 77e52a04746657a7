"""`diembao search` as a command: its options, statuses and what it says when it cannot."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import typer
from typer.testing import CliRunner

from services.adapters.sqlite_archive import SqliteArchive
from services.cli.archive import search
from tests.contracts.documents import enriched

app = typer.Typer()
app.command()(search)


def run(tmp_path: Path, *arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [*arguments, "--data", str(tmp_path / "data")])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_and_its_statuses(tmp_path: Path) -> None:
    with closing(SqliteArchive(tmp_path / "data" / "archive.db")) as archive:
        archive.save([enriched("a1", "Bù Gia Mập"), enriched("a2", "Bu Gia Map"), enriched("a3", "gia bù mập")])
    status, out, _ = run(tmp_path, "bu gia map", "--json")
    assert (status, [json.loads(line)["article_id"] for line in out.splitlines()]) == (0, ["a1", "a3", "a2"])
    assert run(tmp_path, "bu", "gia", "map", "--limit", "1")[1].startswith("1. Bù Gia Mập")
    status, out, said = run(tmp_path, "place:khong-co")
    assert (status, out) == (1, "")
    assert "Không có bài nào khớp" in said
    assert "Không có địa danh mang mã khong-co; mã là mục id của places.yaml." in said
    assert "Không có báo mang mã khong-co; mã là" in run(tmp_path, "outlet:khong-co")[2]
    status, out, said = run(tmp_path, "lúa AND")
    assert (status, out) == (2, "")
    assert "cột 8: ở đây cần một từ" in said
    assert said.endswith("  lúa AND\n         ^\n")
    assert run(tmp_path, "lúa", "--json", "--csv", str(tmp_path / "k.csv"))[0] == 2
    assert run(tmp_path, "gia", "--csv", str(tmp_path / "khong-co" / "k.csv"))[0] == 2
    status, out, said = run(tmp_path, "gia", "--xlsx", str(tmp_path / "k.xlsx"))
    assert (status, out, said) == (0, "", f"Đã ghi 3 bài vào {tmp_path / 'k.xlsx'}.\n")


def test_an_archive_that_cannot_be_opened_is_status_three(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "archive.db").write_text("không phải cơ sở dữ liệu" * 50)
    status, _, said = run(tmp_path, "lúa")
    assert (status, "không phải tệp SQLite" in said) == (3, True)


def test_a_query_that_begins_with_a_minus_comes_after_two(tmp_path: Path) -> None:
    with closing(SqliteArchive(tmp_path / "data" / "archive.db")) as archive:
        archive.save([enriched("a1", "Bù Gia Mập"), enriched("a2", "Bù Gia Mập diễn tập")])
    options = ["--json", "--data", str(tmp_path / "data"), "--"]
    result = CliRunner().invoke(app, [*options, '-title:"diễn tập"', "bu", "gia", "map"])
    assert [json.loads(line)["article_id"] for line in result.stdout.splitlines()] == ["a1"]
