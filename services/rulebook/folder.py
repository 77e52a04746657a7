"""The configuration folder as files: what stands there now, and files put there whole.

A look reads texts only: whether they are valid is not asked.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from itertools import count
from pathlib import Path

from services.ports.errors import Unavailable
from services.rulebook.file_bytes import Unfit, read_bytes
from services.rulebook.load import names_in


def texts_in(folder: Path) -> dict[str, str]:
    """File name -> text of what `load` would read; for a file that cannot be read, a mark that no text equals."""
    return {name: _text(folder / name) for name in names_in(folder)}


def write_texts(folder: Path, texts: Mapping[str, str], *, keep_old: bool = False) -> list[Path]:
    """Put these files there, each by an atomic rename that keeps its mode; every one is written before any is renamed.

    With `keep_old` what stood there stays beside, under the names returned: NAME~, or NAME~2 where that is taken.
    Raises Unavailable where the folder cannot be written: then nothing changed, unless the disk failed between two
    renames.
    """
    staged: list[tuple[Path, Path]] = []
    kept: list[Path] = []
    try:
        try:
            for name, text in texts.items():
                target = (folder / name).resolve()
                target.parent.mkdir(parents=True, exist_ok=True)
                staged.append((_stage(target, text), target))
            if keep_old:
                for _, target in staged:
                    if target.exists():
                        kept.append(_aside(target))
                        shutil.copy2(target, kept[-1])
            for beside, target in staged:
                beside.replace(target)
            for parent in {target.parent for _, target in staged}:
                _sync(parent)
            return kept
        finally:
            for beside, _ in staged:
                beside.unlink(missing_ok=True)
    except OSError as error:
        raise Unavailable(
            f"không ghi được vào thư mục cấu hình {folder}: {error.strerror or error} "
            "/ the configuration folder cannot be written"
        ) from error


def remove_file(folder: Path, name: str) -> Path:
    """Take a file out of the set: it stays beside, under the name returned. Raises Unavailable."""
    path = folder / name
    try:
        return path.replace(_aside(path))
    except OSError as error:
        raise Unavailable(f"không bỏ được {path}: {error.strerror} / cannot be removed") from error


def _aside(path: Path) -> Path:
    """Where a file is set aside without losing what was set aside before it."""
    names = (path.with_name(f"{path.name}~{number if number > 1 else ''}") for number in count(1))
    return next(name for name in names if not os.path.lexists(name))


def _stage(target: Path, text: str) -> Path:
    """The text beside its place, on the disk, with the mode (and, where allowed, the owner) of the file it replaces."""
    if target.exists() and not target.is_file():
        # A link to a device would be replaced where the device is.
        raise OSError(errno.EINVAL, f"{target} không phải là tệp / not a regular file")
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    beside = Path(name)
    try:
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
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return beside


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _text(path: Path) -> str:
    try:
        data = read_bytes(path)
    except Unfit as error:
        return f"\0{error}"
    except OSError as error:
        return f"\0{error.errno}"
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return f"\0not UTF-8: {sha256(data).hexdigest()}"
