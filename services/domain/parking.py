"""Reading what comes from the bus, and parking what cannot be done: one way for every service.

A parked message never holds an author, whatever was wrong with it (fair coverage, rule 2): an object of JSON is kept
without those fields, and of anything else, or what the log refuses to hold twice, only its size and hash. The log
itself still holds it at its position.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from services.domain.article import without_authors
from services.domain.codec import decode
from services.domain.events import SCHEMA, Parked
from services.domain.record import Record

_R = TypeVar("_R", bound=Record)

_LONGEST_REASON = 2000


def read(value: bytes, headers: Mapping[str, str], kind: type[_R]) -> _R:
    """The record of a message. Raises ValueError for what does not fit, also for a newer schema."""
    written = headers.get("schema", str(SCHEMA))
    if not written.isdecimal() or int(written) > SCHEMA:
        raise ValueError(f"schema {written} mới hơn phiên bản này đọc được / newer than this version reads")
    return decode(value, kind)


def park(
    who: str,
    topic: str,
    position: str,
    key: str,
    value: bytes,
    headers: Mapping[str, str],
    error: Exception,
    at: datetime,
    *,
    whole: bool = True,
) -> Parked:
    """What is kept of a message that `who` could not do, with the place where it stood and why.

    `whole`: with the message itself; else only its size and hash.
    """
    kept = _kept(value) if whole else ""
    # A service that parks must not stumble over the words of what went wrong.
    said = f"{type(error).__name__}: {error}".encode(errors="backslashreplace").decode()
    if not kept:
        why = "không phải JSON / no JSON object" if whole else "quá lớn để giữ cả / too large to be kept"
        said = f"{said[:_LONGEST_REASON]} ({why}: {len(value)} byte, sha256 {hashlib.sha256(value).hexdigest()})"
    return Parked(
        topic=topic,
        key=key,
        value=kept,
        headers=dict(headers),
        reason=f"{who}, {topic} {position}: {said}",
        at=at,
    )


def _kept(value: bytes) -> str:
    """The object of JSON without author fields; empty where it is none, for its text could hide one anywhere."""
    try:
        found = json.loads(value)
        # Escaped: half of a surrogate pair, which JSON may spell, can be written down in no other way.
        return json.dumps(without_authors(found)) if isinstance(found, dict) else ""
    except (ValueError, RecursionError):
        return ""
