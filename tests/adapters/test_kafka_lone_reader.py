"""A group that is read under a lease: whoever has it reads on where the last one stopped, and waits for nobody."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime

import pytest

from services.adapters.kafka_bus import KafkaBus
from services.adapters.manual_clock import ManualClock
from services.adapters.system_clock import SystemClock
from services.domain.events import ENRICHED
from services.ports.bus import Delivery, Message
from services.ports.errors import Unavailable
from services.settings import KafkaSettings
from tests.servers.kafka_server import KafkaServer
from tests.servers.topics import own_topics

pytestmark = pytest.mark.kafka
GROUP = "alerter"


def taken(bus: KafkaBus, count: int) -> set[str]:
    """Keys of the next so many messages, committed."""
    found: set[str] = set()
    deadline = time.monotonic() + 20
    while len(found) < count:
        assert time.monotonic() < deadline, found
        deliveries = bus.poll(ENRICHED, GROUP, count - len(found))
        bus.commit(ENRICHED, GROUP, deliveries)
        found |= {one.message.key for one in deliveries}
    return found


@pytest.mark.full
@pytest.mark.timeout(300)
@pytest.mark.parametrize("alone", [(GROUP,), ()], ids=["alone", "group"])
def test_a_rewind_that_fails_leaves_nothing_behind(own_kafka: KafkaServer, alone: tuple[str, ...]) -> None:
    """The handler failed and the broker is away: what was given out and not done comes again, whatever rewind says."""
    settings = KafkaSettings(partitions=2, hosts_partitions=2)
    url = f"{own_kafka.url}/rewind-{len(alone)}"
    with closing(KafkaBus(url, SystemClock(), {}, settings, create=True, alone=alone)) as bus:
        keys = {f"k{number}" for number in range(200)}
        bus.publish(ENRICHED, [Message(key, b"{}") for key in sorted(keys)])
        assert len(polled(bus, 100)) == 100
        own_kafka.kill()
        if alone:
            with pytest.raises(Unavailable):
                bus.rewind(ENRICHED, GROUP)
        else:
            bus.rewind(ENRICHED, GROUP)
        own_kafka.launch()
        handled: set[str] = set()
        deadline = time.monotonic() + 60
        while bus.lag(ENRICHED, GROUP) and time.monotonic() < deadline:
            deliveries = bus.poll(ENRICHED, GROUP, 70)
            handled |= {one.message.key for one in deliveries}
            bus.commit(ENRICHED, GROUP, deliveries)
            assert bus.lag(ENRICHED, GROUP) >= 200 - len(handled), "committed unseen"
        assert handled == keys


def polled(bus: KafkaBus, count: int) -> set[str]:
    """Keys of so many messages, not committed."""
    found: set[str] = set()
    deadline = time.monotonic() + 20
    while len(found) < count and time.monotonic() < deadline:
        found |= {one.message.key for one in bus.poll(ENRICHED, GROUP, count - len(found))}
    return found


@pytest.mark.full
@pytest.mark.timeout(300)
def test_a_commit_that_fails_is_not_tried_again_later(own_kafka: KafkaServer) -> None:
    """By then another process may have read on under the lease: its commits must not be taken back."""
    settings = KafkaSettings(partitions=1, hosts_partitions=2)
    url = f"{own_kafka.url}/late-commit"
    with ExitStack() as stack:
        one, other = (
            stack.enter_context(closing(KafkaBus(url, SystemClock(), {}, settings, create=True, alone={GROUP})))
            for _ in range(2)
        )
        one.publish(ENRICHED, [Message(f"k{number}", b"{}") for number in range(20)])
        deliveries: list[Delivery] = []
        while len(deliveries) < 10:
            deliveries += one.poll(ENRICHED, GROUP, 10 - len(deliveries))
        own_kafka.kill()
        with pytest.raises(Unavailable):
            one.commit(ENRICHED, GROUP, deliveries)
        own_kafka.launch()
        assert len(taken(other, 20)) == 20
        assert one.poll(ENRICHED, GROUP) == []
        assert one.lag(ENRICHED, GROUP) == 0


def test_two_take_turns_and_neither_waits_for_the_other(kafka: KafkaServer) -> None:
    clock = ManualClock(datetime(2026, 11, 23, tzinfo=UTC))
    with own_topics(kafka) as url, ExitStack() as stack:
        settings = KafkaSettings(partitions=3)
        one, other = (
            stack.enter_context(closing(KafkaBus(url, clock, {}, settings, create=True, alone={GROUP})))
            for _ in range(2)
        )
        keys = {f"k{number}" for number in range(30)}
        one.publish(ENRICHED, [Message(key, b"{}") for key in sorted(keys)])
        first = taken(one, 10)
        second = taken(other, 10)
        assert len(first) == len(second) == 10
        assert not first & second
        started = time.monotonic()
        one.rewind(ENRICHED, GROUP)
        assert first | second | taken(one, 10) == keys
        assert one.poll(ENRICHED, GROUP) == []
        assert one.lag(ENRICHED, GROUP) == 0
        assert time.monotonic() - started < 15  # joining a group whose other member does not poll takes 20 s


def test_after_a_rewind_what_was_not_committed_comes_again(kafka: KafkaServer) -> None:
    clock = ManualClock(datetime(2026, 11, 23, tzinfo=UTC))
    with (
        own_topics(kafka) as url,
        closing(KafkaBus(url, clock, {}, KafkaSettings(partitions=2), create=True, alone={GROUP})) as bus,
    ):
        bus.publish(ENRICHED, [Message(f"k{number}", b"{}") for number in range(8)])
        polled = [one.message.key for _ in range(8) for one in bus.poll(ENRICHED, GROUP, 1)]
        assert len(set(polled)) == 8
        bus.rewind(ENRICHED, GROUP)
        assert len(taken(bus, 8)) == 8
