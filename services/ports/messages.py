"""What services say on the bus and read from it, and how they park what they cannot do: one way for all.

A parked message never holds an author, whatever was wrong with it (fair coverage, rule 2): an object of JSON is kept
without those fields, and of anything else, or what the log refuses to hold twice, only its size and hash. The log
itself still holds it at its position.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from traceback import format_exception
from typing import TypeVar

import structlog

from services.domain.article import without_authors
from services.domain.codec import decode, encode
from services.domain.events import PARKED, SCHEMA, Parked
from services.domain.record import Record
from services.ports.bus import Bus, Delivery, Message
from services.ports.errors import Unprocessable

_R = TypeVar("_R", bound=Record)

REPLAY = {"replay": "1"}
"""Header of what is said again of earlier days: the alerter passes it over."""
_LONGEST_REASON = 2000
_log = structlog.get_logger()


def message_of(key: str, record: Record, *, replay: bool = False) -> Message:
    """The record under this version's schema."""
    return Message(key, encode(record), {"schema": str(SCHEMA), **(REPLAY if replay else {})})


def is_replay(message: Message) -> bool:
    """Whether it is said again, so that nobody is to be told of it."""
    return "replay" in message.headers


def read(message: Message, kind: type[_R]) -> _R:
    """Its record. Raises ValueError for what does not fit, also for a newer schema."""
    written = message.headers.get("schema", str(SCHEMA))
    if not written.isdecimal() or int(written) > SCHEMA:
        raise ValueError(f"schema {written} mới hơn phiên bản này đọc được / newer than this version reads")
    return decode(message.value, kind)


def park(bus: Bus, group: str, delivery: Delivery, error: Exception, now: datetime) -> None:
    """Put on PARKED, and log, what this group could not do. Raises Unavailable."""
    # Not `exc_info`: its trace shows the variables, and with them what was taken out of the message.
    reason, trace = f"{type(error).__name__}: {error}", format_exception(error)
    _log.warning("parked", topic=delivery.topic, key=delivery.message.key, reason=reason, trace=trace)
    try:
        bus.publish(PARKED, [message_of(delivery.message.key, parked(group, delivery, error, now))])
    except Unprocessable:
        bus.publish(PARKED, [message_of(delivery.message.key, parked(group, delivery, error, now, whole=False))])


def parked(group: str, delivery: Delivery, error: Exception, now: datetime, *, whole: bool = True) -> Parked:
    """What is kept of a message that the group could not do, with the place where it stood and why.

    `whole`: with the message itself; else only its size and hash.
    """
    message = delivery.message
    kept = _kept(message.value) if whole else ""
    # A service that parks must not stumble over the words of what went wrong.
    said = f"{type(error).__name__}: {error}".encode(errors="backslashreplace").decode()
    if not kept:
        why = "không phải JSON / no JSON object" if whole else "quá lớn để giữ cả / too large to be kept"
        digest = hashlib.sha256(message.value).hexdigest()
        said = f"{said[:_LONGEST_REASON]} ({why}: {len(message.value)} byte, sha256 {digest})"
    return Parked(
        topic=delivery.topic,
        key=message.key,
        value=kept,
        headers=dict(message.headers),
        reason=f"{group}, {delivery.topic} {delivery.position}: {said}",
        at=now,
    )


def _kept(value: bytes) -> str:
    """The object of JSON without author fields; empty where it is none, for its text could hide one anywhere."""
    try:
        found = json.loads(value)
        # Escaped: half of a surrogate pair, which JSON may spell, can be written down in no other way.
        return json.dumps(without_authors(found)) if isinstance(found, dict) else ""
    except (ValueError, RecursionError):
        return ""
