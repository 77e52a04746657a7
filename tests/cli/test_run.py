"""`diembao run` as a process: it stops at once whatever hangs, and a backlog of pages does not stop the polling."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.adapters.sqlite_ledger import SqliteLedger
from services.domain.codec import decode
from services.domain.feed import FeedCursor
from tests.press_server import Answer, PressServer, drip, item, page, rss
from tests.rulebook.conftest import SMALL
from tests.servers.kafka_server import KafkaServer
from tests.servers.topics import own_topics

HOST, OTHER = "baomau.example.vn", "baokhac.example.vn"
STOPS_WITHIN = 6.0
"""Seconds; two hanging feeds once held the end up for 57."""


@pytest.fixture
def press() -> Iterator[PressServer]:
    with PressServer() as server:
        yield server


@contextmanager
def running(
    folder: Path, press: PressServer, *options: str, feeds: int = 1, collector: str = "", bus: str = ""
) -> Iterator[subprocess.Popen[str]]:
    """`diembao run` on a small configuration whose hosts are this press; `feeds` of them at HOST/1, HOST/2 ..."""
    config = folder / "cau-hinh"
    config.mkdir()
    for name, text in SMALL.items():
        path = config / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    lines = [f"- {{id: f{n}, url: 'https://{HOST}/{n}', outlet: bao-mau, every_minutes: 10}}" for n in range(feeds)]
    (config / "feeds.yaml").write_text("\n".join(lines), encoding="utf-8")
    routes = ", ".join(f"{host}: '{press.origin}'" for host in (HOST, OTHER))
    (config / "diembao.yaml").write_text(f"collector: {{routes: {{{routes}}}{collector}}}\n{bus}", encoding="utf-8")
    command = [sys.executable, "-m", "services", "run", "--config", str(config), "--data", str(folder / "data")]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _until(held: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not held():
        assert time.monotonic() < end
        time.sleep(0.05)


def _asked(press: PressServer, path: str) -> int:
    return sum(one == path for _, one, _ in press.requests)


def _stopped(process: subprocess.Popen[str], number: signal.Signals = signal.SIGINT) -> str:
    started = time.monotonic()
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert time.monotonic() - started < STOPS_WITHIN
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert "warning" not in said
    assert "Đã dừng" in said
    return said


def _cursors(folder: Path) -> dict[str, str]:
    ledger = SqliteLedger(folder / "data" / "ledger.db")
    try:
        return {held.key: decode(held.value, FeedCursor).state for held in ledger.scan("feed")}
    finally:
        ledger.close()


@pytest.mark.kafka
def test_a_first_poll_waits_until_kafka_has_shared_the_hosts_out(
    tmp_path: Path, press: PressServer, kafka: KafkaServer
) -> None:
    """Before it has, no host is ours: that nothing was asked once ended the program as if nobody had answered."""
    press.answer(HOST, "/0", Answer(503))
    with (
        own_topics(kafka) as bus,
        running(tmp_path, press, "--or-exit", "3", bus=f"bus: {bus}\nkafka: {{hosts_partitions: 2}}\n") as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == "READY\n"
        _stopped(process)
    assert _asked(press, "/0") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_during_the_first_poll(tmp_path: Path, press: PressServer, number: signal.Signals) -> None:
    press.answer(HOST, "/0", drip())
    press.answer(HOST, "/1", drip())
    with running(tmp_path, press, "--or-exit", "3", feeds=2) as process:
        _until(lambda: _asked(press, "/0") + _asked(press, "/1"))
        _stopped(process, number)
    assert _cursors(tmp_path) == {}, "nothing is known of a feed that we hung up on"


def test_it_stops_while_a_page_hangs(tmp_path: Path, press: PressServer) -> None:
    press.serve_feed(HOST, "/0", rss("x", item("Treo", f"https://{HOST}/treo.html")))
    press.answer(HOST, "/treo.html", drip())
    with running(tmp_path, press) as process:
        _until(lambda: _asked(press, "/treo.html"))
        _stopped(process)
    assert _cursors(tmp_path) == {"f0": "ok"}


def test_a_backlog_does_not_stop_the_polling(tmp_path: Path, press: PressServer) -> None:
    """A feed that becomes due (here: whose cursor is gone) while pages wait is polled before they are done."""
    links = [f"https://{OTHER}/{n}.html" for n in range(40)]
    for link in links:
        press.serve(OTHER, link.removeprefix(f"https://{OTHER}"), page("Tin", ["Một đoạn văn."] * 9))
    press.serve_feed(HOST, "/0", rss("x", "".join(item(f"Tin {link}", link) for link in links)))
    press.answer(HOST, "/1", Answer(503))
    with running(tmp_path, press, feeds=2, collector=", host_seconds: 0.05") as process:
        assert process.stdout is not None
        _until(lambda: _asked(press, "/0.html"))
        ledger = SqliteLedger(tmp_path / "data" / "ledger.db")
        ledger.delete("feed", "f1")
        ledger.close()
        assert process.stdout.readline() == "READY\n"
        _stopped(process)
    paths = [path for _, path, _ in press.requests]
    assert paths.count("/1") == 2
    assert len(paths) - paths.index("/1", paths.index("/1") + 1) > 5, "polled while pages still waited"


def test_a_second_start_that_finds_nothing_due_goes_by_the_last_answers(tmp_path: Path, press: PressServer) -> None:
    """Offline, the second start within a feed's pause once took "none was due" for an answer and ran for ever."""
    press.answer(HOST, "/0", Answer(503))
    with running(tmp_path, press) as process:
        _until(lambda: (tmp_path / "data" / "ledger.db").exists() and _cursors(tmp_path))
        _stopped(process)
    command = [sys.executable, "-m", "services", "run", "--or-exit", "3"]
    where = ["--config", str(tmp_path / "cau-hinh"), "--data", str(tmp_path / "data")]
    again = subprocess.run([*command, *where], capture_output=True, text=True, timeout=60, check=False)
    assert again.returncode == 3, again.stderr
    assert "đọc được 0/1 nguồn" in again.stderr
    assert again.stdout == ""
    assert len(press.requests) == 1
