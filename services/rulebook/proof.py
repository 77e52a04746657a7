"""What lets a changed watches.yaml take effect: a back-test, or an override with a reason, of exactly that content.

Kept in the ledger under the hash of the text; a service that finds watches.yaml changed looks here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from services.domain.codec import decode, encode
from services.domain.record import Record
from services.ports.errors import Conflict
from services.ports.ledger import Ledger, Put
from services.rulebook.accepted import KIND, hash_of


class BacktestRun(Record, frozen=True, kw_only=True):
    """A back-test that ran to its end."""

    by: str
    """Login."""
    at: datetime
    days: int
    counts: dict[str, int] = {}
    """What it found, by name: articles seen, gained, lost ..."""


class Override(Record, frozen=True, kw_only=True):
    """Somebody let it take effect without a back-test."""

    by: str
    """Login."""
    at: datetime
    reason: str


class Proofs(Record, frozen=True, kw_only=True):
    """Everything that is known of one content, each list oldest first."""

    runs: list[BacktestRun] = []
    overrides: list[Override] = []

    @property
    def last(self) -> BacktestRun | Override | None:
        every: list[BacktestRun | Override] = [*self.runs, *self.overrides]
        return max(every, key=lambda one: one.at, default=None)


def record_backtest(ledger: Ledger, watches_text: str, run: BacktestRun) -> None:
    """From here this content may take effect. Raises Unavailable."""
    _add(ledger, watches_text, lambda known: replace(known, runs=[*known.runs, run]))


def override(ledger: Ledger, watches_text: str, reason: str, by: str, at: datetime) -> None:
    """From here this content may take effect, for this reason. Raises ValueError without one, Unavailable."""
    if not reason.strip():
        raise ValueError("cần nêu lý do / a reason is required")
    one = Override(by=by, at=at, reason=reason.strip())
    _add(ledger, watches_text, lambda known: replace(known, overrides=[*known.overrides, one]))


def proofs_of(ledger: Ledger, watches_text: str) -> Proofs:
    """What the ledger knows of this content; empty where nobody tried it. Raises Unavailable."""
    held = ledger.get(KIND, proof_key(watches_text))
    return Proofs() if held is None else decode(held.value, Proofs)


def words_of(proof: BacktestRun | Override) -> str:
    """The note of a version that came into force by it."""
    if isinstance(proof, Override):
        return f"bỏ qua bước thử, lý do: {proof.reason}"
    return f"đã thử trên {proof.days} ngày"


def proof_key(watches_text: str) -> str:
    return f"proof|{hash_of(watches_text)}"


def _add(ledger: Ledger, text: str, with_it: Callable[[Proofs], Proofs]) -> None:
    while True:
        held = ledger.get(KIND, proof_key(text))
        known = decode(held.value, Proofs) if held is not None else Proofs()
        write = Put(KIND, proof_key(text), encode(with_it(known)), expected=held.revision if held is not None else 0)
        try:
            ledger.put(write)
        except Conflict:
            continue
        return
