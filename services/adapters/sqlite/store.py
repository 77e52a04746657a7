"""One SQLite file, opened so that a kill loses nothing committed and several processes can share it.

WAL with synchronous=FULL (each commit is on disk when it returns), one connection for each thread, writes under
`begin immediate`. What the file holds is told by a table of versions: an older schema is brought forward in one
transaction, a newer one is refused.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from services.ports.errors import PortError, Unavailable, Unprocessable

BUSY_SECONDS = 15.0
PAGE_ROWS = 200
"""Rows read at once by the scans: no read transaction stays open between them, so the WAL can be emptied."""

# Conditions of the machine, not of the code: all others (a wrong statement, for one) stay as they are, to be seen.
_OUT_OF_REACH = {
    sqlite3.SQLITE_BUSY: "đang bị tiến trình khác giữ quá lâu / is locked by another process",
    sqlite3.SQLITE_LOCKED: "đang bị khóa / is locked",
    sqlite3.SQLITE_READONLY: "chỉ đọc được, không ghi được / is read-only",
    sqlite3.SQLITE_IOERR: "đọc ghi đĩa bị lỗi / disk I/O error",
    sqlite3.SQLITE_FULL: "hết chỗ trên đĩa / database or disk is full",
    sqlite3.SQLITE_CANTOPEN: "không mở được / cannot be opened",
    sqlite3.SQLITE_PERM: "không có quyền truy cập / permission denied",
    sqlite3.SQLITE_NOTADB: "không phải tệp SQLite / is not a SQLite database",
    sqlite3.SQLITE_CORRUPT: "bị hỏng / is damaged",
    sqlite3.SQLITE_PROTOCOL: "không khóa được tệp / locking protocol error",
    sqlite3.SQLITE_NOMEM: "không đủ bộ nhớ / out of memory",
}


def translate(error: sqlite3.Error, path: Path) -> PortError | None:
    """The port's error for a SQLite error; None for one that tells of a mistake in our own code."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_TOOBIG:
        return Unprocessable(f"{path}: giá trị quá lớn / value too large")
    if code in _OUT_OF_REACH:
        return Unavailable(f"{path}: {_OUT_OF_REACH[code]} ({error})")
    return None


class Store:
    """The file at `path`, holding the tables of one `part` ("bus", "ledger", "archive").

    `steps`: the statements of each schema version, oldest first; the version is their number. Several parts may
    share one file. `prepare` is called for each connection. Raises Unavailable.
    """

    def __init__(
        self,
        path: Path,
        part: str,
        steps: Sequence[Sequence[str]],
        prepare: Callable[[sqlite3.Connection], None] | None = None,
    ) -> None:
        self.path = path
        self._prepare = prepare
        self._lock = threading.Lock()
        self._connections: dict[threading.Thread, sqlite3.Connection] = {}
        self._closed = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"{path.parent}: không tạo được thư mục / cannot create the folder ({error})") from error
        try:
            self._bring_forward(part, steps)
        except PortError:
            self.close()
            raise

    def _bring_forward(self, part: str, steps: Sequence[Sequence[str]]) -> None:
        if self._version(part) == len(steps):
            return
        with self.write() as connection:
            connection.execute("create table if not exists schema_version (part text primary key, version integer)")
            # Read again under the lock: another process may have done it.
            held = self._version(part)
            if held > len(steps):
                raise Unavailable(
                    f"{self.path}: dữ liệu do bản diembao mới hơn ghi (lược đồ {part} {held}, bản này đọc đến "
                    f"{len(steps)}); hãy dùng bản mới hơn / written by a newer diembao"
                )
            for step in steps[held:]:
                for statement in step:
                    connection.execute(statement)
            connection.execute("insert or replace into schema_version values (?, ?)", (part, len(steps)))

    def _version(self, part: str) -> int:
        with self.read() as connection:
            if not connection.execute("select 1 from sqlite_master where name = 'schema_version'").fetchone():
                return 0
            row = connection.execute("select version from schema_version where part = ?", (part,)).fetchone()
            return int(row[0]) if row else 0

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, its errors translated."""
        try:
            yield self._connection()
        except sqlite3.Error as error:
            translated = translate(error, self.path)
            if translated is None:
                raise
            raise translated from error

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of the block, durable when it ends, or none of it."""
        with self.read() as connection:
            connection.execute("begin immediate")
            try:
                yield connection
                connection.execute("commit")
            finally:
                # SQLite itself has rolled back after some errors (a full disk), not after others.
                if connection.in_transaction:
                    connection.execute("rollback")

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own within one read transaction: what it reads stands still while others write."""
        try:
            with closing(self._open()) as connection:
                connection.execute("begin")
                yield connection
        except sqlite3.Error as error:
            translated = translate(error, self.path)
            if translated is None:
                raise
            raise translated from error

    def close(self) -> None:
        """Close the connections of all threads; whoever comes later gets Unavailable."""
        with self._lock:
            self._closed = True
            for connection in self._connections.values():
                connection.close()
            self._connections.clear()

    def _connection(self) -> sqlite3.Connection:
        me = threading.current_thread()
        with self._lock:
            if self._closed:
                raise Unavailable(f"{self.path}: đã đóng / is closed")
            held = self._connections.get(me)
            if held is not None:
                return held
            for thread in [thread for thread in self._connections if not thread.is_alive()]:
                self._connections.pop(thread).close()
        opened = self._open()
        with self._lock:
            self._connections[me] = opened
        return opened

    def _open(self) -> sqlite3.Connection:
        # check_same_thread: `close` closes the connections of the other threads.
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            _turn_on_wal(connection)
            connection.execute("pragma synchronous = full")
            connection.execute("pragma temp_store = memory")
            if self._prepare is not None:
                self._prepare(connection)
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def _turn_on_wal(connection: sqlite3.Connection) -> None:
    """The busy timeout does not cover the change of mode: two processes that make the file at once meet here."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("pragma journal_mode = wal")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.02)
