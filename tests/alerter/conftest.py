"""One office for a test, in its own folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.alerter.office import Press

Open = Callable[..., Press]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Open]:
    """Makes an installation; its stores are closed at the end."""
    with ExitStack() as opened:

        def make(name: str = "office", **parts: Any) -> Press:
            folder = tmp_path / name
            folder.mkdir(exist_ok=True)
            press = Press(folder, **parts)
            opened.enter_context(closing(press.bus))
            opened.enter_context(closing(press.ledger))
            return press

        yield make


@pytest.fixture
def press(office: Open) -> Press:
    return office()
