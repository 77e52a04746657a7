"""The bus: a log of messages by topic, read by groups that each remember their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from services.ports.errors import Unprocessable


@dataclass(frozen=True, slots=True)
class Message:
    """What is published: the key orders (same key, same order), the value is the JSON of a Record."""

    key: str
    value: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    at: datetime | None = None
    """When it was first appended, where a copy of a log is written; None: now."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it was read, with its position in the log."""

    topic: str
    position: str
    """Opaque; orders within a partition. Unique within the topic."""
    message: Message
    at: datetime


class Bus(Protocol):
    """At least once: what was polled and not committed is delivered again after a restart.

    Every method raises Unavailable when the log cannot be reached or is full.
    """

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        """Append; returns when the messages are durable. All or none on the embedded log.

        Raises Unprocessable when the log can never take one of them (too large): see `publish_apart`.
        """

    def poll(self, topic: str, group: str, limit: int = 100) -> list[Delivery]:
        """The next messages of this group after what it polled last; [] when there is none.

        Oldest first within a key; readers of a group may share the keys, and then each is given a part.
        Messages polled and not committed come again to a new reader of the group, never twice to this one,
        unless `rewind` was called.
        """

    def commit(self, topic: str, group: str, deliveries: Sequence[Delivery]) -> None:
        """Remember that these are done. Call after their work is durable. [] does nothing."""

    def rewind(self, topic: str, group: str) -> None:
        """Go back to the last commit, after a failure, so that the next poll delivers again."""

    def scan(self, topic: str, since: datetime | None = None, until: datetime | None = None) -> Iterator[Delivery]:
        """All messages appended in [since, until), oldest first, for no group."""

    def lag(self, topic: str, group: str) -> int:
        """How many messages of the topic this group has not committed."""

    def waiting_since(self, topic: str, group: str) -> datetime | None:
        """When the oldest message that this group has not committed was appended; None when there is none."""

    def skip_to(self, topic: str, group: str, since: datetime | None) -> None:
        """Commit, for a group without readers, what was appended before `since`; None: everything there is."""

    def size(self, topic: str) -> int:
        """How many messages the topic holds."""

    def close(self) -> None:
        """Release the connection; uncommitted messages stay uncommitted."""


def publish_apart(bus: Bus, topic: str, messages: Sequence[Message]) -> dict[int, Unprocessable]:
    """Publish what the log takes, so that one message that it refuses holds no other up.

    All at once, and one by one where it refuses any. Gives the index of each refused message in `messages`, and why;
    some of the others may be appended twice. Raises Unavailable.
    """
    if not messages:
        return {}
    try:
        bus.publish(topic, messages)
    except Unprocessable as error:
        if len(messages) == 1:
            return {0: error}
    else:
        return {}
    refused: dict[int, Unprocessable] = {}
    for index, message in enumerate(messages):
        try:
            bus.publish(topic, [message])
        except Unprocessable as error:
            refused[index] = error
    return refused
