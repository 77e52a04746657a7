"""Files of a configuration as bytes: only regular files, and only so much of them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

MAX_BYTES = 500_000
"""Eight times the largest file shipped (places.yaml: 61 kB)."""


class Unfit(Exception):
    """What stands there is no file of a configuration; why, in Vietnamese and English."""

    def __init__(self, vietnamese: str, english: str) -> None:
        super().__init__(english)
        self.vietnamese, self.english = vietnamese, english


def read_bytes(path: Path) -> bytes:
    """The one reader of configuration files. Raises Unfit for a folder, pipe, device or too much, and OSError."""
    # Opened without waiting, then asked what it is: a pipe would be waited for, a device read for ever.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unfit("chỗ này phải là một tệp, không phải thư mục hay thứ khác", "not a regular file")
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(MAX_BYTES + 1)
    finally:
        os.close(handle)
    if len(data) > MAX_BYTES:
        raise Unfit(f"tệp quá lớn (tối đa {MAX_BYTES} byte)", f"file too large (at most {MAX_BYTES} bytes)")
    return data
