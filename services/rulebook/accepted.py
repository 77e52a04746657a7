"""The accepted sets, kept in the ledger for ever: what the rules were, since when, by whom and why.

"current" names the one in force; "set|VERSION|NUMBER|TIME" is one coming into force; "text|HASH" is the text of a
file, kept once however many sets hold it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from msgspec.structs import replace

from services.domain.codec import decode, encode
from services.domain.record import Record
from services.ports.errors import Conflict
from services.ports.ledger import Ledger, Put
from services.rulebook.book import Rulebook
from services.rulebook.load import load_texts

KIND = "config"
CURRENT = "current"
WATCHES = "watches.yaml"


class AcceptedSet(Record, frozen=True, kw_only=True):
    """One set of files that came into force."""

    version: str
    texts: dict[str, str] = {}
    """File name -> text. Filled by `accepted_set`; in the ledger it stands only in sets of the first release."""
    files: dict[str, str] = {}
    """File name -> hash of its text."""
    by: str
    """Login: of the account that runs the service, or of the person who asked for this version."""
    at: datetime
    note: str = ""
    """Why it came into force, in Vietnamese; empty for an edited file that a service took."""
    previous: str = ""
    """The version that it replaced; empty at the first start."""
    number: int = 0
    """1, 2, 3 ... in the order of coming into force, whatever the clock said; 0 in sets of the first release."""


class Current(Record, frozen=True, kw_only=True):
    """Which version runs, and which ran before it."""

    version: str
    previous: str = ""
    at: datetime
    number: int = 0
    """As in its AcceptedSet."""


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
    kept: tuple[Path, ...] = ()
    """Files of the folder that would have been lost, set aside under these names."""


def accept(
    ledger: Ledger, rulebook: Rulebook, by: str, at: datetime, *, note: str = "", basis: str | None = None
) -> Acceptance:
    """Take this rulebook into force and keep its files for ever; the same one again changes nothing.

    Two services may start at once: the one that comes second reads again. With `basis`, only in the place of that
    version ("" for none): raises Conflict where another one is in force. Raises Unavailable.
    """
    while True:
        held = ledger.get(KIND, CURRENT)
        current = decode(held.value, Current) if held is not None else None
        previous = current.version if current is not None else ""
        if previous == rulebook.version:
            return Acceptance(rulebook.version, previous, [])
        if basis is not None and previous != basis:
            raise Conflict(f"bản {previous} vừa có hiệu lực thay {basis} / another version came into force just now")
        before = accepted_set(ledger, previous)
        files = _keep_texts(ledger, rulebook.texts)
        number = current.number + 1 if current is not None else 1
        kept = AcceptedSet(
            version=rulebook.version, files=files, by=by, at=at, note=note, previous=previous, number=number
        )
        following = Current(version=rulebook.version, previous=previous, at=at, number=number)
        try:
            # The set first: "current" never names one that is not kept.
            ledger.put(Put(KIND, f"set|{rulebook.version}|{number:08}|{at.isoformat()}", encode(kept)))
            ledger.put(Put(KIND, CURRENT, encode(following), expected=held.revision if held is not None else 0))
        except Conflict:
            continue  # this set stays behind, and `history` leaves it out
        return Acceptance(rulebook.version, previous, _changed(before, rulebook.texts))


def current_version(ledger: Ledger) -> Current | None:
    """The version in force, or None before the first start."""
    held = ledger.get(KIND, CURRENT)
    return None if held is None else decode(held.value, Current)


def in_force(ledger: Ledger) -> Rulebook | None:
    """The rules in force, from the texts that the ledger holds; None before the first start.

    Raises ConfigErrors where this version of the program cannot read them, Unavailable.
    """
    current = current_version(ledger)
    kept = accepted_set(ledger, current.version) if current is not None else None
    return None if kept is None else load_texts(kept.texts, samples=False)


def require_in_force(ledger: Ledger, rulebook: Rulebook) -> None:
    """Who may decide and who receives letters is said by the accepted rules, not by those at hand.

    Commands take them by `in_force`; this is asked again right before something is written, for a service may have
    taken another version in between. Raises NotInForce, Unavailable.
    """
    current = current_version(ledger)
    if current is None:
        raise NotInForce(
            "Chưa cấu hình nào được nhận: chạy `diembao run` với cấu hình này trước. "
            "/ no configuration is in force yet: start `diembao run` with this one first"
        )
    if current.version != rulebook.version:
        raise NotInForce(
            f"Cấu hình đang có hiệu lực là bản {current.version} (từ {current.at:%d/%m/%Y %H:%M} UTC), lệnh này dùng "
            f"bản {rulebook.version}; không ghi gì. Chạy lại lệnh. "
            f"/ version {current.version} is in force, not {rulebook.version}: run the command again"
        )


def accepted_set(ledger: Ledger, version: str) -> AcceptedSet | None:
    """The files of a version, as they were when it last came into force."""
    if not version:
        return None
    found = [decode(held.value, AcceptedSet) for held in ledger.scan(KIND, prefix=f"set|{version}|")]
    last = max(found, key=_order, default=None)
    return None if last is None else _with_texts(ledger, last)


def history(ledger: Ledger) -> list[AcceptedSet]:
    """Every coming into force, oldest first, without the texts. Raises Unavailable."""
    current = current_version(ledger)
    sets = [replace(decode(held.value, AcceptedSet), texts={}) for held in ledger.scan(KIND, prefix="set|")]
    found: list[AcceptedSet] = []
    if current is None:
        return []
    expected = current.version
    # Back along the chain: a set that was kept, but overtaken (or killed) before it was current, is in no link of it.
    for one in sorted(sets, key=_order, reverse=True):
        # Before the first link come sets of the first release alone, which did not say what they replaced.
        if one.version == expected or not (expected or one.number):
            found.append(one)
            expected = one.previous
    return found[::-1]


def hash_of(text: str) -> str:
    """Names the content of one file."""
    return sha256(text.encode()).hexdigest()[:32]


def _keep_texts(ledger: Ledger, texts: Mapping[str, str]) -> dict[str, str]:
    files = {name: hash_of(text) for name, text in texts.items()}
    held = ledger.get_many(KIND, [f"text|{one}" for one in files.values()])
    missing = {f"text|{one}": texts[name] for name, one in files.items() if f"text|{one}" not in held}
    ledger.put(*(Put(KIND, key, text.encode()) for key, text in missing.items()))
    return files


def _with_texts(ledger: Ledger, kept: AcceptedSet) -> AcceptedSet:
    if not kept.files:
        return kept
    held = ledger.get_many(KIND, [f"text|{one}" for one in kept.files.values()])
    return replace(kept, texts={name: held[f"text|{one}"].value.decode() for name, one in kept.files.items()})


def _order(one: AcceptedSet) -> tuple[int, datetime]:
    return one.number, one.at


def _changed(before: AcceptedSet | None, texts: dict[str, str]) -> list[str]:
    if before is None:
        return []
    return sorted(name for name in before.texts.keys() | texts.keys() if before.texts.get(name) != texts.get(name))
