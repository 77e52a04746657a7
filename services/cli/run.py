"""The services: run (everything on this machine), collector, enricher, alerter (one each, for scale-out)."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from services.alerter.letter import Sent
from services.cli import app
from services.cli.options import (
    INVALID,
    ConfigOption,
    DataOption,
    account,
    reaching,
    rules_from,
    settings_from,
    silences,
)
from services.cli.views.live import feed_lines, show
from services.desk.doctor import cursors_of
from services.loops import consume, every
from services.ports.errors import Unavailable
from services.rulebook.accepted import accept
from services.rulebook.book import Rulebook
from services.settings import Settings
from services.wiring import DataInUse, Services, build, data_lock, system_clock

ROUND_SECONDS = 10.0
"""How often the collector asks which feeds are due; each feed has its own pace (every_minutes)."""
FIRST_ROUND_SECONDS = 60.0
"""READY comes when the first round is through, and no later than this: a first poll may bring thousands of pages."""


@app.command()
def run(
    config: ConfigOption = None,
    data: DataOption = None,
    first_poll_seconds: Annotated[
        float | None,
        typer.Option(min=1, help="Chờ lượt hỏi đầu tiên tối đa chừng này giây. / Longest wait for the first poll."),
    ] = None,
    or_exit: Annotated[
        int | None,
        typer.Option(min=1, max=255, metavar="CODE", help="Thoát với mã này khi không nguồn nào trả lời."),
    ] = None,
) -> None:
    """Chạy cả hệ thống trên máy này: thu bài, phân tích, gửi điểm báo. / Everything on this machine.

    Dừng bằng Ctrl+C: không mất gì, lần sau chạy tiếp từ chỗ dừng.

    Đầu ra chuẩn, mỗi dòng một việc: READY khi xong lượt đầu (chậm nhất một phút), DIGEST ĐƯỜNG_DẪN và NOTICE
    ĐƯỜNG_DẪN khi gửi một bản điểm báo, một tin báo ngay. Mọi lời khác ở đầu ra lỗi.

    Ví dụ:  diembao run

    Ví dụ:  diembao run --config /etc/diembao --data /var/lib/diembao

    Mã kết thúc: 0 đã dừng theo lệnh; 2 cấu hình sai hoặc dữ liệu đang có tiến trình khác dùng; 3 không mở được kho;
    mã của --or-exit khi không nguồn nào trả lời.
    """
    settings = settings_from(config, data)
    rules = rules_from(settings, samples=True)
    stop = stop_on_signals()
    clock = system_clock()
    try:
        with reaching(), data_lock(settings.data_dir):
            services = build(settings, lambda: rules, clock, announce)
            try:
                _introduce(services, settings, rules)
                _start("stop", lambda: _cut_off(stop, services))
                with _unless(stop):
                    answered = _first_poll(services, rules, first_poll_seconds)
                    if or_exit is not None and not answered and not stop.is_set():
                        raise typer.Exit(or_exit)
                    _run_until(stop, services)
            finally:
                stop.set()
                services.close()
    except DataInUse as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(INVALID) from error
    _say("Đã dừng, không mất gì. / Stopped.")


def _cut_off(stop: threading.Event, services: Services) -> None:
    """On `stop`, at once: a hanging server or page must not hold the end up. What was not done is done next time."""
    stop.wait()
    services.fetcher.close()
    services.extractor.close()


@contextmanager
def _unless(stop: threading.Event) -> Iterator[None]:
    """What ends because fetcher and extractor were closed on `stop` is no failure."""
    try:
        yield
    except Unavailable:
        if not stop.is_set():
            raise


def _introduce(services: Services, settings: Settings, rules: Rulebook) -> None:
    enabled = sum(feed.enabled for feed in rules.feeds.values())
    _say(f"Điểm Báo: {enabled} nguồn, {len(rules.running)} điều kiện theo dõi. Dữ liệu: {settings.data_dir}")
    for line in silences(rules):
        _say(line)
    taken = accept(services.ledger, rules, account(), system_clock().now())
    if taken.changed and taken.previous:
        _say(f"Cấu hình đã đổi ({', '.join(taken.changed)}): từ đây dùng bản {taken.version}.")


def _first_poll(services: Services, rules: Rulebook, seconds: float | None) -> bool:
    """Ask every due feed once and say what each answered; whether any did, this time or when it was last asked."""
    _say("Đang hỏi các nguồn lần đầu…")
    # Feeds of one host wait for each other and two silences end a host's turn, so each GET gets a third of the time.
    report = services.collector.poll_feeds(seconds / 3 if seconds else None)
    for line in feed_lines(services.ledger, rules):
        _say(line)
    if report.polled:
        _say(f"{report.answered}/{report.polled} nguồn trả lời, {report.new_entries} mục mới.")
        return report.answered > 0
    enabled = {feed.id: feed.url for feed in rules.feeds.values() if feed.enabled}
    readable = sum(
        not cursor.failures and enabled.get(cursor.feed) == cursor.url
        for cursor in cursors_of(services.ledger).values()
    )
    _say(f"Chưa nguồn nào đến giờ hỏi lại; lần hỏi gần nhất đọc được {readable}/{len(enabled)} nguồn.")
    return readable > 0


def _run_until(stop: threading.Event, services: Services) -> None:
    """The three services side by side until `stop`."""
    first_round = threading.Event()

    def collect() -> None:
        with _unless(stop):
            services.collector.poll_feeds()
            # A backlog of thousands of pages must not stop the polling: between two steps whatever is due is asked.
            while not stop.is_set() and services.collector.finish_pending():
                services.collector.poll_feeds()
            first_round.set()

    def alert() -> int:
        return services.alerter.step() + len(services.alerter.send_due_digests())

    threads = [
        _start("collector", lambda: every("collector", ROUND_SECONDS, collect, stop)),
        _start("enricher", lambda: consume("enricher", services.enricher.step, stop)),
        _start("alerter", lambda: consume("alerter", alert, stop)),
        _start("ready", lambda: _say_ready(first_round, stop)),
    ]
    show(services, stop)
    first_round.set()
    deadline = time.monotonic() + 10
    for thread in threads:
        # What does not end in time is cut off; nothing is lost by it (every handler may run twice).
        thread.join(timeout=max(0.0, deadline - time.monotonic()))


def _say_ready(first_round: threading.Event, stop: threading.Event) -> None:
    first_round.wait(FIRST_ROUND_SECONDS)
    if not stop.is_set():
        print("READY", flush=True)


def _start(name: str, work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread


def announce(sent: Sent) -> None:
    """`DIGEST PATH` or `NOTICE PATH` on stdout, alone on a line: scripts read it."""
    print(f"{sent.kind.upper()} {sent.where}", flush=True)


def stop_on_signals() -> threading.Event:
    """An event that SIGINT and SIGTERM set: a service ends cleanly, with status 0."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _refuse_embedded(what: str) -> None:
    typer.echo(
        f"diembao {what} là một dịch vụ riêng cho hệ thống nhiều máy (bus: kafka://…). Với bus SQLite trên một máy, "
        "mọi dịch vụ chạy chung trong một tiến trình: dùng `diembao run`. "
        f"/ {what} needs a bus that processes share; with the embedded bus use `diembao run`.",
        err=True,
    )
    raise typer.Exit(INVALID)


