"""Files of the configuration folder change whole or not at all, and nothing is left beside them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from services.ports.errors import Unavailable
from services.rulebook.folder import write_texts


def test_a_disk_that_fills_leaves_the_folder_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "watches.yaml").write_text("- a\n")
    (tmp_path / "places.yaml").write_text("- b\n")
    synced: list[int] = []

    def sync(handle: int) -> None:
        synced.append(handle)
        if len(synced) == 2:  # the first file is beside its place already
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", sync)
    with pytest.raises(Unavailable, match="No space left on device"):
        write_texts(tmp_path, {"watches.yaml": "- new\n", "places.yaml": "- new\n"})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "watches.yaml": "- a\n",
        "places.yaml": "- b\n",
    }
