"""One service process for each data folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.ports.errors import Unavailable


class DataInUse(Exception):
    """Another service process holds this data folder."""


@contextmanager
def data_lock(folder: Path, name: str = "lock") -> Iterator[None]:
    """Hold the data folder for one service process; the lock ends with the process, however it ends.

    `name`: of the lock's file, where services of several kinds share a folder that holds no store.

    Raises DataInUse, and Unavailable when the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        opened = (folder / name).open("a+")
    except OSError as error:
        raise Unavailable(
            f"không ghi được vào thư mục dữ liệu {folder}: {error} / cannot make or write the data folder"
        ) from error
    with opened as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            held.seek(0)
            owner = held.read().strip() or "?"
            raise DataInUse(
                f"Thư mục dữ liệu {folder} đang được tiến trình {owner} dùng. "
                "Dừng tiến trình đó, hoặc chọn --data khác. "
                f"/ the data folder is in use by process {owner}"
            ) from error
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        yield
