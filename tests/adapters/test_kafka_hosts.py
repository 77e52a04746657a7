"""Hosts on Kafka: what a collector holds while others come, die, stand still, or the broker is away."""

from __future__ import annotations

import math
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.adapters.kafka.pulse import Pulse
from services.adapters.kafka_bus import KafkaBus
from services.adapters.kafka_hosts import KafkaHosts, partition_of
from services.adapters.system_clock import SystemClock
from services.ports.errors import Unavailable
from services.settings import KafkaSettings
from tests.servers.kafka_server import KafkaServer
from tests.servers.relay import Relay
from tests.servers.topics import own_topics

PAUSE = 1.0
HOSTS = [f"bao{number}.vn" for number in range(200)]
SETTINGS = KafkaSettings(partitions=1, hosts_partitions=16)


@pytest.fixture
def url(kafka: KafkaServer) -> Iterator[str]:
    with own_topics(kafka) as own:
        KafkaBus(own, SystemClock(), {}, SETTINGS, create=True).close()
        yield own


@dataclass(frozen=True)
class Relayed:
    """A broker, and the same one behind a relay."""

    url: str
    behind: str
    relay: Relay


@pytest.fixture(scope="module")
def relayed(kafka: KafkaServer) -> Iterator[Relayed]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        behind = probe.getsockname()[1]
    name = f"kafka-relayed-{os.getpid()}"
    server, relay = KafkaServer(kafka.home, name), Relay(behind)
    try:
        server.prepare()
        client, own = server.ports
        direct = f"PLAINTEXT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{own}"
        settings = {
            "listeners": f"{direct},RELAYED://127.0.0.1:{behind}",
            "advertised.listeners": f"{direct},RELAYED://127.0.0.1:{relay.port}",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,RELAYED:PLAINTEXT",
        }
        server = KafkaServer(kafka.home, name, settings)
        server.launch()
        KafkaBus(server.url, SystemClock(), {}, SETTINGS, create=True).close()
        yield Relayed(server.url, f"kafka://127.0.0.1:{relay.port}", relay)
    finally:
        relay.close()
        server.remove()


def held(hosts: KafkaHosts) -> set[str]:
    return {host for host in HOSTS if hosts.mine(host)}


def refresh_until_all(hosts: KafkaHosts, seconds: float = 30) -> float:
    """How long it took until every host was ours."""
    started = time.monotonic()
    while held(hosts) != set(HOSTS):
        assert time.monotonic() - started < seconds, len(held(hosts))
        hosts.refresh()
        time.sleep(0.05)
    return time.monotonic() - started


def test_a_host_keeps_its_partition_for_ever() -> None:
    # What two versions of us that run side by side must agree on.
    assert [partition_of(host, 64) for host in ("vnexpress.net", "baobinhphuoc.com.vn", "")] == [9, 19, 20]
    assert len({partition_of(host, 64) for host in HOSTS}) > 50


def test_a_host_that_has_just_come_is_not_asked_before_the_pause(url: str) -> None:
    with closing(KafkaHosts(url, SETTINGS, PAUSE)) as hosts:
        assert held(hosts) == set()
        assert refresh_until_all(hosts) >= PAUSE


@pytest.mark.full
def test_a_working_collector_keeps_its_hosts_until_it_refreshes(url: str) -> None:
    with closing(KafkaHosts(url, SETTINGS, PAUSE)) as first, closing(KafkaHosts(url, SETTINGS, PAUSE)) as second:
        refresh_until_all(first)
        with ThreadPoolExecutor(1) as pool:
            joining = pool.submit(second.refresh)
            deadline = time.monotonic() + 15  # longer than a session
            while time.monotonic() < deadline:
                assert held(second) == set()
                assert held(first) == set(HOSTS)
                time.sleep(0.1)
            assert not joining.done()
            first.refresh()
            joining.result()
            going = pool.submit(_refresh_until, first, time.monotonic() + 2 * PAUSE)
            _refresh_until(second, time.monotonic() + 2 * PAUSE)
            going.result()
        assert held(first)
        assert held(second)
        assert not held(first) & held(second)
        assert held(first) | held(second) == set(HOSTS)


@pytest.mark.full
def test_a_killed_collector_is_replaced_after_its_session(url: str) -> None:
    with closing(KafkaHosts(url, SETTINGS, PAUSE)) as hosts:
        refresh_until_all(hosts)
        with other_collector(url, hosts) as other:
            assert held(hosts) < set(HOSTS)
            other.kill()
            assert refresh_until_all(hosts) >= 5


@pytest.mark.full
@pytest.mark.timeout(120)
def test_a_collector_that_stood_still_asks_nobody_before_it_has_joined_again(url: str) -> None:
    with closing(KafkaHosts(url, SETTINGS, PAUSE)) as hosts:
        refresh_until_all(hosts)
        with other_collector(url, hosts) as other:
            os.kill(other.pid, signal.SIGSTOP)
            refresh_until_all(hosts)
            os.kill(other.pid, signal.SIGCONT)
            # Its first word after it woke: the most that it held in the next second, in the middle of its step.
            with ThreadPoolExecutor(1) as pool:
                said = pool.submit(_next_word, other)
                _refresh_until(hosts, time.monotonic() + 3)
                try:
                    assert said.result(timeout=20) == "0"
                finally:
                    other.kill()


