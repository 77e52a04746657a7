"""The configuration folder as files: what stands there now, and files put there whole.

A look reads texts only: whether they are valid is not asked.
"""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from services.domain.codec import decode, encode
from services.domain.record import Record
from services.ports.errors import Unavailable
from services.ports.ledger import Ledger, Put
from services.rulebook.accepted import KIND
from services.rulebook.load import FILES
from services.rulebook.yaml_source import MAX_BYTES


class FolderSeen(Record, frozen=True, kw_only=True):
    """What a service last did with a folder, kept in the ledger under the folder's place."""

    content: str
    """Version of the texts that stood there (`load.version_of`)."""
    taken: bool
    """Whether all of it came into force; otherwise some of it waits."""
    settings: str
    """Hash of the diembao.yaml that the service was started with."""


def texts_in(folder: Path) -> dict[str, str]:
    """File name -> text of what `load` would read; for a file that cannot be read, a mark that no text equals."""
    names = [*FILES, *(f"lexicon/{path.name}" for path in sorted((folder / "lexicon").glob("*.yaml")))]
    return {name: _text(folder / name) for name in names}


def write_texts(folder: Path, texts: Mapping[str, str], *, keep_old: bool = False) -> None:
    """Put these files there, each by an atomic rename that keeps its mode; every one is written before any is renamed.

    With `keep_old` what stood there stays beside as NAME~. Raises Unavailable where the folder cannot be written: then
    nothing changed, unless the disk failed between two renames.
    """
    staged: list[tuple[Path, Path]] = []
    try:
        try:
            for name, text in texts.items():
                target = (folder / name).resolve()
                target.parent.mkdir(parents=True, exist_ok=True)
                staged.append((_stage(target, text), target))
            if keep_old:
                for _, target in staged:
                    if target.exists():
                        shutil.copy2(target, target.with_name(target.name + "~"))
            for beside, target in staged:
                beside.replace(target)
            for parent in {target.parent for _, target in staged}:
                _sync(parent)
        finally:
            for beside, _ in staged:
                beside.unlink(missing_ok=True)
    except OSError as error:
        raise Unavailable(
            f"không ghi được vào thư mục cấu hình {folder}: {error.strerror or error} "
            "/ the configuration folder cannot be written"
        ) from error


def remove_file(folder: Path, name: str) -> None:
    """Take a file out of the set: it stays beside as NAME~. Raises Unavailable."""
    path = folder / name
    try:
        path.replace(path.with_name(path.name + "~"))
    except OSError as error:
        raise Unavailable(f"không bỏ được {path}: {error.strerror} / cannot be removed") from error


def _stage(target: Path, text: str) -> Path:
    """The text beside its place, on the disk, with the mode (and, where allowed, the owner) of the file it replaces."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    with os.fdopen(handle, "wb") as file:
        if target.exists():
            status = target.stat()
            os.fchmod(handle, status.st_mode & 0o7777)
            if os.geteuid() == 0:
                os.fchown(handle, status.st_uid, status.st_gid)
        else:
            os.fchmod(handle, 0o644)
        file.write(text.encode())
        file.flush()
        os.fsync(handle)
    return Path(name)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            return f"\0too large: {path.stat().st_size}"
        data = path.read_bytes()
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return f"\0not UTF-8: {sha256(data).hexdigest()}"
    except OSError as error:
        return f"\0{error.errno}"


def place_of(folder: Path) -> str:
    """MACHINE:FOLDER, which names a folder among all machines of an installation."""
    return f"{platform.node()}:{folder.absolute()}"


def folder_seen(ledger: Ledger, folder: Path) -> FolderSeen | None:
    """What a service last did with this folder; None where none ever ran on it. Raises Unavailable."""
    held = ledger.get(KIND, f"folder|{place_of(folder)}")
    return None if held is None else decode(held.value, FolderSeen)


def put_seen(ledger: Ledger, folder: Path, seen: FolderSeen) -> None:
    """Write that down. Raises Unavailable."""
    ledger.put(Put(KIND, f"folder|{place_of(folder)}", encode(seen)))
