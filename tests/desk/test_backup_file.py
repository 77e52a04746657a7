"""The backup file: whole or refused, and never in the way of the one before."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.adapters.manual_clock import ManualClock
from services.desk.backup_file import FORMAT, MANIFEST, Manifest, verify, write_file
from services.desk.backup_parts import NAMES, Part, read_parts
from services.domain.codec import decode
from services.ports.errors import Unavailable, Unprocessable
from tests.desk.stores import (
    GROUPS,
    NOW,
    backup,
    files,
    fill,
    silent,
)


def refused(path: Path, match: str) -> None:
    with pytest.raises(Unprocessable, match=match):
        verify(path, silent)


def test_a_file_cut_anywhere_is_refused(whole: Path, tmp_path: Path) -> None:
    data = whole.read_bytes()
    with zipfile.ZipFile(whole) as archive:
        edges = [info.header_offset for info in archive.infolist()] + [archive.start_dir]
    cut = tmp_path / "cut.zip"
    for size in {0, 1, len(data) - 1, len(data) - 22, *edges, *(edge + 7 for edge in edges)}:
        cut.write_bytes(data[:size])
        refused(cut, "cut short")


def test_a_file_with_one_byte_changed_is_refused_or_says_the_same(whole: Path, tmp_path: Path) -> None:
    data = whole.read_bytes()
    good = verify(whole, silent)
    with zipfile.ZipFile(whole) as archive:
        directory = archive.start_dir
    broken = tmp_path / "broken.zip"
    for at in [*range(0, directory, max(1, directory // 300)), *range(directory, len(data))]:
        broken.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        try:
            assert verify(broken, silent) == good  # a byte that says nothing, as a date
        except Unprocessable:
            continue


def rewritten(whole: Path, target: Path, **changed: bytes | None) -> Path:
    """The zip with some parts changed, or left out; a zip that is sound in itself."""
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = changed.get(name, old.read(name))
            if data is not None:
                new.writestr(name, data)
    return target


@pytest.mark.parametrize("name", [*NAMES, MANIFEST])
def test_a_file_without_one_of_its_parts_is_refused(whole: Path, tmp_path: Path, name: str) -> None:
    refused(rewritten(whole, tmp_path / "less.zip", **{name: None}), "missing|cut short")


@pytest.mark.parametrize("name", NAMES)
def test_a_part_that_its_manifest_does_not_know_is_refused(whole: Path, tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(whole) as archive:
        lines = archive.read(name).splitlines(keepends=True)
    if not lines:
        return
    refused(rewritten(whole, tmp_path / "less.zip", **{name: b"".join(lines[1:])}), "manifest")
    refused(rewritten(whole, tmp_path / "other.zip", **{name: b'{"a": 1}\n'}), "damaged")


def test_another_program_s_file_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.zip"
    with zipfile.ZipFile(foreign, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    refused(foreign, "no backup of diembao")
    (tmp_path / "text.zip").write_text("hello")
    refused(tmp_path / "text.zip", "no backup of diembao")
    with zipfile.ZipFile(foreign, "w") as archive:
        archive.writestr(MANIFEST, b"[1]")
    refused(foreign, "no backup of diembao")


@pytest.mark.parametrize("newer", [{"format": FORMAT + 1, "parts": "told otherwise"}, {"schema": 99}])
def test_a_newer_file_is_refused_by_that_name(whole: Path, tmp_path: Path, newer: dict[str, Any]) -> None:
    """Also one whose manifest this program cannot read."""
    with zipfile.ZipFile(whole) as archive:
        manifest = json.loads(archive.read(MANIFEST))
    changed = json.dumps({**manifest, **newer, "diembao": "9.9"}).encode()
    refused(rewritten(whole, tmp_path / "newer.zip", **{MANIFEST: changed}), r"9\.9.*newer diembao")


def test_the_file_appears_when_it_is_whole_and_only_for_its_owner(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "b.zip"
    with files(tmp_path / "old", clock) as old:
        fill(old, 5, 5)
        path.write_text("the backup of before")

        def watched() -> Iterator[Part]:
            for part in read_parts(old, GROUPS, clock.now):
                assert path.read_text() == "the backup of before"
                yield part

        write_file(path, watched(), NOW, silent)
        assert path.stat().st_mode & 0o777 == 0o600
        assert not (tmp_path / "b.zip.part").exists()

        def failing() -> Iterator[Part]:
            yield from list(read_parts(old, GROUPS, clock.now))[:1]
            raise Unavailable("the ledger is gone")

        with pytest.raises(Unavailable, match="the ledger is gone"):
            write_file(path, failing(), NOW, silent)
        verify(path, silent)
        assert not (tmp_path / "b.zip.part").exists()


def test_two_backups_into_one_file_do_not_mix(tmp_path: Path, clock: ManualClock) -> None:
    with files(tmp_path / "old", clock) as old:

        def meeting() -> Iterator[Part]:
            with pytest.raises(Unavailable, match="another backup"):
                backup(old, tmp_path / "b.zip")
            yield from read_parts(old, GROUPS, clock.now)

        write_file(tmp_path / "b.zip", meeting(), NOW, silent)
        verify(tmp_path / "b.zip", silent)


def test_what_lay_beside_before_does_not_open_the_backup_to_others(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "b.zip.part").touch(0o644)
    with files(tmp_path / "old", clock) as old:
        backup(old, tmp_path / "b.zip")
    assert (tmp_path / "b.zip").stat().st_mode & 0o777 == 0o600


def test_a_link_beside_is_not_followed(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "other").write_text("of somebody else")
    (tmp_path / "b.zip.part").symlink_to(tmp_path / "other")
    with files(tmp_path / "old", clock) as old, pytest.raises(Unavailable, match="cannot be written"):
        backup(old, tmp_path / "b.zip")
    assert (tmp_path / "other").read_text() == "of somebody else"


_LATE_FOR_THE_LOCK = """
import sys
from pathlib import Path
from services.adapters.manual_clock import ManualClock
from services.ports.errors import Unavailable
from tests.desk.stores import NOW, backup, files

