"""The adapters that every contract test runs on: one fixture for each port, one parameter for each adapter.

A parameter is a function that makes "open it again": each call gives a new instance on the same data, as a new
process would have it. An adapter that needs a server carries a mark on its parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from services.adapters.elasticsearch_archive import ElasticsearchArchive
from services.adapters.elasticsearch_ledger import ElasticsearchLedger
from services.adapters.kafka_bus import KafkaBus
from services.adapters.manual_clock import ManualClock
from services.adapters.overlay_ledger import OverlayLedger
from services.adapters.sqlite_archive import SqliteArchive
from services.adapters.sqlite_bus import SqliteBus
from services.adapters.sqlite_ledger import SqliteLedger
from services.ports.archive import Archive
from services.ports.bus import Bus
from services.ports.ledger import Ledger
from services.settings import ElasticsearchSettings, KafkaSettings
from tests.servers.kafka_server import KafkaServer
from tests.servers.topics import own_topics

OpenBus = Callable[[], Bus]
OpenLedger = Callable[[], Ledger]
OpenArchive = Callable[[], Archive]


@contextmanager
def _sqlite_buses(request: pytest.FixtureRequest, clock: ManualClock) -> Iterator[OpenBus]:
    folder: Path = request.getfixturevalue("tmp_path")
    yield lambda: SqliteBus(folder / "bus.db", clock)


@contextmanager
def _kafka_buses(request: pytest.FixtureRequest, clock: ManualClock, alone: tuple[str, ...] = ()) -> Iterator[OpenBus]:
    """Topics of this test's own, on the shared broker."""
    server: KafkaServer = request.getfixturevalue("kafka")
    settings = KafkaSettings(partitions=3, hosts_partitions=3)
    with own_topics(server) as url:
        KafkaBus(url, clock, {}, settings, create=True).close()
        yield lambda: KafkaBus(url, clock, {}, settings, alone=alone)


_kafka_buses_read_alone = partial(_kafka_buses, alone=("g", "a", "b", "other"))
"""Its groups, all of the bus contract, are read as the alerter's is: by one process at a time."""


def _sqlite_ledger(request: pytest.FixtureRequest) -> Ledger:
    return SqliteLedger(request.getfixturevalue("tmp_path") / "ledger.db")


def _elasticsearch_ledger(request: pytest.FixtureRequest) -> Ledger:
    return ElasticsearchLedger(request.getfixturevalue("elasticsearch_url"), ElasticsearchSettings(), create=True)


@pytest.fixture
def overlay(tmp_path: Path) -> Iterator[OverlayLedger]:
    """One for the whole test: it is memory, and its `close` forgets nothing."""
    kinds = ("entry", "feed", "feed_day", "later", "lease", "letter", "other", "sequence", "shingle", "story")
    with closing(SqliteLedger(tmp_path / "under.db")) as under:
        yield OverlayLedger(under, kinds)


def _overlay_ledger(request: pytest.FixtureRequest) -> Ledger:
    ledger: Ledger = request.getfixturevalue("overlay")
    return ledger


def _sqlite_archive(request: pytest.FixtureRequest) -> Archive:
    return SqliteArchive(request.getfixturevalue("tmp_path") / "archive.db")


def _elasticsearch_archive(request: pytest.FixtureRequest) -> Archive:
    return ElasticsearchArchive(request.getfixturevalue("elasticsearch_url"), ElasticsearchSettings(), create=True)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 23, 6, 30, tzinfo=UTC))


@pytest.fixture(
    params=[
        pytest.param(_sqlite_buses, id="sqlite"),
        pytest.param(_kafka_buses, id="kafka", marks=pytest.mark.kafka),
        pytest.param(_kafka_buses_read_alone, id="kafka-alone", marks=pytest.mark.kafka),
    ]
)
def open_bus(request: pytest.FixtureRequest, clock: ManualClock) -> Iterator[OpenBus]:
    with request.param(request, clock) as make, ExitStack() as stack:
        yield lambda: stack.enter_context(closing(make()))


@pytest.fixture
def bus(open_bus: OpenBus) -> Bus:
    return open_bus()


@pytest.fixture(
    params=[
        pytest.param(_sqlite_ledger, id="sqlite"),
        pytest.param(_overlay_ledger, id="overlay"),
        pytest.param(_elasticsearch_ledger, id="elasticsearch"),
    ]
)
def open_ledger(request: pytest.FixtureRequest) -> Iterator[OpenLedger]:
    request.param(request).close()  # makes the fixtures that it needs before the stack, to end after it
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(request.param(request)))


@pytest.fixture
def ledger(open_ledger: OpenLedger) -> Ledger:
    return open_ledger()


@pytest.fixture(
    params=[pytest.param(_sqlite_archive, id="sqlite"), pytest.param(_elasticsearch_archive, id="elasticsearch")]
)
def open_archive(request: pytest.FixtureRequest) -> Iterator[OpenArchive]:
    request.param(request).close()  # makes the fixtures that it needs before the stack, to end after it
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(request.param(request)))


@pytest.fixture
def archive(open_archive: OpenArchive) -> Archive:
    return open_archive()
