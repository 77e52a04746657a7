"""A run of the sample press that nobody disturbed, and copies of what it left."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey.process import Finished, run_through
from tests.replay.days import Days, opened


@pytest.fixture(scope="session")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return run_through("samples", tmp_path_factory.mktemp("samples"), Path())


@pytest.fixture
def data(journey: Finished, tmp_path: Path) -> Path:
    """A copy of its data folder."""
    return Path(shutil.copytree(journey.data, tmp_path / "data"))


@pytest.fixture
def days(data: Path) -> Iterator[Days]:
    with opened(data) as found:
        yield found
