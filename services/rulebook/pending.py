"""Sets that an operator saved and that are not in force: which, since when and why, in the ledger for all to see.

A service keeps the record of its folder there as long as it stands; when a version comes into force all are taken
out, and a service whose folder is still pending writes its own again at its next look.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, tzinfo
from shlex import quote
from typing import Literal

from services.domain.codec import decode, encode
from services.domain.record import Record
from services.ports.ledger import Ledger, Put
from services.rulebook.accepted import KIND, WATCHES
from services.rulebook.seen import FORGOTTEN_AFTER

State = Literal["untested", "unfit", "crossed", "bad", "unread"]
MOST_ERRORS = 20
"""Kept and told of one bad set; `diembao check` shows them all."""


class PendingSet(Record, frozen=True, kw_only=True):
    """One set that waits.

    untested   watches.yaml changed, and nobody has tried this content
    unfit      the other files are not valid with the watches that run, and the new watches are untested
    crossed    changed here and, since this folder last agreed with what runs, elsewhere too
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
    confirmed: datetime
    """When a service last found it there."""
    errors: list[str] = []
    """FILE:LINE:COLUMN: what is wrong."""
    running: str = ""
    """The version that runs on."""


_WHY = {
    "untested": "watches.yaml đã sửa, chưa thử: các điều kiện cũ vẫn chạy. Chạy `{try_it}`, hoặc không thử: "
    "`{try_it} --override 'LÝ DO'` / watches.yaml is not back-tested, the old watches run",
    "unfit": "các tệp mới không khớp với watches.yaml đang chạy, còn watches.yaml mới chưa thử: tất cả cùng chờ. Chạy "
    "`{try_it}` / the new files do not fit the running watches, and the new watches are not back-tested",
    "crossed": "đã sửa ở đây, nhưng từ lần trước thư mục khác hoặc người khác cũng đã đổi cấu hình (`diembao config "
    "history`): bản đang chạy giữ nguyên, tất cả cùng chờ. Lấy bản đang chạy về bằng `{take_over}` (tệp ở đây được giữ "
    "bên cạnh, tên có dấu ~), rồi sửa lại / changed here and elsewhere since: take over what runs, then edit again",
    "bad": "có lỗi, bản cũ vẫn chạy. Xem `diembao check` / not valid, the old version runs",
    "unread": "phiên bản chương trình này không đọc được bản đã nhận; vẫn chạy bản trước. Cập nhật chương trình "
    "/ accepted by another version of the program: update this one",
}


def pending_sets(ledger: Ledger) -> list[PendingSet]:
    """Everything that waits, the longest first. Raises Unavailable."""
    found = [decode(held.value, PendingSet) for held in ledger.scan(KIND, prefix="pending|")]
    return sorted(found, key=lambda one: (one.since, one.content))


def pending_since(ledger: Ledger, content: str) -> datetime | None:
    """Since when this content waits; None where it does not. Raises Unavailable."""
    known = ledger.get(KIND, pending_key(content))
    return decode(known.value, PendingSet).since if known is not None else None


def put_pending(ledger: Ledger, pending: PendingSet) -> None:
    """Write it down, over an earlier record of the same content. Raises Unavailable."""
    ledger.put(Put(KIND, pending_key(pending.content), encode(pending)))


def clear_pending(ledger: Ledger) -> None:
    """Take all records out: whatever is still pending is written again by whose it is. Raises Unavailable."""
    for held in list(ledger.scan(KIND, prefix="pending|")):
        ledger.delete(KIND, held.key)


def drop_ended(ledger: Ledger, folder: str, standing: Collection[str]) -> None:
    """Take out what waited in this folder (MACHINE:FOLDER) and is none of the contents that stand there now.

    Also what an earlier process wrote: the edit may have been undone while none ran. Raises Unavailable.
    """
    for one in pending_sets(ledger):
        if one.folder == folder and one.content not in standing:
            ledger.delete(KIND, pending_key(one.content))


def drop_outdated(ledger: Ledger, now: datetime) -> None:
    """Take out what no service confirmed for FORGOTTEN_AFTER: its machine is gone. Raises Unavailable."""
    for one in pending_sets(ledger):
        if now - one.confirmed > FORGOTTEN_AFTER:
            ledger.delete(KIND, pending_key(one.content))


def pending_key(content: str) -> str:
    return f"pending|{content}"


def words_of(pending: PendingSet, zone: tzinfo | None = None) -> str:
    """One line: which files, since when (in this zone; without one it is told at once), why, and what to do."""
    files = ", ".join(pending.files) or "không rõ tệp"
    since = f" (từ {pending.since.astimezone(zone):%H:%M %d/%m/%Y})" if zone is not None else ""
    folder = pending.folder.partition(":")[2]
    try_it = f"diembao backtest {quote(f'{folder}/{WATCHES}')} --config {quote(folder)}"
    take_over = f"diembao config rollback {pending.running} --config {quote(folder)} --reason 'LÝ DO'"
    why = _WHY[pending.state].replace("{try_it}", try_it).replace("{take_over}", take_over)
    return f"{files}{since}: {why}"


def short_words(pending: Sequence[PendingSet], zone: tzinfo) -> list[str]:
    """The same in Vietnamese alone, for letters."""
    return [words_of(one, zone).partition(" / ")[0] for one in pending]
