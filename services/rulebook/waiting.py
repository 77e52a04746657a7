"""Sets that an operator saved and that are not in force: which, since when and why, in the ledger for all to see.

A service keeps the record of its folder there as long as it stands; when a version comes into force all are taken
out, and a service whose folder still waits writes its own again at its next look.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Literal

from services.domain.codec import decode, encode
from services.domain.record import Record
from services.ports.ledger import Ledger, Put
from services.rulebook.accepted import KIND

State = Literal["untested", "unfit", "bad", "unread"]
MOST_ERRORS = 20
"""Kept and told of one bad set; `diembao check` shows them all."""


class Waiting(Record, frozen=True, kw_only=True):
    """One set that waits.

    untested   watches.yaml changed, and nobody has tried this content
    unfit      the other files are not valid with the watches that run, and the new watches are untested
    bad        not valid in itself
    unread     accepted by another version of the program, and not valid for this one
    """

    content: str
    """Hash of all files of the folder."""
    folder: str
    """MACHINE:FOLDER."""
    state: State
    files: list[str]
    """Names that differ from what is in force."""
    since: datetime
    errors: list[str] = []
    """FILE:LINE:COLUMN: what is wrong."""


_WHY = {
    "untested": "watches.yaml đã sửa, chưa thử: các điều kiện cũ vẫn chạy. Chạy `diembao backtest`, hoặc "
    "`diembao backtest --override LÝ_DO` / watches.yaml is not back-tested, the old watches run",
    "unfit": "các tệp mới không khớp với watches.yaml đang chạy, còn watches.yaml mới chưa thử: tất cả cùng chờ. Chạy "
    "`diembao backtest` / the new files do not fit the running watches, and the new watches are not back-tested",
    "bad": "có lỗi, bản cũ vẫn chạy. Xem `diembao check` / not valid, the old version runs",
    "unread": "phiên bản chương trình này không đọc được bản đã nhận; vẫn chạy bản trước. Cập nhật chương trình "
    "/ accepted by another version of the program: update this one",
}


def waiting_sets(ledger: Ledger) -> list[Waiting]:
    """Everything that waits, the longest first. Raises Unavailable."""
    found = [decode(held.value, Waiting) for held in ledger.scan(KIND, prefix="waiting|")]
    return sorted(found, key=lambda one: (one.since, one.content))


def put_waiting(ledger: Ledger, waiting: Waiting) -> None:
    """Write it down, over an earlier record of the same content. Raises Unavailable."""
    ledger.put(Put(KIND, waiting_key(waiting.content), encode(waiting)))


def clear_waiting(ledger: Ledger) -> None:
    """Take all records out: whatever still waits is written again by whose it is. Raises Unavailable."""
    for held in list(ledger.scan(KIND, prefix="waiting|")):
        ledger.delete(KIND, held.key)


def waiting_key(content: str) -> str:
    return f"waiting|{content}"


def words_of(waiting: Waiting, zone: tzinfo | None = None) -> str:
    """One line: which files, since when (in this zone; without one it is told at once), why, and what to do."""
    files = ", ".join(waiting.files) or "không rõ tệp"
    since = f" (từ {waiting.since.astimezone(zone):%H:%M %d/%m/%Y})" if zone is not None else ""
    return f"{files}{since}: {_WHY[waiting.state]}"


def short_words(waiting: Sequence[Waiting], zone: tzinfo) -> list[str]:
    """The same in Vietnamese alone, for letters."""
    return [words_of(one, zone).partition(" / ")[0] for one in waiting]
