"""A ledger in memory over another one: reads of some kinds fall through, writes stay here and end with the process.

What a replay works on. It may do everything again that a service did, in the light of what that service left, and
the ledger under it is only ever read.
"""

from __future__ import annotations

import bisect
import heapq
import threading
from collections.abc import Collection, Iterator, Sequence

from services.ports.errors import Conflict
from services.ports.ledger import Held, Ledger, Put

_FIRST_REVISION = 1 << 64
"""Beyond every revision of the ledger under it: both are seen as one row of numbers that never goes back."""
_FEW = 100
"""So many keys are put into their places one by one; of more the whole is sorted."""


class OverlayLedger(Ledger):
    """Reads of `kinds` fall through to `under` where nothing was written here; of other kinds it knows only its own.

    `close` leaves `under` open: it belongs to whoever opened it. What is written under it meanwhile is seen.
    """

    def __init__(self, under: Ledger | None = None, kinds: Collection[str] = ()) -> None:
        self._under = under
        self._kinds = frozenset(kinds) if under is not None else frozenset()
        self._held: dict[str, dict[str, Held | None]] = {}
        self._keys: dict[str, list[str]] = {}
        """In order, but for those of `_unsorted`: among a million shingles an insertion moves megabytes."""
        self._unsorted: dict[str, list[str]] = {}
        self._revision = _FIRST_REVISION
        self._lock = threading.RLock()

    def get(self, kind: str, key: str) -> Held | None:
        return self.get_many(kind, [key]).get(key)

    def get_many(self, kind: str, keys: list[str]) -> dict[str, Held]:
        with self._lock:
            written = self._held.get(kind, {})
            found = {key: written[key] for key in keys if key in written}
        missing = [key for key in keys if key not in found]
        if missing and self._under is not None and kind in self._kinds:
            found |= self._under.get_many(kind, missing)
        return {key: held for key, held in found.items() if held is not None}

    def put(self, *writes: Put) -> None:
        with self._lock:
            revisions = self._revisions(writes)
            for write in writes:
                here = (write.kind, write.key)
                if write.expected is not None and (revision := revisions.get(here, 0)) != write.expected:
                    raise Conflict(f"{write.kind}/{write.key}: revision {revision}, expected {write.expected}")
                self._revision += 1
                self._write(write.kind, write.key, Held(write.key, write.value, self._revision))
                revisions[here] = self._revision

    def scan(self, kind: str, prefix: str = "", after: str = "") -> Iterator[Held]:
        """As the port says; a value written while the scan runs may or may not be part of it."""
        if self._under is None or kind not in self._kinds:
            yield from self._own(kind, prefix, after)
            return
        under = (held for held in self._under.scan(kind, prefix, after) if not self._hides(kind, held.key))
        yield from heapq.merge(self._own(kind, prefix, after), under, key=lambda held: held.key)

    def snapshot(self) -> Iterator[tuple[str, Held]]:
        """As the port says; of the ledger under it, only the kinds that are read."""
        with self._lock:
            own = {(kind, key): held for kind, values in self._held.items() for key, held in values.items()}
        mine = ((kind, held) for (kind, _), held in sorted(own.items()) if held is not None)
        if self._under is None:
            yield from mine
            return
        under = (
            (kind, held) for kind, held in self._under.snapshot() if kind in self._kinds and (kind, held.key) not in own
        )
        yield from heapq.merge(mine, under, key=lambda one: (one[0], one[1].key))

    def delete(self, kind: str, *keys: str | Held) -> None:
        with self._lock:
            seen = [one for one in keys if isinstance(one, Held)]
            there = self.get_many(kind, [one.key for one in seen])
            still = [one.key for one in seen if one.key in there and there[one.key].revision == one.revision]
            for key in (*(one for one in keys if isinstance(one, str)), *still):
                if kind in self._kinds:
                    self._write(kind, key, None)  # it may stand in the ledger under this one
                elif self._held.get(kind, {}).pop(key, None) is not None:
                    self._sorted(kind).remove(key)

    def close(self) -> None:
        """Nothing is held open."""

    def _revisions(self, writes: Sequence[Put]) -> dict[tuple[str, str], int]:
        """Of what is held under the keys that are written conditionally; of a kind all at once."""
        keys: dict[str, list[str]] = {}
        for write in writes:
            if write.expected is not None:
                keys.setdefault(write.kind, []).append(write.key)
        return {
            (kind, key): held.revision for kind, some in keys.items() for key, held in self.get_many(kind, some).items()
        }

    def _own(self, kind: str, prefix: str, after: str) -> Iterator[Held]:
        while True:
            with self._lock:
                keys = self._sorted(kind)
                at = bisect.bisect_left(keys, prefix) if prefix > after else bisect.bisect_right(keys, after)
                if at >= len(keys) or not keys[at].startswith(prefix):
                    return
                after = keys[at]
                held = self._held[kind][after]
            if held is not None:
                yield held

    def _hides(self, kind: str, key: str) -> bool:
        with self._lock:
            return key in self._held.get(kind, {})

    def _write(self, kind: str, key: str, held: Held | None) -> None:
        values = self._held.setdefault(kind, {})
        if key not in values:
            self._unsorted.setdefault(kind, []).append(key)
        values[key] = held

    def _sorted(self, kind: str) -> list[str]:
        """All keys in order; under the lock."""
        keys, new = self._keys.setdefault(kind, []), self._unsorted.pop(kind, [])
        if len(new) > _FEW:
            keys += new
            keys.sort()
        else:
            for key in new:
                bisect.insort(keys, key)
        return keys
