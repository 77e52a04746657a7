"""run: everything on this machine, until it is stopped."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
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
    refuse,
    rules_from,
    settings_from,
    silences,
)
from services.cli.views.live import feed_lines, show
from services.desk.alive import beat
from services.desk.doctor import cursors_of
from services.domain.address import host_of
from services.loops import consume, every
from services.ports.errors import Unavailable
from services.ports.ledger import Ledger
from services.rulebook.book import Rulebook
from services.rulebook.errors import ConfigErrors
from services.rulebook.live import LOOK_SECONDS, LiveRules
from services.settings import Settings, load_settings
from services.wiring import DataInUse, Services, build, data_lock, open_ledger, system_clock

ROUND_SECONDS = 10.0
"""How often the collector asks which feeds are due; each feed has its own pace (every_minutes)."""
FIRST_ROUND_SECONDS = 60.0
"""READY comes when the first round is through, and no later than this: a first poll may bring thousands of pages."""

LONGEST_SHARING_SECONDS = 60.0
"""How long the first poll waits for hosts of its own; after that it may be that other collectors have them all."""


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
    if not settings.data_dir.exists():
        rules_from(settings, samples=True)  # what is not valid at the very first start leaves no folder behind
    stop = stop_on_signals()
    clock = system_clock()
    try:
        with reaching(), data_lock(settings.data_dir), closing(open_ledger(settings, create=True)) as ledger:
            live = follow_rules("run", settings, ledger, lambda: load_settings(config, data))
            services = build(settings, live, clock, announce)
            try:
                _introduce(settings, live())
                start_thread("stop", lambda: _cut_off(stop, services))
                start_thread("rules", lambda: every("rules", LOOK_SECONDS, live.refresh, stop))
                with _unless(stop):
                    answered = _first_poll(services, live(), first_poll_seconds, stop)
                    if or_exit is not None and not answered and not stop.is_set():
                        raise typer.Exit(or_exit)
                    _run_until(stop, services, settings)
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


def follow_rules(service: str, settings: Settings, ledger: Ledger, check_settings: Callable[[], object]) -> LiveRules:
    """The rules that this service runs with, from here on as they change; what is not valid ends it with status 2."""
    live = LiveRules(settings.config_dir, ledger, system_clock(), account(), _say, check_settings, service=service)
    try:
        live.start()
    except ConfigErrors as errors:
        refuse(errors)
    return live


def _introduce(settings: Settings, rules: Rulebook) -> None:
    enabled = sum(feed.enabled for feed in rules.feeds.values())
    _say(f"Điểm Báo: {enabled} nguồn, {len(rules.running)} điều kiện theo dõi. Dữ liệu: {settings.data_dir}")
    for line in silences(rules):
        _say(line)


def _first_poll(services: Services, rules: Rulebook, seconds: float | None, stop: threading.Event) -> bool:
    """Ask every due feed once and say what each answered; whether any did, this time or when it was last asked."""
    _say("Đang hỏi các nguồn lần đầu…")
    _await_hosts(services, rules, stop)
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


def _await_hosts(services: Services, rules: Rulebook, stop: threading.Event) -> None:
    """Until a feed's host is ours: at once, unless Kafka shares the hosts out and must first count us in."""
    hosts = [host_of(feed.url) for feed in rules.feeds.values() if feed.enabled]
    until = time.monotonic() + LONGEST_SHARING_SECONDS
    services.collector.refresh()
    while not any(map(services.hosts.mine, hosts)) and time.monotonic() < until and not stop.wait(0.2):
        services.collector.refresh()


def _run_until(stop: threading.Event, services: Services, settings: Settings) -> None:
    """The three services side by side until `stop`."""
    first_round = threading.Event()

    def collect() -> None:
        with _unless(stop):
            services.collector.round(stop.is_set, lambda: beat(settings.data_dir, "run"))
            first_round.set()

    def alert() -> int:
        return services.alerter.step() + len(services.alerter.send_due_digests())

    threads = [
        start_thread("collector", lambda: every("collector", ROUND_SECONDS, collect, stop)),
        start_thread("enricher", lambda: consume("enricher", services.enricher.step, stop)),
        start_thread("alerter", lambda: consume("alerter", alert, stop)),
        start_thread("ready", lambda: _say_ready(first_round, stop)),
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


def start_thread(name: str, work: Callable[[], object]) -> threading.Thread:
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
