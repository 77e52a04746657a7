"""The command that tries new watches on past days, and puts them into force."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from services import wiring
from services.cli import app
from services.cli.options import (
    INVALID,
    ConfigOption,
    DataOption,
    acting,
    reaching,
    refuse,
    rules_in_force,
    settings_from,
)
from services.cli.views.backtest import as_json, full_days, line_of, show
from services.desk.backtest import trial as desk
from services.desk.backtest.apply import judge_again, work_of
from services.desk.backtest.beside import tried_with
from services.desk.backtest.samples import Ticked, sample_of, with_samples
from services.domain.query import Query
from services.domain.watch import Person
from services.ports.archive import Archive
from services.ports.bus import Bus
from services.ports.errors import Unavailable
from services.ports.ledger import Ledger
from services.rulebook.accepted import WATCHES, NotInForce, current_version
from services.rulebook.apply import accept_watches
from services.rulebook.book import Rulebook
from services.rulebook.errors import ConfigErrors
from services.rulebook.folder import texts_in, write_texts
from services.rulebook.load import load_texts
from services.rulebook.proof import BacktestRun, override, record_backtest
from services.rulebook.sample_checks import Samples
from services.rulebook.watch_checks import searchable
from services.rulebook.yaml_source import read_source
from services.settings import Settings

_HELP = """Thử watches.yaml mới trên những ngày đã qua. / Try new watches on past days.

WATCHES.yaml được kiểm tra cùng các tệp cấu hình đang dùng, rồi chạy trên các bài đã thu và các bài không khớp
(press.unmatched) của --days ngày gần nhất. In ra: mỗi điều kiện bắt thêm, bớt bài nào và vì sao; từ NOT loại bao nhiêu
bài; mỗi người nhận bao nhiêu dòng tin, bao nhiêu thư báo ngay mỗi ngày. Dự báo đúng bằng kết quả của
`diembao replay --letters` cùng những ngày ấy sau khi áp dụng. Trên màn hình còn hỏi vài bài đúng hay sai; câu trả lời
thành mẫu match/refuse của điều kiện, ghi vào chính tệp này.

Không tùy chọn: chỉ thử; lần thử được ghi vào sổ, nên khi đúng nội dung này được lưu vào watches.yaml thì có hiệu lực
ngay. Thử tên gọi mới, chủ đề mới trước khi dùng: chép thư mục (`diembao init banthu --config cau-hinh`), sửa ở đó, rồi
thêm `--config banthu`: lần này chạy với mọi tệp của banthu, chỉ thử, không áp dụng được.

--apply: đưa luôn vào watches.yaml, rồi xét lại các bài cũ, không gửi thư nào. --override LÝ_DO: áp dụng không thử, lý
do được ghi vào sổ. Người làm là tài khoản đang đăng nhập máy, có tên trong people.yaml.

Ví dụ:

  diembao backtest moi.yaml --days 30

  diembao backtest moi.yaml --apply

  diembao backtest moi.yaml --json > ket-qua.json

  diembao backtest banthu/watches.yaml --config banthu

