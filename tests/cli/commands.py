"""The command line as a test calls it, on the stores that a first `diembao run` leaves."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from typer.testing import CliRunner, Result

from services import wiring
from services.__main__ import assembled
from services.adapters.manual_clock import ManualClock
from services.settings import load_settings

app = assembled()

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


def stores(config: Path, data: Path) -> None:
    """What a first `diembao run` leaves."""
    settings, clock = load_settings(config, data, {}), ManualClock(NOW)
    for opened in (
        wiring.open_bus(settings, clock, create=True),
        wiring.open_archive(settings, create=True),
        wiring.open_ledger(settings, create=True),
    ):
        opened.close()


def run(*words: object, **environ: str) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], env=environ)
