"""A clock that somebody sets: tests and the sample press."""

from datetime import UTC, datetime

from services.ports.clock import Clock


class ManualClock(Clock):
    """Starts at an aware time, of whatever zone, and stands still until `set`."""

    def __init__(self, now: datetime) -> None:
        self.set(now)

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        self._now = now.astimezone(UTC)
