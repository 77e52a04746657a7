"""Tried watches are put into force, and the old articles judged again by them; or watches untried, with a reason."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

import typer

from services import wiring
from services.cli.backtest_samples import is_yes
from services.cli.options import INVALID, refuse
from services.cli.views.backtest import full_days, progress
from services.desk.backtest.apply import judge_again, work_of
from services.desk.backtest.trial import Trial
from services.domain.watch import Person
from services.ports.archive import Archive
from services.ports.bus import Bus
from services.ports.ledger import Ledger
from services.rulebook.accepted import WATCHES, NotInForce, current_version
from services.rulebook.apply import accept_watches
from services.rulebook.book import Rulebook
from services.rulebook.errors import ConfigErrors
from services.rulebook.proof import BacktestRun, override, record_backtest
from services.settings import Settings

REFUSED = 1
_INTERRUPTED = 130
_KEPT = "Chưa áp dụng, không ghi lần thử. / not applied, nothing is recorded"
_FOLLOW_SECONDS = 5.0
"""Within so long every service runs what was accepted (design.md)."""


@dataclass(frozen=True, slots=True)
class Stores:
    """Of the installation, opened."""

    bus: Bus
    archive: Archive
    ledger: Ledger


def apply(stores: Stores, settings: Settings, text: str, trial: Trial, person: Person, *, ask: bool) -> None:
    """Put these watches, as they were tried, into force, and judge the old articles by them. Raises Unavailable.

    The run is recorded only then: where watches.yaml holds this text already, the record alone puts it into force.
    """
    work = work_of(trial, stores.archive, stores.ledger)
    said = f"{len(work.gained)} bài không khớp vào kho, {len(work.again)} bài trong kho ghi lại; không gửi thư nào"
    typer.echo(f"Áp dụng sẽ xét lại {work.count} bài cũ: {said}.", err=True)
    with stoppable(_KEPT):
        agreed = not ask or is_yes(typer.prompt("Áp dụng? (c/k)", default="k", show_default=False, err=True))
    if not agreed:
        typer.echo(_KEPT, err=True)
        raise typer.Exit(REFUSED)
    _require_as_tried(stores.ledger, trial)
    record(stores.ledger, text, trial, person)
    version = _accept(stores.ledger, settings, text, person)
    if version != trial.rules.version:  # other files came into force in this very moment
        stop(
            f"Đã áp dụng bản {version}, nhưng cùng lúc ấy tệp cấu hình khác vừa có hiệu lực: bài cũ chưa được xét "
            "lại. Chạy lại với --apply. / applied, but old articles are not judged again yet: run --apply again"
        )
    accepted = time.monotonic()
    left = f"Đã áp dụng bản {version}, nhưng chưa xét lại hết bài cũ: chạy lại với --apply. / run --apply again"
    with stoppable(left), progress() as reached:
        judge_again(
            work,
            trial.rules,
            stores.bus,
            stores.archive,
            stores.ledger,
            lambda: time.sleep(max(0.0, accepted + _FOLLOW_SECONDS - time.monotonic())),
            lambda done: reached("Xét lại bài cũ", done),
        )
    typer.echo(f"Đã áp dụng bản {version}; {person.name}. Đã xét lại {work.count} bài cũ.", err=True)


def record(ledger: Ledger, text: str, trial: Trial, person: Person) -> None:
    """That these watches were tried, and what the run saw. Raises Unavailable."""
    run = BacktestRun(by=person.login, at=trial.until, days=full_days(trial), counts=trial.counts())
    record_backtest(ledger, text, run)


def apply_untried(
    ledger: Ledger, settings: Settings, text: str, running: Rulebook, person: Person, reason: str
) -> None:
    """Put these watches into force with a reason in the ledger; old articles stay as they are. Raises Unavailable."""
    if running.texts[WATCHES] == text:
        typer.echo(
            f"Đúng nội dung này đang có hiệu lực rồi, bản {running.version}: không thay đổi gì, không ghi gì "
            "vào sổ. / in force already, nothing changed"
        )
        return
    override(ledger, text, reason, person.login, wiring.system_clock().now())
    version = _accept(ledger, settings, text, person)
    typer.echo(f"Đã áp dụng không thử, bản {version}; {person.name}. Lý do đã ghi vào sổ. Bài cũ không được xét lại.")


@contextmanager
def stoppable(said: str) -> Iterator[None]:
    """Ctrl+C, also at a question, ends the command with a word on what it leaves."""
    try:
        yield
    except (KeyboardInterrupt, typer.Abort) as error:
        typer.echo(f"\n{said}", err=True)
        raise typer.Exit(_INTERRUPTED) from error


def stop(said: str) -> NoReturn:
    """End the command with status 2."""
    typer.echo(said, err=True)
    raise typer.Exit(INVALID)


def _require_as_tried(ledger: Ledger, trial: Trial) -> None:
    """Else old articles would be judged by places or topics that nobody tried these watches with."""
    current = current_version(ledger)
    # A service may have taken these very watches from the folder as soon as the run was recorded.
    if current is None or current.version in (trial.running, trial.rules.version):
        return
    stop(
        f"Trong lúc thử, bản {current.version} có hiệu lực thay bản {trial.running}: kết quả vừa thử không còn đúng "
        "với cấu hình đang chạy. Chưa áp dụng, không thay đổi gì; chạy lại lệnh để thử với bản mới. "
        "/ another version came into force meanwhile: nothing is changed, run the back-test again"
    )


def _accept(ledger: Ledger, settings: Settings, text: str, person: Person) -> str:
    try:
        taken = accept_watches(ledger, settings.config_dir, text, person.login, wiring.system_clock().now())
    except NotInForce as error:
        stop(str(error))
    except ConfigErrors as errors:
        refuse(errors)
    for path in taken.kept:
        typer.echo(f"{WATCHES} ai đó đã lưu mà chưa có hiệu lực được giữ ở {path}. / set aside", err=True)
    return taken.version
