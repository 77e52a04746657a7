"""Commands of the operator: init, feeds, parked."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import tzinfo
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer
from rich.markup import escape

from services import resources, wiring
from services.cli import app
from services.cli.options import (
    INVALID,
    ConfigOption,
    DataOption,
    acting,
    reaching,
    rules_for_reading,
    rules_in_force,
    settings_from,
)
from services.cli.views.table import print_table
from services.collector.feed_days import feed_days
from services.desk.doctor import cursors_of
from services.desk.parked import ParkedItem, list_parked, retry
from services.domain.codec import encode
from services.domain.feed import Feed, FeedCursor
from services.domain.feed.words import ADVICE, STATES
from services.settings import Settings


@app.command()
def init(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="Thư mục mới cho cấu hình. / A new folder.", show_default=False),
    ] = None,
    stores: Annotated[
        bool,
        typer.Option("--stores", help="Tạo topic và chỉ mục theo cấu hình. / Make topics and indices as configured."),
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="DIR",
            help="Chép từ thư mục này; không ghi thì chép bộ kèm theo. / Copy this folder instead of the shipped set.",
            show_default=False,
        ),
    ] = None,
    data: DataOption = None,
) -> None:
    """Chép bộ cấu hình kèm theo ra để sửa; hoặc tạo kho. / Copy the shipped configuration out; or make the stores.

    Ví dụ: [bold]diembao init cau-hinh[/bold], sửa, rồi [bold]diembao check --config cau-hinh[/bold]

    Chép thư mục đang dùng ra để thử tên gọi mới: [bold]diembao init banthu --config cau-hinh[/bold]

    Hệ thống nhiều máy: [bold]diembao init --stores[/bold] tạo topic của Kafka và chỉ mục của Elasticsearch một lần,
    trước khi các dịch vụ chạy; chạy lại không hại gì.

    Mã kết thúc: 0 xong; 2 lệnh hoặc cấu hình sai; 3 không tới được kho.
    """
    if (folder is None) != stores:
        typer.echo("Viết: diembao init DIR, hoặc diembao init --stores / either a folder or --stores", err=True)
        raise typer.Exit(INVALID)
    if folder is None:
        _make_stores(settings_from(config, data))
    else:
        # Not DIEMBAO_CONFIG: it may name the very folder that is to be made.
        _copy_out(resources.config_dir(config), folder, for_trial=config is not None)


def _make_stores(settings: Settings) -> None:
    with reaching():
        wiring.make_stores(settings, wiring.system_clock())
    for name, address in settings.addresses().items():
        if name != "mail":
            typer.echo(f"Đã có {name}: {address} / ready")


def _copy_out(source: Path, folder: Path, *, for_trial: bool) -> None:
    """`for_trial`: a copy of a folder in use, beside which changes are tried."""
    if folder.resolve().is_relative_to(source.resolve()):
        typer.echo(f"{folder} nằm trong {source}; hãy chọn chỗ khác. / lies within what is to be copied", err=True)
        raise typer.Exit(INVALID)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        typer.echo(
            f"{folder} đã có nội dung; không ghi đè. Hãy chọn thư mục mới. / exists and is not empty, nothing written",
            err=True,
        )
        raise typer.Exit(INVALID)
    try:
        shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*", "*~"))
    except OSError as error:
        typer.echo(f"{folder}: không chép được ({error}) / cannot be written", err=True)
        raise typer.Exit(INVALID) from error
    typer.echo(f"Đã chép cấu hình vào {folder}. / Configuration copied.")
    at, watches = quote(str(folder)), quote(str(folder / "watches.yaml"))
    if for_trial:
        typer.echo(
            f"Sửa trong {folder}, chưa dịch vụ nào dùng. Kiểm tra: diembao check --config {at}. Thử trên bài cũ: "
            f"diembao backtest {watches} --config {at}"
        )
    else:
        typer.echo(f"Điền people.yaml và tên cơ quan trong diembao.yaml trước, rồi chạy: diembao check --config {at}")


@app.command()
def feeds(
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON Lines: mỗi nguồn và mỗi ngày một dòng. / A line for each feed and day.")
    ] = False,
) -> None:
    """Danh sách nguồn tin, tình trạng và việc nên làm. / Feeds with state and advice.

    Trong một ống dẫn, mỗi nguồn một dòng, các ô cách nhau bằng phím Tab.

    Ví dụ: [bold]diembao feeds[/bold]; [bold]diembao feeds --json > nguon.jsonl[/bold]

    Mã kết thúc: 0 xong; 2 cấu hình sai; 3 không mở được kho.
    """
    settings = settings_from(config, data)
    rules = rules_for_reading(settings)
    with reaching(), closing(wiring.open_ledger(settings)) as ledger:
        if as_json:
            for day in feed_days(ledger):
                typer.echo(encode(day).decode())
            return
        cursors = cursors_of(ledger)
    print_table(
        ("Nguồn / feed", "Tình trạng / state", "Lần đọc / read", "Việc nên làm / advice"),
        [
            tuple(escape(cell) for cell in _feed_row(feed, cursors.get(feed.id), settings.digest.zone))
            for feed in rules.feeds.values()
        ],
    )


def _feed_row(feed: Feed, cursor: FeedCursor | None, zone: tzinfo) -> tuple[str, str, str, str]:
    if not feed.enabled:
        return feed.id, "tắt / disabled", "", feed.note
    if cursor is None:
        return feed.id, "chưa đọc / not polled", "", "" if feed.verified else "Chưa kiểm chứng: mở địa chỉ xem thử."
    words, advice = STATES[cursor.state], ADVICE[cursor.state]
    if cursor.moved_to:
        advice = f"{advice} {cursor.moved_to}"
    since = f" từ {cursor.since.astimezone(zone):%d/%m %H:%M}" if cursor.state != "ok" else ""
    said = " ".join(part for part in (advice, f"({cursor.detail})" if cursor.detail and advice else "") if part)
    return feed.id, f"{words} / {cursor.state}{since}", f"{cursor.polled_at.astimezone(zone):%d/%m %H:%M}", said


@app.command()
def parked(
    action: Annotated[str, typer.Argument(metavar="retry", help="retry: cho xử lý lại. / Send round again.")] = "",
    which: Annotated[str, typer.Argument(metavar="ID|all", help="Mã bản ghi, hoặc all. / An id, or all.")] = "",
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Bản ghi không xử lý được: xem, hoặc cho xử lý lại. / Parked messages: list them, or send them round again.

    Ví dụ: [bold]diembao parked[/bold]; [bold]diembao parked retry 3f9a0c1b2d4e[/bold];
    [bold]diembao parked retry all[/bold]

    Người cho xử lý lại là tài khoản đang đăng nhập máy, có tên trong people.yaml.

    Mã kết thúc: 0 xong; 2 lệnh hoặc cấu hình sai, không có bản ghi đó, tài khoản không có tên; 3 không mở được kho.
    """
    if action not in ("", "retry") or bool(action) != bool(which):
        typer.echo("Viết: diembao parked, hoặc diembao parked retry ID, hoặc diembao parked retry all", err=True)
        raise typer.Exit(INVALID)
    settings = settings_from(config, data)
    clock = wiring.system_clock()
    with reaching(), closing(wiring.open_bus(settings, clock)) as bus, closing(wiring.open_ledger(settings)) as ledger:
        items = list_parked(bus, ledger)
        if not action:
            _print_parked(items, settings.digest.zone)
            return
        person = acting(rules_in_force(settings, ledger))
        chosen = [
            item for item in items if (item.retried is None and item.whole if which == "all" else item.id == which)
        ]
        if not chosen and which != "all":
            typer.echo(f"Không có bản ghi {which}. / No such message.", err=True)
            raise typer.Exit(INVALID)
        if which != "all" and not chosen[0].whole:
            typer.echo(f"{which}: {chosen[0].parked.reason}; không thể thử lại. / cannot be sent again", err=True)
            raise typer.Exit(INVALID)
        count = retry(bus, ledger, chosen, person.login, clock.now())
    typer.echo(f"Đã cho xử lý lại {count} bản ghi. / {count} messages sent round again.")


def _print_parked(items: list[ParkedItem], zone: tzinfo) -> None:
    if not items:
        typer.echo("Không có bản ghi nào bị giữ lại. / Nothing is parked.")
        return
    rows = []
    for item in items:
        done = f"{item.retried.by}, {item.retried.at.astimezone(zone):%d/%m %H:%M}" if item.retried else ""
        one = item.parked
        cells = (item.id, f"{one.at.astimezone(zone):%d/%m %H:%M}", one.topic, one.key, one.reason, done)
        rows.append(tuple(escape(cell) for cell in cells))
    print_table(("ID", "Lúc / at", "Từ / topic", "Khóa / key", "Lý do / reason", "Đã thử lại / retried"), rows)
