"""Commands about the versions of the configuration: config history, config rollback."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from shlex import quote
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
    acting,
    reaching,
    refuse,
    rules_in_force,
    settings_from,
)
from services.cli.views.table import print_table
from services.desk.config_state import config_state, not_followed, state_lines
from services.ports.errors import PortError
from services.ports.ledger import Ledger
from services.rulebook.accepted import WATCHES, AcceptedSet, NotInForce, accepted_set, history
from services.rulebook.apply import find_version, roll_back
from services.rulebook.changes import FileChange, changes_between, unified
from services.rulebook.errors import ConfigErrors
from services.rulebook.load import SETTINGS

config_app = typer.Typer(
    no_args_is_help=True,
    help="Các phiên bản cấu hình đã có hiệu lực; quay lại một bản. / Versions of the configuration.",
)
app.add_typer(config_app, name="config")


@config_app.command("history")
def config_history(
    diff: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="Bản này đã thay những dòng nào. / The lines that this version changed."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON Lines: mỗi lần có hiệu lực một dòng.")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Mỗi bản: khi nào, ai, vì sao, tệp nào, thêm bớt bao nhiêu dòng. / Every version that came into force.

    Mã bản ở cột đầu; bản mới nhất ở cuối. Một bản có thể có hiệu lực nhiều lần; --diff so lần gần nhất với bản trước.

    Ví dụ:  diembao config history

    Ví dụ:  diembao config history --diff 3f0c2a1b

    Mã kết thúc: 0 xong; 2 không có bản đó; 3 không mở được kho.
    """
    settings = settings_from(config, data)
    with reaching(), closing(wiring.open_ledger(settings)) as ledger:
        if diff is not None:
            _show_diff(ledger, diff)
            return
        rows = [(one, _changes(ledger, one)) for one in history(ledger)]
        state = config_state(ledger, settings.config_dir)
    if as_json:
        for one, changes in rows:
            typer.echo(json.dumps(_plain(one, changes), ensure_ascii=False))
        return
    zone = settings.digest.zone
    cells = [
        (one.version, f"{one.at.astimezone(zone):%H:%M %d/%m/%Y}", one.by, _why(one), _told(one, changes))
        for one, changes in rows
    ]
    print_table(
        ("Bản / version", "Từ / since", "Ai / who", "Vì sao / note", "Tệp / files"),
        [tuple(map(escape, row)) for row in cells],
    )
    for line in state_lines(state, zone):
        typer.echo(line, err=True)


@config_app.command("rollback")
def config_rollback(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Mã bản, hoặc phần đầu của mã.")],
    reason: Annotated[
        str,
        typer.Option(
            "--reason",
            metavar="TEXT",
            help="Lý do, ghi vào sổ; cần có khi thư mục còn sửa đổi chưa có hiệu lực. / Logged; required then.",
        ),
    ] = "",
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Quay lại một bản cũ: ghi các tệp của bản đó vào thư mục cấu hình, mọi dịch vụ theo. / Go back to a version.

    Người làm là tài khoản đang đăng nhập máy, có tên trong people.yaml.

    Ví dụ:  diembao config rollback 3f0c2a1b --reason "Theo dõi mới bắt quá nhiều tin"

    Mã kết thúc: 0 xong; 2 không có bản đó, thư mục có sửa đổi sẽ mất, hoặc không phải thư mục
    đang dùng; 3 không ghi được.
    """
    settings = settings_from(config, data)
    with reaching(), closing(wiring.open_ledger(settings)) as ledger:
        person = acting(rules_in_force(settings, ledger))
        elsewhere = not_followed(ledger, settings.config_dir)
        if elsewhere is not None:
            typer.echo(elsewhere, err=True)
            raise typer.Exit(INVALID)
        try:
            done = roll_back(
                ledger, settings.config_dir, version, person.login, wiring.system_clock().now(), reason=reason
            )
        except NotInForce as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(INVALID) from error
        except ConfigErrors as errors:
            refuse(errors)
        except PortError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(UNREACHABLE) from error
    if done.was_there:
        typer.echo(
            f"Bản {done.version} đang có hiệu lực rồi, thư mục đúng như bản ấy: không thay đổi gì, không ghi gì "
            "vào sổ. / in force already, nothing changed"
        )
        return
    typer.echo(f"Đã quay lại bản {done.version} ({', '.join(done.changed) or 'không tệp nào khác'}); {person.name}.")
    at = quote(str(settings.config_dir))
    typer.echo(
        "Bài đã vào kho vẫn ở đó; muốn xét lại bài cũ theo bản này: "
        f"diembao backtest {quote(str(settings.config_dir / WATCHES))} --config {at} --apply"
    )
    for path in done.kept:
        typer.echo(f"Tệp chưa có hiệu lực được giữ ở {path}. / set aside", err=True)
    if SETTINGS in done.changed:
        typer.echo(f"{SETTINGS}: có hiệu lực khi khởi động lại. / takes effect at restart", err=True)


def _show_diff(ledger: Ledger, version: str) -> None:
    try:
        found = accepted_set(ledger, find_version(ledger, version))
    except NotInForce as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(INVALID) from error
    assert found is not None
    before = accepted_set(ledger, found.previous)
    if before is None:
        typer.echo(
            f"Bản {found.version} là bản đầu tiên, {len(found.texts)} tệp: không có bản trước để so. "
            "/ the first version, nothing to compare with"
        )
        return
    typer.echo(unified(before.texts, found.texts))


def _changes(ledger: Ledger, one: AcceptedSet) -> list[FileChange]:
    """Against the version that it replaced; nothing for the first, whose every line is new."""
    before, after = accepted_set(ledger, one.previous), accepted_set(ledger, one.version)
    return [] if before is None or after is None else changes_between(before.texts, after.texts)


def _why(one: AcceptedSet) -> str:
    return one.note or ("lưu tệp" if one.previous else "bản đầu tiên")


def _told(one: AcceptedSet, changes: Sequence[FileChange]) -> str:
    return ", ".join(map(str, changes)) if one.previous else f"{len(one.files or one.texts)} tệp / files"


def _plain(one: AcceptedSet, changes: Sequence[FileChange]) -> dict[str, object]:
    return {
        "version": one.version,
        "previous": one.previous,
        "at": one.at.isoformat(),
        "by": one.by,
        "note": one.note,
        "files": [{"name": change.name, "added": change.added, "removed": change.removed} for change in changes],
    }
