"""A press on loopback, the shipped rules, one extractor for all tests of the room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.adapters.trafilatura_extractor import TrafilaturaExtractor
from services.ports.extractor import Extractor
from services.rulebook.book import Rulebook
from services.rulebook.load import load
from tests.press_server import PressServer

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="session")
def rules() -> Rulebook:
    return load(CONFIG, samples=False)


@pytest.fixture(scope="session")
def extractor() -> Iterator[Extractor]:
    opened = TrafilaturaExtractor(deadline_seconds=10)
    yield opened
    opened.close()


@pytest.fixture
def press() -> Iterator[PressServer]:
    with PressServer() as server:
        yield server
