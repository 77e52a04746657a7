"""The lease: one alerter at a time enters articles and moves windows.

It is held only while there is work, so a command beside a running service waits a moment and not for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from services.domain.codec import decode, encode
from services.domain.record import Record
from services.ports.clock import Clock
from services.ports.errors import Conflict
from services.ports.ledger import Ledger, Put

KIND, KEY = "lease", "alerter"
DURATION = timedelta(minutes=5)
"""Longer than the longest letter takes (an SMTP server may keep us for its time-out); renewed before each."""


class LeaseRecord(Record, frozen=True, kw_only=True):
    owner: str
    until: datetime


class Lease:
    """Held by name: the same owner takes it again at once after a crash, another one when it has run out."""

    def __init__(self, ledger: Ledger, clock: Clock, owner: str) -> None:
        self._ledger, self._clock, self._owner = ledger, clock, owner
        self.taken_over = False
        """Whether somebody else held it before the present `hold`: what they did since we held it, we have not seen."""

    @contextmanager
    def hold(self) -> Iterator[bool]:
        """Whether the lease is ours inside the block."""
        before = self._ledger.get(KIND, KEY)
        self.taken_over = before is not None and decode(before.value, LeaseRecord).owner != self._owner
        held = self.renew()
        try:
            yield held
        finally:
            if held:
                self._write(self._clock.now())

    def renew(self) -> bool:
        return self._write(self._clock.now() + DURATION)

    def _write(self, until: datetime) -> bool:
        held = self._ledger.get(KIND, KEY)
        if held is not None:
            found = decode(held.value, LeaseRecord)
            if found.owner != self._owner and found.until > self._clock.now():
                return False
        record = encode(LeaseRecord(owner=self._owner, until=until))
        try:
            self._ledger.put(Put(KIND, KEY, record, expected=held.revision if held else 0))
        except Conflict:
            return False
        return True
