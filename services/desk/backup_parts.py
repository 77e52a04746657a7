"""What an office keeps, as parts of JSON Lines that no engine is to be seen in: read from stores, written to stores.

A part is (name, lines): offsets.jsonl, ledger.jsonl, archive.jsonl, bus/TOPIC.jsonl. A backup file holds these parts;
a copy passes them on. Each line is one record, so memory stays bounded.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.domain.article import Version
from services.domain.codec import decode, encode
from services.domain.events import TOPICS, Enriched
from services.domain.record import Record
from services.ports.archive import Archive, Kept
from services.ports.bus import Bus, Delivery, Message
from services.ports.ledger import Held, Ledger, Put

OFFSETS, LEDGER, ARCHIVE = "offsets.jsonl", "ledger.jsonl", "archive.jsonl"
NAMES = (OFFSETS, LEDGER, ARCHIVE, *(f"bus/{topic}.jsonl" for topic in TOPICS))
"""Every part, in the order in which they are read."""

Part = tuple[str, Iterator[bytes]]
"""Lines are read before the next part is asked for."""

UNFINISHED = "restore"
"""Kind of the ledger where a restore that is under way leaves its mark; no part of any backup."""

_MARGIN = timedelta(minutes=10)
"""What clocks of several machines may differ by, with room to spare: so much is handled again after a restore."""
_LINES_AT_ONCE, _BYTES_AT_ONCE = 500, 4_000_000


@dataclass(frozen=True, slots=True)
class Stores:
    """The three stores of an office, open."""

    bus: Bus
    archive: Archive
    ledger: Ledger


class OffsetLine(Record, frozen=True, kw_only=True):
    """How far a group has read a topic: everything appended before `since`; nothing of it where that is None."""

    topic: str
    group: str
    since: datetime | None = None


class _Value(Record, frozen=True, kw_only=True):
    """Bytes, as text where they are UTF-8."""

    text: str | None = None
    base64: str | None = None

    @property
    def value(self) -> bytes:
        return self.text.encode() if self.text is not None else base64.b64decode(self.base64 or "")


class LedgerLine(_Value, frozen=True, kw_only=True):
    kind: str
    key: str


class ArchiveLine(Record, frozen=True, kw_only=True):
    document: Enriched
    versions: list[Version]


class MessageLine(_Value, frozen=True, kw_only=True):
    key: str
    at: datetime
    headers: dict[str, str] = {}


def form_of(name: str) -> type[Record]:
    """What a line of this part is."""
    forms: dict[str, type[Record]] = {OFFSETS: OffsetLine, LEDGER: LedgerLine, ARCHIVE: ArchiveLine}
    return forms.get(name, MessageLine)


def topic_of(name: str) -> str:
    return name.removeprefix("bus/").removesuffix(".jsonl")


def read_parts(stores: Stores, groups: Sequence[tuple[str, str]], now: Callable[[], datetime]) -> Iterator[Part]:
    """Everything the stores hold, while services write to them; `groups`: (topic, group) of each consumer.

    Nothing is lost by what happens between two parts, whatever it is, because of their order:
    1. offsets: what a group had committed by then is in the ledger and the archive already, for it commits last;
       what it commits from then on will be delivered again, and its handlers bear that.
    2. ledger, as it stood at one moment: whoever publishes does so before the ledger says it is done, so what the
       ledger calls published is on the bus, which is read later. What is published after this moment will be
       published once more by a collector that knows nothing of it: the same article, under the same id.
    3. archive: an article saved after 2 came by a message that 1 does not count as done.
    4. bus: whatever 1 and 2 speak of is there.
    Raises Unavailable.
    """
    yield OFFSETS, iter([encode(_offset(stores.bus, topic, group, now())) for topic, group in groups])
    yield LEDGER, (_ledger_line(kind, held) for kind, held in stores.ledger.snapshot() if kind != UNFINISHED)
    yield (
        ARCHIVE,
        (encode(ArchiveLine(document=kept.document, versions=kept.versions)) for kept in stores.archive.snapshot()),
    )
    for topic in TOPICS:
        yield f"bus/{topic}.jsonl", (_message_line(delivery) for delivery in stores.bus.scan(topic))


def _offset(bus: Bus, topic: str, group: str, now: datetime) -> OffsetLine:
    # Asked first: where nothing waits after that, everything up to this one was done.
    last = _newest(bus, topic, now)
    since = bus.waiting_since(topic, group) or last
    return OffsetLine(topic=topic, group=group, since=since - _MARGIN if since else None)


def _newest(bus: Bus, topic: str, now: datetime) -> datetime | None:
    """When the newest message was appended; a full scan only where there was none for a day."""
    for back in (timedelta(minutes=10), timedelta(days=1), None):
        moments = (delivery.at for delivery in bus.scan(topic, since=now - back if back else None))
        newest = max(moments, default=None)
        if newest is not None:
            return newest
    return None


def _ledger_line(kind: str, held: Held) -> bytes:
    text, coded = _coded(held.value)
    return encode(LedgerLine(kind=kind, key=held.key, text=text, base64=coded))


def _message_line(delivery: Delivery) -> bytes:
    text, coded = _coded(delivery.message.value)
    headers = dict(sorted(delivery.message.headers.items()))
    return encode(MessageLine(key=delivery.message.key, at=delivery.at, headers=headers, text=text, base64=coded))


def _coded(value: bytes) -> tuple[str | None, str | None]:
    try:
        return value.decode(), None
    except UnicodeDecodeError:
        return None, base64.b64encode(value).decode()


def write_ledger(ledger: Ledger, lines: Iterable[bytes]) -> None:
    for some in batches(lines):
        held = [decode(line, LedgerLine) for line in some]
        ledger.put(*(Put(one.kind, one.key, one.value) for one in held))


def write_archive(archive: Archive, lines: Iterable[bytes]) -> None:
    for some in batches(lines):
        kept = [decode(line, ArchiveLine) for line in some]
        archive.keep([Kept(one.document, one.versions) for one in kept])


def write_topic(bus: Bus, topic: str, lines: Iterable[bytes]) -> None:
    for some in batches(lines):
        messages = [decode(line, MessageLine) for line in some]
        bus.publish(topic, [Message(one.key, one.value, one.headers, one.at) for one in messages])


def batches(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Runs of lines that a store takes at once."""
    some: list[bytes] = []
    weight = 0
    for line in lines:
        if some and (len(some) == _LINES_AT_ONCE or weight + len(line) > _BYTES_AT_ONCE):
            yield some
            some, weight = [], 0
        some.append(line)
        weight += len(line)
    if some:
        yield some