Mã kết thúc: 0 xong; 1 đã thử, nhưng mẫu vừa đánh dấu cho thấy điều kiện còn sai, hoặc chưa đồng ý áp dụng; 2 tệp hay
tùy chọn sai, không thay đổi gì; 3 không mở được kho.
"""
REFUSED = 1
_MOST_DAYS = 3650
_TICKED = 10
"""Articles asked about for one watch."""
_FOLLOW_SECONDS = 5.0
"""Within so long every service runs what was accepted (design.md)."""


@dataclass(frozen=True, slots=True)
class _Stores:
    bus: Bus
    archive: Archive
    ledger: Ledger


@app.command(help=_HELP)
def backtest(
    file: Annotated[Path, typer.Argument(metavar="WATCHES.yaml", help="Tệp điều kiện theo dõi mới.")],
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, max=_MOST_DAYS, help="Số ngày gần nhất.")] = 90,
    as_object: Annotated[bool, typer.Option("--json", help="Một đối tượng JSON; không hỏi gì.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Thử xong thì áp dụng, xét lại bài cũ.")] = False,
    reason: Annotated[
        str | None, typer.Option("--override", metavar="REASON", help="Áp dụng không thử; ghi lý do vào sổ.")
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    if reason is not None and (apply or not reason.strip()):
        _end("--override cần lý do và không đi cùng --apply. / --override needs a reason and excludes --apply")
    settings = settings_from(config, data)
    text = _text_of(file)
    with reaching(), ExitStack() as opened:
        ledger = opened.enter_context(closing(wiring.open_ledger(settings)))
        if current_version(ledger) is None:
            _end("Chưa cấu hình nào được nhận: chạy `diembao run` trước. / no configuration is in force yet")
        running = rules_in_force(settings, ledger)
        person = acting(running)
        tried = tried_with(ledger, running, config)
        if tried.folder is not None and (apply or reason is not None):
            _end(tried.refusal)
        rules = _with(tried.texts, text, file, tried.folder)
        if reason is not None:
            if running.texts[WATCHES] == text:
                typer.echo(
                    f"Đúng nội dung này đang có hiệu lực rồi, bản {running.version}: không thay đổi gì, không ghi gì "
                    "vào sổ. / in force already, nothing changed"
                )
                return
            _override(ledger, settings, text, reason, person)
            return
        stores = _Stores(
            opened.enter_context(closing(wiring.open_bus(settings, wiring.system_clock()))),
            opened.enter_context(closing(wiring.open_archive(settings))),
            ledger,
        )
        trial = _try(stores, rules, running, settings, days)
        if as_object:
            # Told before anything is changed: whoever reads it knows what was applied.
            typer.echo(json.dumps(as_json(trial, settings.digest.zone), ensure_ascii=False))
        else:
            show(Console(), trial, settings.digest.zone, tried.words)
            text = _ticked(file, text, trial, rules, settings)
            trial = replace(trial, rules=_with(tried.texts, text, file, tried.folder))
        if tried.folder is not None:
            typer.echo(f"Chỉ thử, không ghi vào sổ. {tried.advice} / only tried, nothing is recorded", err=True)
            return
        _record(ledger, text, trial, person)
        if apply:
            _apply(stores, settings, text, trial, person, ask=not as_object and _on_terminal())
        else:
            _say_recorded(settings, text, file)


def _text_of(file: Path) -> str:
    source = read_source(file, str(file))
    if source.errors:
        refuse(ConfigErrors(source.errors))
    return source.text


def _with(texts: Mapping[str, str], text: str, file: Path, folder: Path | None) -> Rulebook:
    """The rules with these watches; the command ends with status 2 where they are not valid."""
    try:
        return load_texts({**texts, WATCHES: text})
    except ConfigErrors as errors:
        refuse(_named(errors, file, folder))


def _named(errors: ConfigErrors, file: Path, folder: Path | None) -> ConfigErrors:
    """With the names under which the operator gave the files."""
    named = {WATCHES: str(file)}
    return ConfigErrors(
        [
            replace(one, file=named.get(one.file) or (one.file if folder is None else str(folder / one.file)))
            for one in errors.errors
        ]
    )


def _try(stores: _Stores, rules: Rulebook, running: Rulebook, settings: Settings, days: int) -> desk.Trial:
    until = wiring.system_clock().now()
    begin = (until.astimezone(settings.digest.zone) - timedelta(days=days)).date()
    since = datetime.combine(begin, datetime.min.time(), settings.digest.zone).astimezone(UTC)
    with _progress() as reached:
        return desk.backtest(
            stores.bus,
            stores.archive,
            stores.ledger,
            lambda: wiring.scratch_ledger(stores.ledger),
            wiring.scratch_ledger,
            rules,
            running,
            settings,
            since,
            until,
            reached,
        )


@contextmanager
def _progress() -> Iterator[Callable[[str, int], None]]:
    """On a terminal alone, on stderr."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("Đang thử", total=None)
        yield lambda stage, done: bar.update(task, description=f"{stage}: {done}" if done else stage)


def _record(ledger: Ledger, text: str, trial: desk.Trial, person: Person) -> None:
    run = BacktestRun(by=person.login, at=trial.until, days=full_days(trial), counts=trial.counts())
    record_backtest(ledger, text, run)


def _say_recorded(settings: Settings, text: str, file: Path) -> None:
    if texts_in(settings.config_dir).get(WATCHES) == text:
        typer.echo(
            "Đã ghi lần thử vào sổ: watches.yaml có đúng nội dung này, dịch vụ đang chạy nhận trong vài giây. "
            "/ recorded: services take it now",
            err=True,
        )
        return
    typer.echo(
        f"Đã ghi lần thử vào sổ; chưa thay đổi gì. Áp dụng: `diembao backtest {file} --apply`, hoặc lưu đúng nội dung "
        "này vào watches.yaml (bài cũ khi đó không được xét lại). / recorded, nothing is changed yet",
        err=True,
    )


