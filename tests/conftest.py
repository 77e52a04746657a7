"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def press_data() -> Path:
    """The folder of real press data; a test that needs it is skipped where it is not at hand."""
    folder = os.environ.get("DIEMBAO_PRESS_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("DIEMBAO_PRESS_DATA names no folder of press data")
    return Path(folder)
