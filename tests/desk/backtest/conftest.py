"""The three days of the sample press, gone through once for all tests of this folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey.process import run_through
from tests.replay.days import Days, opened


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder as the days ended. Not to be changed."""
    return run_through("samples", tmp_path_factory.mktemp("samples"), Path()).data


@pytest.fixture
def days(finished: Path, tmp_path: Path) -> Iterator[Days]:
    """A copy, opened."""
    with opened(Path(shutil.copytree(finished, tmp_path / "data"))) as found:
        yield found
