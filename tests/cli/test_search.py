"""`diembao search`: what a person sees, what a program reads, and what a spreadsheet must not run."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from services.adapters.sqlite_archive import SqliteArchive
from services.cli.views.found import all_hits, caret, search_archive, write_csv, write_xlsx
from services.domain.codec import plain
from services.domain.place import Mention
from services.domain.query import QueryError, parse
from services.ports.archive import Archive
from tests.contracts.documents import DAY, enriched

NFD_NAME = "Bu\u0300 Gia Mâ\u0323p"
LONG_TEXT = "Xã Bù Gia Mập có mưa. " + "Dài. " * 80


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with closing(SqliteArchive(tmp_path / "data" / "archive.db")) as opened:
        opened.save(
            [
                enriched(
                    "a1", f"Mưa lớn ở {NFD_NAME}", "Nhiều tuyến đường ngập", "Xã Bù Gia Mập có mưa. " + "Dài. " * 80
                ),
                enriched("a2", "=cmd|' /C calc'!A0", text="Tại Bu Gia Map", published_at=None),
                enriched(
                    "a3", "Giá điều", text="bù gia mập " + "x" * 40, outlet="tt", published_at=DAY - timedelta(days=3)
                ),
            ]
        )
        yield opened


def seen(archive: Archive, query: str, limit: int | None = None, *, colour: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=colour, color_system="standard" if colour else None)
    search_archive(archive, parse(query), io.StringIO(), console=console, limit=limit)
    return out.getvalue()


def test_a_person_sees_title_outlet_local_time_address_and_snippet(archive: Archive) -> None:
    screen = seen(archive, "bù gia mập")
    assert f"1. Mưa lớn ở {NFD_NAME}\n" in screen
    assert "Báo Mẫu · 20/11/2026 09:00\n" in screen
    assert "   https://bao-mau.example/a1\n" in screen
    assert "Xã Bù Gia Mập có mưa." in screen
    assert "không rõ ngày đăng, thấy lần đầu 20/11/2026 09:00" in screen
    assert screen.endswith("Tìm thấy 3 bài.\n")
    assert all("\x1b" not in line for line in screen.splitlines())


def test_the_words_found_are_marked_on_the_original_characters(archive: Archive) -> None:
    screen = seen(archive, "bu gia map", colour=True)
    assert f"\x1b[1;33m{NFD_NAME}\x1b[0m" in screen
    assert "\x1b[1;33mBu Gia Map\x1b[0m" in screen


def test_more_hits_than_shown_are_counted_and_the_way_to_them_is_told(archive: Archive) -> None:
    screen = seen(archive, "gia", limit=1)
    assert "2. " not in screen
    assert "Tìm thấy 3 bài, đang hiện 1 bài đầu. Xem thêm: --limit 3;" in screen


def test_a_title_cannot_steer_the_terminal(archive: Archive) -> None:
    archive.save([enriched("evil", "lúa \x1b[2J\x07\u202e[bold]xấu[/bold]", text="lúa")])
    screen = seen(archive, "lúa")
    assert "\x1b" not in screen
    assert "\u202e" not in screen
    assert "lúa  [2J  [bold]xấu[/bold]" in screen


def test_mentions_of_a_place_that_the_query_names_are_marked(archive: Archive) -> None:
    document = enriched("p", "Lúa", text="Tin ở Đăk Ơ hôm nay", places={"xa-dak-o": "about"})
    mention = Mention(
        place="xa-dak-o",
        surface="Đăk Ơ",
        field="text",
        start=6,
        end=11,
        class_="about",
        confidence=1.0,
        rule="r",
        reason="r",
    )
    reading = msgspec.structs.replace(document.reading, mentions=[mention])
    archive.save([msgspec.structs.replace(document, reading=reading)])
    assert "\x1b[1;33mĐăk Ơ\x1b[0m" in seen(archive, "place:xa-dak-o", colour=True)


def test_json_lines_have_the_keys_of_the_contract(archive: Archive) -> None:
    out = io.StringIO()
    written = search_archive(archive, parse("bù gia mập"), out, console=Console(file=io.StringIO()), as_json=True)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert (written, [line["article_id"] for line in lines]) == (3, ["a1", "a3", "a2"])
    wanted = {"url", "title", "lead", "text", "published_at", "outlet", "language", "mentions", "rejected", "places"}
    wanted |= {"verdict", "topics", "tone", "tone_document", "issue_type", "findings", "story_id", "copy_of"}
    wanted |= {"highlights"}
    assert wanted <= lines[0].keys()
    for line in lines:
        for mark in line["highlights"]:
            assert line[mark["field"]][mark["start"] : mark["end"]] == mark["surface"]
    assert [mark["surface"] for mark in lines[0]["highlights"]] == [NFD_NAME, "Bù Gia Mập"]
    saved = archive.get("a1")
    assert saved is not None
    assert lines[0]["published_at"] == plain(saved.article)["published_at"]


def test_hits_for_programs_are_all_hits_or_the_limit(archive: Archive) -> None:
    names = [f"n{number:03d}" for number in range(450)]
    archive.save([enriched(name, "mía") for name in names])
    assert len({hit.article_id for hit in all_hits(archive, parse("mía"), None)}) == 450
    assert [hit.article_id for hit in all_hits(archive, parse("mía"), 201)] == [
        f"n{number:03d}" for number in range(201)
    ]
    assert len(list(all_hits(archive, parse("gia"), 450))) == 3


def test_a_csv_opens_in_excel_and_runs_nothing(archive: Archive, tmp_path: Path) -> None:
    archive.save([enriched("b1", "\u00a0+1 mía", "-2+3", '@SUM(A1) "mía", mía\nhết', outlet="bao")])
    path = tmp_path / "k.csv"
    assert write_csv(path, all_hits(archive, parse("gia OR mía"), None), parse("gia OR mía")) == 4
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    by_id = {row["Mã bài"]: row for row in rows}
    assert by_id["a2"]["Tiêu đề"] == "'=cmd|' /C calc'!A0"
    assert by_id["b1"]["Tiêu đề"] == "'\u00a0+1 mía"
    assert by_id["b1"]["Trích đoạn"].startswith("'@SUM(A1)")
    assert (by_id["a1"]["Thời điểm đăng"], by_id["a2"]["Thời điểm đăng"]) == ("20/11/2026 09:00", "không rõ")
    assert not {"tone", "sắc thái"} & {name.lower() for name in rows[0]}


def test_an_xlsx_holds_text_and_real_dates_and_no_formula(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "k.xlsx"
    assert write_xlsx(path, all_hits(archive, parse("gia"), None), parse("gia")) == 3
    with zipfile.ZipFile(path) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "=cmd|" in sheet
    assert "46346.375" in sheet, "20/11/2026 09:00 as a spreadsheet counts days"


def test_impossible_dates_break_nothing(archive: Archive, tmp_path: Path) -> None:
    for year in (1, 9999):
        archive.save([enriched(f"y{year}", "ngô", published_at=datetime(year, 12, 31, 23, tzinfo=UTC))])
    query = parse("ngô")
    assert seen(archive, "ngô").count("Báo Mẫu · 31/12/") + seen(archive, "ngô").count("Báo Mẫu · 01/01/") == 2
    assert write_csv(tmp_path / "k.csv", all_hits(archive, query, None), query) == 2
    assert write_xlsx(tmp_path / "k.xlsx", all_hits(archive, query, None), query) == 2


def test_the_snippet_is_about_the_longest_row_found(archive: Archive) -> None:
    archive.save([enriched("s", text="gia đình " + "ở xa " * 60 + "Bù Gia Mập có cao su, gia đình")])
    screen = seen(archive, '"gia đình" OR (Bù Gia Mập cao su)')
    assert "Bù Gia Mập có cao su" in screen


def test_a_table_that_cannot_be_written_is_an_os_error(archive: Archive, tmp_path: Path) -> None:
    for write in (write_csv, write_xlsx):
        with pytest.raises(OSError, match="khong-co"):
            write(tmp_path / "khong-co" / "k", all_hits(archive, parse("gia"), None), parse("gia"))


@pytest.mark.parametrize("query", ["lúa AND", "lu\u0301a )", "布加 )", "lúa\n)"])
def test_the_caret_stands_under_the_column(query: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query)
    line, mark = caret(query, caught.value).splitlines()
    widths = {"lúa AND": 9, "lu\u0301a )": 6, "布加 )": 7, "lúa\n)": 6}
    assert (mark, "\n" in line) == (" " * widths[query] + "^", False)
