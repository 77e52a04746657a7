"""Commands of the operator: init, check, doctor, feeds, parked."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import tzinfo
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from services import resources, wiring
from services.cli import app
from services.cli.options import (
    INVALID,
    UNREACHABLE,
    ConfigOption,
    DataOption,
    account,
    reaching,
    rules_from,
    settings_from,
    silences,
)
from services.collector.feed_days import feed_days
from services.desk.alive import LONGEST_SILENCE, SERVICES, last_beat
from services.desk.config_state import config_state, state_lines
from services.desk.doctor import cursors_of, examine
from services.desk.parked import ParkedItem, list_parked, retry
from services.domain.calendar import ZONE
from services.domain.codec import encode
from services.domain.feed import Feed, FeedCursor
from services.domain.feed.words import ADVICE, STATES
from services.ports.errors import PortError
from services.rulebook.book import Rulebook
from services.rulebook.errors import ConfigError, ConfigErrors
from services.rulebook.load import load
from services.settings import Settings, config_folder, load_settings


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

    Hệ thống nhiều máy: [bold]diembao init --stores[/bold] tạo topic của Kafka và chỉ mục của Elasticsearch một lần,
    trước khi các dịch vụ chạy; chạy lại không hại gì.

    Mã kết thúc: 0 xong; 2 lệnh hoặc cấu hình sai; 3 không tới được kho.
    """
    if (folder is None) != stores:
        typer.echo("Viết: diembao init DIR, hoặc diembao init --stores / either a folder or --stores", err=True)
        raise typer.Exit(INVALID)
    if folder is None:
        settings = settings_from(config, data)
        with reaching():
            wiring.make_stores(settings, wiring.system_clock())
        for name, address in settings.addresses().items():
            if name != "mail":
                typer.echo(f"Đã có {name}: {address} / ready")
        return
    # Not DIEMBAO_CONFIG: it may name the very folder that is to be made.
    source = resources.config_dir(config)
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
    rules = settings = None
    try:
        settings = load_settings(config, data)
    except ConfigErrors as found:
        errors += found.errors
    try:
        rules = load(config_folder(config))
    except ConfigErrors as found:
        errors += found.errors
    if errors or rules is None or settings is None:
        typer.echo(str(ConfigErrors(errors)), err=True)
        _say_state(settings)
        raise typer.Exit(INVALID)
    for line in _counts(rules):
        typer.echo(line)
    if settings.mail.startswith("folder:"):
        typer.echo("Thư: ghi thành tệp, chưa gửi cho ai; phần smtp chưa dùng. / letters go to a folder, smtp is unused")
    _say_state(settings)


def _say_state(settings: Settings | None) -> None:
    """What runs and what waits, where a service has run with these settings; on stderr, after the errors."""
    if settings is None:
        return
    try:
        with closing(wiring.open_ledger(settings)) as ledger:
            state = config_state(ledger, settings.config_dir)
    except PortError:
        return  # never started here, or not reachable: `doctor` says which
    for line in state_lines(state, settings.digest.zone):
        typer.echo(line, err=True)


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
    lines += silences(rules)
    if unchecked := [id_ for id_, fact in rules.facts.facts.items() if rules.facts.unreachable(fact)]:
        lines.append(
            f"CHÚ Ý: {len(unchecked)} dữ kiện bằng số không có words nên không câu nào được đối chiếu: "
            f"{', '.join(unchecked)} / numeric facts without words, never checked"
        )
    if not people:
        boxes = ", ".join(one.email for held in rules.people.by_role.values() for one in held)
        lines.append(
            f"CHÚ Ý: people.yaml chưa có ai. Thư đề gửi tới hộp thư thay thế ({boxes}); chưa ai xác nhận được dữ kiện. "
            "/ nobody in people.yaml: letters go to stand-in mailboxes, nobody can confirm"
        )
    return lines


@app.command()
def doctor(
    config: ConfigOption = None,
    data: DataOption = None,
    health: Annotated[
        str,
        typer.Option(
            metavar="SERVICE",
            help="Chỉ hỏi dịch vụ này còn làm việc không (run, collector, enricher, alerter), cho máy theo dõi. "
            "/ Only whether this service works, for a container's health check.",
        ),
    ] = "",
) -> None:
    """Thử mọi thứ mà chương trình cần và nói chỗ nào hỏng. / Reach every dependency and say what is wrong.

    Kết thúc với mã 3 khi có thứ không tới được, mã 2 khi cấu hình sai.

    Ví dụ: [bold]diembao doctor --data /var/lib/diembao[/bold]; [bold]diembao doctor --health collector[/bold]
    """
    settings = settings_from(config, data)
    if health:
        _say_health(settings.data_dir, health)
        return
    rules = rules_from(settings)
    rows = []
    failed = False
    marks = {"ok": "[green]ĐƯỢC[/green]", "warn": "[yellow]CHÚ Ý[/yellow]", "fail": "[red]HỎNG[/red]"}
    clock = wiring.system_clock()
    for finding in examine(settings, rules, wiring.reach(settings, clock), clock):
        rows.append((marks[finding.grade], finding.what, escape(finding.words)))
        failed = failed or finding.grade == "fail"
    _print(("", "Việc / what", "Thấy gì / found"), rows)
    if failed:
        raise typer.Exit(UNREACHABLE)


def _say_health(folder: Path, service: str) -> None:
    if service not in SERVICES:
        typer.echo(f"--health: một trong {', '.join(SERVICES)} / one of these", err=True)
        raise typer.Exit(INVALID)
    last = last_beat(folder, service)
    if last is None or wiring.system_clock().now() - last > LONGEST_SILENCE:
        said = f"lần cuối {last.astimezone(ZONE):%H:%M:%S %d/%m/%Y}" if last else "chưa thấy lần nào"
        typer.echo(f"{service}: không thấy làm việc, {said} ({folder}) / no sign of life", err=True)
        raise typer.Exit(UNREACHABLE)
    typer.echo(f"{service}: đang làm việc, lúc {last.astimezone(ZONE):%H:%M:%S %d/%m/%Y} / alive")


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
    rules = rules_from(settings)
    with reaching(), closing(wiring.open_ledger(settings)) as ledger:
        if as_json:
            for day in feed_days(ledger):
                typer.echo(encode(day).decode())
            return
        cursors = cursors_of(ledger)
    _print(
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

    Mã kết thúc: 0 xong; 2 lệnh hoặc cấu hình sai, không có bản ghi đó; 3 không mở được kho.
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
        chosen = [
            item for item in items if (item.retried is None and item.whole if which == "all" else item.id == which)
        ]
        if not chosen and which != "all":
            typer.echo(f"Không có bản ghi {which}. / No such message.", err=True)
            raise typer.Exit(INVALID)
        if which != "all" and not chosen[0].whole:
            typer.echo(f"{which}: {chosen[0].parked.reason}; không thể thử lại. / cannot be sent again", err=True)
            raise typer.Exit(INVALID)
        count = retry(bus, ledger, chosen, account(), clock.now())
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
    _print(("ID", "Lúc / at", "Từ / topic", "Khóa / key", "Lý do / reason", "Đã thử lại / retried"), rows)


def _print(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on a terminal; in a pipe a line for each row, its cells (rich markup) parted by tabs."""
    if not sys.stdout.isatty():
        for row in (headings, *rows):
            typer.echo("\t".join(" ".join(Text.from_markup(cell).plain.split()) for cell in row))
        return
    table = Table(*headings, box=None)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
