"""The bus on Apache Kafka: one topic for each of ours, a consumer group for each reader of a topic.

Durable means: acknowledged by all replicas in sync, and written through to the disk where there is but one. A publish
that failed half-way may leave some messages behind, which come twice when it is repeated. Times are kept to the
millisecond.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from kafka.errors import KafkaError, KafkaTimeoutError

from services.adapters.kafka import log, offsets
from services.adapters.kafka.cluster import REQUEST_MS, Cluster
from services.adapters.kafka.lone_reader import LoneReader
from services.adapters.kafka.reader import GroupReader
from services.adapters.kafka.topics import MAX_MESSAGE_BYTES, topics
from services.domain.instants import from_millis, millis
from services.ports.bus import Bus, Delivery, Message
from services.ports.clock import Clock
from services.ports.errors import Unavailable, Unprocessable
from services.settings import KafkaSettings

_DELIVERY_MS = 20_000
_MARGIN_SECONDS = 3.0
_OVERHEAD_BYTES = 4_096
"""Of a record and its batch, beside key, value and headers."""


class KafkaBus(Bus):
    """The brokers of `url` (`kafka://host:9092[,host…][/PREFIX]`).

    `retention_days`: by topic; 0, or a topic not named, is for ever. `create`: make the topics that are missing and
    bring the retention of the others to these days; else a missing topic raises Unavailable. `alone`: groups of which
    one process reads at a time, whoever holds its lease; `rewind` is due when it changes hands.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        retention_days: Mapping[str, int],
        settings: KafkaSettings,
        *,
        create: bool = False,
        alone: Collection[str] = (),
    ) -> None:
        self._cluster = Cluster(url, settings)
        self._clock = clock
        self._alone = alone
        self._producer: Any = None
        self._readers: dict[tuple[str, str], GroupReader] = {}
        self._lock = threading.Lock()
        self._closed = False
        try:
            wanted = topics(retention_days, settings, self._cluster.prefix)
            if create:
                offsets.make_topics(self._cluster, wanted)
            else:
                offsets.require_topics(self._cluster, [topic.name for topic in wanted])
        except BaseException:
            self._cluster.close()
            raise

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        """As the port says; raises Unprocessable, with nothing sent, when one of them is too large."""
        if not messages:
            return
        for message in messages:
            _check_size(message)
        with self._cluster.reaching():
            producer = self._sender()
            try:
                self._send(producer, topic, messages)
            except KafkaError:
                # It may hold a sequence that the broker no longer follows, or a refused login: a new one begins anew.
                self._discard(producer)
                raise

    def _send(self, producer: Any, topic: str, messages: Sequence[Message]) -> None:
        now = self._clock.now()
        deadline = time.monotonic() + _DELIVERY_MS / 1000 + _MARGIN_SECONDS
        sent = [
            producer.send(
                self._cluster.name(topic),
                key=message.key.encode(),
                value=message.value,
                headers=[(name, value.encode()) for name, value in message.headers.items()],
                timestamp_ms=millis(message.at or now),
            )
            for message in messages
        ]
        for future in sent:
            future.get(timeout=max(0.1, deadline - time.monotonic()))

    def poll(self, topic: str, group: str, limit: int = 100) -> list[Delivery]:
        """As the port says; oldest first within a key, and among what has arrived."""
        return [_delivery(topic, record) for record in self._reader(topic, group).poll(limit)]

    def commit(self, topic: str, group: str, deliveries: Sequence[Delivery]) -> None:
        """As the port says. What went to another process meanwhile is left to it."""
        if deliveries:
            self._reader(topic, group).commit(_partition_and_offset(delivery.position) for delivery in deliveries)

    def rewind(self, topic: str, group: str) -> None:
        self._reader(topic, group).rewind()

    def scan(self, topic: str, since: datetime | None = None, until: datetime | None = None) -> Iterator[Delivery]:
        """As the port says; what is appended while the scan runs is not part of it."""
        parts = self._partitions(topic)
        last = offsets.ends(self._cluster, parts)
        if since is None:
            first = offsets.begins(self._cluster, parts)
        else:
            first = offsets.since(self._cluster, parts, since)
        # Times may go back within a partition (a copied log): only the end of the log is the end of the search.
        places = {one: (first.get(one, end), end) for one, end in last.items()}
        for record in log.read(self._cluster, places):
            delivery = _delivery(topic, record)
            if (since is None or delivery.at >= since) and (until is None or delivery.at < until):
                yield delivery

    def lag(self, topic: str, group: str) -> int:
        return sum(end - first for first, end in self._waiting(topic, group).values())

    def waiting_since(self, topic: str, group: str) -> datetime | None:
        heads = {one: (first, first + 1) for one, (first, end) in self._waiting(topic, group).items() if first < end}
        return min((from_millis(record.timestamp) for record in log.read(self._cluster, heads)), default=None)

    def skip_to(self, topic: str, group: str, since: datetime | None) -> None:
        """As the port says; raises Unavailable when another process reads for this group now."""
        with self._lock:
            reader = self._readers.pop((topic, group), None)
        if reader is not None:
            reader.close()
        waiting = self._waiting(topic, group)
        first = {} if since is None else offsets.since(self._cluster, list(waiting), since)
        wanted = {one: min(first.get(one, end), end) for one, (_, end) in waiting.items()}
        ahead = {one: place for one, place in wanted.items() if place > waiting[one][0]}
        offsets.commit_for(self._cluster, self._group(topic, group), ahead)

    def size(self, topic: str) -> int:
        parts = self._partitions(topic)
        first, last = offsets.begins(self._cluster, parts), offsets.ends(self._cluster, parts)
        return sum(last[one] - first[one] for one in parts)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            readers, producer = list(self._readers.values()), self._producer
            self._readers.clear()
            self._producer = None
        for reader in readers:
            reader.close()
        if producer is not None:
            _close(producer)
        self._cluster.close()

    def _waiting(self, topic: str, group: str) -> dict[Any, tuple[int, int]]:
        return offsets.waiting(self._cluster, self._group(topic, group), self._partitions(topic))

    def _partitions(self, topic: str) -> list[Any]:
        return offsets.partitions(self._cluster, self._cluster.name(topic))

    def _group(self, topic: str, group: str) -> str:
        # One group for each topic: a group that reads two would be shared out anew over both whenever one changes.
        return self._cluster.name(f"{group}.{topic}")

    def _reader(self, topic: str, group: str) -> GroupReader:
        with self._lock:
            self._refuse_closed()
            held = self._readers.get((topic, group))
            if held is None:
                reader = LoneReader if group in self._alone else GroupReader
                held = reader(self._cluster, self._cluster.name(topic), self._group(topic, group))
                self._readers[topic, group] = held
            return held

    def _sender(self) -> Any:
        with self._lock:
            self._refuse_closed()
            if self._producer is None:
                self._producer = self._cluster.producer(
                    acks="all",
                    enable_idempotence=True,
                    compression_type="lz4",
                    linger_ms=5,
                    max_request_size=MAX_MESSAGE_BYTES,
                    max_block_ms=REQUEST_MS,
                    delivery_timeout_ms=_DELIVERY_MS,
                )
            return self._producer

    def _discard(self, producer: Any) -> None:
        with self._lock:
            if self._producer is producer:
                self._producer = None
        _close(producer)

    def _refuse_closed(self) -> None:
        if self._closed:
            raise Unavailable("kết nối Kafka đã đóng / the bus is closed")


def _check_size(message: Message) -> None:
    """Before the first is sent: a message that the broker refuses in the middle would leave half of them behind."""
    size = len(message.key.encode()) + len(message.value)
    size += sum(len(name.encode()) + len(value.encode()) for name, value in message.headers.items())
    if size + _OVERHEAD_BYTES > MAX_MESSAGE_BYTES:
        raise Unprocessable(
            f"bản tin {message.key} quá lớn: {size} byte, Kafka nhận đến {MAX_MESSAGE_BYTES} / message too large"
        )


def _close(producer: Any) -> None:
    """All futures are done by now; a broker that is away must not hold the end up."""
    with contextlib.suppress(KafkaTimeoutError):
        producer.close(timeout=2)


def _delivery(topic: str, record: Any) -> Delivery:
    headers = {name: value.decode() for name, value in record.headers}
    message = Message((record.key or b"").decode(), record.value or b"", headers)
    return Delivery(topic, f"{record.partition:05d}:{record.offset:019d}", message, from_millis(record.timestamp))


def _partition_and_offset(position: str) -> tuple[int, int]:
    partition, _, offset = position.partition(":")
    return int(partition), int(offset)
