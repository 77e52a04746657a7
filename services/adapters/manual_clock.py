"""A clock that somebody sets: tests and the sample press."""

from datetime import datetime

from services.ports.clock import Clock


class ManualClock(Clock):
    """Starts at an aware time and stands still until `set`."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        self._now = now
