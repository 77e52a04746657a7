"""What every command shares: where configuration and data are, and how errors end it (contracts.md, section 2)."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from services import wiring
from services.domain.watch import Person
from services.ports.errors import PortError
from services.ports.ledger import Ledger
from services.rulebook.accepted import in_force
from services.rulebook.book import Rulebook
from services.rulebook.errors import ConfigErrors
from services.rulebook.folder import texts_in
from services.rulebook.load import load, version_of
from services.settings import Settings, load_settings

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="DIR",
        help="Thư mục cấu hình; không ghi thì dùng DIEMBAO_CONFIG, rồi bộ kèm theo. / Configuration folder.",
        show_default=False,
    ),
]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Thư mục dữ liệu; không ghi thì dùng DIEMBAO_DATA, rồi ./data. / Data folder.",
        show_default=False,
    ),
]

UnusedDataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Mọi lệnh đều nhận; lệnh này không mở dữ liệu. / Taken as everywhere, and not opened here.",
        show_default=False,
    ),
]

INVALID, UNREACHABLE = 2, 3
_YEARS = range(1990, 2200)
"""Nothing is known of other years, and the calendar ends where a zone is added to its last day."""


def settings_from(config: Path | None, data: Path | None) -> Settings:
    """The settings of this process; errors are printed one a line and end it with status 2."""
    try:
        settings = load_settings(config, data)
    except ConfigErrors as errors:
        refuse(errors)
    if settings.banner:
        typer.echo(f"*** {settings.banner} ***", err=True)
    return settings


def rules_from(settings: Settings, *, samples: bool = False) -> Rulebook:
    """The rulebook; errors end the process with status 2. `samples` also tries the sample texts of the watches."""
    try:
        return load(settings.config_dir, samples=samples)
    except ConfigErrors as errors:
        refuse(errors)


def rules_in_force(settings: Settings, ledger: Ledger) -> Rulebook:
    """The rules that the services run with, from the ledger: a half-edited folder must not hold up a command.

    Before the first start those at hand, with which nobody can decide anything. Raises Unavailable.
    """
    try:
        found = in_force(ledger)
    except ConfigErrors as errors:
        refuse(errors)
    return found if found is not None else rules_from(settings)


def rules_for_reading(settings: Settings) -> Rulebook:
    """The same for a command that only reads, which goes on with the folder's where the ledger cannot be read.

    A folder that is not valid is told on stderr in one line: the services run on, and so does the command.
    """
    try:
        with closing(wiring.open_ledger(settings)) as ledger:
            found = in_force(ledger)
    except (PortError, ConfigErrors):
        found = None  # why stands in `doctor`
    if found is None:
        return rules_from(settings)
    errors = folder_errors(settings, found)
    if errors is not None:
        typer.echo(
            f"CHÚ Ý: thư mục {settings.config_dir} đang có {len(errors.errors)} lỗi, xem `diembao check`; lệnh này "
            f"dùng bản đang có hiệu lực {found.version}. / the folder is not valid: the version in force is used",
            err=True,
        )
    return found


def folder_errors(settings: Settings, running: Rulebook) -> ConfigErrors | None:
    """What is wrong with the folder, without its sample texts; None where nothing is."""
    if version_of(texts_in(settings.config_dir)) == running.version:
        return None
    try:
        load(settings.config_dir, samples=False)
    except ConfigErrors as errors:
        return errors
    return None


def acting(rules: Rulebook) -> Person:
    """Who acts: the account, named in people.yaml; an unknown one ends the process with status 2."""
    login = account()
    person = rules.people.by_login.get(login)
    if person is None:
        line = f'- {{login: {login}, name: "Họ và tên", email: "{login}@...", role: operator}}'
        typer.echo(
            f"Tài khoản {login} chưa có trong people.yaml đang có hiệu lực. / unknown account. "
            f"Thêm dòng / add the line:\n  {line}",
            err=True,
        )
        raise typer.Exit(INVALID)
    return person


def silences(rules: Rulebook) -> list[str]:
    """What a file that was cut short while it was saved would do unseen: nothing is read, or nothing is sent."""
    told = []
    if not any(feed.enabled for feed in rules.feeds.values()):
        told.append("CHÚ Ý: feeds.yaml không có nguồn nào đang bật: sẽ không thu tin nào. / no enabled feed")
    if not rules.running:
        told.append(
            "CHÚ Ý: watches.yaml không có điều kiện theo dõi nào đang bật: sẽ không báo tin nào. / no enabled watch"
        )
    return told


def refuse(errors: ConfigErrors) -> NoReturn:
    """Print the errors, one a line, and end with status 2: nothing changed."""
    typer.echo(errors.told, err=True)
    raise typer.Exit(INVALID)


def moment(option: str, text: str, settings: Settings) -> datetime:
    """The time that an option names, in the office's zone where it names none; else the command ends with status 2."""
    try:
        found = datetime.fromisoformat(text)
        if found.year not in _YEARS:
            raise ValueError(text)
    except ValueError as error:
        typer.echo(
            f"{option}: {text} không phải ngày giờ; viết 2026-11-24 hoặc 2026-11-24T06:30 / not a time", err=True
        )
        raise typer.Exit(INVALID) from error
    return found if found.tzinfo is not None else found.replace(tzinfo=settings.digest.zone)


@contextmanager
def reaching() -> Iterator[None]:
    """A dependency that cannot be reached ends the command with its reason and status 3."""
    try:
        yield
    except PortError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(UNREACHABLE) from error


def account() -> str:
    """The login of who acts: the account of the effective user id; no option or variable names it."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid-{os.geteuid()}"
