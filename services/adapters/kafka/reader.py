"""One group's reader of one topic: polls, remembers what it gave out, commits what is done.

A service may take partitions from us between a poll and a commit. What they held and was not committed comes again
to whoever has them now: nothing is lost, and handlers may run twice. What stays ours through a rebalance does not
come again.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from kafka import ConsumerRebalanceListener
from kafka.coordinator.base import MemberState
from kafka.errors import CommitFailedError, KafkaError, RebalanceInProgressError
from kafka.structs import OffsetAndMetadata

from services.adapters.kafka.cluster import Cluster
from services.adapters.kafka.offsets import Partition, ends, partitions

_log = structlog.get_logger()

SESSION_MS = 10_000
"""A killed process holds its share no longer than this."""
MAX_POLL_MS = 600_000
"""A service that works longer than this between two polls loses its share, so a step must end well before."""

_WAIT_MS = 150
# kafka-python forgets a join that is completed between two polls and joins anew, which sends all others round again:
# so a poll waits for it, longer than most steps of a service last.
_JOIN_SECONDS = 20.0
_SETTLE_SECONDS = 3.0
_ASK_EVERY_SECONDS = 5.0
_COMMIT_MS = 15_000


@dataclass(slots=True)
class _Given:
    """What of one partition was given out and not yet committed, in order."""

    waiting: deque[int] = field(default_factory=deque)
    done: set[int] = field(default_factory=set)
    last: int = -1
    """Offset given out last; after a rewind, the one before the first that waits."""

    def commit_at(self) -> int | None:
        """The offset to commit: behind the last of those that are done without a gap; None when there is none."""
        reached = None
        for offset in self.waiting:
            if offset not in self.done:
                break
            reached = offset + 1
        return reached

    def forget_before(self, offset: int) -> None:
        while self.waiting and self.waiting[0] < offset:
            self.done.discard(self.waiting.popleft())


class GroupReader:
    """Joins the group with the first poll. Raises Unavailable. Several threads may use it, one at a time."""

    def __init__(self, cluster: Cluster, topic: str, group: str) -> None:
        self._cluster = cluster
        self._topic = topic
        self._group = group
        self._given: dict[Partition, _Given] = {}
        self._lock = threading.RLock()
        self._heard = time.monotonic()
        self._consumer: Any = None

    def poll(self, limit: int) -> list[Any]:
        """The next ConsumerRecords, at most `limit`; [] when there is none or the group is being shared out anew."""
        with self._anew_after_an_error():
            return self._poll(limit)

    @contextmanager
    def _anew_after_an_error(self) -> Iterator[None]:
        """Whatever fails: the next poll opens another consumer, at the commits.

        This one may stand behind messages that nobody was given or that were to come again, and its commits would
        pass them. A refused login, a dead heartbeat: a new member also does better than waiting for this one.
        """
        with self._lock, self._cluster.reaching():
            try:
                yield
            except BaseException:
                self.close()
                raise

    def _poll(self, limit: int) -> list[Any]:
        self._commit_done()
        consumer = self._opened()
        started = time.monotonic()
        while True:
            records = self._new(consumer.poll(timeout_ms=_WAIT_MS, max_records=limit))
            if records:
                self._heard = time.monotonic()
                return records
            self._hear()
            if time.monotonic() - started > self._patience(consumer):
                return []

    def _patience(self, consumer: Any) -> float:
        """Seconds that an empty poll goes on: [] is to mean that there is nothing, not that it has not come yet."""
        if consumer.group_metadata().state is not MemberState.STABLE:
            return _JOIN_SECONDS
        return settling(consumer)

    def _hear(self) -> None:
        """An empty poll looks the same when the broker is away: from time to time it is asked."""
        if time.monotonic() - self._heard > _ASK_EVERY_SECONDS:
            ends(self._cluster, partitions(self._cluster, self._topic))
            self._heard = time.monotonic()

    def _new(self, polled: dict[Partition, list[Any]]) -> list[Any]:
        """Oldest first, without what this reader was given before: after a rebalance Kafka begins at the commit."""
        fresh: list[list[Any]] = []
        for one, records in polled.items():
            given = self._given.setdefault(one, _Given())
            kept = [record for record in records if record.offset > given.last]
            if kept:
                known = given.waiting[-1] if given.waiting else -1
                given.waiting.extend(record.offset for record in kept if record.offset > known)
                given.last = kept[-1].offset
                fresh.append(kept)
        # A merge and not a sort: whatever the times say, a partition keeps its order.
        return list(heapq.merge(*fresh, key=lambda record: record.timestamp))

    def commit(self, places: Iterable[tuple[int, int]]) -> None:
        """`places`: (partition, offset) of what is done."""
        with self._lock, self._cluster.reaching():
            numbered = {one.partition: given for one, given in self._given.items()}
            for number, offset in places:
                given = numbered.get(number)
                if given is not None and given.waiting and offset >= given.waiting[0]:
                    given.done.add(offset)
            self._commit_done()

    def _commit_done(self) -> None:
        ready = {one: place for one, given in self._given.items() if (place := given.commit_at()) is not None}
        if not ready:
            return
        try:
            offsets = {one: OffsetAndMetadata(place, "", -1) for one, place in ready.items()}
            self._consumer.commit(offsets, timeout_ms=_COMMIT_MS)
        except RebalanceInProgressError:
            return  # still ours until the group is shared out anew: the next poll tries again
        except CommitFailedError:
            _log.warning("share lost", topic=self._topic, hint="its messages come again to whoever has them now")
            self.close()
            return
        for one, place in ready.items():
            self._given[one].forget_before(place)

    def rewind(self) -> None:
        """The next poll begins at the last commit. Also where this raises Unavailable."""
        with self._anew_after_an_error():
            mine = self._consumer.assignment() if self._consumer is not None else set()
            for one, given in self._given.items():
                if given.waiting:
                    given.done.clear()
                    given.last = given.waiting[0] - 1
                    if one in mine:
                        self._consumer.seek(one, given.waiting[0])

    def close(self) -> None:
        """Leave the group, so that another takes over at once. A later poll joins again."""
        with self._lock:
            consumer, self._consumer = self._consumer, None
            self._given.clear()
            if consumer is not None:
                close_member(consumer)

    def _opened(self) -> Any:
        if self._consumer is None:
            self._consumer = open_member(self._cluster, self._topic, self._group, _Shares(self._given))
        return self._consumer


def settling(consumer: Any) -> float:
    """Seconds to wait for what is known to be there and has not come yet; 0 when all has come."""
    for one in consumer.assignment():
        end, place = consumer.highwater(one), consumer.position(one, timeout_ms=_WAIT_MS)
        if end is None or place is None or place < end:
            return _SETTLE_SECONDS
    return 0.0


class _Shares(ConsumerRebalanceListener):  # type: ignore[misc]  # the library has no types
    """What is no longer ours is forgotten. Called inside our own poll only."""

    def __init__(self, given: dict[Partition, _Given]) -> None:
        self._given = given

    def on_partitions_revoked(self, revoked: set[Partition]) -> None:
        """Nothing yet: what comes back in the same rebalance was nobody else's in between."""

    def on_partitions_assigned(self, assigned: set[Partition]) -> None:
        for one in set(self._given) - set(assigned):
            del self._given[one]

    def on_partitions_lost(self, lost: set[Partition]) -> None:
        self._given.clear()


def open_member(cluster: Cluster, topic: str, group: str, listener: Any = None) -> Any:
    """A KafkaConsumer that joins the group with its first poll. Raises KafkaError."""
    consumer = cluster.consumer(
        group_id=group,
        session_timeout_ms=SESSION_MS,
        heartbeat_interval_ms=SESSION_MS // 4,
        max_poll_interval_ms=MAX_POLL_MS,
    )
    try:
        consumer.subscribe([topic], listener=listener)
        # Who leads a group shares out what it knows: without this, one that joins at once shares out nothing, for good.
        consumer.partitions_for_topic(topic)
    except BaseException:
        close_member(consumer)
        raise
    return consumer


def close_member(consumer: Any) -> None:
    """A broker that is away must not hold the end up; the session then runs out by itself."""
    try:
        consumer.close(autocommit=False, timeout_ms=3_000)
    except (KafkaError, OSError, RuntimeError) as error:
        _log.debug("reader closed without a word", error=str(error))
