"""What services/ports/hosts.py promises, on every adapter."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from itertools import combinations

import pytest

from services.adapters.all_hosts import AllHosts
from services.adapters.kafka_bus import KafkaBus
from services.adapters.kafka_hosts import KafkaHosts
from services.adapters.system_clock import SystemClock
from services.ports.hosts import Hosts
from services.settings import KafkaSettings
from tests.servers.kafka_server import KafkaServer
from tests.servers.topics import own_topics

OpenHosts = Callable[[], Hosts]
PAUSE = 1.0
HOSTS = [f"bao{number}.vn" for number in range(200)] + [""]
SETTINGS = KafkaSettings(partitions=1, hosts_partitions=16)


@contextmanager
def _all_hosts(request: pytest.FixtureRequest) -> Iterator[OpenHosts]:
    yield AllHosts


@contextmanager
def _kafka_hosts(request: pytest.FixtureRequest) -> Iterator[OpenHosts]:
    server: KafkaServer = request.getfixturevalue("kafka")
    with own_topics(server) as url:
        KafkaBus(url, SystemClock(), {}, SETTINGS, create=True).close()
        yield lambda: KafkaHosts(url, SETTINGS, PAUSE)


KAFKA = pytest.param(_kafka_hosts, id="kafka", marks=pytest.mark.kafka)


@pytest.fixture(params=[pytest.param(_all_hosts, id="all"), KAFKA])
def open_hosts(request: pytest.FixtureRequest) -> Iterator[OpenHosts]:
    with request.param(request) as make, ExitStack() as stack:
        yield lambda: stack.enter_context(closing(make()))


def held(hosts: Hosts) -> set[str]:
    return {host for host in HOSTS if hosts.mine(host)}


def settle(*members: Hosts, seconds: float = 40) -> list[set[str]]:
    """What each has when together they have all; meanwhile each refreshes at its own pace, as their services do."""
    stop = threading.Event()
    shares: list[set[str]] = [set() for _ in members]

    def collect(number: int) -> None:
        while not stop.is_set():
            members[number].refresh()
            shares[number] = held(members[number])
            time.sleep(0.05)

    with ThreadPoolExecutor(len(members)) as pool:
        working = [pool.submit(collect, number) for number in range(len(members))]
        deadline = time.monotonic() + seconds
        while not all(shares) or set().union(*shares) != set(HOSTS):
            for one, other in combinations(members, 2):
                assert not held(one) & held(other)
            if time.monotonic() > deadline:
                break
        stop.set()
        for one_working in working:
            one_working.result()
    assert set().union(*shares) == set(HOSTS), [len(share) for share in shares]
    return shares


def test_one_collector_has_every_host(open_hosts: OpenHosts) -> None:
    hosts = open_hosts()
    assert settle(hosts) == [set(HOSTS)]
    hosts.refresh()
    assert held(hosts) == set(HOSTS)


def test_no_host_has_two_collectors_at_any_time(open_hosts: OpenHosts, request: pytest.FixtureRequest) -> None:
    if "all" in request.node.callspec.id:
        reason = "one machine, one collector: a lock on the data folder refuses a second"
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))
    first, second = open_hosts(), open_hosts()
    assert settle(first) == [set(HOSTS)]
    mine, others = settle(first, second)
    assert mine
    assert others
    assert not mine & others
    second.close()
    assert settle(first) == [set(HOSTS)]
