"""The ledger in Elasticsearch: one index, one primary shard, a document for each key, written under its seq_no.

`_seq_no` and `_primary_term` of a document together are its revision. Each write bears a mark of its own, so that
after a lost answer a writer knows its own write again and takes nobody else's for it, however equal the values are.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from services.adapters.elasticsearch.bulk import portions
from services.adapters.elasticsearch.client import connect, port_error, translated
from services.adapters.elasticsearch.indices import open_index
from services.adapters.elasticsearch.pages import close_moment, existing, hits_at, open_moment, refresh, whole
from services.ports.errors import Conflict, PortError, Unavailable, Unprocessable
from services.ports.ledger import Held, Ledger, Put
from services.settings import ElasticsearchSettings

_TERM = 2**48
"""revision = primary term * _TERM + seq_no: above 0, and rising with every write."""
_ID_BYTES = 512
"""Elasticsearch's limit of an _id."""
_KEY_BYTES = 32_000
"""Lucene's limit of a term is 32,766 bytes."""
_AT_ONCE = 500
_FIRST_PAGE, _PAGE = 200, 1000
"""Most scans look at the head of a queue and leave; few read on."""
_PAUSES = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds before a write that was not taken, or whose answer was lost, is sent again."""


@dataclass(frozen=True, slots=True)
class _Operation:
    """One write of a bulk request. `mark`: what it can be known by; "" for a delete."""

    kind: str
    key: str
    lines: tuple[bytes, ...]
    mark: str = ""

    @property
    def bytes(self) -> int:
        return sum(map(len, self.lines))


class ElasticsearchLedger(Ledger):
    """The values in the index behind the alias NAME-ledger of the server at `url`."""

    def __init__(self, url: str, access: ElasticsearchSettings, *, create: bool = False) -> None:
        self._client, name = connect(url, access)
        self._timeout = access.timeout_seconds
        # A write is sent again by `_settle`, which knows what a second answer to the same write means.
        self._once = self._client.options(max_retries=0, retry_on_timeout=False)
        try:
            self._index = open_index(self._client, f"{name}-ledger", "ledger", access.replicas, create=create)
        except BaseException:
            self._client.close()
            raise

    def get(self, kind: str, key: str) -> Held | None:
        return self.get_many(kind, [key]).get(key)

    def get_many(self, kind: str, keys: list[str]) -> dict[str, Held]:
        found: dict[str, Held] = {}
        for begin in range(0, len(keys), _AT_ONCE):
            some = [_id(kind, key) for key in keys[begin : begin + _AT_ONCE]]
            for document in existing(self._client, self._index, some):
                held = _held(document)
                found[held.key] = held
        return found

    def put(self, *writes: Put) -> None:
        for some in portions([_write(write) for write in writes], lambda one: one.bytes):
            self._settle(some)

    def scan(self, kind: str, prefix: str = "", after: str = "") -> Iterator[Held]:
        """As the port says; a value written while the scan runs may or may not be part of it.

        Keys come in the order of their UTF-8 bytes, which is that of their code points.
        """
        refresh(self._client, self._index)
        kept: list[dict[str, Any]] = [{"term": {"kind": kind}}]
        if prefix:
            kept.append({"prefix": {"key": prefix}})
        size = _FIRST_PAGE
        while True:
            bounds = [{"range": {"key": {"gt": after}}}] if after else []
            with translated():
                answer = self._client.search(
                    index=self._index,
                    query={"bool": {"filter": kept + bounds}},
                    sort=[{"key": "asc"}],
                    size=size,
                    seq_no_primary_term=True,
                    track_total_hits=False,
                    allow_partial_search_results=False,
                )
            whole(answer.body)
            hits = answer["hits"]["hits"]
            yield from map(_held, hits)
            if len(hits) < size:
                return
            after, size = hits[-1]["_source"]["key"], _PAGE

    def snapshot(self) -> Iterator[tuple[str, Held]]:
        """As the port says: one shard, so a point in time is one moment of everything."""
        moment = open_moment(self._client, self._index)
        if moment is None:
            raise Unavailable(f"{self._index}: chưa có chỉ mục này / no such index")
        try:
            for hit in hits_at(self._client, moment, ["kind", "key"], _PAGE, seq_no_primary_term=True):
                yield hit["_source"]["kind"], _held(hit)
        finally:
            close_moment(self._client, moment)

    def delete(self, kind: str, *keys: str | Held) -> None:
        for some in portions([_delete(kind, one) for one in keys], lambda one: one.bytes):
            self._settle(some)

    def close(self) -> None:
        self._client.close()

    def _settle(self, operations: Sequence[_Operation]) -> None:
        """Send until each was taken or turned down. Raises Conflict, Unprocessable, Unavailable."""
        waiting = list(operations)
        # Where a server hangs, the second try is the last: a service that is to stop waits for this.
        give_up = time.monotonic() + 1.5 * self._timeout
        for pause in (*_PAUSES, None):
            problem: PortError
            try:
                waiting, problem = self._send(waiting)
            except Unavailable as error:
                problem = error
            if not waiting:
                return
            if pause is None or time.monotonic() > give_up:
                raise problem
            time.sleep(pause)

    def _send(self, operations: Sequence[_Operation]) -> tuple[list[_Operation], PortError]:
        """Those that were not taken now and may be sent again, and why."""
        lines: list[Any] = [line for one in operations for line in one.lines]
        with translated():
            answer = self._once.bulk(index=self._index, operations=lines, require_alias=True)
        items = [next(iter(item.values())) for item in answer["items"]]
        waiting: list[_Operation] = []
        met: list[_Operation] = []
        problem: PortError = Unavailable(self._index)
        for one, item in zip(operations, items, strict=True):
            status = item["status"]
            if status < 300 or (status == 404 and not one.mark and "error" not in item):
                continue
            if status == 409:
                # What was to be deleted and was written over, or deleted by the lost first try, is as it should be.
                if one.mark:
                    met.append(one)
                continue
            problem = port_error(status, item)
            if not isinstance(problem, Unavailable):
                raise problem
            waiting.append(one)
        self._refuse(met)
        return waiting, problem

    def _refuse(self, met: Sequence[_Operation]) -> None:
        """Conflict, unless what stands there is this very write, whose first answer was lost."""
        if not met:
            return
        ids = [_id(one.kind, one.key) for one in met]
        there = {document["_id"]: document for document in existing(self._client, self._index, ids)}
        for one in met:
            document = there.get(_id(one.kind, one.key))
            if document is None or document["_source"]["mark"] != one.mark:
                found = _revision(document) if document else 0
                raise Conflict(f"{one.kind}/{one.key}: revision {found}, expected another")


def _write(write: Put) -> _Operation:
    if len(write.key.encode()) > _KEY_BYTES:
        raise Unprocessable(f"{write.kind}/{write.key[:80]}…: khóa quá dài / the key is too long")
    at: dict[str, Any] = {"_id": _id(write.kind, write.key)}
    action = "index"
    if write.expected == 0:
        action = "create"
    elif write.expected is not None:
        if write.expected < _TERM:
            raise Conflict(f"{write.kind}/{write.key}: no revision {write.expected}")
        at |= _expected(write.expected)
    mark = secrets.token_hex(8)
    document = {"kind": write.kind, "key": write.key, **_stored(write.value), "mark": mark}
    return _Operation(write.kind, write.key, (msgspec.json.encode({action: at}), msgspec.json.encode(document)), mark)


def _delete(kind: str, one: str | Held) -> _Operation:
    key, expected = (one.key, _expected(one.revision)) if isinstance(one, Held) else (one, {})
    return _Operation(kind, key, (msgspec.json.encode({"delete": {"_id": _id(kind, key), **expected}}),))


def _expected(revision: int) -> dict[str, int]:
    term, number = divmod(revision, _TERM)
    return {"if_seq_no": number, "if_primary_term": term}


def _id(kind: str, key: str) -> str:
    """Kinds are plain words of ours: neither | nor # is in one, so no two keys share an id."""
    readable = f"{kind}|{key}"
    if len(readable.encode()) <= _ID_BYTES:
        return readable
    return f"{kind}#{hashlib.sha256(key.encode()).hexdigest()}"


def _stored(value: bytes) -> dict[str, str]:
    """Text stays readable, and small under the index's compression; other bytes are told as such."""
    try:
        return {"text": value.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def _held(document: Mapping[str, Any]) -> Held:
    source = document["_source"]
    value = source["text"].encode() if "text" in source else base64.b64decode(source["base64"])
    return Held(source["key"], value, _revision(document))


def _revision(document: Mapping[str, Any]) -> int:
    return int(document["_primary_term"] * _TERM + document["_seq_no"])
