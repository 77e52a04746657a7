"""Fixtures of the desk's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.adapters.manual_clock import ManualClock
from tests.desk.stores import NOW, backup, files, fill


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def whole(tmp_path: Path, clock: ManualClock) -> Path:
    """A sound backup file of an office that has something of everything."""
    with files(tmp_path / "old", clock) as old:
        fill(old, 3, 25)
        backup(old, tmp_path / "whole.zip")
    return tmp_path / "whole.zip"
