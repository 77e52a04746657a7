"""The command that plays days again: into an archive, and as the letters that they would have brought."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from services import wiring
from services.alerter.letter import Sent
from services.cli import app
from services.cli.options import INVALID, ConfigOption, DataOption, moment, reaching, rules_in_force, settings_from
from services.ports.archive import Archive
from services.replay.fill import fill
from services.replay.letters import ForRecipient, replay_letters
from services.replay.scratch import Installation, Replayed
from services.rulebook.settings_checks import SCHEMES
from services.settings import Settings, without_password

_HELP = """Chạy lại những ngày đã qua từ nhật ký thu bài; không bao giờ gửi thư. / Play past days again; never mails.

Phân tích lại các bài đã thu trong khoảng từ --from đến trước --to (giờ Việt Nam nếu không ghi múi giờ) theo cấu hình
đang dùng, và ghi vào kho của cấu hình, hoặc vào kho khác với --into. Cùng cấu hình thì bài giống hệt lần đầu. Chạy
được bên cạnh dịch vụ; ngắt giữa chừng thì chạy lại. Tệp tạm nằm trong thư mục dữ liệu, cần chỗ trống cỡ nhật ký của
những ngày ấy, chạy xong thì xóa.

--letters ghi những thư mà các ngày ấy lẽ ra gửi theo cấu hình đang dùng, thành tệp trong một thư mục mới, như thể
văn phòng bắt đầu nhận thư từ --from: điều đã báo trước đó được báo lại; có cả bài đến nay mới khớp (trước đây bỏ qua).
Không kèm --into thì kho, sổ, bus không thay đổi gì.

Ví dụ:

  diembao replay --from 2026-11-17 --to 2026-11-20

  diembao replay --from 2026-11-17 --to 2026-11-20 --into sqlite:/var/tmp/kho-moi.db

  diembao replay --from 2026-11-17 --to 2026-11-20 --letters thu-thu

Mã kết thúc: 0 xong; 1 có bài không phân tích được, hoặc khoảng ấy không có bài nào; 2 tùy chọn hay cấu hình sai;
3 không mở được kho.
"""
_SHOWN_REFUSED = 5


@app.command(help=_HELP)
def replay(
    since: Annotated[str, typer.Option("--from", metavar="TIME", help="Từ lúc này (RFC 3339 hoặc ngày).")],
    until: Annotated[str, typer.Option("--to", metavar="TIME", help="Đến trước lúc này.")],
    into: Annotated[
        str | None,
        typer.Option(
            "--into",
            metavar="ARCHIVE_URL",
            help="Ghi vào kho này, chưa có thì tạo: sqlite:TỆP (tính từ thư mục dữ liệu) hoặc http(s)://MÁY:CỔNG/TÊN.",
        ),
    ] = None,
    letters: Annotated[
        Path | None, typer.Option("--letters", metavar="DIR", help="Thư mục mới hoặc rỗng để ghi các thư.")
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    settings = settings_from(config, data)
    begin, end = _span(since, until, settings)
    target = dataclasses.replace(settings, archive=_address(into, settings)) if into is not None else settings
    if letters is not None:
        _require_empty(letters)
    with reaching(), ExitStack() as opened, _progress(begin, end) as reached:
        installation = Installation(
            opened.enter_context(closing(wiring.open_bus(settings, wiring.system_clock()))),
            opened.enter_context(closing(wiring.open_ledger(settings))),
            opened.enter_context(closing(wiring.open_archive(settings, create=into is None and letters is None))),
            wiring.scratch_stores(),
            settings.data_dir,
        )
        rules = rules_in_force(settings, installation.ledger)
        archive: Archive | None = None
        if into is not None:
            archive = opened.enter_context(closing(wiring.open_archive(target, create=True)))
        if letters is None:
            done, sent = fill(installation, rules, begin, end, archive or installation.archive, reached), None
        else:
            done, sent = replay_letters(
                installation, rules, settings, begin, end, letters, archive, reached, _say_written
            )
    _tell(done, into is not None)
    if sent is not None:
        _tell_letters(sent, letters)
    if done.refused or not (done.messages or sent):
        raise typer.Exit(1)


def _span(since: str, until: str, settings: Settings) -> tuple[datetime, datetime]:
    begin, end = moment("--from", since, settings), moment("--to", until, settings)
    if begin >= end:
        typer.echo("--from phải trước --to. / --from must come before --to", err=True)
        raise typer.Exit(INVALID)
    now = wiring.system_clock().now()
    # A morning that has not come has no digest yet; but the days of the sample press may all lie ahead.
    return begin.astimezone(UTC), (min(end, now) if begin < now else end).astimezone(UTC)


def _address(url: str, settings: Settings) -> str:
    """The address of --into, a path in it made absolute as in diembao.yaml; the command ends where it is none."""
    scheme, colon, rest = url.partition(":")
    host = urlsplit(url).hostname if scheme != "sqlite" else rest
    if not colon or scheme not in SCHEMES["archive"] or not host:
        typer.echo(
            f"--into: {without_password(url)!r} không phải địa chỉ kho: sqlite:TỆP, http://MÁY:CỔNG, https://MÁY:CỔNG "
            "/ is no address of an archive",
            err=True,
        )
        raise typer.Exit(INVALID)
    found = f"sqlite:{settings.data_dir / rest}" if scheme == "sqlite" else url
    if found == settings.archive:
        typer.echo("--into: đó là kho của cấu hình; bỏ --into để ghi vào đó. / leave --into out", err=True)
        raise typer.Exit(INVALID)
    return found


def _require_empty(folder: Path) -> None:
    """Make the folder; the command ends where something is in it: letters are never written over."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        empty = not any(folder.iterdir())
    except OSError as error:
        typer.echo(f"--letters {folder}: không dùng được thư mục này ({error}) / cannot be used", err=True)
        raise typer.Exit(INVALID) from error
    if not empty:
        typer.echo(f"--letters {folder}: đã có nội dung, không ghi đè. Chọn thư mục mới. / is not empty", err=True)
        raise typer.Exit(INVALID)


