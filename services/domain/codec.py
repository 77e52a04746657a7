"""Records to JSON and back."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from services.domain.record import Record

_R = TypeVar("_R", bound=Record)


def encode(record: Record) -> bytes:
    """The JSON of a record, keys in the order of their definition: equal records give equal bytes."""
    return msgspec.json.encode(record)


def decode(data: bytes | str, kind: type[_R]) -> _R:
    """A record from its JSON. Raises ValueError with the path of what does not fit."""
    return msgspec.json.decode(data, type=kind)


def plain(record: Record) -> dict[str, Any]:
    """The record as a JSON object of plain values, under the names of the contract."""
    value: dict[str, Any] = msgspec.to_builtins(record)
    return value
