"""Whether the broker still hears from a member of a group, told by the heartbeats that it answered.

kafka-python keeps this to itself, and keeps too little of it: when it has heard nothing for a whole session it only
looks for the coordinator again, and the member goes on taking itself for one.
"""

from __future__ import annotations

import math
from typing import Any

from kafka.coordinator.heartbeat import Heartbeat


class Pulse(Heartbeat):  # type: ignore[misc]  # the library has no types
    """The library's own record of a member's heartbeats, which also says until when the broker had heard of us."""

    def __init__(self, **configs: Any) -> None:
        super().__init__(**configs)
        self.answered = -math.inf
        """When the last heartbeat that was answered had been sent (monotonic). Not when its answer came: a process
        that stood still finds an old one as it wakes. Nor when the coordinator was looked up, which tells nothing."""

    def received_heartbeat(self) -> None:
        super().received_heartbeat()
        self.answered = self.last_send

    @classmethod
    def of(cls, consumer: Any) -> Pulse:
        """In the place of what a KafkaConsumer keeps its heartbeats in; before its first poll."""
        coordinator = consumer._coordinator  # nothing public tells when the broker last answered
        coordinator.heartbeat = cls(**coordinator.heartbeat.config)
        pulse: Pulse = coordinator.heartbeat
        return pulse
