"""The ledger in SQLite: each write gives its row a new number from a counter that never goes back.

That number is the revision: it is not given out again after a delete, so a writer who saw the deleted value
meets a Conflict and not a namesake.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from services.adapters.sqlite.store import PAGE_ROWS, Store
from services.ports.errors import Conflict
from services.ports.ledger import Held, Ledger, Put

_SCHEMA = (
    (
        """create table held (
            revision integer primary key autoincrement,
            kind text not null, key text not null, value blob not null, unique (kind, key)
        )""",
    ),
)
_KEYS_AT_ONCE = 500


class SqliteLedger(Ledger):
    """The values in the file at `path`."""

    def __init__(self, path: Path) -> None:
        self._store = Store(path, "ledger", _SCHEMA)

    def get(self, kind: str, key: str) -> Held | None:
        return self.get_many(kind, [key]).get(key)

    def get_many(self, kind: str, keys: list[str]) -> dict[str, Held]:
        found: dict[str, Held] = {}
        with self._store.read() as connection:
            for begin in range(0, len(keys), _KEYS_AT_ONCE):
                some = keys[begin : begin + _KEYS_AT_ONCE]
                marks = ",".join("?" * len(some))
                rows = connection.execute(
                    f"select key, value, revision from held where kind = ? and key in ({marks})", (kind, *some)
                )
                found.update((row[0], Held(*row)) for row in rows)
        return found

    def put(self, *writes: Put) -> None:
        if not writes:
            return
        with self._store.write() as connection:
            for write in writes:
                _expect(connection, write)
                connection.execute(
                    "insert or replace into held (kind, key, value) values (?, ?, ?)",
                    (write.kind, write.key, write.value),
                )

    def scan(self, kind: str, prefix: str = "", after: str = "") -> Iterator[Held]:
        """As the port says; a value written while the scan runs may or may not be part of it."""
        begin, comparison = (after, ">") if after >= prefix else (prefix, ">=")
        while True:
            with self._store.read() as connection:
                rows = connection.execute(
                    f"select key, value, revision from held where kind = ? and key {comparison} ? order by key limit ?",
                    (kind, begin, PAGE_ROWS),
                ).fetchall()
            for row in rows:
                # Keys are in the order of their code points: past the last one with the prefix there is none.
                if not row[0].startswith(prefix):
                    return
                yield Held(*row)
            if len(rows) < PAGE_ROWS:
                return
            begin, comparison = rows[-1][0], ">"

    def snapshot(self) -> Iterator[tuple[str, Held]]:
        with self._store.snapshot() as connection:
            rows = connection.execute("select kind, key, value, revision from held order by kind, key")
            for kind, *row in rows:
                yield kind, Held(*row)

    def delete(self, kind: str, *keys: str | Held) -> None:
        if not keys:
            return
        rows = ((kind, one.key, one.revision) if isinstance(one, Held) else (kind, one, None) for one in keys)
        with self._store.write() as connection:
            connection.executemany(
                "delete from held where kind = ? and key = ? and revision = coalesce(?, revision)", rows
            )

    def close(self) -> None:
        self._store.close()


def _expect(connection: sqlite3.Connection, write: Put) -> None:
    if write.expected is None:
        return
    row = connection.execute("select revision from held where kind = ? and key = ?", (write.kind, write.key)).fetchone()
    found = row[0] if row else 0
    if found != write.expected:
        raise Conflict(f"{write.kind}/{write.key}: revision {found}, expected {write.expected}")
