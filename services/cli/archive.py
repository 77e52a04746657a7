"""Commands of the analyst that read the archive: search, why."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services import wiring
from services.cli import app
from services.cli.options import INVALID, ConfigOption, DataOption, reaching, rules_for_reading, settings_from
from services.cli.views.found import caret, search_archive, write_csv, write_xlsx
from services.cli.views.why import lines_of
from services.desk.why import why as account_of
from services.domain.query import Query, QueryError, parse
from services.rulebook.book import Rulebook

_SEARCH_HELP = """Tìm trong kho bài. / Search the archive.

Có dấu hay không dấu đều được; bài viết đúng dấu đứng trước, rồi bài mới nhất.

Nối điều kiện: AND (hoặc viết liền nhau), OR, NOT hoặc dấu -, ngoặc ( ), "cụm từ". Trường: title: lead: body: outlet:
language: place: topic: tone: after: before:. Ngày theo giờ Việt Nam: after: kể từ đầu ngày đó, before: đến hết ngày hôm
trước. `cháy NEAR/5 rừng`: cách nhau nhiều nhất 5 từ; `=cháy`: đúng từng dấu; `re:/mẫu/`: biểu thức chính quy, đi cùng
một điều kiện khác. Mã địa danh, chủ đề, báo: mục `id` của places.yaml, topics.yaml, outlets.yaml.
Mọi cách viết, kèm ví dụ: docs/truy-van.md.

Ví dụ:

  diembao search 'bu gia map'

  diembao search '"cháy rừng" place:bu-gia-map after:2026-11-01 -title:"diễn tập"'

  diembao search 'topic:ha_tang (ĐT.741 OR "quốc lộ 14")' --csv ket-qua.csv

  diembao search 'place:bu-gia-map re:/[0-9]+ ?ha/'

  diembao search -- '-title:"diễn tập" bu gia map'    (truy vấn bắt đầu bằng dấu - thì viết -- trước)

Mã kết thúc: 0 có bài; 1 không có bài nào; 2 truy vấn hoặc cấu hình sai; 3 không mở được kho.
"""


@app.command(help=_SEARCH_HELP)
def search(
    words: Annotated[list[str], typer.Argument(metavar="QUERY", help="Truy vấn, nên đặt trong dấu nháy đơn.")],
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Số bài nhiều nhất; mặc định 20 trên màn hình, tất cả khi ghi tệp hay --json."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON Lines: mỗi bài một dòng.")] = False,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Ghi bảng CSV (UTF-8, Excel mở được).")] = None,
    xlsx: Annotated[Path | None, typer.Option(metavar="FILE", help="Ghi bảng Excel.")] = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    if sum((as_json, csv is not None, xlsx is not None)) > 1:
        typer.echo("Chỉ chọn một trong --json, --csv, --xlsx. / Choose one of --json, --csv, --xlsx.", err=True)
        raise typer.Exit(INVALID)
    settings = settings_from(config, data)
    rules = rules_for_reading(settings)
    query = _understood(" ".join(words), rules)
    table = (csv, write_csv) if csv is not None else (xlsx, write_xlsx) if xlsx is not None else None
    with reaching(), closing(wiring.open_archive(settings)) as archive:
        try:
            written = search_archive(
                archive, query, sys.stdout, console=Console(), limit=limit, as_json=as_json, table=table
            )
        except OSError as error:
            if table is None:
                raise  # a pipe that was closed; typer ends quietly
            typer.echo(
                f"Không ghi được {csv or xlsx}: {error.strerror or error} / the file cannot be written", err=True
            )
            raise typer.Exit(INVALID) from error
    if table is not None:
        typer.echo(f"Đã ghi {written} bài vào {table[0]}.", err=True)
    if not written:
        typer.echo(_none_found(query, rules), err=True)
        raise typer.Exit(1)


@app.command()
def why(
    url: Annotated[str, typer.Argument(metavar="URL", help="Địa chỉ bài báo.")],
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Địa chỉ này đã đi đến đâu: nguồn, kho, theo dõi, thư. / What became of this address.

    Ví dụ:  diembao why https://bao.example/tin-123.html

    Mã kết thúc: 0 có biết; 1 chưa từng thấy địa chỉ này; 2 cấu hình hoặc địa chỉ sai; 3 không mở được kho.
    """
    if not url.strip():
        typer.echo("Cần địa chỉ của bài báo. / The address of an article is needed.", err=True)
        raise typer.Exit(INVALID)
    settings = settings_from(config, data)
    rules = rules_for_reading(settings)
    with (
        reaching(),
        closing(wiring.open_archive(settings)) as archive,
        closing(wiring.open_ledger(settings)) as ledger,
    ):
        account = account_of(url, rules, archive, ledger)
    for line in lines_of(account, rules, settings.digest.zone):
        typer.echo(line)
    if not account.known:
        raise typer.Exit(1)


def _understood(text: str, rules: Rulebook) -> Query:
    try:
        return parse(text, rules.places.spellings_of)
    except QueryError as error:
        typer.echo(f"Truy vấn chưa đúng, {error}\n{caret(text, error)}", err=True)
        raise typer.Exit(INVALID) from error


def _none_found(query: Query, rules: Rulebook) -> str:
    lines = ["Không có bài nào khớp với truy vấn này. / Nothing found."]
    for what, named, known, file in (
        ("địa danh", query.places, rules.places.places.keys(), "places.yaml"),
        ("chủ đề", query.topics, rules.topics.topics.keys(), "topics.yaml"),
        ("báo", query.outlets, rules.outlets.by_id.keys(), "outlets.yaml"),
    ):
        lines += [f"Không có {what} mang mã {name}{_meant(name, known, file)}." for name in sorted(named - known)]
    return "\n".join(lines)


def _meant(name: str, known: Collection[str], file: str) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
    return f"; có phải {close[0]}?" if close else f"; mã là mục id của {file}"
