"""The topics of Điểm Báo on Kafka, as data: what the adapter makes, the composition notes and the tests read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.domain.events import COLLECTED, DECISIONS, ENRICHED, PARKED, UNMATCHED
from services.settings import KafkaSettings

HOSTS = "press.hosts"
"""Carries no messages: its partitions are what the collectors share out among themselves."""

MAX_MESSAGE_BYTES = 16_777_216
"""A page of 3 MB with what was read in it, as JSON, several times over."""

FOR_EVER = -1
_DAY_MS = 86_400_000

_KEPT = ("retention.ms", "flush.messages")

BROKER_SETTINGS: Mapping[str, str] = {
    # The topics are made by us, with their partitions and retention; a mistyped name must not make another.
    "auto.create.topics.enable": "false",
    # Kafka forgets after 7 days where a group without readers stood: a service that was off for longer would read
    # everything again from the beginning. Ten years.
    "offsets.retention.minutes": "5256000",
}
"""What a broker needs beside the topics' own settings."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it is made. `configs` are Kafka's own names and values."""

    name: str
    partitions: int
    replicas: int
    configs: Mapping[str, str] = field(default_factory=dict)

    @property
    def kept(self) -> Mapping[str, str]:
        """What is brought to the settings at every start of a service; the rest stays as an operator has set it."""
        return {key: value for key, value in self.configs.items() if key in _KEPT}


def topics(retention_days: Mapping[str, int], settings: KafkaSettings, prefix: str = "") -> tuple[Topic, ...]:
    """All topics. `retention_days`: 0, or a topic not named, is for ever. `prefix` goes before each name."""
    named = {name: retention_days.get(name, 0) for name in (COLLECTED, UNMATCHED, ENRICHED, DECISIONS, PARKED)}
    carrying = tuple(
        Topic(prefix + name, settings.partitions, settings.replicas, _configs(days, settings) | _durable(settings))
        for name, days in (named | dict(retention_days)).items()
    )
    hosts = Topic(prefix + HOSTS, settings.hosts_partitions, settings.replicas, _configs(0, settings))
    return (*carrying, hosts)


def _durable(settings: KafkaSettings) -> dict[str, str]:
    """With replicas, they are what survives a power cut. One broker alone acknowledges what only its memory holds,
    while archive and ledger write through to the disk: they would know of messages that the log has lost.
    """
    return {"flush.messages": "1"} if settings.replicas == 1 else {}


def _configs(days: int, settings: KafkaSettings) -> dict[str, str]:
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(days * _DAY_MS if days else FOR_EVER),
        "retention.bytes": str(FOR_EVER),
        "max.message.bytes": str(MAX_MESSAGE_BYTES),
        "min.insync.replicas": str(settings.min_insync_replicas),
        # The times are those of our clock, which a replay, a copy or a test sets; Kafka refuses an hour ahead.
        "message.timestamp.type": "CreateTime",
        "message.timestamp.after.max.ms": str(2**63 - 1),
        "message.timestamp.before.max.ms": str(2**63 - 1),
    }
