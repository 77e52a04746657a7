"""What services/ports/bus.py promises, on every adapter."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from services.adapters.manual_clock import ManualClock
from services.ports.bus import Bus, Delivery, Message

OpenBus = Callable[[], Bus]
TOPIC = "press.collected"


def say(*values: str, key: str = "k") -> list[Message]:
    return [Message(key, value.encode()) for value in values]


def take(bus: Bus, count: int, topic: str = TOPIC, group: str = "g") -> list[Delivery]:
    """`count` deliveries; an adapter may give them in several polls and after a moment."""
    taken: list[Delivery] = []
    deadline = time.monotonic() + 20
    while len(taken) < count and time.monotonic() < deadline:
        taken += bus.poll(topic, group, limit=count - len(taken))
    return taken


def values(deliveries: list[Delivery]) -> list[str]:
    return [delivery.message.value.decode() for delivery in deliveries]


def test_a_message_comes_out_as_it_went_in(bus: Bus, clock: ManualClock) -> None:
    message = Message("bù-gia-mập", b'{"a": "\xc4\x91"}\x00', {"schema": "1", "replay": "đúng"})
    bus.publish(TOPIC, [message])
    (delivery,) = take(bus, 1)
    assert delivery.message == message
    assert (delivery.topic, delivery.at) == (TOPIC, clock.now())


def test_messages_of_a_key_keep_their_order(bus: Bus) -> None:
    bus.publish(TOPIC, say("1", "2"))
    bus.publish(TOPIC, say("3"))
    deliveries = take(bus, 3)
    assert values(deliveries) == ["1", "2", "3"]
    positions = [delivery.position for delivery in deliveries]
    assert positions == sorted(set(positions))


def test_an_empty_topic_gives_nothing(bus: Bus) -> None:
    assert bus.poll(TOPIC, "g") == []
    assert list(bus.scan(TOPIC)) == []
    assert (bus.size(TOPIC), bus.lag(TOPIC, "g")) == (0, 0)
    bus.publish(TOPIC, [])
    assert bus.size(TOPIC) == 0


def test_poll_gives_at_most_the_limit_and_goes_on(bus: Bus) -> None:
    bus.publish(TOPIC, say("1", "2", "3"))
    assert len(bus.poll(TOPIC, "g", limit=2)) <= 2
    bus.rewind(TOPIC, "g")
    assert values(take(bus, 2)) == ["1", "2"]
    assert values(take(bus, 1)) == ["3"]
    assert bus.poll(TOPIC, "g") == []


def test_topics_and_groups_do_not_touch_each_other(bus: Bus) -> None:
    bus.publish(TOPIC, say("1"))
    bus.publish("press.enriched", say("other"))
    done = take(bus, 1, group="a")
    bus.commit(TOPIC, "a", done)
    assert values(take(bus, 1, group="b")) == ["1"]
    assert values(take(bus, 1, topic="press.enriched", group="a")) == ["other"]
    assert (bus.lag(TOPIC, "a"), bus.lag(TOPIC, "b"), bus.lag("press.enriched", "a")) == (0, 1, 1)


def test_what_was_not_committed_comes_again_to_a_new_reader(open_bus: OpenBus) -> None:
    first = open_bus()
    first.publish(TOPIC, say("1", "2", "3"))
    deliveries = take(first, 3)
    first.commit(TOPIC, "g", deliveries[:1])
    first.close()
    assert values(take(open_bus(), 2)) == ["2", "3"]


def test_rewind_goes_back_to_the_last_commit(bus: Bus) -> None:
    bus.publish(TOPIC, say("1", "2", "3"))
    bus.commit(TOPIC, "g", take(bus, 1))
    assert values(take(bus, 2)) == ["2", "3"]
    bus.rewind(TOPIC, "g")
    assert values(take(bus, 2)) == ["2", "3"]


def test_rewind_without_a_commit_goes_to_the_beginning(bus: Bus) -> None:
    bus.publish(TOPIC, say("1"))
    assert values(take(bus, 1)) == ["1"]
    bus.rewind(TOPIC, "g")
    assert values(take(bus, 1)) == ["1"]


def test_commit_of_nothing_changes_nothing(bus: Bus) -> None:
    bus.publish(TOPIC, say("1"))
    take(bus, 1)
    bus.commit(TOPIC, "g", [])
    assert bus.lag(TOPIC, "g") == 1


def test_a_commit_done_twice_or_late_takes_nothing_back(bus: Bus) -> None:
    bus.publish(TOPIC, say("1", "2"))
    deliveries = take(bus, 2)
    bus.commit(TOPIC, "g", deliveries)
    bus.commit(TOPIC, "g", deliveries)
    bus.commit(TOPIC, "g", deliveries[:1])
    assert bus.lag(TOPIC, "g") == 0


def test_lag_counts_what_is_not_committed(bus: Bus) -> None:
    bus.publish(TOPIC, say("1", "2", "3"))
    assert bus.lag(TOPIC, "g") == 3
    deliveries = take(bus, 3)
    assert bus.lag(TOPIC, "g") == 3
    bus.commit(TOPIC, "g", deliveries[:2])
    assert (bus.lag(TOPIC, "g"), bus.size(TOPIC)) == (1, 3)


def test_scan_is_by_the_time_of_appending(bus: Bus, clock: ManualClock) -> None:
    begin = clock.now()
    for number in range(4):
        clock.set(begin + timedelta(hours=number))
        bus.publish(TOPIC, say(str(number)))
    bus.publish("press.enriched", say("other"))
    assert values(list(bus.scan(TOPIC))) == ["0", "1", "2", "3"]
    middle = list(bus.scan(TOPIC, begin + timedelta(hours=1), begin + timedelta(hours=3)))
    assert values(middle) == ["1", "2"]
    assert middle[0].at == begin + timedelta(hours=1)
    assert values(list(bus.scan(TOPIC, until=begin + timedelta(hours=1)))) == ["0"]
    assert values(list(bus.scan(TOPIC, since=begin + timedelta(hours=3)))) == ["3"]
    assert list(bus.scan(TOPIC, since=begin + timedelta(hours=4))) == []


def test_scan_goes_through_more_than_a_page_and_moves_no_group(bus: Bus) -> None:
    said = [str(number) for number in range(450)]
    bus.publish(TOPIC, say(*said))
    assert values(list(bus.scan(TOPIC))) == said
    assert values(take(bus, 1)) == ["0"]


def test_one_instance_serves_several_threads(bus: Bus) -> None:
    def work(name: str) -> None:
        for number in range(20):
            bus.publish(TOPIC, say(f"{name}{number}", key=name))

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = values(take(bus, 60))
    assert sorted(taken) == sorted(f"{name}{number}" for name in "abc" for number in range(20))
    for name in "abc":
        assert [value for value in taken if value[0] == name] == [f"{name}{number}" for number in range(20)]


def test_two_instances_see_each_other(open_bus: OpenBus) -> None:
    service, command = open_bus(), open_bus()
    assert service.poll(TOPIC, "g") == []
    command.publish(TOPIC, say("1"))
    assert values(take(service, 1)) == ["1"]
    assert command.size(TOPIC) == 1
