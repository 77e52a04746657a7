"""A group that one process reads at a time, because whoever reads holds a lease of its own: all partitions are its.

Nothing is shared out, so nobody waits for another process to join. In a real group the one without the lease would
not poll, and the one with it would wait for that poll.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.adapters.kafka.offsets import partitions, waiting
from services.adapters.kafka.reader import GroupReader, close_member, settling


class LoneReader(GroupReader):
    """Begins at the group's last commits, and again there after `rewind`, wherever another process left off."""

    def commit(self, places: Iterable[tuple[int, int]]) -> None:
        with self._anew_after_an_error():  # whether the lease is still ours by the next try, nobody knows
            super().commit(places)

    def rewind(self) -> None:
        with self._anew_after_an_error():
            self._given.clear()
            if self._consumer is not None:
                self._to_commits(self._consumer)

    def _opened(self) -> Any:
        if self._consumer is None:
            consumer = self._cluster.consumer(group_id=self._group)
            try:
                consumer.assign(partitions(self._cluster, self._topic))
                self._to_commits(consumer)
            except BaseException:
                close_member(consumer)
                raise
            self._consumer = consumer
        return self._consumer

    def _to_commits(self, consumer: Any) -> None:
        for one, (first, _) in waiting(self._cluster, self._group, sorted(consumer.assignment())).items():
            consumer.seek(one, first)

    def _patience(self, consumer: Any) -> float:
        return settling(consumer)
