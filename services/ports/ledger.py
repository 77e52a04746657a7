"""The ledger: small values that must happen once, each with a revision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Held:
    """A value of the ledger with the revision to expect when writing over it."""

    key: str
    value: bytes
    revision: int


@dataclass(frozen=True, slots=True)
class Put:
    """One write. `expected`: the revision it must replace; 0: it must be new; None: whatever is there."""

    kind: str
    key: str
    value: bytes
    expected: int | None = None


class Ledger(Protocol):
    """Keyed values under a few kinds ("entry", "feed", "letter", "finding" ...), written conditionally.

    Writes are durable when a method returns. Two processes may hold it open at once: get, get_many and scan see
    every write, of any process, that returned before they were called (an engine that shows writes late must refresh
    first). Every method raises Unavailable when it cannot be reached.
    """

    def get(self, kind: str, key: str) -> Held | None:
        """The value under this key, or None."""

    def get_many(self, kind: str, keys: list[str]) -> dict[str, Held]:
        """The values of those keys that exist."""

    def put(self, *writes: Put) -> None:
        """Write; nothing given does nothing. Each write alone is atomic; the writes of one call happen in any order.

        Raises Conflict when an expectation fails: that write is not done. After Conflict or Unavailable any subset
        of the others may have happened; whoever needs an order calls twice.
        """

    def scan(self, kind: str, prefix: str = "", after: str = "") -> Iterator[Held]:
        """Values whose key begins with `prefix` and is greater than `after`, in order of their keys."""

    def snapshot(self) -> Iterator[tuple[str, Held]]:
        """(kind, value) of everything it holds, by kind and key, as it stood at one moment."""

    def delete(self, kind: str, *keys: str | Held) -> None:
        """Forget these keys, in any order; no error for one that is not there.

        A Held is forgotten only as it was read: where it was written over since, that stays, which is no error either.
        """

    def close(self) -> None:
        """Release the connection."""
