"""The adapters that every contract test runs on: one fixture for each port, one parameter for each adapter.

A parameter is a function that makes "open it again": each call gives a new instance on the same data, as a new
process would have it. An adapter that needs a server carries a mark on its parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.adapters.manual_clock import ManualClock
from services.adapters.sqlite_archive import SqliteArchive
from services.adapters.sqlite_bus import SqliteBus
from services.adapters.sqlite_ledger import SqliteLedger
from services.ports.archive import Archive
from services.ports.bus import Bus
from services.ports.ledger import Ledger

OpenBus = Callable[[], Bus]
OpenLedger = Callable[[], Ledger]
OpenArchive = Callable[[], Archive]


def _sqlite_bus(folder: Path, clock: ManualClock) -> Bus:
    return SqliteBus(folder / "bus.db", clock)


def _sqlite_ledger(folder: Path) -> Ledger:
    return SqliteLedger(folder / "ledger.db")


def _sqlite_archive(folder: Path) -> Archive:
    return SqliteArchive(folder / "archive.db")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 23, 6, 30, tzinfo=UTC))


@pytest.fixture(params=[pytest.param(_sqlite_bus, id="sqlite")])
def open_bus(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Iterator[OpenBus]:
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(request.param(tmp_path, clock)))


@pytest.fixture
def bus(open_bus: OpenBus) -> Bus:
    return open_bus()


@pytest.fixture(params=[pytest.param(_sqlite_ledger, id="sqlite")])
def open_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenLedger]:
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(request.param(tmp_path)))


@pytest.fixture
def ledger(open_ledger: OpenLedger) -> Ledger:
    return open_ledger()


@pytest.fixture(params=[pytest.param(_sqlite_archive, id="sqlite")])
def open_archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenArchive]:
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(request.param(tmp_path)))


@pytest.fixture
def archive(open_archive: OpenArchive) -> Archive:
    return open_archive()
