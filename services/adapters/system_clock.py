"""The machine's own clock."""

from datetime import UTC, datetime

from services.ports.clock import Clock


class SystemClock(Clock):
    def now(self) -> datetime:
        return datetime.now(UTC)
