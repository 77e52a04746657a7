"""Parked messages: what could not be processed, kept whole until an operator looks and sends it round again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.domain.codec import decode, encode
from services.domain.events import PARKED, Parked
from services.domain.record import Record
from services.ports.bus import Bus, Message
from services.ports.ledger import Ledger, Put

KIND = "parked"


class Retried(Record, frozen=True, kw_only=True):
    """Kept in the ledger under the id of the parked message: it was sent round again."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ParkedItem:
    """A parked message and, when it was sent round again, by whom.

    Its id is made of what it says: places in a log are others after a restore, and on another engine.
    """

    id: str
    parked: Parked
    retried: Retried | None

    @property
    def whole(self) -> bool:
        """Whether it can be sent round again: of what was no JSON only size and hash are kept."""
        return bool(self.parked.value)


def list_parked(bus: Bus, ledger: Ledger) -> list[ParkedItem]:
    """All parked messages that the log still holds, oldest first. Raises Unavailable."""
    done = {held.key: decode(held.value, Retried) for held in ledger.scan(KIND)}
    values = [delivery.message.value for delivery in bus.scan(PARKED)]
    return [ParkedItem(_id(value), decode(value, Parked), done.get(_id(value))) for value in values]


def _id(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()[:12]


def retry(bus: Bus, ledger: Ledger, items: Sequence[ParkedItem], by: str, at: datetime) -> int:
    """Publish these again as they came, headers and all, and mark them; returns how many were whole.

    The schema and the mark of a replay stay: a newer message is parked again, a replayed one mails nothing.
    Published before marked: a crash between the two repeats one, which every handler bears. Raises Unavailable.
    """
    whole = [item for item in items if item.whole]
    for item in whole:
        message = Message(item.parked.key, item.parked.value.encode(), item.parked.headers)
        bus.publish(item.parked.topic, [message])
        ledger.put(Put(KIND, item.id, encode(Retried(by=by, at=at))))
    return len(whole)
