"""Many writes in few requests: cut by number and size, repeated with a pause where the server is busy.

Each write gets its own answer. A write may reach the server twice (an answer lost, a request repeated): whoever calls
gives each a condition, or makes it the same whenever it is repeated.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import msgspec
from elasticsearch import ApiError, Elasticsearch

from services.adapters.elasticsearch.client import BUSY, port_error, translated
from services.ports.errors import PortError, Unprocessable

T = TypeVar("T")

MOST_WRITES = 500
MOST_BYTES = 5_000_000
PAUSES = (0.1, 0.3, 1.0, 2.0)
"""Seconds before each repetition; who is refused after the last gets the answer as it is."""


@dataclass(frozen=True, slots=True)
class Write:
    """One document to write through an alias; `options`: if_seq_no, version ... of the bulk action."""

    alias: str
    id: str
    document: Any
    action: Literal["index", "create"] = "index"
    options: Mapping[str, Any] = field(default_factory=dict)

    def lines(self) -> list[bytes]:
        """The two lines of a request. Raises Unprocessable for what JSON cannot hold."""
        action = {self.action: {"_index": self.alias, "_id": self.id, "require_alias": True, **self.options}}
        try:
            return [msgspec.json.encode(action), msgspec.json.encode(self.document)]
        except (UnicodeError, TypeError, ValueError) as error:
            raise Unprocessable(f"{self.id!r}: không ghi được thành JSON / cannot be written as JSON") from error


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one write."""

    status: int
    told: Mapping[str, Any]

    @property
    def done(self) -> bool:
        return self.status < 300

    def error(self) -> PortError:
        return port_error(self.status, self.told)


def write_all(
    client: Elasticsearch, writes: Sequence[Write], sleep: Callable[[float], None] = time.sleep
) -> list[Answer]:
    """An answer for each write, in their order. Raises Unavailable where the server does not answer at all."""
    lines = [write.lines() for write in writes]
    answers: list[Answer] = [Answer(503, {})] * len(writes)
    waiting = list(range(len(writes)))
    for pause in (*PAUSES, None):
        for some in portions(waiting, lambda number: sum(map(len, lines[number]))):
            told = _send(client, [line for number in some for line in lines[number]], len(some))
            for number, answer in zip(some, told, strict=True):
                answers[number] = answer
        waiting = [number for number in waiting if answers[number].status in BUSY]
        if not waiting or pause is None:
            break
        sleep(pause)
    return answers


def _send(client: Elasticsearch, lines: list[Any], writes: int) -> list[Answer]:
    with translated():
        try:
            items = client.bulk(operations=lines)["items"]
        except ApiError as error:
            if error.meta.status not in BUSY:
                raise
            return [Answer(error.meta.status, error.body if isinstance(error.body, Mapping) else {})] * writes
    return [Answer(told["status"], told) for item in items for told in item.values()]


def portions(writes: Iterable[T], bytes_of: Callable[[T], int]) -> Iterator[list[T]]:
    """Requests of a size that a server takes."""
    some: list[T] = []
    size = 0
    for write in writes:
        weight = bytes_of(write)
        if some and (len(some) == MOST_WRITES or size + weight > MOST_BYTES):
            yield some
            some, size = [], 0
        some.append(write)
        size += weight
    if some:
        yield some
