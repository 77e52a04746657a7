"""What a person puts into force by a command: tested watches, or an earlier version.

Proof, then files, then the ledger's accepted version: a kill in between leaves a folder whose content has its proof,
which a running service takes by itself, and the next one at its start.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from services.ports.errors import Conflict
from services.ports.ledger import Ledger
from services.rulebook.accepted import (
    WATCHES,
    Acceptance,
    AcceptedSet,
    NotInForce,
    accept,
    accepted_set,
    current_version,
    history,
)
from services.rulebook.folder import remove_file, texts_in, write_texts
from services.rulebook.load import load_texts, version_of
from services.rulebook.pending import clear_pending
from services.rulebook.proof import override, proofs_of, words_of

_FEWEST_CHARACTERS = 4


def accept_watches(ledger: Ledger, config_dir: Path, text: str, by: str, at: datetime) -> Acceptance:
    """Put this watches.yaml into the folder and make it, with the other files in force, the accepted version.

    Its proof (`record_backtest`, `override`) must stand in the ledger: raises NotInForce without it, or before the
    first start. Raises ConfigErrors where it is not valid with the rules in force, Unavailable where folder or ledger
    cannot be written; until the rename nothing changed. Watches that somebody else saved there and that are not in
    force are set aside: `Acceptance.kept`.
    """
    last, kept = proofs_of(ledger, text).last, list[Path]()
    if last is None:
        raise NotInForce("watches.yaml này chưa được thử / these watches are not back-tested")
    while True:
        current = _current(ledger)
        rules = load_texts({**current.texts, WATCHES: text})
        standing = texts_in(config_dir)[WATCHES]
        if standing != text:
            kept += write_texts(config_dir, {WATCHES: text}, keep_old=standing != current.texts[WATCHES])
        try:
            taken = accept(ledger, rules, by, at, note=words_of(last), basis=current.version)
        except Conflict:
            continue  # a service took other files just now: with those, then
        clear_pending(ledger)
        return replace(taken, kept=tuple(kept))


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What going back to a version changed."""

    version: str
    changed: list[str]
    """Names of the files that differ from what was in force."""
    kept: tuple[Path, ...] = ()
    """What was never in force and would have been lost, set aside under these names."""
    was_there: bool = False
    """It is in force, and the folder holds it: nothing was done."""


def roll_back(ledger: Ledger, config_dir: Path, version: str, by: str, at: datetime, reason: str = "") -> RolledBack:
    """Write that version's files into the folder and make it the accepted one.

    `version` may be its beginning. Raises NotInForce for an unknown version, and, without a reason, where the folder
    holds what was never in force and would be lost; ConfigErrors where this program cannot read that version any
    more; Unavailable. Nothing changed then, unless the disk failed between two renames.
    """
    version = find_version(ledger, version)
    target, current = accepted_set(ledger, version), _current(ledger)
    assert target is not None
    # It ran once: a sample that this program reads otherwise is no reason to refuse it.
    rules = load_texts(target.texts, samples=False)
    standing = texts_in(config_dir)
    if current.version == version == version_of(standing):
        clear_pending(ledger)
        return RolledBack(version, [], was_there=True)
    known = {one.version for one in history(ledger)}
    unsaved = version_of(standing) not in known
    if unsaved and not reason.strip():
        raise NotInForce(
            f"Thư mục {config_dir} có sửa đổi chưa có hiệu lực, quay lại sẽ bỏ đi. Chép ra chỗ khác, hoặc thêm "
            "--reason TEXT: các tệp ấy được giữ bên cạnh, tên có dấu ~. "
            "/ the folder holds changes that were never in force: give --reason to set them aside as NAME~"
        )
    note = f"quay lại bản {version}" + (f": {reason.strip()}" if reason.strip() else "")
    watches = target.texts[WATCHES]
    if watches != current.texts[WATCHES]:
        override(ledger, watches, note, by, at)
    kept = write_texts(
        config_dir,
        {name: text for name, text in target.texts.items() if standing.get(name) != text},
        keep_old=unsaved,
    )
    kept += [remove_file(config_dir, name) for name in sorted(standing.keys() - target.texts.keys())]
    taken = accept(ledger, rules, by, at, note=note)
    clear_pending(ledger)
    return RolledBack(version, taken.changed, tuple(kept) if unsaved else ())


def find_version(ledger: Ledger, beginning: str) -> str:
    """The whole name of a version in the history. Raises NotInForce for none or several."""
    if len(beginning) < _FEWEST_CHARACTERS:
        raise NotInForce(
            f"{beginning}: cần ít nhất {_FEWEST_CHARACTERS} ký tự đầu của tên bản; xem `diembao config history` "
            "/ too short to name a version"
        )
    found = sorted({one.version for one in history(ledger) if one.version.startswith(beginning)})
    if len(found) == 1:
        return found[0]
    if found:
        raise NotInForce(f"{beginning}: có nhiều bản bắt đầu như vậy: {', '.join(found)} / several versions begin so")
    raise NotInForce(f"Không có bản {beginning}; xem `diembao config history` / no such version")


def _current(ledger: Ledger) -> AcceptedSet:
    current = current_version(ledger)
    kept = accepted_set(ledger, current.version) if current is not None else None
    if kept is None:
        raise NotInForce(
            "Chưa cấu hình nào được nhận: chạy `diembao run` trước. / no configuration is in force yet: run first"
        )
    return kept
