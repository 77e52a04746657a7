"""Restoring: into an empty place only, and never half."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from services.adapters.manual_clock import ManualClock
from services.adapters.sqlite_bus import SqliteBus
from services.desk.backup_file import read_file, verify
from services.desk.backup_parts import Part, Stores
from services.desk.restore import refuse_unfinished
from services.domain.events import ENRICHED, TOPICS
from services.ports.bus import Message
from services.ports.errors import Unavailable, Unprocessable
from services.ports.ledger import Put
from tests.contracts.documents import enriched
from tests.desk.stores import (
    NOW,
    backup,
    contents,
    copy,
    files,
    restore,
    silent,
)


@pytest.mark.parametrize("part", ["ledger", "archive", "bus"])
def test_a_place_that_holds_anything_is_refused(whole: Path, tmp_path: Path, clock: ManualClock, part: str) -> None:
    with files(tmp_path / "new", clock) as new:
        if part == "ledger":
            new.ledger.put(Put("feed", "a", b""))
        elif part == "archive":
            new.archive.save([enriched("a")])
        else:
            new.bus.publish(TOPICS[-1], [Message("a", b"")])
        before = contents(new)
        with pytest.raises(Unprocessable, match="already holds data"):
            restore(whole, new)
        assert contents(new) == before


class Cut(Exception):
    """The power fails."""


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.75, 0.9, 0.99])
def test_a_restore_cut_off_locks_the_place_until_it_is_run_again(
    whole: Path, tmp_path: Path, clock: ManualClock, share: float
) -> None:
    def cut() -> Iterator[Part]:
        left = int(share * sum(part.lines for part in verify(whole, silent).parts))
        for name, inner in read_file(whole):

            def some(inner: Iterator[bytes] = inner) -> Iterator[bytes]:
                nonlocal left
                for line in inner:
                    if not left:
                        raise Cut
                    left -= 1
                    yield line

            yield name, some()

    with files(tmp_path / "old", clock) as old, files(tmp_path / "new", clock) as new:
        refuse_unfinished(new.ledger)
        with pytest.raises(Cut):
            restore(whole, new, cut())
        with pytest.raises(Unavailable, match=r"whole\.zip.*half restored"):
            refuse_unfinished(new.ledger)
        with pytest.raises(Unprocessable, match="another restore was cut off"):
            copy(old, new)
        restore(whole, new)
        refuse_unfinished(new.ledger)
        assert contents(new) == contents(old)


def test_messages_of_a_topic_cut_in_the_middle_do_not_come_twice(
    whole: Path, tmp_path: Path, clock: ManualClock
) -> None:
    with files(tmp_path / "old", clock) as old, files(tmp_path / "new", clock) as new:
        with pytest.raises(Cut):
            restore(whole, new, (_cut(part) for part in read_file(whole)))
        for topic in TOPICS:
            # Out of order, as the partitions of a broker give them back.
            for one in list(old.bus.scan(topic))[::3]:
                new.bus.publish(topic, [Message(one.message.key, one.message.value, one.message.headers, one.at)])
        restore(whole, new)
        assert [new.bus.size(topic) for topic in TOPICS] == [old.bus.size(topic) for topic in TOPICS]


def _cut(part: Part) -> Part:
    raise Cut(part[0])


def test_counts_that_do_not_agree_are_told_and_leave_the_place_locked(
    whole: Path, tmp_path: Path, clock: ManualClock
) -> None:
    with files(tmp_path / "new", clock) as new:

        def meddled() -> Iterator[Part]:
            for name, lines in read_file(whole):
                if name == "archive.jsonl":
                    new.ledger.put(Put("feed", "of a service that runs", b""))
                yield name, lines

        with pytest.raises(Unprocessable, match=r"ledger\.jsonl.*is a service running"):
            restore(whole, new, meddled())
        with pytest.raises(Unavailable):
            refuse_unfinished(new.ledger)


def test_messages_past_their_retention_may_be_dropped_by_the_new_bus(tmp_path: Path, clock: ManualClock) -> None:
    with files(tmp_path / "old", clock) as old, files(tmp_path / "new", clock) as new:
        for age in (200, 100, 30, 1):
            old.bus.publish(ENRICHED, [Message(str(age), b"", at=NOW - timedelta(days=age))])
        backup(old, tmp_path / "b.zip")
        days = {ENRICHED: 90}
        with closing(SqliteBus(tmp_path / "kept.db", clock, days)) as pruning:
            target = Stores(pruning, new.archive, new.ledger)
            counts = restore(tmp_path / "b.zip", target, retention=days)
            assert counts[f"bus/{ENRICHED}.jsonl"] == 4
            assert pruning.size(ENRICHED) == 2