@app.command()
def collector(config: ConfigOption = None, data: DataOption = None) -> None:
    """Riêng dịch vụ thu bài, cho hệ thống nhiều máy. / The collector alone, for scale-out.

    Ví dụ:  diembao collector --config /etc/diembao

    Mã kết thúc: 0 đã dừng theo lệnh; 2 cấu hình sai, hoặc bus không phải loại nhiều máy; 3 không mở được kho.
    """
    settings_from(config, data)
    _refuse_embedded("collector")


@app.command()
def enricher(config: ConfigOption = None, data: DataOption = None) -> None:
    """Riêng dịch vụ phân tích, cho hệ thống nhiều máy. / The enricher alone, for scale-out.

    Ví dụ:  diembao enricher --config /etc/diembao

    Mã kết thúc: 0 đã dừng theo lệnh; 2 cấu hình sai, hoặc bus không phải loại nhiều máy; 3 không mở được kho.
    """
    settings_from(config, data)
    _refuse_embedded("enricher")


@app.command()
def alerter(config: ConfigOption = None, data: DataOption = None) -> None:
    """Riêng dịch vụ gửi tin, cho hệ thống nhiều máy. / The alerter alone, for scale-out.

    Ví dụ:  diembao alerter --config /etc/diembao

    Mã kết thúc: 0 đã dừng theo lệnh; 2 cấu hình sai, hoặc bus không phải loại nhiều máy; 3 không mở được kho.
    """
    settings_from(config, data)
    _refuse_embedded("alerter")