def _override(ledger: Ledger, settings: Settings, text: str, reason: str, person: Person) -> None:
    now = wiring.system_clock().now()
    override(ledger, text, reason, person.login, now)
    version = _accept(ledger, settings, text, person)
    typer.echo(f"Đã áp dụng không thử, bản {version}; {person.name}. Lý do đã ghi vào sổ. Bài cũ không được xét lại.")


def _apply(stores: _Stores, settings: Settings, text: str, trial: desk.Trial, person: Person, *, ask: bool) -> None:
    work = work_of(trial, stores.archive, stores.ledger)
    said = f"{len(work.gained)} bài không khớp vào kho, {len(work.again)} bài trong kho ghi lại; không gửi thư nào"
    typer.echo(f"Áp dụng sẽ xét lại {work.count} bài cũ: {said}.", err=True)
    if ask and not _is_yes(typer.prompt("Áp dụng? (c/k)", default="k", show_default=False, err=True)):
        typer.echo("Chưa áp dụng; lần thử đã ghi vào sổ. / not applied, the run is recorded", err=True)
        raise typer.Exit(REFUSED)
    version = _accept(stores.ledger, settings, text, person)
    accepted = time.monotonic()
    with _progress() as reached:
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


def _accept(ledger: Ledger, settings: Settings, text: str, person: Person) -> str:
    try:
        return accept_watches(ledger, settings.config_dir, text, person.login, wiring.system_clock().now()).version
    except NotInForce as error:
        _end(str(error))
    except ConfigErrors as errors:
        refuse(errors)


def _ticked(file: Path, text: str, trial: desk.Trial, rules: Rulebook, settings: Settings) -> str:
    """Ask about some articles on a terminal; the new text of the file. Ends where a sample shows the query wrong."""
    if not _on_terminal():
        return text
    samples = Samples(rules.places, rules.topics, rules.tone)
    ticked: list[Ticked] = []
    for one in trial.watches:
        told = [*((True, article) for article in one.gained_told), *((False, article) for article in one.lost_told)]
        if one.state == "removed" or not told:
            continue
        typer.echo(
            f"\nĐiều kiện “{one.watch.watch.name}”: bắt những bài này có đúng ý không? (c = có, k = không, "
            "Enter = bỏ qua, x = thôi) / y, n, skip, stop"
        )
        answers = _answers(told[:_TICKED], settings)
        ticked += [_sample(one.watch.query, one.watch.id, article, right, samples) for article, right in answers]
    if not ticked:
        return text
    try:
        changed = with_samples(text, ticked)
    except ValueError as error:
        typer.echo(f"{file}: {error}", err=True)
        return text
    try:
        write_texts(file.parent, {file.name: changed}, keep_old=True)
    except Unavailable as error:
        typer.echo(str(error), err=True)
        return text
    typer.echo(f"Đã ghi {len(ticked)} mẫu vào {file}. / samples written", err=True)
    try:
        load_texts({**rules.texts, WATCHES: changed})
    except ConfigErrors as errors:
        typer.echo(str(_named(errors, file, None)), err=True)
        typer.echo(
            "Sửa truy vấn cho các mẫu ấy đúng rồi thử lại; chưa ghi lần thử. / mend the query, then try again", err=True
        )
        raise typer.Exit(REFUSED) from errors
    return changed


def _answers(told: Sequence[tuple[bool, desk.Told]], settings: Settings) -> Iterator[tuple[desk.Told, bool]]:
    """(article, whether this watch should catch it)."""
    for caught, article in told:
        typer.echo(f"  {'+' if caught else '−'} {line_of(article, settings.digest.zone)}")
        said = typer.prompt("    Nên bắt bài này", default="", show_default=False).strip().lower()
        if said in ("x", "q"):
            return
        if _is_yes(said):
            yield article, True
        elif said in ("k", "n", "không", "khong"):
            yield article, False


def _sample(query: Query, watch: str, told: desk.Told, right: bool, samples: Samples) -> Ticked:
    """The beginning of the article, where that is judged as the whole is; else all of it."""
    article = told.document.article
    short, whole = sample_of(article), sample_of(article, whole=True)
    same = query.matches(searchable(short, query, samples)) == query.matches(searchable(whole, query, samples))
    return Ticked(watch, "match" if right else "refuse", short if same else whole)


def _is_yes(said: str) -> bool:
    return said.strip().lower() in ("c", "y", "có", "co")


def _on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _end(said: str) -> NoReturn:
    typer.echo(said, err=True)
    raise typer.Exit(INVALID)
