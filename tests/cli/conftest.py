"""A small configuration and a data folder for commands; a test file with an installation of its own has its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.adapters.sqlite_ledger import SqliteLedger
from tests.rulebook.conftest import SMALL


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "cau-hinh"
    for name, text in SMALL.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "du-lieu"


@pytest.fixture
def ledger(data: Path) -> Iterator[SqliteLedger]:
    data.mkdir()
    ledger = SqliteLedger(data / "ledger.db")
    yield ledger
    ledger.close()