def test_an_answer_that_lay_there_while_the_process_stood_still_is_as_old_as_its_question() -> None:
    pulse = Pulse()
    assert pulse.answered == -math.inf
    pulse.sent_heartbeat()
    asked = time.monotonic()
    time.sleep(0.2)
    pulse.received_heartbeat()
    assert pulse.answered <= asked
    pulse.sent_heartbeat()  # not answered yet
    pulse.reset_timeouts()  # the coordinator was looked up
    assert pulse.answered <= asked


@pytest.mark.full
@pytest.mark.timeout(300)
@pytest.mark.parametrize("silently", [True, False], ids=["silence", "refused"])
def test_who_is_cut_off_gives_its_hosts_up_before_another_has_them(relayed: Relayed, silently: bool) -> None:
    """In the middle of a step, which lasts far longer than it takes the others to share its hosts out."""
    with (
        closing(KafkaHosts(relayed.behind, SETTINGS, PAUSE)) as cut_off,
        closing(KafkaHosts(relayed.url, SETTINGS, PAUSE)) as other,
        ExitStack() as stack,
    ):
        refresh_until_all(cut_off)
        stack.enter_context(refreshing(other))
        time.sleep(2 * PAUSE)
        assert held(cut_off) == set(HOSTS)
        relayed.relay.sever(silently=silently)
        severed = time.monotonic()
        given_up, taken = 0.0, 0.0
        while not taken and time.monotonic() - severed < 40:
            left = held(cut_off)
            assert not left & held(other), "both say mine"
            given_up = given_up or (0.0 if left else time.monotonic() - severed)
            taken = time.monotonic() - severed if held(other) == set(HOSTS) else 0.0
            time.sleep(0.02)
        assert 3 < given_up < 8, "a short silence costs nothing"
        assert taken > given_up + PAUSE
        relayed.relay.mend()
        while not held(cut_off) and time.monotonic() - severed < 120:
            with suppress(Unavailable):
                cut_off.refresh()
            assert not held(cut_off) & held(other)
        assert held(cut_off)


@pytest.mark.full
def test_hosts_are_nobodys_while_the_broker_is_away(own_kafka: KafkaServer) -> None:
    url = f"{own_kafka.url}/hosts"
    KafkaBus(url, SystemClock(), {}, SETTINGS, create=True).close()
    with closing(KafkaHosts(url, SETTINGS, PAUSE)) as hosts:
        refresh_until_all(hosts)
        own_kafka.kill()
        with pytest.raises(Unavailable, match="không tới được Kafka"):
            _refresh_until(hosts, time.monotonic() + 35)
        assert held(hosts) == set()
        own_kafka.launch()
        refresh_until_all(hosts)


def test_a_topic_that_was_never_made_is_told(kafka: KafkaServer) -> None:
    with pytest.raises(Unavailable, match=r"press\.hosts"):
        KafkaHosts(f"{kafka.url}/never-made", SETTINGS, PAUSE)


@contextmanager
def other_collector(url: str, hosts: KafkaHosts) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds a share of the hosts."""
    command = [sys.executable, "-c", _OTHER, url, str(PAUSE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()) as other:
        try:
            with ThreadPoolExecutor(1) as pool:
                said = pool.submit(_next_word, other)
                while not said.done():
                    _refresh_until(hosts, time.monotonic() + 0.2)
                assert int(said.result()) > 0
            _refresh_until(hosts, time.monotonic() + 2 * PAUSE)
            yield other
        finally:
            other.kill()


def _next_word(other: subprocess.Popen[str]) -> str:
    """The next number that it says; what it logs stands between them."""
    assert other.stdout is not None
    return next((line.strip() for line in other.stdout if line.strip().isdecimal()), "")


@contextmanager
def refreshing(hosts: KafkaHosts) -> Iterator[None]:
    """Another collector at its work."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.05):
            hosts.refresh()

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        try:
            yield
        finally:
            stop.set()
        working.result()


def _refresh_until(hosts: KafkaHosts, when: float) -> None:
    while time.monotonic() < when:
        hosts.refresh()
        time.sleep(0.05)


# Says how many hosts it holds when that is more than none for the first time; from then on it is in the middle of a
# step and does not refresh. After it stood still it says the most that it held within a second.
_OTHER = """
import sys, time
from services.adapters.kafka_hosts import KafkaHosts
from services.settings import KafkaSettings
hosts = KafkaHosts(sys.argv[1], KafkaSettings(partitions=1, hosts_partitions=16), float(sys.argv[2]))
names = [f"bao{number}.vn" for number in range(200)]
held = lambda: sum(map(hosts.mine, names))
while not held():
    hosts.refresh()
    time.sleep(0.05)
print(held(), flush=True)
last = time.monotonic()
while time.monotonic() - last < 5:
    last = time.monotonic()
    time.sleep(0.05)
woke, most = time.monotonic(), 0
while time.monotonic() - woke < 1:
    most = max(most, held())
print(most, flush=True)
while True:
    hosts.refresh()
    time.sleep(0.05)
"""
