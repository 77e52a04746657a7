"""The clock: what time it is. Nobody waits for it: loops wait on their stop event."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Aware UTC times."""

    def now(self) -> datetime:
        """The current time, aware, UTC."""
