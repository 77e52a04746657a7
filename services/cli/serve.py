"""collector, enricher, alerter: one service each, for scale-out, until it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import typer

from services.cli import app
from services.cli.options import INVALID, ConfigOption, DataOption, reaching, settings_from
from services.cli.run import announce, follow_rules, start_thread, stop_on_signals
from services.desk.alive import beat
from services.loops import consume, every
from services.rulebook.live import LOOK_SECONDS
from services.settings import Settings, load_settings
from services.wiring import (
    DataInUse,
    Rules,
    alerting,
    collecting,
    data_lock,
    embedded,
    enriching,
    open_ledger,
    system_clock,
)

SHARE_SECONDS = 2.0
"""How often the collector looks for work: between two looks it tells the others that it lives and gives hosts back."""
Work = Callable[[Rules, threading.Event], None]


@app.command()
def collector(config: ConfigOption = None, data: DataOption = None) -> None:
    """Riêng dịch vụ thu bài, cho hệ thống nhiều máy. / The collector alone, for scale-out.

    Chạy bao nhiêu máy cũng được: Kafka chia máy chủ của các báo cho từng tiến trình.

    Ví dụ:  DIEMBAO_BUS=kafka://kafka:9092 DIEMBAO_LEDGER=http://es:9200 diembao collector --config /etc/diembao

    Mã kết thúc: 0 đã dừng theo lệnh; 2 cấu hình sai, hoặc bus, sổ không phải loại nhiều máy; 3 không mở được kho.
    """
    settings = _shared(config, data, "collector")

    def work(rules: Rules, stop: threading.Event) -> None:
        with collecting(settings, rules, system_clock()) as (service, cut_off):
            start_thread("stop", lambda: (stop.wait(), cut_off()))
            every(
                "collector",
                SHARE_SECONDS,
                lambda: service.round(stop.is_set, lambda: beat(settings.data_dir, "collector")),
                stop,
            )

    _serve(settings, "collector", lambda: load_settings(config, data), work)


@app.command()
def enricher(config: ConfigOption = None, data: DataOption = None) -> None:
    """Riêng dịch vụ phân tích, cho hệ thống nhiều máy. / The enricher alone, for scale-out.

    Địa chỉ bus, kho bài, sổ trạng thái đặt trong diembao.yaml, hoặc bằng DIEMBAO_BUS, DIEMBAO_ARCHIVE, DIEMBAO_LEDGER.

    Ví dụ:  diembao enricher --config /etc/diembao

    Mã kết thúc: 0 đã dừng theo lệnh; 2 cấu hình sai, hoặc bus, kho, sổ không phải loại nhiều máy; 3 không mở được kho.
    """
    settings = _shared(config, data, "enricher", archive=True)

    def work(rules: Rules, stop: threading.Event) -> None:
        with enriching(settings, rules, system_clock()) as service:
            consume("enricher", _beating(settings.data_dir, "enricher", service.step), stop)

    _serve(settings, "enricher", lambda: load_settings(config, data), work)


@app.command()
def alerter(config: ConfigOption = None, data: DataOption = None) -> None:
    """Riêng dịch vụ gửi tin, cho hệ thống nhiều máy. / The alerter alone, for scale-out.

    Chạy hai tiến trình thì một tiến trình gửi, tiến trình kia chờ thay. Đầu ra chuẩn, mỗi dòng một thư: DIGEST
    ĐƯỜNG_DẪN, NOTICE ĐƯỜNG_DẪN.

    Địa chỉ bus và sổ trạng thái đặt trong diembao.yaml, hoặc bằng DIEMBAO_BUS, DIEMBAO_LEDGER.

    Ví dụ:  diembao alerter --config /etc/diembao

    Mã kết thúc: 0 đã dừng theo lệnh; 2 cấu hình sai, hoặc bus, sổ không phải loại nhiều máy; 3 không mở được kho.
    """
    settings = _shared(config, data, "alerter")

    def work(rules: Rules, stop: threading.Event) -> None:
        with alerting(settings, rules, system_clock(), announce) as service:

            def alert() -> int:
                return service.step() + len(service.send_due_digests())

            consume("alerter", _beating(settings.data_dir, "alerter", alert), stop)

    _serve(settings, "alerter", lambda: load_settings(config, data), work)


def _shared(config: Path | None, data: Path | None, what: str, *, archive: bool = False) -> Settings:
    """The settings, where bus, ledger and, where it is used, archive are shared; else the command ends with status 2.

    Two alerters with a ledger each would both hold the lease, and send every letter twice.
    """
    settings = settings_from(config, data)
    used = {"bus": settings.bus, "ledger": settings.ledger} | ({"archive": settings.archive} if archive else {})
    own = ", ".join(f"{name}: {url}" for name, url in used.items() if embedded(url))
    if not own:
        return settings
    typer.echo(
        f"diembao {what} là một dịch vụ riêng cho hệ thống nhiều máy, nhưng {own} là tệp của riêng máy này. "
        "Bus phải là kafka://…, kho bài (archive) và sổ trạng thái (ledger) là http(s)://… của Elasticsearch, chung "
        "cho mọi dịch vụ. Chỉ một máy thì dùng `diembao run`. "
        f"/ {what} needs stores that processes share, and not files of this machine; on one machine use `diembao run`.",
        err=True,
    )
    raise typer.Exit(INVALID)


def _serve(settings: Settings, name: str, again: Callable[[], object], work: Work) -> None:
    """Do the work until a signal, with the rules that all services of the installation share."""
    stop = stop_on_signals()
    try:
        with (
            reaching(),
            data_lock(settings.data_dir, f"{name}.lock"),
            closing(open_ledger(settings, create=True)) as ledger,
        ):
            live = follow_rules(name, settings, ledger, again)
            typer.echo(f"Điểm Báo, dịch vụ {name}: {', '.join(settings.addresses().values())}", err=True)
            start_thread("rules", lambda: every("rules", LOOK_SECONDS, live.refresh, stop))
            work(live, stop)
    except DataInUse as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(INVALID) from error
    typer.echo("Đã dừng, không mất gì. / Stopped.", err=True)


def _beating(folder: Path, name: str, step: Callable[[], int]) -> Callable[[], int]:
    def beating() -> int:
        beat(folder, name)
        return step()

    return beating
