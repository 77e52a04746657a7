"""What a search found, for people and for programs: terminal, JSON Lines, CSV, XLSX.

Tone is in the JSON of each article and in no table: a table with outlets and tones in columns is one pivot away from
a count of tone by outlet (fair coverage, rule 3).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TextIO

import xlsxwriter
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from services.domain.article import Field
from services.domain.calendar import ZONE
from services.domain.codec import plain
from services.domain.events import Enriched
from services.domain.query import Query, QueryError, searchable
from services.domain.topic import Evidence
from services.ports.archive import Archive, Page

ON_SCREEN = 20
_PAGE = 200
_SNIPPET = 110
"""Characters shown on each side of the first word found."""
_MARK = "bold yellow"
_COLUMNS = ("Tiêu đề", "Báo", "Thời điểm đăng", "Địa chỉ", "Ngôn ngữ", "Địa danh", "Chủ đề", "Trích đoạn", "Mã bài")
# Control and direction characters of a title must not steer the terminal; one space each, so offsets hold.
_UNSHOWN = dict.fromkeys([*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], " ")
_FIRST_YEAR = 1900
"""Spreadsheets count days from here."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def all_hits(archive: Archive, query: Query, limit: int | None) -> Iterator[Enriched]:
    """Hits in search order, page by page; all of them where `limit` is None."""
    left, after = limit, None
    while left is None or left > 0:
        page = archive.search(query, _PAGE if left is None else min(left, _PAGE), after)
        yield from page.hits
        left = None if left is None else left - len(page.hits)
        after = page.next
        if after is None:
            return


def marks_of(document: Enriched, query: Query) -> list[Evidence]:
    """The query's words, and the mentions of the places that it names, in the stored text; none within another."""
    article = document.article
    asked = searchable(article, document.reading, document.topics, document.language, tone=document.tone)
    found = query.highlights(asked.fields)
    found += [
        Evidence(surface=mention.surface, field=mention.field, start=mention.start, end=mention.end)
        for mention in document.reading.mentions
        if mention.place in query.places
    ]
    order: dict[Field, int] = {"title": 0, "lead": 1, "text": 2}
    kept: list[Evidence] = []
    for mark in sorted(found, key=lambda mark: (order[mark.field], mark.start, -mark.end)):
        if not kept or kept[-1].field != mark.field or mark.end > kept[-1].end:
            kept.append(mark)
    return kept


def json_line(document: Enriched, query: Query) -> str:
    """The document under the keys of the contract, the article's own at the top, with `highlights`."""
    whole = plain(document)
    article, reading = whole.pop("article"), whole.pop("reading")
    found = [plain(mark) for mark in marks_of(document, query)]
    return json.dumps({**article, **reading, **whole, "highlights": found}, ensure_ascii=False)


def write_csv(path: Path, documents: Iterable[Enriched], query: Query) -> int:
    """RFC 4180 with a byte order mark, which Excel needs to read UTF-8; returns the rows written. Raises OSError."""
    rows = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(_COLUMNS)
        for document in documents:
            table.writerow(_harmless(_cell_text(cell)) for cell in _row(document, query))
            rows += 1
    return rows


