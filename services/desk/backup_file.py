"""A backup as a file: a zip of JSON Lines, its manifest last, so that a file that was cut short is none.

It is written beside its place and put there when it is whole and on disk. It is read twice: once to be sure of every
line, and only then to be restored.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO

import msgspec

from services.desk.backup_parts import NAMES, Part, form_of
from services.domain.codec import decode, encode
from services.domain.events import SCHEMA
from services.domain.record import Record
from services.ports.errors import Unavailable, Unprocessable

FORMAT = 1
"""Of the file; raise it when a reader of before could not understand, and read the older one here too."""
MANIFEST = "manifest.json"
_OLDEST = (1980, 1, 1, 0, 0, 0)
_MANIFEST_BYTES = 1_000_000
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, KeyError)
"""What reading a zip raises where its bytes are not what they were."""

Progress = Callable[[str, int], None]
"""Told the part and its lines so far, after each line."""


class PartOf(Record, frozen=True, kw_only=True):
    """One part as it was written."""

    name: str
    lines: int
    bytes: int
    sha256: str


class _Outline(Record, frozen=True, kw_only=True):
    """What every format, also one to come, says of itself."""

    format: int
    diembao: str


class Manifest(Record, frozen=True, kw_only=True):
    """What the file holds."""

    format: int
    diembao: str
    """The version of the program that wrote it."""
    schema: int
    """Of the messages and documents."""
    taken_at: datetime
    parts: list[PartOf]

    @property
    def identity(self) -> str:
        """The same for two files only where they hold the same."""
        return hashlib.sha256(encode(self)).hexdigest()


def write_file(path: Path, parts: Iterable[Part], at: datetime, progress: Progress) -> Manifest:
    """The parts as the file at `path`, in place of one that is there. Raises Unavailable where the disk is full."""
    beside = path.with_name(f"{path.name}.part")
    try:
        # For its owner alone: names, addresses and decisions of people. Emptied only under the lock.
        with os.fdopen(os.open(beside, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+b") as held:
            _lock(held, beside)
            os.fchmod(held.fileno(), 0o600)  # it may have lain there before
            held.truncate(0)
            try:
                manifest = _write(held, parts, at, progress)
                held.flush()
                os.fsync(held.fileno())
                beside.replace(path)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise
        folder = os.open(path.absolute().parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        said = error.strerror or error
        raise Unavailable(f"{path}: không ghi được bản sao lưu ({said}) / the backup cannot be written") from error
    return manifest


def _lock(held: IO[bytes], path: Path) -> None:
    busy = Unavailable(f"{path}: một lần sao lưu khác đang ghi / another backup is writing it")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise busy from error
    # Another backup may have ended since the file was opened: then this is no longer the file of this name, but the
    # finished backup.
    try:
        same = os.path.samestat(os.fstat(held.fileno()), path.lstat())
    except FileNotFoundError:
        same = False
    if not same:
        raise busy


def _write(held: IO[bytes], parts: Iterable[Part], at: datetime, progress: Progress) -> Manifest:
    written = []
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for name, lines in parts:
            with archive.open(_entry(name), "w", force_zip64=True) as out:
                written.append(_write_part(name, lines, out, progress))
        manifest = Manifest(format=FORMAT, diembao=version("diembao"), schema=SCHEMA, taken_at=at, parts=written)
        archive.writestr(_entry(MANIFEST), encode(manifest))
    return manifest


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _OLDEST)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _write_part(name: str, lines: Iterable[bytes], out: IO[bytes], progress: Progress) -> PartOf:
    digest = hashlib.sha256()
    count = size = 0
    for line in lines:
        whole = line + b"\n"
        out.write(whole)
        digest.update(whole)
        count, size = count + 1, size + len(whole)
        progress(name, count)
    return PartOf(name=name, lines=count, bytes=size, sha256=digest.hexdigest())


def verify(path: Path, progress: Progress) -> Manifest:
    """Read the whole file. Raises Unprocessable where it is no backup, cut short, damaged or of a newer version."""
    with _opened(path) as archive:
        manifest = _manifest(path, archive)
        names = [part.name for part in manifest.parts]
        if names != list(NAMES) or {*archive.namelist()} != {*names, MANIFEST}:
            raise Unprocessable(f"{path}: thiếu hoặc thừa phần / a part is missing, or one too many")
        for part in manifest.parts:
            _verify_part(path, archive, part, progress)
    return manifest


def read_file(path: Path) -> Iterator[Part]:
    """The parts of a verified file."""
    with _opened(path) as archive:
        for name in NAMES:
            with archive.open(name) as lines:
                yield name, (line[:-1] for line in lines)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except _DAMAGED as error:
        raise _damaged(path, error) from error
    except FileNotFoundError as error:
        raise Unprocessable(f"{path}: không có tệp này / no such file") from error
    except OSError as error:
        if error.errno == errno.EINVAL:  # the directory of the zip points before the file's start
            raise _damaged(path, error) from error
        said = error.strerror or error
        raise Unavailable(f"{path}: không đọc được ({said}) / cannot be read") from error


def _damaged(path: Path, error: Exception) -> Unprocessable:
    return Unprocessable(
        f"{path}: không phải bản sao lưu của diembao, bị cắt ngang hoặc bị hỏng ({error}) / "
        "is no backup of diembao, or was cut short or damaged"
    )


def _manifest(path: Path, archive: zipfile.ZipFile) -> Manifest:
    if archive.getinfo(MANIFEST).file_size > _MANIFEST_BYTES:
        raise zipfile.BadZipFile(MANIFEST)
    data = archive.read(MANIFEST)
    try:
        outline = decode(data, _Outline)
        if outline.format > FORMAT:
            raise _newer(path, outline.diembao)
        manifest = decode(data, Manifest)
    except ValueError as error:
        raise zipfile.BadZipFile(f"{MANIFEST}: {error}") from error
    if manifest.schema > SCHEMA:
        raise _newer(path, manifest.diembao)
    return manifest


def _newer(path: Path, by: str) -> Unprocessable:
    return Unprocessable(
        f"{path}: do bản diembao mới hơn ({by}) ghi; hãy dùng bản đó hoặc bản mới hơn / written by a newer diembao"
    )


def _verify_part(path: Path, archive: zipfile.ZipFile, part: PartOf, progress: Progress) -> None:
    form = form_of(part.name)
    digest = hashlib.sha256()
    count = 0
    with archive.open(part.name) as lines:
        for line in lines:
            digest.update(line)
            count += 1
            try:
                msgspec.json.decode(line, type=form)
            except ValueError as error:
                raise zipfile.BadZipFile(f"{part.name}:{count}: {error}") from error
            progress(part.name, count)
    if (count, digest.hexdigest()) != (part.lines, part.sha256):
        raise Unprocessable(f"{path}: {part.name} không khớp với {MANIFEST} / does not agree with its manifest")
