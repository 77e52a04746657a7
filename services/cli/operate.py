"""Commands of the operator: init, check, doctor, feeds, parked."""

from __future__ import annotations

import shutil
import sys
from contextlib import closing
from datetime import tzinfo
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services import resources, wiring
from services.alerter.words import STATES
from services.cli import app
from services.cli.doctor import cursors_of, examine
from services.cli.options import (
    INVALID,
    UNREACHABLE,
    ConfigOption,
    DataOption,
    account,
    reaching,
    refuse,
    rules_from,
    settings_from,
)
from services.collector.feed_days import feed_days
from services.desk.parked import ParkedItem, list_parked, retry
from services.domain.codec import encode
from services.domain.feed import Feed, FeedCursor, FeedState
from services.rulebook.book import Rulebook
from services.rulebook.errors import ConfigError, ConfigErrors
from services.rulebook.load import load
from services.settings import config_folder, load_settings

ADVICE: dict[FeedState, str] = {
    "ok": "",
    "http_error": "Mở địa chỉ bằng trình duyệt; nếu mở được mà lâu vẫn lỗi, hỏi mạng cơ quan.",
    "blocked": "Báo chặn máy đọc. Không vượt: điền contact, xin tòa soạn cho phép, hoặc dùng truy vấn Google.",
    "empty": "RSS đúng mẫu nhưng rỗng: tìm RSS chuyên mục khác của báo.",
    "stale": "Nguồn đứng im: mở trang báo xem RSS có đổi địa chỉ.",
    "moved": "Vẫn đọc được: sửa url trong feeds.yaml theo địa chỉ mới.",
    "wrong_section": "Địa chỉ trả về chuyên mục khác: kiểm tra số chuyên mục trong url.",
    "parse_error": "Địa chỉ không phải RSS, hoặc RSS hỏng: mở xem, sửa url.",
    "refused": "Địa chỉ không an toàn hoặc quá lớn: kiểm tra url.",
}


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Thư mục mới cho cấu hình. / A new folder.")],
) -> None:
    """Chép bộ cấu hình kèm theo ra để sửa. / Copy the shipped configuration out.

    Ví dụ: [bold]diembao init cau-hinh[/bold], sửa, rồi [bold]diembao check --config cau-hinh[/bold]
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        typer.echo(
            f"{folder} đã có nội dung; không ghi đè. Hãy chọn thư mục mới. / exists and is not empty, nothing written",
            err=True,
        )
        raise typer.Exit(INVALID)
    try:
        shutil.copytree(resources.config_dir(), folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*", "*~"))
    except OSError as error:
        typer.echo(f"{folder}: không chép được ({error}) / cannot be written", err=True)
        raise typer.Exit(INVALID) from error
    typer.echo(f"Đã chép cấu hình vào {folder}. / Configuration copied.")
    typer.echo(
        "Điền people.yaml và tên cơ quan trong diembao.yaml trước, rồi chạy: diembao check --config " + str(folder)
    )


@app.command()
def check(config: ConfigOption = None, data: DataOption = None) -> None:
    """Kiểm tra toàn bộ cấu hình. / Validate all configuration.

    Mỗi lỗi một dòng: TỆP:DÒNG:CỘT. Có lỗi thì kết thúc với mã 2 và không thay đổi gì.

    Ví dụ: [bold]diembao check --config cau-hinh[/bold]
    """
    errors: list[ConfigError] = []
    rules = None
    try:
        load_settings(config, data)
    except ConfigErrors as found:
        errors += found.errors
    try:
        rules = load(config_folder(config))
    except ConfigErrors as found:
        errors += found.errors
    if errors or rules is None:
        refuse(ConfigErrors(errors))
    for line in _counts(rules):
        typer.echo(line)


def _counts(rules: Rulebook) -> list[str]:
    running, feeds, facts = rules.running, rules.feeds.values(), rules.facts.facts.values()
    outlets, people = rules.outlets.by_id.values(), rules.people.by_login
    off = [feed.id for feed in feeds if not feed.enabled]
    statuses = [
        f"{name} {sum(fact.status == name for fact in facts)}" for name in ("verified", "single_source", "disputed")
    ]
    lines = [
        f"Cấu hình hợp lệ, phiên bản {rules.version} / valid",
        f"Nguồn tin / feeds: {len(rules.feeds)} ({len(off)} tắt: {', '.join(off) or 'không'}); "
        f"chưa kiểm chứng {sum(not feed.verified for feed in feeds)}",
        f"Báo, trang tin / outlets: {len(outlets)}; chưa kiểm chứng {sum(not one.verified for one in outlets)}",
        f"Địa danh / places: {len(rules.places.places)} "
        f"({sum(place.watched for place in rules.places.places.values())} được theo dõi)",
        f"Chủ đề / topics: {len(rules.topics.topics)}",
        f"Điều kiện theo dõi / watches: {len(rules.watches)}, đang bật {len(running)}: {', '.join(running)}",
        f"Dữ kiện / facts: {len(rules.facts.facts)} ({', '.join(statuses)})",
        f"Người / people: {len(people)}",
    ]
    if not people:
        boxes = ", ".join(one.email for held in rules.people.by_role.values() for one in held)
        lines.append(
            f"CHÚ Ý: people.yaml chưa có ai. Thư đề gửi tới hộp thư thay thế ({boxes}); chưa ai xác nhận được dữ kiện. "
            "/ nobody in people.yaml: letters go to stand-in mailboxes, nobody can confirm"
        )
    return lines


@app.command()
def doctor(config: ConfigOption = None, data: DataOption = None) -> None:
    """Thử mọi thứ mà chương trình cần và nói chỗ nào hỏng. / Reach every dependency and say what is wrong.

    Kết thúc với mã 3 khi có thứ không tới được, mã 2 khi cấu hình sai.

    Ví dụ: [bold]diembao doctor --data /var/lib/diembao[/bold]
    """
    settings = settings_from(config, data)
    rules = rules_from(settings)
    table = Table("", "Việc / what", "Thấy gì / found", box=None)
    failed = False
    marks = {"ok": "[green]ĐƯỢC[/green]", "warn": "[yellow]CHÚ Ý[/yellow]", "fail": "[red]HỎNG[/red]"}
    for finding in examine(settings, rules, wiring.system_clock()):
        table.add_row(marks[finding.grade], finding.what, escape(finding.words))
        failed = failed or finding.grade == "fail"
    _console().print(table)
    if failed:
        raise typer.Exit(UNREACHABLE)


@app.command()
def feeds(
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON Lines: mỗi nguồn và mỗi ngày một dòng. / A line for each feed and day.")
    ] = False,
) -> None:
    """Danh sách nguồn tin, tình trạng và việc nên làm. / Feeds with state and advice.

    Ví dụ: [bold]diembao feeds[/bold]; [bold]diembao feeds --json > nguon.jsonl[/bold]
    """
    settings = settings_from(config, data)
    rules = rules_from(settings)
    with reaching(), closing(wiring.open_ledger(settings)) as ledger:
        if as_json:
            for day in feed_days(ledger):
                typer.echo(encode(day).decode())
            return
        cursors = cursors_of(ledger)
    table = Table("Nguồn / feed", "Tình trạng / state", "Lần đọc / read", "Việc nên làm / advice", box=None)
    for feed in rules.feeds.values():
        table.add_row(*(escape(cell) for cell in _feed_row(feed, cursors.get(feed.id), settings.digest.zone)))
    _console().print(table)


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
    action: Annotated[str, typer.Argument(metavar="[retry]", help="retry: cho xử lý lại. / Send round again.")] = "",
    which: Annotated[str, typer.Argument(metavar="[ID|all]", help="Mã bản ghi, hoặc all. / An id, or all.")] = "",
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Bản ghi không xử lý được: xem, hoặc cho xử lý lại. / Parked messages: list them, or send them round again.

    Ví dụ: [bold]diembao parked[/bold]; [bold]diembao parked retry 12[/bold]; [bold]diembao parked retry all[/bold]
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
        chosen = [item for item in items if (item.retried is None if which == "all" else item.id == which)]
        if not chosen and which != "all":
            typer.echo(f"Không có bản ghi {which}. / No such message.", err=True)
            raise typer.Exit(INVALID)
        count = retry(bus, ledger, chosen, account(), clock.now())
    typer.echo(f"Đã cho xử lý lại {count} bản ghi. / {count} messages sent round again.")


def _print_parked(items: list[ParkedItem], zone: tzinfo) -> None:
    if not items:
        typer.echo("Không có bản ghi nào bị giữ lại. / Nothing is parked.")
        return
    table = Table("ID", "Lúc / at", "Từ / topic", "Khóa / key", "Lý do / reason", "Đã thử lại / retried", box=None)
    for item in items:
        done = f"{item.retried.by}, {item.retried.at.astimezone(zone):%d/%m %H:%M}" if item.retried else ""
        one = item.parked
        cells = (item.id, f"{one.at.astimezone(zone):%d/%m %H:%M}", one.topic, one.key, one.reason, done)
        table.add_row(*(escape(cell) for cell in cells))
    _console().print(table)


def _console() -> Console:
    """Rich's table on a terminal; in a pipe wide enough that no line breaks."""
    return Console() if sys.stdout.isatty() else Console(width=220)
