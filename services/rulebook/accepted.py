"""The accepted set: what the rules were, since when and by whom, kept in the ledger at each start of a service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.domain.codec import decode, encode
from services.domain.record import Record
from services.ports.errors import Conflict
from services.ports.ledger import Ledger, Put
from services.rulebook.book import Rulebook

KIND = "config"
_CURRENT = "current"


class AcceptedSet(Record, frozen=True, kw_only=True):
    """One set of files that was in force."""

    version: str
    texts: dict[str, str]
    by: str
    """Login of the account that started the service."""
    at: datetime


class Current(Record, frozen=True, kw_only=True):
    """Which version runs, and which ran before it."""

    version: str
    previous: str = ""
    at: datetime


class NotInForce(Exception):
    """These are not the rules that the service runs with, in words for whoever asked. Nothing changed."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What taking a rulebook into force changed."""

    version: str
    previous: str
    """Empty at the first start."""
    changed: list[str]
    """Names of files that are new, gone or different."""


def accept(ledger: Ledger, rulebook: Rulebook, by: str, at: datetime) -> Acceptance:
    """Take this rulebook into force and keep its files for ever; the same one again changes nothing.

    Two services may start at once: the one that comes second reads again. Raises Unavailable.
    """
    while True:
        held = ledger.get(KIND, _CURRENT)
        current = decode(held.value, Current) if held is not None else None
        if current is not None and current.version == rulebook.version:
            return Acceptance(rulebook.version, current.version, [])
        previous = current.version if current is not None else ""
        following = Current(version=rulebook.version, previous=previous, at=at)
        kept = AcceptedSet(version=rulebook.version, texts=rulebook.texts, by=by, at=at)
        try:
            # The set first: "current" never names one that is not kept.
            ledger.put(Put(KIND, _set_key(rulebook.version, at), encode(kept)))
            ledger.put(Put(KIND, _CURRENT, encode(following), expected=held.revision if held is not None else 0))
        except Conflict:
            continue
        before = accepted_set(ledger, previous)
        return Acceptance(rulebook.version, previous, _changed(before, rulebook.texts))


def current_version(ledger: Ledger) -> Current | None:
    """The version in force, or None before the first start."""
    held = ledger.get(KIND, _CURRENT)
    return None if held is None else decode(held.value, Current)


def require_in_force(ledger: Ledger, rulebook: Rulebook) -> None:
    """Who may decide and who receives letters is said by the accepted rules, not by those at hand.

    Raises NotInForce, Unavailable.
    """
    current = current_version(ledger)
    if current is None:
        raise NotInForce(
            "Chưa cấu hình nào được nhận: chạy `diembao run` với cấu hình này trước. "
            "/ no configuration is in force yet: start `diembao run` with this one first"
        )
    if current.version != rulebook.version:
        raise NotInForce(
            f"Dịch vụ đang chạy với cấu hình bản {current.version} (từ {current.at:%d/%m/%Y %H:%M} UTC), lệnh này "
            f"dùng bản {rulebook.version}; không ghi gì. Dùng đúng --config của dịch vụ; nếu vừa sửa cấu hình thì "
            "khởi động lại dịch vụ để nhận bản mới. "
            f"/ the service runs version {current.version}, this command was given {rulebook.version}: pass the same "
            "--config as the service, or restart it"
        )


def accepted_set(ledger: Ledger, version: str) -> AcceptedSet | None:
    """The files of a version, as they were when it last came into force."""
    if not version:
        return None
    found = None
    for held in ledger.scan(KIND, prefix=f"set|{version}|"):
        found = held
    return None if found is None else decode(found.value, AcceptedSet)


def _set_key(version: str, at: datetime) -> str:
    return f"set|{version}|{at.isoformat()}"


def _changed(before: AcceptedSet | None, texts: dict[str, str]) -> list[str]:
    if before is None:
        return []
    return sorted(name for name in before.texts.keys() | texts.keys() if before.texts.get(name) != texts.get(name))
