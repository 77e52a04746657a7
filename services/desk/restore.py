"""Restoring: the parts of a backup, or of another office's stores, written into stores that hold nothing.

A mark in the ledger is written first and taken away last: while it stands there, nothing else opens these data, and
the same restore run again goes on and makes them whole. So it needs no engine that can put many writes into one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.desk.backup_file import Progress
from services.desk.backup_parts import (
    ARCHIVE,
    LEDGER,
    OFFSETS,
    UNFINISHED,
    MessageLine,
    OffsetLine,
    Part,
    Stores,
    topic_of,
    write_archive,
    write_ledger,
    write_topic,
)
from services.domain.codec import decode, encode
from services.domain.events import TOPICS
from services.domain.record import Record
from services.ports.bus import Bus
from services.ports.errors import Conflict, Unavailable, Unprocessable
from services.ports.ledger import Ledger, Put

_KEY = "unfinished"


class _Mark(Record, frozen=True, kw_only=True):
    source: str
    """What is being restored, to be known again."""
    told: str
    """The same in words: the file, or the addresses."""
    at: datetime


@dataclass(slots=True)
class _Tally:
    """What was given, by part. `expired`: messages past their retention, which the bus may have dropped again."""

    lines: Counter[str] = field(default_factory=Counter)
    expired: Counter[str] = field(default_factory=Counter)


def refuse_unfinished(ledger: Ledger) -> None:
    """Raises Unavailable where a restore into these data has not come to its end."""
    held = ledger.get(UNFINISHED, _KEY)
    if held is None:
        return
    mark = decode(held.value, _Mark)
    raise Unavailable(
        f"dữ liệu này chưa phục hồi xong (từ {mark.told}, bắt đầu {mark.at:%Y-%m-%d %H:%M} UTC); "
        "chạy lại đúng lệnh restore hoặc copy đó để làm nốt "
        "/ these data are half restored: run the same restore or copy again"
    )


def write_parts(
    target: Stores,
    parts: Iterable[Part],
    *,
    source: str,
    told: str,
    retention: Mapping[str, int],
    now: datetime,
    progress: Progress,
) -> dict[str, int]:
    """Everything into the target; returns lines by part, each one found there at the end.

    `source` names what is restored, so that only the same goes on where it was cut off; `retention`: days a topic
    keeps its messages, 0 for ever. Raises Unprocessable where the target holds other data, or counts differ.
    """
    again = _begin(target, source, told, now)
    tally = _Tally()
    offsets: list[OffsetLine] = []
    for name, lines in parts:
        counted = _counted(name, lines, tally, progress)
        if name == OFFSETS:
            offsets = [decode(line, OffsetLine) for line in counted]
        elif name == LEDGER:
            write_ledger(target.ledger, counted)
        elif name == ARCHIVE:
            write_archive(target.archive, counted)
        else:
            topic = topic_of(name)
            aging = _aging(name, counted, retention.get(topic, 0), now, tally)
            write_topic(target.bus, topic, _missing(target.bus, topic, aging) if again else aging)
    for offset in offsets:
        if offset.since is not None:
            target.bus.skip_to(offset.topic, offset.group, offset.since)
    _verify(target, tally)
    target.ledger.delete(UNFINISHED, _KEY)
    return dict(tally.lines)


def _begin(target: Stores, source: str, told: str, now: datetime) -> bool:
    """Whether a restore of the same source was cut off here before; its ledger is emptied to be written again."""
    held = target.ledger.get(UNFINISHED, _KEY)
    if held is not None:
        if decode(held.value, _Mark).source != source:
            raise Unprocessable(
                f"nơi nhận còn dở một lần phục hồi khác (từ {decode(held.value, _Mark).told}); làm nốt lần đó, "
                "hoặc chọn nơi trống / another restore was cut off here: finish that one, or choose an empty place"
            )
        for some in _runs(target.ledger):
            for kind, keys in some.items():
                target.ledger.delete(kind, *keys)
        return True
    if (
        target.archive.count()
        or any(target.bus.size(topic) for topic in TOPICS)
        or next(target.ledger.snapshot(), None) is not None
    ):
        raise Unprocessable(
            "nơi nhận đã có dữ liệu, không ghi đè; hãy chọn thư mục hoặc tên chỉ mục, tên topic mới "
            "/ the target already holds data: choose a new folder, or new names"
        )
    try:
        mark = _Mark(source=source, told=told, at=now)
        target.ledger.put(Put(UNFINISHED, _KEY, encode(mark), expected=0))
    except Conflict as error:
        raise Unprocessable("một lần phục hồi khác vừa bắt đầu / another restore has just begun") from error
    return False


def _runs(ledger: Ledger) -> Iterator[dict[str, list[str]]]:
    some: dict[str, list[str]] = {}
    count = 0
    for kind, held in ledger.snapshot():
        if kind == UNFINISHED:
            continue
        some.setdefault(kind, []).append(held.key)
        count += 1
        if count % 1000 == 0:
            yield some
            some = {}
    yield some


def _counted(name: str, lines: Iterable[bytes], tally: _Tally, progress: Progress) -> Iterator[bytes]:
    tally.lines[name] = 0
    for line in lines:
        tally.lines[name] += 1
        progress(name, tally.lines[name])
        yield line


def _aging(name: str, lines: Iterable[bytes], days: int, now: datetime, tally: _Tally) -> Iterator[bytes]:
    """A day more than the rule: servers and clocks drop what is old at their own moment."""
    edge = now - timedelta(days=days - 1) if days else None
    for line in lines:
        if edge is not None and decode(line, MessageLine).at < edge:
            tally.expired[name] += 1
        yield line


def _missing(bus: Bus, topic: str, lines: Iterable[bytes]) -> Iterator[bytes]:
    """Those that the topic does not hold yet; 16 bytes of each message that it holds are kept in memory."""
    there: Counter[bytes] = Counter()
    for delivery in bus.scan(topic):
        there[_digest(delivery.message.key, delivery.message.headers, delivery.message.value)] += 1
    for line in lines:
        message = decode(line, MessageLine)
        digest = _digest(message.key, message.headers, message.value)
        if there[digest]:
            there[digest] -= 1
        else:
            yield line


def _digest(key: str, headers: Mapping[str, str], value: bytes) -> bytes:
    digest = hashlib.blake2b(repr((key, sorted(headers.items()))).encode(), digest_size=16)
    digest.update(value)
    return digest.digest()


def _verify(target: Stores, tally: _Tally) -> None:
    for name, given in tally.lines.items():
        if name == OFFSETS:
            continue
        if name == LEDGER:
            found = sum(kind != UNFINISHED for kind, _ in target.ledger.snapshot())
        elif name == ARCHIVE:
            found = target.archive.count()
        else:
            found = target.bus.size(topic_of(name))
        if not given - tally.expired[name] <= found <= given:
            raise Unprocessable(
                f"{name}: đã ghi {given} nhưng nơi nhận có {found}; có chương trình nào đang ghi vào đó? "
                "/ the target does not hold what was written; is a service running there?"
            )
