"""Commands about what goes out: digest, review."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services import wiring
from services.alerter import words
from services.alerter.alert import Alerter
from services.alerter.digest import Drawn
from services.alerter.letter import Sent, render
from services.alerter.recipients import recipients
from services.cli import app
from services.cli.options import (
    INVALID,
    UNREACHABLE,
    ConfigOption,
    DataOption,
    account,
    moment,
    reaching,
    rules_in_force,
    settings_from,
)
from services.cli.views.review import show_case, show_list
from services.desk.review import Refused, Review, Reviewed
from services.domain.codec import plain
from services.domain.watch import Person
from services.ports.errors import Conflict, PortError, Unprocessable
from services.rulebook.accepted import NotInForce
from services.rulebook.book import Rulebook
from services.rulebook.settings_checks import MAILBOX
from services.settings import Settings

review_app = typer.Typer(
    no_args_is_help=True,
    help="Xem và quyết định các phát hiện cần kiểm tra. / Review findings.\n\n"
    "Người quyết định là tài khoản đang đăng nhập máy, có vai trò analyst trong people.yaml.",
)
app.add_typer(review_app, name="review")

REFUSED = 1
"""A letter that the server refused for good."""
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Mã phát hiện, hoặc phần đầu của mã.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Lý do, ghi vào sổ và vào thư.")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON: một dòng.")]


@app.command()
def digest(
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Như vào lúc này (RFC 3339 hoặc ngày); mặc định là bây giờ.")
    ] = None,
    preview: Annotated[Path | None, typer.Option(metavar="FILE", help="Ghi bản HTML ra tệp để xem trước.")] = None,
    send: Annotated[bool, typer.Option("--send", help="Gửi cho mọi người nhận và chuyển sang kỳ sau.")] = False,
    to: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Cùng --send: chỉ gửi đến địa chỉ này, không chuyển kỳ.")
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Bản điểm báo từ lần gửi trước đến nay. / The digest since the last one.

    Không tùy chọn: in ra màn hình, không gửi, không thay đổi gì.

    Ví dụ:  diembao digest
            diembao digest --preview diem-bao.html
            diembao digest --at 2026-11-24T06:30
            diembao digest --send --to toi@coquan.vn
            diembao digest --send

    Mã thoát: 0 xong; 1 máy chủ từ chối hẳn một thư; 2 tùy chọn hay cấu hình sai; 3 chưa kết nối được, thử lại.
    """
    if (to is not None and not send) or (send and preview is not None) or (send and at is not None and to is None):
        typer.echo(
            "--to đi cùng --send; --send không đi cùng --preview; --at chỉ gửi được bằng --to. / see --help", err=True
        )
        raise typer.Exit(INVALID)
    if to is not None:
        _require_address(to)
    settings = settings_from(config, data)
    as_at = moment("--at", at, settings) if at is not None else None
    with reaching(), _alerter(settings) as (alerter, rules):
        if send and to is None:
            _send_all(alerter, settings)
            return
        person = _reader(rules)
        drawn = alerter.preview(person, as_at)
        if to is not None:
            _send_copy(alerter, drawn, person, to)
        elif preview is not None:
            _write_preview(preview, drawn, settings)
        else:
            sys.stdout.write(render("digest", drawn.digest, settings.digest.zone, banner=settings.banner).text)


