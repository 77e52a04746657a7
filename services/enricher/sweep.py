"""Clears the ledger of words that no text can meet any more: some 50 rows for each article would stay for ever.

A pass a day through all shingles, a page at a time, whenever the enricher has nothing to read. How far it came stands
in the ledger: it goes on after a restart, and of two enrichers each takes other pages. A row that is claimed between
look and delete stays.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice

from services.domain.codec import decode, encode
from services.domain.record import Record
from services.enricher.neighbours import KEEP, SHINGLE, Claims
from services.ports.clock import Clock
from services.ports.errors import Conflict
from services.ports.ledger import Ledger, Put

FORGET = KEEP + timedelta(days=90)
"""Rows whose claims are all older go. A text that comes again, late or from press.unmatched (a page that was changed, a
long stop, a back-test), up to 90 days after its first sight, finds what it would have found."""
EVERY = timedelta(days=1)
PAGE = 1000
"""Rows looked at in one step: a few milliseconds, and some 90 million a day."""
_KIND = "sweep"


class Pass(Record, frozen=True, kw_only=True):
    """One pass through the shingles."""

    begun: datetime
    after: str = ""
    """The last key that was taken."""
    done: bool = False


class Sweep:
    """Goes through the shingles of this ledger, for whoever calls `step` often."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger, self._clock = ledger, clock
        self._rests_until: datetime | None = None

    def step(self) -> None:
        """Take the next page of the pass, if one is due. Raises Unavailable."""
        now = self._clock.now()
        if self._rests_until is not None and now < self._rests_until:
            return
        held = self._ledger.get(_KIND, SHINGLE)
        present = decode(held.value, Pass) if held is not None else None
        if present is None or (present.done and now >= present.begun + EVERY):
            present = Pass(begun=now)
        elif present.done:
            self._rests_until = present.begun + EVERY
            return
        page = list(islice(self._ledger.scan(SHINGLE, after=present.after), PAGE))
        after = Pass(begun=present.begun, after=page[-1].key if page else "", done=len(page) < PAGE)
        try:
            # Taken before it is cleared: what a crash leaves of it is cleared tomorrow.
            self._ledger.put(Put(_KIND, SHINGLE, encode(after), held.revision if held is not None else 0))
        except Conflict:
            return  # another enricher took this page
        self._ledger.delete(SHINGLE, *(one for one in page if _past(decode(one.value, Claims), now)))


def _past(claims: Claims, now: datetime) -> bool:
    return all(now - (one.given or one.seen) > FORGET for one in claims.claims)
