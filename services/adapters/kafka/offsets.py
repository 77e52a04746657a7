"""Where the log begins and ends and what a group has committed, asked without joining any group."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from kafka import TopicPartition
from kafka.admin import ConfigResource, NewTopic, OffsetSpec, OffsetTimestamp
from kafka.errors import NoError, TopicAlreadyExistsError, UnknownTopicOrPartitionError
from kafka.structs import OffsetAndMetadata

from services.adapters.kafka.cluster import Cluster
from services.adapters.kafka.topics import Topic
from services.domain.instants import EPOCH
from services.ports.errors import Unavailable

Partition = Any
"""kafka.TopicPartition(topic, partition); the library has no types."""


def make_topics(cluster: Cluster, topics: tuple[Topic, ...]) -> None:
    """Make those that are missing, and bring of the others what is `kept` to the settings."""
    there = set(cluster.ask(lambda admin: admin.list_topics()))
    missing = [topic for topic in topics if topic.name not in there]
    for topic in missing:
        new = NewTopic(topic.name, topic.partitions, topic.replicas, topic_configs=dict(topic.configs))
        cluster.ask(partial(_make, new))
    if missing:
        cluster.ask(lambda admin: admin.wait_for_topics([topic.name for topic in missing]))
    _keep(cluster, [topic for topic in topics if topic.name in there])


def _make(new: Any, admin: Any) -> None:
    with contextlib.suppress(TopicAlreadyExistsError):  # another service that starts just now was faster
        admin.create_topics([new])


def _keep(cluster: Cluster, topics: list[Topic]) -> None:
    if not topics:
        return
    asked = [ConfigResource("TOPIC", topic.name, list(topic.kept)) for topic in topics]
    held = cluster.ask(lambda admin: admin.describe_configs(asked, config_filter="all")).get("topic", {})
    # Who may not read them is answered with nothing.
    if hidden := [topic.name for topic in topics if not topic.kept.keys() <= held.get(topic.name, {}).keys()]:
        raise _not_allowed(cluster, "DescribeConfigs", hidden)
    changed = {
        topic.name: {key: value for key, value in topic.kept.items() if held[topic.name][key]["value"] != value}
        for topic in topics
    }
    wanted = [ConfigResource("TOPIC", name, configs) for name, configs in changed.items() if configs]
    if not wanted:
        return
    # What went wrong with a topic is told in words and not raised.
    said = cluster.ask(lambda admin: admin.alter_configs(wanted, incremental=True)).get("topic", {})
    if refused := {name: words for name, words in said.items() if words != "OK"}:
        raise _not_allowed(cluster, "AlterConfigs", list(refused), next(iter(refused.values())))


def _not_allowed(cluster: Cluster, right: str, names: list[str], said: str = "") -> Unavailable:
    return Unavailable(
        f"Kafka tại {', '.join(cluster.servers)} không cho tài khoản này quyền {right} trên topic {', '.join(names)}: "
        "thời hạn giữ tin và việc ghi xuống đĩa ở đó không xem, không đặt được. Cấp quyền đó (docs/nhieu-may.md, Quyền "
        f"trên Kafka) rồi chạy lại / the broker does not grant {right} on these topics{said and f' ({said[:200]})'}"
    )


def require_topics(cluster: Cluster, names: list[str]) -> None:
    """Raises Unavailable when one of them was never made."""
    there = set(cluster.ask(lambda admin: admin.list_topics()))
    missing = sorted(set(names) - there)
    if missing:
        raise Unavailable(
            f"Kafka tại {', '.join(cluster.servers)} chưa có {', '.join(missing)}. Chạy dịch vụ collector trước, "
            "hoặc chỉ đúng địa chỉ bus / these topics are not there yet: start the collector first, or name the "
            "right bus"
        )


def partitions(cluster: Cluster, topic: str) -> list[Partition]:
    """All partitions of a topic by their number."""

    def question(admin: Any) -> list[Partition]:
        (described,) = admin.describe_topics([topic])
        numbers = sorted(one["partition_index"] for one in described["partitions"])
        if not numbers:
            raise UnknownTopicOrPartitionError(topic)
        return [TopicPartition(topic, number) for number in numbers]

    found: list[Partition] = cluster.ask(question)
    return found


def begins(cluster: Cluster, of: list[Partition]) -> dict[Partition, int]:
    """The first offset that is still held."""
    return _listed(cluster, dict.fromkeys(of, OffsetSpec.EARLIEST))


def ends(cluster: Cluster, of: list[Partition]) -> dict[Partition, int]:
    """The offset that the next message will have."""
    return _listed(cluster, dict.fromkeys(of, OffsetSpec.LATEST))


def since(cluster: Cluster, of: list[Partition], moment: datetime) -> dict[Partition, int]:
    """The first offset whose message is of that time or later; a partition without one is missing.

    Times finer than a millisecond do not exist here: a moment between two of them stands for the later.
    """
    rounded_up = -((EPOCH - moment) // timedelta(milliseconds=1))
    found = _listed(cluster, {one: OffsetTimestamp(max(0, rounded_up)) for one in of})
    return {one: offset for one, offset in found.items() if offset >= 0}


def committed(cluster: Cluster, group: str, of: list[Partition]) -> dict[Partition, int]:
    """What the group has committed; a partition without a commit is missing."""
    held = cluster.ask(lambda admin: admin.list_group_offsets({group: of}))[group]
    return {one: place.offset for one, place in held.items() if place.offset >= 0}


def waiting(cluster: Cluster, group: str, of: list[Partition]) -> dict[Partition, tuple[int, int]]:
    """[first, end) of what the group has not committed; a group that never committed waits for everything held.

    Never below nothing: what one partition has too little would hide the work of another.
    """
    # The ends last: whoever commits what came meanwhile would stand behind ends that were asked before.
    done, first, last = committed(cluster, group, of), begins(cluster, of), ends(cluster, of)
    return {one: (min(max(first[one], done.get(one, 0)), last[one]), last[one]) for one in of}


def commit_for(cluster: Cluster, group: str, places: Mapping[Partition, int]) -> None:
    """Commit for a group that has no readers now."""
    if not places:
        return
    wanted = {one: OffsetAndMetadata(offset, "", -1) for one, offset in places.items()}

    def question(admin: Any) -> None:
        for error in admin.alter_group_offsets(group, wanted).values():
            if error is not NoError:
                raise error(group)

    cluster.ask(question)


def _listed(cluster: Cluster, specs: dict[Partition, Any]) -> dict[Partition, int]:
    found = cluster.ask(lambda admin: admin.list_partition_offsets(specs))
    return {one: place.offset for one, place in found.items()}
