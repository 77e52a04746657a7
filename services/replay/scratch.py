"""What a replay works on: the enricher on a log of its own, over a ledger whose writes stay in memory.

Nothing is written to the installation's ledger and no group moves on its bus, so a replay may run beside the
services, be interrupted and repeated.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from services.domain.codec import decode, encode
from services.domain.events import COLLECTED, ENRICHED, PARKED, Enriched, Parked
from services.enricher.enrich import Enricher
from services.ports.archive import Archive
from services.ports.bus import Bus, Delivery, Message
from services.ports.clock import Clock
from services.ports.errors import Unavailable
from services.ports.ledger import Ledger
from services.ports.mailer import Mailer
from services.rulebook.book import Rulebook

T = TypeVar("T")

AT_ONCE = 50
_GROUP = "replay"
_FOLDER = ".diembao-replay-"


class SetClock(Clock, Protocol):
    """A clock that stands still until it is set."""

    def set(self, now: datetime) -> None:
        """It is this aware time now."""


@dataclass(frozen=True, slots=True)
class Scratch:
    """How what a replay writes to is opened; a path is a folder."""

    bus: Callable[[Path, Clock], Bus]
    archive: Callable[[Path], Archive]
    ledger: Callable[[Ledger], Ledger]
    """Over the installation's: what it reads through of stories and feeds, and keeps all that is written to itself."""
    mailer: Callable[[Path], Mailer]
    clock: Callable[[datetime], SetClock]


@dataclass(frozen=True, slots=True)
class Installation:
    """Whose days are replayed: ledger and bus are only read, but for what `fill` says of its own archive."""

    bus: Bus
    ledger: Ledger
    archive: Archive
    scratch: Scratch
    data: Path
    """Its data folder. A replay's own log may be as large as the days': a temporary folder may be memory."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """Counts. Articles are compared with the installation's archive; where that is filled, with what it held before."""

    messages: int
    articles: int
    new: int
    """Not held there."""
    equal: int
    """The same document, byte for byte."""
    different: int
    later: int
    """Held there in a text that was read after the days of the replay."""
    refused: tuple[Parked, ...]
    """Messages that the enricher could not do; they were not parked again."""


class Again:
    """The very enricher over a scratch log; remembers which articles it wrote and what stood there before."""

    def __init__(
        self, installation: Installation, rules: Rulebook, into: Archive, bus: Bus, ledger: Ledger, clock: SetClock
    ) -> None:
        self.bus, self.ledger, self.clock = bus, ledger, clock
        self._into = into
        self._past = installation.archive if installation.archive is not into else None
        self._enricher = Enricher(lambda: rules, bus, into, ledger, clock, self._past)
        self._before: dict[str, bytes] = {}
        self._messages = 0
        self._refused: list[Parked] = []

    def enrich(self, deliveries: Sequence[Delivery]) -> list[Message]:
        """Enrich and save these messages; returns what the enricher published. Raises Unavailable."""
        for delivery in deliveries:
            self._remember(delivery.message.key)
        self._messages += len(deliveries)
        self.bus.publish(COLLECTED, [one.message for one in deliveries])
        while self._enricher.step():
            pass
        self.note_parked()
        return list(self._taken(ENRICHED))

    def note_parked(self) -> None:
        """Take up what was parked on the scratch log, so that it is told."""
        self._refused += [decode(one.value, Parked) for one in self._taken(PARKED)]

    def refuse(self, parked: Parked) -> None:
        """A message that could not even be read."""
        self._refused.append(parked)

    def counts(self) -> Replayed:
        """What became of the articles so far."""
        found = [self._compared(article_id) for article_id in self._before]
        return Replayed(
            messages=self._messages,
            articles=sum(one != "" for one in found),
            new=found.count("new"),
            equal=found.count("equal"),
            different=found.count("different"),
            later=found.count("later"),
            refused=tuple(self._refused),
        )

    def _remember(self, article_id: str) -> None:
        if article_id not in self._before:
            held = self._into.get(article_id) if self._past is None else None
            self._before[article_id] = _digest(held) if held is not None else b""

    def _compared(self, article_id: str) -> str:
        now = self._into.get(article_id)
        if now is None:
            return ""  # every message of it was refused
        before = self._before[article_id]
        if self._past is not None:
            held = self._past.get(article_id)
            if held is not None and held.article.seen_at > now.article.seen_at:
                return "later"
            before = _digest(held) if held is not None else b""
        if not before:
            return "new"
        return "equal" if before == _digest(now) else "different"

    def _taken(self, topic: str) -> Iterator[Message]:
        while some := self.bus.poll(topic, _GROUP, AT_ONCE):
            self.bus.commit(topic, _GROUP, some)
            yield from (one.message for one in some)


@contextmanager
def scratch(
    installation: Installation, rules: Rulebook, into: Archive, begin: datetime, folder: Path
) -> Iterator[Again]:
    """An enricher that fills `into`, its log in `folder`, its clock at `begin`."""
    clock = installation.scratch.clock(begin)
    ledger = installation.scratch.ledger(installation.ledger)
    with closing(installation.scratch.bus(folder, clock)) as bus:
        yield Again(installation, rules, into, bus, ledger, clock)


@contextmanager
def scratch_folder(data: Path) -> Iterator[Path]:
    """A folder in the data folder that goes away with the block; those of replays that were killed go now.

    Raises Unavailable where it cannot be made.
    """
    try:
        folder, held = _own_folder(data)
    except OSError as error:
        raise Unavailable(
            f"không tạo được thư mục tạm trong {data}: {error} / cannot make a folder in the data folder"
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _own_folder(data: Path) -> tuple[Path, int]:
    """(a new folder, its descriptor): a folder that no living process holds locked was left by one that was killed."""
    data.mkdir(parents=True, exist_ok=True)
    here = os.open(data, os.O_RDONLY)
    try:
        fcntl.flock(here, fcntl.LOCK_EX)  # or a folder might be swept away before it is locked
        for left in data.glob(f"{_FOLDER}*"):
            with suppress(OSError):  # in use, or another account's
                _remove_unused(left)
        folder = Path(tempfile.mkdtemp(prefix=_FOLDER, dir=data))
        held = os.open(folder, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_EX)
        return folder, held
    finally:
        os.close(here)


def _remove_unused(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(opened)


def lots(items: Iterable[T], limit: int = AT_ONCE) -> Iterator[list[T]]:
    """The items in lists of at most `limit`."""
    lot: list[T] = []
    for item in items:
        lot.append(item)
        if len(lot) == limit:
            yield lot
            lot = []
    if lot:
        yield lot


def _digest(document: Enriched) -> bytes:
    return hashlib.blake2b(encode(document), digest_size=16).digest()
