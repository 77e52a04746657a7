"""Signs of life: each service touches a file of its own as it works; who looks after the machine asks for its age.

The file tells that the loop turns, not that it succeeds: a service that waits for a server lives, and starting it
again would not bring the server back.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.ports.errors import Unavailable

SERVICES = ("run", "collector", "enricher", "alerter")
LONGEST_SILENCE = timedelta(minutes=10)
"""Longer than the longest step: a letter to a slow server, a round of pages at one host's pace."""


def beat(folder: Path, service: str) -> None:
    """This service works. Raises Unavailable where the data folder cannot be written."""
    try:
        (folder / "alive").mkdir(parents=True, exist_ok=True)
        _file(folder, service).touch()
    except OSError as error:
        raise Unavailable(f"{folder}: không ghi được / cannot be written ({error})") from error


def last_beat(folder: Path, service: str) -> datetime | None:
    """When it last worked, by the clock of this machine; None: never, or not with this data folder."""
    try:
        return datetime.fromtimestamp(_file(folder, service).stat().st_mtime, UTC)
    except OSError:
        return None


def _file(folder: Path, service: str) -> Path:
    return folder / "alive" / service
