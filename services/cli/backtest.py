"""The command that tries new watches on past days; backtest_samples.py and backtest_apply.py do what follows."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services import wiring
from services.cli import app
from services.cli.backtest_apply import REFUSED, Stores, apply_untried, record, stop, stoppable
from services.cli.backtest_apply import apply as put_into_force
from services.cli.backtest_samples import with_ticked
from services.cli.options import (
    ConfigOption,
    DataOption,
    acting,
    reaching,
    refuse,
    rules_in_force,
    settings_from,
)
from services.cli.views.backtest import as_json, progress, show
from services.desk.backtest.beside import Tried, tried_with
from services.desk.backtest.trial import Trial
from services.desk.backtest.trial import backtest as try_watches
from services.desk.config_state import not_followed
from services.ports.ledger import Ledger
from services.rulebook.accepted import WATCHES, current_version
from services.rulebook.book import Rulebook
from services.rulebook.errors import ConfigErrors
from services.rulebook.folder import texts_in
from services.rulebook.load import load_texts
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

Mã kết thúc: 0 xong; 1 đã thử, nhưng mẫu vừa đánh dấu cho thấy điều kiện còn sai, chưa đồng ý áp dụng, hoặc không có
bài nào để thử; 2 tệp hay tùy chọn sai, không thay đổi gì; 3 không mở được kho; 130 bấm Ctrl+C giữa chừng.
"""
_MOST_DAYS = 3650


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
        stop("--override cần lý do và không đi cùng --apply. / --override needs a reason and excludes --apply")
    settings = settings_from(config, data)
    text = _text_of(file)
    with reaching(), ExitStack() as opened:
        ledger = opened.enter_context(closing(wiring.open_ledger(settings)))
        running = _running(settings, ledger)
        person = acting(running)
        tried = tried_with(ledger, running, settings.config_dir)
        if apply or reason is not None:
            elsewhere = not_followed(ledger, settings.config_dir)
            if tried.folder is not None or elsewhere is not None:
                stop("\n".join([tried.refusal] * (tried.folder is not None) + [elsewhere or ""]).strip())
        rules = _with(tried, text, file)
        if reason is not None:
            apply_untried(ledger, settings, text, running, person, reason)
            return
        bus = opened.enter_context(closing(wiring.open_bus(settings, wiring.system_clock())))
        stores = Stores(bus, opened.enter_context(closing(wiring.open_archive(settings))), ledger)
        with stoppable("Đã dừng; chưa ghi lần thử, cấu hình đang chạy giữ nguyên. / stopped, nothing is recorded"):
            trial = _try(stores, rules, running, settings, days)
            text, trial = _tell(trial, tried, settings, text, file, as_object=as_object)
        if tried.folder is not None:
            typer.echo(f"Chỉ thử, không ghi vào sổ. {tried.advice} / only tried, nothing is recorded", err=True)
            return
        _require_articles(trial)
        if apply:
            put_into_force(stores, settings, text, trial, person, ask=not as_object and _on_terminal())
        else:
            record(ledger, text, trial, person)
            _say_recorded(settings, text, file)


def _running(settings: Settings, ledger: Ledger) -> Rulebook:
    if current_version(ledger) is None:
        stop("Chưa cấu hình nào được nhận: chạy `diembao run` trước. / no configuration is in force yet")
    return rules_in_force(settings, ledger)


def _text_of(file: Path) -> str:
    source = read_source(file, str(file))
    if source.errors:
        refuse(ConfigErrors(source.errors))
    return source.text


def _with(tried: Tried, text: str, file: Path) -> Rulebook:
    """The rules with these watches; the command ends with status 2 where they are not valid."""
    try:
        return load_texts({**tried.texts, WATCHES: text})
    except ConfigErrors as errors:
        refuse(_named(errors, tried, file))


def _named(errors: ConfigErrors, tried: Tried, file: Path) -> ConfigErrors:
    """With the names under which the operator gave the files."""
    names = {WATCHES: str(file)}
    return ConfigErrors(
        [
            replace(one, file=names.get(one.file) or (str(tried.folder / one.file) if tried.folder else one.file))
            for one in errors.errors
        ]
    )


def _tell(
    trial: Trial, tried: Tried, settings: Settings, text: str, file: Path, *, as_object: bool
) -> tuple[str, Trial]:
    """Show what was found, and take samples on a terminal; text and trial with them. Ends where one is not met."""
    zone = settings.digest.zone
    if as_object:
        # Told before anything is changed: whoever reads it knows what was applied.
        typer.echo(json.dumps(as_json(trial, zone), ensure_ascii=False))
        return text, trial
    show(Console(), trial, zone, tried.words)
    changed = with_ticked(file, text, trial, settings) if _on_terminal() else text
    if changed == text:
        return text, trial
    try:
        return changed, replace(trial, rules=load_texts({**tried.texts, WATCHES: changed}))
    except ConfigErrors as errors:
        typer.echo(str(_named(errors, tried, file)), err=True)
        typer.echo(
            "Sửa truy vấn cho các mẫu ấy đúng rồi thử lại; chưa ghi lần thử. / mend the query, then try again", err=True
        )
        raise typer.Exit(REFUSED) from errors


def _try(stores: Stores, rules: Rulebook, running: Rulebook, settings: Settings, days: int) -> Trial:
    until = wiring.system_clock().now()
    begin = (until.astimezone(settings.digest.zone) - timedelta(days=days)).date()
    since = datetime.combine(begin, datetime.min.time(), settings.digest.zone).astimezone(UTC)
    with progress() as reached:
        return try_watches(
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


def _require_articles(trial: Trial) -> None:
    """A run that saw nothing shows nothing: it must not let watches take effect."""
    if trial.archived or trial.unmatched:
        return
    typer.echo(
        "Những ngày này không có bài nào để thử: không ghi lần thử vào sổ, không thay đổi gì. Thử nhiều ngày hơn "
        "(--days), hoặc áp dụng không thử (--override LÝ_DO). Nơi mới cài chưa đủ 7 ngày thì lưu thẳng vào "
        "watches.yaml là có hiệu lực. / no article to try on, nothing is recorded",
        err=True,
    )
    raise typer.Exit(REFUSED)


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


def _on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