def write_xlsx(path: Path, documents: Iterable[Enriched], query: Query) -> int:
    """One sheet, times as real dates in local time; returns the rows written. Raises OSError."""
    # constant_memory: rows go to disk as they come.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "constant_memory": True}
    rows = 0
    # xlsxwriter opens its file only when it is closed: a path that cannot be written is told before the search.
    path.open("ab").close()
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet("Kết quả")
        bold, moment = book.add_format({"bold": True}), book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        sheet.freeze_panes(1, 0)
        for column, (name, width) in enumerate(zip(_COLUMNS, (60, 20, 17, 45, 9, 24, 24, 80, 26), strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, name, bold)
        for document in documents:
            rows += 1
            for column, cell in enumerate(_row(document, query)):
                if isinstance(cell, datetime) and cell.year >= _FIRST_YEAR:
                    sheet.write_datetime(rows, column, cell.replace(tzinfo=None), moment)
                else:
                    sheet.write_string(rows, column, _cell_text(cell))
    return rows


def show(console: Console, page: Page, query: Query) -> None:
    """The hits of one page as a reader of the terminal sees them, and how to see the others."""
    for number, document in enumerate(page.hits, 1):
        article, marks = document.article, marks_of(document, query)
        head = Text(f"{number}. ").append_text(_marked(article.title or "(không có tiêu đề)", "title", marks))
        head.stylize("bold")
        _say(console, head)
        _say(console, Text(f"   {article.outlet_name or article.outlet or 'không rõ báo'} · {_when(document)}"))
        if article.url:
            _say(console, Text(f"   {article.url}".translate(_UNSHOWN), style="dim"))
        snippet = _snippet(document, marks)
        if snippet:
            _say(console, Text("   ").append_text(snippet))
        _say(console, Text())
    shown = len(page.hits)
    summary = f"Tìm thấy {page.total} bài."
    if shown < page.total:
        summary = (
            f"Tìm thấy {page.total} bài, đang hiện {shown} bài đầu. Xem thêm: --limit {min(page.total, shown * 5)}; "
            "ghi tất cả ra tệp: --csv TỆP.csv, --xlsx TỆP.xlsx hoặc --json."
        )
    _say(console, Text(summary))


def caret(text: str, error: QueryError) -> str:
    """The query with a mark under the column of its error."""
    line = text.translate(_UNSHOWN)
    return f"  {line}\n  {' ' * cell_len(line[: error.column - 1])}^"


def _say(console: Console, text: Text) -> None:
    # soft_wrap: a line is never cut by us, so an address can be copied and a pipe gets whole lines.
    console.print(text, soft_wrap=True)


def _when(document: Enriched) -> str:
    article = document.article
    local = _local(article.time).strftime("%d/%m/%Y %H:%M")
    return local if article.published_at else f"không rõ ngày đăng, thấy lần đầu {local}"


def _local(moment: datetime) -> datetime:
    try:
        return moment.astimezone(ZONE)
    except OverflowError:
        return moment  # a page may claim the year 9999


def _marked(source: str, field: Field, marks: Sequence[Evidence]) -> Text:
    text = Text(source.translate(_UNSHOWN))
    for mark in marks:
        if mark.field == field:
            text.stylize(_MARK, mark.start, mark.end)
    return text


def _snippet(document: Enriched, marks: Sequence[Evidence]) -> Text | None:
    """The surroundings of the longest row of words found outside the title, else the beginning of lead or text."""
    longest = max((mark for mark in marks if mark.field != "title"), key=lambda mark: len(mark.surface), default=None)
    name: Field = longest.field if longest else ("lead" if document.article.lead else "text")
    source = document.article.field(name)
    if not source.strip():
        return None
    begin, end = (longest.start, longest.end) if longest else (0, 0)
    first, last = max(0, begin - _SNIPPET), min(len(source), end + _SNIPPET)
    # Not within a word, where a space is near.
    if first > 0 and (space := source.find(" ", first, begin)) >= 0:
        first = space + 1
    if last < len(source) and (space := source.rfind(" ", end, last)) >= 0:
        last = space
    whole = _marked(source, name, marks)
    return Text("…" if first > 0 else "").append_text(whole[first:last]).append("…" if last < len(source) else "")


def _row(document: Enriched, query: Query) -> tuple[str | datetime, ...]:
    article = document.article
    snippet = _snippet(document, marks_of(document, query))
    return (
        article.title,
        article.outlet_name or article.outlet,
        _local(article.published_at) if article.published_at else "không rõ",
        article.url or "",
        document.language,
        ", ".join(sorted(document.places)),
        ", ".join(hit.topic for hit in document.topics),
        snippet.plain if snippet else "",
        article.article_id,
    )


def _cell_text(cell: str | datetime) -> str:
    return cell.strftime("%d/%m/%Y %H:%M") if isinstance(cell, datetime) else cell


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet would run as a formula becomes one that it shows."""
    return f"'{cell}" if cell.lstrip(" \u00a0\ufeff\u200b").startswith(_FORMULA) else cell


def search_archive(
    archive: Archive,
    query: Query,
    out: TextIO,
    *,
    console: Console,
    limit: int | None = None,
    as_json: bool = False,
    table: tuple[Path, Callable[[Path, Iterable[Enriched], Query], int]] | None = None,
) -> int:
    """Search and write; returns how many articles were written. `console` is for people, `out` for programs.

    Without a form for programs one page is shown. Raises Unavailable, and OSError for a file.
    """
    if as_json:
        written = 0
        for document in all_hits(archive, query, limit):
            out.write(json_line(document, query) + "\n")
            written += 1
        return written
    if table is not None:
        path, write = table
        return write(path, all_hits(archive, query, limit), query)
    page = archive.search(query, limit or ON_SCREEN)
    if page.hits:
        show(console, page, query)
    return len(page.hits)