@review_app.command("list")
def review_list(
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON Lines, mọi phát hiện kể cả đã quyết định, mỗi phát hiện một dòng.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="Cả những phát hiện đã quyết định.")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Các phát hiện, mới nhất trước. / Findings, newest first.

    Ví dụ:  diembao review list
            diembao review list --all --json
    """
    with _desk(config, data) as (review, settings):
        found = [one for one in review.all() if everything or as_json or one.status in ("proposed", "reopened")]
    if as_json:
        for one in found:
            typer.echo(_json_line(one))
    else:
        show_list(Console(), found, settings.digest.zone, everything=everything)


@review_app.command("show")
def review_show(
    finding_id: IdArgument, as_json: JsonOption = False, config: ConfigOption = None, data: DataOption = None
) -> None:
    """Câu báo viết bên cạnh dòng sổ dữ kiện. / The sentence beside the reference.

    Ví dụ:  diembao review show 3c7d7c97
    """
    with _desk(config, data) as (review, settings), _refusals():
        found = review.find(finding_id)
    if as_json:
        typer.echo(_json_line(found))
    else:
        show_case(Console(), found, settings.digest.zone)


@review_app.command("confirm")
def review_confirm(
    finding_id: IdArgument, reason: ReasonOption, config: ConfigOption = None, data: DataOption = None
) -> None:
    """Xác nhận báo viết chưa chính xác; lãnh đạo được báo ngay. / Confirm; leadership is told at once.

    Ví dụ:  diembao review confirm 3c7d7c97 --reason "Đã đối chiếu Nghị quyết 202/2025/QH15"
    """
    _decide(config, data, lambda review, person: review.confirm(finding_id, person, reason))


@review_app.command("dismiss")
def review_dismiss(
    finding_id: IdArgument, reason: ReasonOption, config: ConfigOption = None, data: DataOption = None
) -> None:
    """Bỏ qua: bài báo không sai. Với phát hiện đã xác nhận, đây là rút lại. / Dismiss, or take back.

    Ví dụ:  diembao review dismiss 3c7d7c97 --reason "Câu nói về năm khác"
    """
    _decide(config, data, lambda review, person: review.dismiss(finding_id, person, reason))


@review_app.command("fix-register")
def review_fix_register(
    finding_id: IdArgument, reason: ReasonOption, config: ConfigOption = None, data: DataOption = None
) -> None:
    """Sổ dữ kiện sai: trả lại dòng đó để sửa. / The register is wrong.

    Ví dụ:  diembao review fix-register 3c7d7c97 --reason "Niên giám 2024 ghi khác"
    """
    _decide(config, data, lambda review, person: review.fix_register(finding_id, person, reason))


def _decide(config: Path | None, data: Path | None, act: Callable[[Review, Person], Reviewed]) -> None:
    with _desk(config, data) as (review, _), _refusals():
        person = review.analyst(account())
        done = act(review, person)
        typer.echo(f"Đã ghi: {done.case.finding_id}: {words.STATUSES[done.status]}; người quyết định: {person.name}.")


@contextmanager
def _desk(config: Path | None, data: Path | None) -> Iterator[tuple[Review, Settings]]:
    settings = settings_from(config, data)
    with reaching():
        clock = wiring.system_clock()
        with closing(wiring.open_ledger(settings)) as ledger, closing(wiring.open_bus(settings, clock)) as bus:
            yield Review(rules_in_force(settings, ledger), bus, ledger, clock, settings.digest.zone), settings


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (Refused, NotInForce, Conflict) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(INVALID) from error


@contextmanager
def _alerter(settings: Settings) -> Iterator[tuple[Alerter, Rulebook]]:
    clock = wiring.system_clock()
    with (
        closing(wiring.open_bus(settings, clock)) as bus,
        closing(wiring.open_ledger(settings)) as ledger,
        closing(wiring.open_mailer(settings)) as mailer,
    ):
        owner, rules = f"digest-{os.getpid()}", rules_in_force(settings, ledger)
        yield Alerter(lambda: rules, settings, bus, ledger, mailer, clock, _say_sent, owner=owner), rules


def _send_all(alerter: Alerter, settings: Settings, patience_seconds: float = 15.0) -> None:
    """A running service holds the lease only while it works: wait for it a moment."""
    end = time.monotonic() + patience_seconds
    while True:
        try:
            done = alerter.send_digests()
            break
        except NotInForce as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(INVALID) from error
        except Conflict as error:
            if time.monotonic() > end:
                typer.echo(str(error), err=True)
                raise typer.Exit(UNREACHABLE) from error
            time.sleep(0.5)
    for person, told_at in done.unchanged:
        when = told_at.astimezone(settings.digest.zone)
        typer.echo(f"{person.email}: kỳ này đã gửi lúc {when:%H:%M ngày %d/%m/%Y}, không có gì mới.", err=True)
    for letter in done.refused:
        typer.echo(f"KHÔNG GỬI ĐƯỢC đến {letter.recipient}: {letter.reason}", err=True)
    if done.refused:
        raise typer.Exit(REFUSED)


def _send_copy(alerter: Alerter, drawn: Drawn, person: Person, address: str) -> None:
    try:
        _say_sent(alerter.send_preview(drawn, person, address, account()))
    except PortError as error:
        typer.echo(f"KHÔNG GỬI ĐƯỢC đến {address}: {error}", err=True)
        typer.echo("Bản xem trước không được giữ lại để gửi sau. / The copy is not kept.", err=True)
        raise typer.Exit(REFUSED if isinstance(error, Unprocessable) else UNREACHABLE) from error


def _say_sent(sent: Sent) -> None:
    typer.echo(f"{sent.kind.upper()} {sent.where}")
    typer.echo(f"{sent.recipient}: {sent.subject}", err=True)


def _require_address(text: str) -> None:
    """Refuse what no letter can be addressed to, before anything is opened."""
    if not MAILBOX.fullmatch(text):
        typer.echo(f"--to: {text!r} không phải địa chỉ thư / not a mail address", err=True)
        raise typer.Exit(INVALID)


def _write_preview(path: Path, drawn: Drawn, settings: Settings) -> None:
    letter = render("digest", drawn.digest, settings.digest.zone, banner=settings.banner)
    try:
        path.write_text(letter.html, encoding="utf-8")
    except OSError as error:
        typer.echo(f"Không ghi được {path}: {error} / the file cannot be written", err=True)
        raise typer.Exit(INVALID) from error
    typer.echo(f"Đã ghi {path}.", err=True)


def _reader(rules: Rulebook) -> Person:
    """Whose digest is shown: the one who asks, where they receive one, else the first of the leadership."""
    readers = recipients(rules)
    if not readers:
        typer.echo("Không theo dõi nào đang bật có người nhận; xem watches.yaml. / nobody receives a digest", err=True)
        raise typer.Exit(INVALID)
    own = [one for one in readers if one.login and one.login == account()]
    leading = [one for one in readers if one.role == "leadership"]
    return (own or leading or readers)[0]


def _json_line(one: Reviewed) -> str:

    case = plain(one.case)
    value = {
        **case.pop("finding"),
        "status": one.status,
        **case,
        "decisions": [plain(step) for step in one.verdict.steps] if one.verdict else [],
    }
    return json.dumps(value, ensure_ascii=False)
