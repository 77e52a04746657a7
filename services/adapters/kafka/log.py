"""Reading a log for no group: all of it in the order of time, or one message at a place."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from kafka.errors import KafkaTimeoutError

from services.adapters.kafka.cluster import Cluster
from services.adapters.kafka.offsets import Partition

_PAGE = 10_000
"""More than one answer of the broker holds (1 MB of a partition): what is left over would be fetched again."""
_WAIT_MS = 500
_PATIENCE_SECONDS = 20.0


def read(cluster: Cluster, places: dict[Partition, tuple[int, int]]) -> Iterator[Any]:
    """The ConsumerRecords of [first, end) of each partition, merged oldest first. Raises Unavailable."""
    held = {one: (first, end) for one, (first, end) in places.items() if first < end}
    if not held:
        return
    with cluster.reaching(), closing(cluster.consumer()) as consumer:
        parts = [_records(consumer, one, first, end) for one, (first, end) in held.items()]
        yield from heapq.merge(*parts, key=lambda record: record.timestamp)


def _records(consumer: Any, one: Partition, place: int, end: int) -> Iterator[Any]:
    """One partition, a page at a time, so that no more than a page of each waits for the merge."""
    while place < end:
        page, place = _page(consumer, one, place, end)
        yield from (record for record in page if record.offset < end)


def _page(consumer: Any, one: Partition, place: int, end: int) -> tuple[list[Any], int]:
    """The records from `place` on, and the place behind them; [] where the rest was past its retention."""
    # Not by pausing the others: kafka-python 3.0 may never give out again what it had parked for a paused partition.
    if consumer.assignment() != {one}:
        consumer.assign([one])
        consumer.seek(one, place)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        page: list[Any] = consumer.poll(timeout_ms=_WAIT_MS, max_records=_PAGE).get(one, [])
        if page:
            return page, page[-1].offset + 1
        reached = consumer.position(one, timeout_ms=_WAIT_MS)
        if reached is not None and reached >= end:
            return [], end
    raise KafkaTimeoutError(f"no answer for {_PATIENCE_SECONDS:.0f} s")
