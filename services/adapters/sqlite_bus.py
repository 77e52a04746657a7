"""The bus as one log in SQLite: appended, never changed; each group keeps the position it has committed.

One writer at a time, so positions are in the order of commits and a reader never passes a message that appears
behind it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from services.adapters.sqlite.store import PAGE_ROWS, Store
from services.domain.instants import from_micros, micros
from services.ports.bus import Bus, Delivery, Message
from services.ports.clock import Clock

_SCHEMA = (
    (
        """create table log (
            position integer primary key autoincrement,
            topic text not null, key text not null, value blob not null, headers text not null, at integer not null
        )""",
        # An index holds the position last, so this one serves "the next of this topic".
        "create index log_topic on log (topic)",
        "create index log_topic_at on log (topic, at)",
        """create table committed (
            topic text not null, reader text not null, position integer not null, primary key (topic, reader)
        ) without rowid""",
    ),
)
_COLUMNS = "position, topic, key, value, headers, at"
_BEGIN, _END = -(2**63), 2**63 - 1


class SqliteBus(Bus):
    """The log in the file at `path`. The place of a reader between commits lives in this instance.

    `retention`: days that a topic keeps its messages; 0, or a topic not named, is for ever.
    """

    def __init__(self, path: Path, clock: Clock, retention: Mapping[str, int] | None = None) -> None:
        self._store = Store(path, "bus", _SCHEMA)
        self._clock = clock
        self._retention = {topic: days for topic, days in (retention or {}).items() if days}
        self._pruned_at: datetime | None = None
        self._polled: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        if not messages:
            return
        now = self._clock.now()
        rows = [
            (
                topic,
                message.key,
                message.value,
                msgspec.json.encode(dict(message.headers)).decode(),
                micros(message.at or now),
            )
            for message in messages
        ]
        with self._store.write() as connection:
            connection.executemany("insert into log (topic, key, value, headers, at) values (?, ?, ?, ?, ?)", rows)
            self._prune(connection, now)

    def _prune(self, connection: sqlite3.Connection, now: datetime) -> None:
        """Once a day, drop what is past its retention, as Kafka does: whether a group has read it or not."""
        if self._pruned_at is not None and now - self._pruned_at < timedelta(days=1):
            return
        self._pruned_at = now
        for topic, days in self._retention.items():
            connection.execute(
                "delete from log where topic = ? and at < ?", (topic, micros(now - timedelta(days=days)))
            )

    def poll(self, topic: str, group: str, limit: int = 100) -> list[Delivery]:
        with self._lock, self._store.read() as connection:
            behind = max(self._polled.get((topic, group), 0), self._committed(topic, group))
            rows = connection.execute(
                f"select {_COLUMNS} from log where topic = ? and position > ? order by position limit ?",
                (topic, behind, limit),
            ).fetchall()
            if rows:
                self._polled[topic, group] = rows[-1][0]
            return [_delivery(row) for row in rows]

    def commit(self, topic: str, group: str, deliveries: Sequence[Delivery]) -> None:
        if not deliveries:
            return
        self._commit(topic, group, max(int(delivery.position) for delivery in deliveries))

    def _commit(self, topic: str, group: str, position: int) -> None:
        with self._store.write() as connection:
            connection.execute(
                "insert into committed values (?, ?, ?) on conflict (topic, reader) "
                "do update set position = max(position, excluded.position)",
                (topic, group, position),
            )

    def rewind(self, topic: str, group: str) -> None:
        with self._lock:
            self._polled.pop((topic, group), None)

    def scan(self, topic: str, since: datetime | None = None, until: datetime | None = None) -> Iterator[Delivery]:
        """As the port says; what is appended while the scan runs is not part of it."""
        times = "topic = :topic and at >= :since and at < :until"
        given = {
            "topic": topic,
            "since": _BEGIN if since is None else micros(since),
            "until": _END if until is None else micros(until),
        }
        with self._store.read() as connection:
            (first, last) = connection.execute(
                f"select min(position), max(position) from log where {times}", given
            ).fetchone()
        while first is not None:
            with self._store.read() as connection:
                rows = connection.execute(
                    f"select {_COLUMNS} from log where {times} and position between :first and :last "
                    "order by position limit :rows",
                    {**given, "first": first, "last": last, "rows": PAGE_ROWS},
                ).fetchall()
            yield from map(_delivery, rows)
            first = rows[-1][0] + 1 if rows else None

    def lag(self, topic: str, group: str) -> int:
        with self._store.read() as connection:
            (count,) = connection.execute(
                "select count(*) from log where topic = ? and position > ?", (topic, self._committed(topic, group))
            ).fetchone()
            return int(count)

    def waiting_since(self, topic: str, group: str) -> datetime | None:
        with self._store.read() as connection:
            row = connection.execute(
                "select at from log where topic = ? and position > ? order by position limit 1",
                (topic, self._committed(topic, group)),
            ).fetchone()
            return from_micros(row[0]) if row else None

    def skip_to(self, topic: str, group: str, since: datetime | None) -> None:
        moment = _END if since is None else micros(since)
        with self._store.read() as connection:
            (first, last) = connection.execute(
                "select min(position) filter (where at >= ?), max(position) from log where topic = ?", (moment, topic)
            ).fetchone()
        if last is not None:
            self._commit(topic, group, last if first is None else first - 1)

    def size(self, topic: str) -> int:
        with self._store.read() as connection:
            (count,) = connection.execute("select count(*) from log where topic = ?", (topic,)).fetchone()
            return int(count)

    def close(self) -> None:
        self._store.close()

    def _committed(self, topic: str, group: str) -> int:
        with self._store.read() as connection:
            row = connection.execute(
                "select position from committed where topic = ? and reader = ?", (topic, group)
            ).fetchone()
            return int(row[0]) if row else 0


def _delivery(row: tuple[int, str, str, bytes, str, int]) -> Delivery:
    position, topic, key, value, headers, at = row
    message = Message(key, value, msgspec.json.decode(headers, type=dict[str, str]))
    return Delivery(topic, f"{position:019d}", message, from_micros(at))
