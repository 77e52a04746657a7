"""Hosts shared out among collectors by Kafka's own group assignment of `press.hosts`, which carries no messages.

A host belongs to the partition hash(host) mod partitions, and so to the member of the group that has it.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import threading
import time
from typing import Any

import structlog
from kafka.coordinator.base import MemberState
from kafka.errors import CommitFailedError, KafkaError, RebalanceInProgressError
from kafka.structs import OffsetAndMetadata

from services.adapters.kafka import offsets
from services.adapters.kafka.cluster import Cluster
from services.adapters.kafka.pulse import Pulse
from services.adapters.kafka.reader import SESSION_MS, close_member, open_member
from services.adapters.kafka.topics import HOSTS
from services.ports.hosts import Hosts
from services.settings import KafkaSettings

_log = structlog.get_logger()

# A rebalance waits for every living member's next poll, which is our `refresh`, for MAX_POLL_MS (10 min) at most: a
# collector in the middle of a step keeps its hosts. A step lasts 5 min at most (collector/poll.py) and is followed by
# a refresh, so nobody is put out while he works. Who is dead says nothing for SESSION_MS (10 s) and is put out then:
# far longer than the pause between two requests to a host. Who is cut off from the broker cannot be told that he was
# put out, so he gives his hosts up by himself before that (_ALIVE_SECONDS): two heartbeats may be lost on the way.
_SURE_SECONDS = 3.0
_ALIVE_SECONDS = 7.0
_LOOK_MS = 100
_JOIN_SECONDS = 40.0
_CONFIRM_MS = 5_000
assert _SURE_SECONDS < _ALIVE_SECONDS < SESSION_MS / 1000


class KafkaHosts(Hosts):
    """One member of the group "collector" on the bus at `url`.

    `pause_seconds`: between two requests to one host; so long a host that has just come to us is not asked.
    Raises Unavailable, also when the topic was never made (`KafkaBus(create=True)` makes it).
    """

    def __init__(self, url: str, settings: KafkaSettings, pause_seconds: float) -> None:
        self._cluster = Cluster(url, settings)
        self._topic = self._cluster.name(HOSTS)
        self._pause = pause_seconds
        self._consumer: Any = None
        self._since: dict[int, float] = {}
        """Number of each partition of ours -> when it came to us (monotonic)."""
        self._partitions = 0
        self._member = ("", -1)
        self._counted_in = False
        self._pulse = Pulse()
        self._sure_at = -math.inf
        self._lock = threading.Lock()
        try:
            offsets.require_topics(self._cluster, [self._topic])
        except BaseException:
            self._cluster.close()
            raise

    def refresh(self) -> None:
        # Where this fails, nothing is ours until it is known again whether the others still count us in.
        with self._lock, self._cluster.reaching():
            self._refresh()

    def _refresh(self) -> None:
        consumer = self._opened()
        self._counted_in = False
        try:
            joined = self._joined(consumer) and self._confirmed(consumer)
        except KafkaError:
            self._drop()
            raise
        if joined:
            self._take(consumer)
            self._counted_in = True

    def _joined(self, consumer: Any) -> bool:
        """False when a member did not come in time: it is in the middle of its work; the next refresh goes on.

        kafka-python forgets a join that is completed between two polls and joins anew, which sends all others round
        again: so this waits for it, without a gap, and longer than most steps of a collector last.
        """
        consumer.poll(timeout_ms=_LOOK_MS)
        started = heard = time.monotonic()
        while not _is_stable(consumer):
            if time.monotonic() - started > _JOIN_SECONDS:
                return False
            if time.monotonic() - heard > _SURE_SECONDS:
                # A broker that is away must be told, not waited for in silence.
                offsets.ends(self._cluster, offsets.partitions(self._cluster, self._topic))
                heard = time.monotonic()
            consumer.poll(timeout_ms=_LOOK_MS)
        return True

    def _take(self, consumer: Any) -> None:
        assigned = consumer.assignment()
        consumer.pause(*assigned)  # there is nothing to fetch
        member, now = consumer.group_metadata(), time.monotonic()
        if (member.member_id, member.generation_id) != self._member:
            # In the very next generation, as the same member, what we have again was nobody else's in between.
            if member.member_id != self._member[0] or member.generation_id > self._member[1] + 1:
                self._since.clear()
            self._member = (member.member_id, member.generation_id)
        self._since = {one.partition: self._since.get(one.partition, now) for one in assigned}
        self._partitions = len(consumer.partitions_for_topic(self._topic))

    def _confirmed(self, consumer: Any) -> bool:
        """Whether the broker still counts us in. A process that stood still for longer than a session does not know.

        A commit is the one request that the broker refuses from who is no member of the present generation.
        """
        mine = consumer.assignment()
        if not mine or time.monotonic() - self._sure_at < _SURE_SECONDS:
            return True
        asked = time.monotonic()
        try:
            consumer.commit({min(mine): OffsetAndMetadata(0, "", -1)}, timeout_ms=_CONFIRM_MS)
        except (CommitFailedError, RebalanceInProgressError):
            _log.warning("hosts lost", hint="this collector was put out of its group and joins again")
            return False
        self._sure_at = asked
        return True

    def mine(self, host: str) -> bool:
        consumer = self._consumer
        if not self._counted_in or consumer is None or not _is_stable(consumer):
            return False
        since = self._since.get(partition_of(host, self._partitions))
        now = time.monotonic()
        alive = now - max(self._sure_at, self._pulse.answered) < _ALIVE_SECONDS
        return alive and since is not None and now - since >= self._pause

    def close(self) -> None:
        with self._lock:
            self._drop()
        self._cluster.close()

    def _opened(self) -> Any:
        if self._consumer is None:
            group = self._cluster.name(f"collector.{HOSTS}")
            self._consumer = open_member(self._cluster, self._topic, group)
            self._pulse = Pulse.of(self._consumer)
        return self._consumer

    def _drop(self) -> None:
        self._counted_in = False
        if self._consumer is not None:
            with contextlib.suppress(KafkaError):
                close_member(self._consumer)
        self._consumer = None
        self._sure_at = -math.inf


def _is_stable(consumer: Any) -> bool:
    """In the group, and the group is not being shared out anew: then nothing is anybody's."""
    stable: bool = consumer.group_metadata().state is MemberState.STABLE
    return stable


def partition_of(host: str, partitions: int) -> int:
    """The same in every process and version: Python's own hash is another in each process."""
    return int.from_bytes(hashlib.sha256(host.encode()).digest()[:8], "big") % partitions