@contextmanager
def _progress(begin: datetime, end: datetime) -> Iterator[Callable[[datetime], None]]:
    """A bar over the time that is played again, on a terminal alone."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("Đang chạy lại", total=max(0.0, (end - begin).total_seconds()))

        def reached(at: datetime) -> None:
            bar.update(task, completed=(at - begin).total_seconds(), description=f"Đang chạy lại {at:%d/%m/%Y}")

        yield reached


def _say_written(sent: Sent) -> None:
    typer.echo(f"{sent.recipient}: {sent.subject}: {sent.where}", err=True)


def _tell(done: Replayed, elsewhere: bool) -> None:
    if not done.messages:
        typer.echo("Không có bài nào được thu trong khoảng này. / nothing was collected in these days", err=True)
        return
    typer.echo(
        f"Đã chạy lại {done.articles} bài ({done.messages} lần thu). So với kho của cấu hình: {done.equal} giống hệt, "
        f"{done.different} khác, {done.new} chưa có" + (f", {done.later} đã có bản mới hơn." if elsewhere else ".")
    )
    for parked in done.refused[:_SHOWN_REFUSED]:
        typer.echo(f"KHÔNG PHÂN TÍCH ĐƯỢC {parked.key}: {parked.reason}", err=True)
    if len(done.refused) > _SHOWN_REFUSED:
        typer.echo(f"… và {len(done.refused) - _SHOWN_REFUSED} bài khác. / and more", err=True)


def _tell_letters(sent: list[ForRecipient], folder: Path | None) -> None:
    table = Table(title=f"Thư đã ghi vào {folder}, không gửi cho ai", title_justify="left")
    for heading in ("Người nhận", "Bản điểm báo", "Dòng tin", "Báo ngay", "Theo quyết định"):
        table.add_column(heading)
    for recipient, days in groupby(sent, key=lambda one: one.recipient):
        mine = list(days)
        counts = (sum(getattr(one, name) for one in mine) for name in ("digests", "lines", "notices", "decided"))
        table.add_row(recipient, *map(str, counts))
    Console().print(table)
