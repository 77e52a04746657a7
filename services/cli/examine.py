"""Commands that examine: check the configuration, doctor the installation."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from services import wiring
from services.cli import app
from services.cli.options import (
    INVALID,
    UNREACHABLE,
    ConfigOption,
    DataOption,
    refuse,
    settings_from,
    silences,
)
from services.cli.views.table import print_table
from services.desk.alive import LONGEST_SILENCE, SERVICES, last_beat
from services.desk.config_state import config_state, state_lines
from services.desk.doctor import FOLDER, examine
from services.domain.calendar import ZONE
from services.ports.errors import PortError
from services.rulebook.accepted import in_force
from services.rulebook.book import Rulebook
from services.rulebook.errors import ConfigError, ConfigErrors
from services.rulebook.load import load
from services.rulebook.remarks import PLACES, place_remarks
from services.settings import Settings, config_folder, data_folder, load_settings


@app.command()
def check(config: ConfigOption = None, data: DataOption = None) -> None:
    """Kiểm tra toàn bộ cấu hình. / Validate all configuration.

    Mỗi lỗi một dòng: TỆP:DÒNG:CỘT. Có lỗi thì kết thúc với mã 2 và không thay đổi gì. Dòng CHÚ Ý: hợp lệ, nhưng chắc
    không đúng ý.

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
        typer.echo(ConfigErrors(errors).told, err=True)
        _say_state(settings, valid=False)
        raise typer.Exit(INVALID)
    for line in _counts(rules):
        typer.echo(line)
    if settings.mail.startswith("folder:"):
        typer.echo("Thư: ghi thành tệp, chưa gửi cho ai; phần smtp chưa dùng. / letters go to a folder, smtp is unused")
    _say_state(settings)


def _say_state(settings: Settings | None, *, valid: bool = True) -> None:
    """What runs and what waits, where a service has run with these settings; on stderr, after the errors."""
    if settings is None:
        return
    try:
        with closing(wiring.open_ledger(settings)) as ledger:
            state = config_state(ledger, settings.config_dir)
    except PortError:
        return  # never started here, or not reachable: `doctor` says which
    for line in state_lines(state, settings.digest.zone, valid=valid):
        typer.echo(line, err=True)


def _counts(rules: Rulebook) -> list[str]:
    running, feeds, facts = rules.running, rules.feeds.values(), rules.facts.facts.values()
    outlets = rules.outlets.by_id.values()
    off = [feed.id for feed in feeds if not feed.enabled]
    switched = f"{len(off)} tắt: {', '.join(off)}" if off else "không tắt nguồn nào"
    statuses = [
        f"{name} {sum(fact.status == name for fact in facts)}" for name in ("verified", "single_source", "disputed")
    ]
    lines = [
        f"Cấu hình hợp lệ, phiên bản {rules.version} / valid",
        f"Nguồn tin / feeds: {len(rules.feeds)} ({switched}); "
        f"chưa kiểm chứng {sum(not feed.verified for feed in feeds)}",
        f"Báo, trang tin / outlets: {len(outlets)}; chưa kiểm chứng {sum(not one.verified for one in outlets)}",
        f"Địa danh / places: {len(rules.places.places)} "
        f"({sum(place.watched for place in rules.places.places.values())} được theo dõi)",
        f"Chủ đề / topics: {len(rules.topics.topics)}",
        f"Điều kiện theo dõi / watches: {len(rules.watches)}, đang bật {len(running)}: {', '.join(running)}",
        f"Dữ kiện / facts: {len(rules.facts.facts)} ({', '.join(statuses)})",
        f"Người / people: {len(rules.people.by_login)}",
    ]
    return lines + silences(rules) + _remarks(rules)


def _remarks(rules: Rulebook) -> list[str]:
    """What is valid and hardly meant."""
    lines = list(place_remarks(rules.texts[PLACES]))
    if unchecked := [id_ for id_, fact in rules.facts.facts.items() if rules.facts.unreachable(fact)]:
        lines.append(
            f"CHÚ Ý: {len(unchecked)} dữ kiện bằng số không có words nên không câu nào được đối chiếu: "
            f"{', '.join(unchecked)} / numeric facts without words, never checked"
        )
    if not rules.people.by_login:
        boxes = ", ".join(one.email for held in rules.people.by_role.values() for one in held)
        lines.append(
            f"CHÚ Ý: people.yaml chưa có ai. Thư đề gửi tới hộp thư thay thế ({boxes}); chưa ai xác nhận được dữ kiện. "
            "/ nobody in people.yaml: letters go to stand-in mailboxes, nobody can confirm"
        )
    elif missing := [(role, held[0].email) for role, held in rules.people.by_role.items() if not held[0].login]:
        roles = ", ".join(f"{role} (thư tới {email})" for role, email in missing)
        lines.append(f"CHÚ Ý: people.yaml chưa có ai giữ vai trò {roles} / nobody holds this role")
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
    if health:
        # Without diembao.yaml: a slip in it must not make services unhealthy that run on.
        _say_health(data_folder(data), health)
        return
    settings = settings_from(config, data)
    rules, invalid = _rules_examined(settings)
    rows = []
    failed = False
    marks = {"ok": "[green]ĐƯỢC[/green]", "warn": "[yellow]CHÚ Ý[/yellow]", "fail": "[red]HỎNG[/red]"}
    clock = wiring.system_clock()
    for finding in examine(settings, rules, wiring.reach(settings, clock), clock, invalid):
        rows.append((marks[finding.grade], finding.what, escape(finding.words)))
        failed = failed or (finding.grade == "fail" and finding.what != FOLDER)
    print_table(("", "Việc / what", "Thấy gì / found"), rows)
    if failed:
        raise typer.Exit(UNREACHABLE)
    if invalid:
        raise typer.Exit(INVALID)


def _rules_examined(settings: Settings) -> tuple[Rulebook, list[ConfigError]]:
    """(the folder's, []), or where it is not valid what the services run with, and the errors."""
    try:
        return load(settings.config_dir, samples=False), []
    except ConfigErrors as errors:
        try:
            with closing(wiring.open_ledger(settings)) as ledger:
                found = in_force(ledger)
        except (PortError, ConfigErrors):
            found = None
        if found is None:
            refuse(errors)
        return found, errors.errors


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