folder = Path(sys.argv[1])
path, beside = folder / "b.zip", folder / "b.zip.part"

def ended(event, arguments):
    # Between opening and locking, the other backup comes to its end.
    if event == "fcntl.flock" and beside.exists():
        beside.replace(path)

beside.write_text("the other backup, whole")
sys.addaudithook(ended)
with files(folder / "old", ManualClock(NOW)) as old:
    try:
        backup(old, path)
    except Unavailable as error:
        print(error)
"""


def test_a_backup_that_ends_just_now_is_not_emptied_by_the_next(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _LATE_FOR_THE_LOCK, str(tmp_path)]
    told = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert told.stderr == ""
    assert "another backup" in told.stdout
    assert (tmp_path / "b.zip").read_text() == "the other backup, whole"
    assert not (tmp_path / "b.zip.part").exists()


_ON_A_SMALL_DISK = """
import resource, sys
from pathlib import Path
from services.adapters.manual_clock import ManualClock
from services.ports.errors import Unavailable
from tests.desk.stores import NOW, backup, files

folder = Path(sys.argv[1])
with files(folder / "old", ManualClock(NOW)) as old:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
    try:
        backup(old, folder / "whole.zip")
    except Unavailable as error:
        print(error)
"""


@pytest.mark.parametrize("size", [0, 1000, 5000])
def test_a_full_disk_leaves_the_backup_of_before(whole: Path, tmp_path: Path, size: int) -> None:
    before = whole.read_bytes()
    command = [sys.executable, "-c", _ON_A_SMALL_DISK, str(tmp_path), str(size)]
    told = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert told.stderr == ""
    assert "cannot be written" in told.stdout
    assert whole.read_bytes() == before
    assert not (tmp_path / "whole.zip.part").exists()


def test_the_manifest_says_what_is_in_the_file(whole: Path) -> None:
    with zipfile.ZipFile(whole) as archive:
        manifest = decode(archive.read(MANIFEST), Manifest)
        for part in manifest.parts:
            data = archive.read(part.name)
            assert (len(data), data.count(b"\n")) == (part.bytes, part.lines)
        assert archive.namelist() == [*NAMES, MANIFEST]
