"""Commands that read articles as JSON Lines and answer each line: match, enrich."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.progress import Progress

from services.cli import app
from services.cli.enrich_lines import enrich_lines, save_lines
from services.cli.json_lines import BadLine, GivenArticle, open_inputs, open_output, read_articles
from services.cli.options import (
    INVALID,
    ConfigOption,
    DataOption,
    UnusedDataOption,
    reaching,
    refuse,
    rules_from,
    settings_from,
)
from services.domain.address import unsafe_address
from services.domain.codec import plain
from services.domain.place.register import PlaceRegister
from services.rulebook.errors import ConfigErrors
from services.rulebook.load import load_places
from services.settings import config_folder
from services.wiring import open_archive, open_ledger, system_clock

Files = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FILE", help="Tệp JSON Lines; - hoặc không ghi thì đọc từ đầu vào chuẩn.", show_default=False
    ),
]

_MATCH_HELP = """Nhận ra địa danh trong bài. / Find the watched places in articles.

Mỗi dòng vào là một bài (JSON có title hoặc text); mỗi dòng ra là bài đó thêm article_id, mentions, rejected, places
và verdict (about, mentioned, none), theo đúng thứ tự vào. Dòng không phải bài cho {"error","line"}.

Ví dụ:

  diembao match bai.jsonl

  echo '{"title": "Cháy rừng ở xã Đăk Ơ"}' | diembao match

Mã kết thúc: 0 xong; 1 có dòng bị từ chối hoặc không có bài nào; 2 cấu hình hoặc tệp sai.
"""


@app.command(help=_MATCH_HELP)
def match(files: Files = None, config: ConfigOption = None, data: UnusedDataOption = None) -> None:
    try:
        places = load_places(config_folder(config))
    except ConfigErrors as errors:
        refuse(errors)
    with ExitStack() as stack:
        try:
            streams = open_inputs(files or [], stack)
        except OSError as error:
            typer.echo(f"Không đọc được tệp: {error} / the file cannot be read", err=True)
            raise typer.Exit(INVALID) from error
        out = open_output()
        counts = [match_lines(stream, places, out) for stream in streams]
    if any(refused for _, refused in counts) or not any(articles for articles, _ in counts):
        raise typer.Exit(1)


def match_lines(stream: Iterable[bytes], places: PlaceRegister, out: TextIO) -> tuple[int, int]:
    """Answer every line of one file. Returns how many were articles and how many were refused."""
    articles = refused = 0
    for given in read_articles(stream):
        if isinstance(given, BadLine):
            refused += 1
            out.write(given.answer() + "\n")
            continue
        articles += 1
        reading = places.read(given.fields(), given.published_at)
        out.write(given.answer({"article_id": given.article_id, **plain(reading.told())}) + "\n")
    return articles, refused


_ENRICH_HELP = """Phân tích bài: ngôn ngữ, địa danh, chủ đề, sắc thái, dữ kiện, cùng việc. / Enrich articles.

Mỗi dòng vào là một bài (JSON có title hoặc text); mỗi dòng ra thêm các khóa của match và language, topics, tone,
tone_document, issue_type, findings, story_id, copy_of. Đọc hết mọi dòng rồi mới ghi; đổi thứ tự dòng không đổi kết quả.

Ví dụ:

  diembao enrich bai.jsonl > ket-qua.jsonl

  diembao enrich bai.jsonl --save --data /var/lib/diembao

Mã kết thúc: 0 xong; 1 có dòng bị từ chối hoặc không có bài nào; 2 cấu hình hoặc tệp sai; 3 không mở được kho.
"""


@app.command(help=_ENRICH_HELP)
def enrich(
    files: Files = None,
    save: Annotated[bool, typer.Option("--save", help="Ghi cả vào kho; mỗi dòng phải có url. / Archive them.")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    settings = settings_from(config, data)
    rules = rules_from(settings)
    with ExitStack() as stack:
        try:
            read = [one for stream in open_inputs(files or [], stack) for one in read_articles(stream)]
        except OSError as error:
            typer.echo(f"Không đọc được tệp: {error} / the file cannot be read", err=True)
            raise typer.Exit(INVALID) from error
    lines = [_with_address(one) for one in read] if save else read
    articles = [one for one in lines if isinstance(one, GivenArticle)]
    with progress(len(articles)) as step:
        if save:
            with (
                reaching(),
                closing(open_archive(settings, create=True)) as archive,
                closing(open_ledger(settings, create=True)) as ledger,
            ):
                answers = iter(save_lines(articles, rules, archive, ledger, system_clock().now(), step))
        else:
            answers = iter(enrich_lines(articles, rules, step))
    out = open_output()
    for one in lines:
        out.write((one if isinstance(one, BadLine) else next(answers)).answer() + "\n")
    if not articles or len(articles) < len(lines):
        raise typer.Exit(1)


def _with_address(one: GivenArticle | BadLine) -> GivenArticle | BadLine:
    if isinstance(one, GivenArticle) and not one.url:
        return BadLine(one.line, "--save cần url của bài / --save needs the url of the article")
    reason = unsafe_address(one.url) if isinstance(one, GivenArticle) and one.url else None
    return one if reason is None else BadLine(one.line, f"--save chỉ nhận địa chỉ công khai: {reason}")


@contextmanager
def progress(total: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal, nothing in a pipe; the function given is called after each article."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("Đang phân tích", total=total)
        yield lambda: bar.advance(task)
