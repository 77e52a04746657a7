"""The overlay: what stands under it is read and never written."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.adapters.overlay_ledger import OverlayLedger
from services.adapters.sqlite_ledger import SqliteLedger
from services.ports.errors import Conflict
from services.ports.ledger import Ledger, Put


@pytest.fixture
def under(tmp_path: Path) -> Iterator[Ledger]:
    with closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        ledger.put(Put("story", "a", b"1"), Put("story", "c", b"2"), Put("window", "a", b"3"))
        yield ledger


def everything(ledger: Ledger) -> list[tuple[str, str, bytes]]:
    return [(kind, held.key, held.value) for kind, held in ledger.snapshot()]


def test_kinds_that_are_named_fall_through_and_the_others_do_not(under: Ledger) -> None:
    overlay = OverlayLedger(under, ("story",))
    assert overlay.get("story", "a") == under.get("story", "a")
    assert overlay.get("window", "a") is None
    assert list(overlay.scan("window")) == []
    assert everything(overlay) == [("story", "a", b"1"), ("story", "c", b"2")]


def test_writes_and_deletes_hide_what_is_under_and_leave_it_alone(under: Ledger) -> None:
    before, overlay = everything(under), OverlayLedger(under, ("story",))
    overlay.put(Put("story", "a", b"new"), Put("story", "b", b"mine", expected=0))
    overlay.delete("story", "c", "not there")
    assert [(held.key, held.value) for held in overlay.scan("story")] == [("a", b"new"), ("b", b"mine")]
    assert everything(overlay) == [("story", "a", b"new"), ("story", "b", b"mine")]
    assert sorted(overlay.get_many("story", ["a", "b", "c"])) == ["a", "b"]
    assert everything(under) == before


def test_a_revision_that_was_read_below_may_be_written_over_once(under: Ledger) -> None:
    overlay = OverlayLedger(under, ("story",))
    held = overlay.get("story", "a")
    assert held is not None
    overlay.put(Put("story", "a", b"new", expected=held.revision))
    with pytest.raises(Conflict):
        overlay.put(Put("story", "a", b"newer", expected=held.revision))
    with pytest.raises(Conflict):
        overlay.put(Put("story", "c", b"x", expected=0))
    overlay.put(Put("window", "a", b"x", expected=0))
    after = overlay.get("story", "a")
    assert after is not None
    assert after.value == b"new"
    assert after.revision > held.revision


def test_what_is_written_under_it_meanwhile_is_seen(under: Ledger) -> None:
    overlay = OverlayLedger(under, ("story",))
    overlay.put(Put("story", "a", b"new"))
    under.put(Put("story", "a", b"late"), Put("story", "d", b"4"))
    assert [(held.key, held.value) for held in overlay.scan("story")] == [("a", b"new"), ("c", b"2"), ("d", b"4")]
    overlay.close()
    assert under.get("story", "d") is not None


def test_at_random_it_answers_as_a_ledger_that_was_written(tmp_path: Path) -> None:
    chance = random.Random(11)
    keys = ["", "a", "a|1", "a|2", "ab", "b|Ω", "đ", "\U0001f4f0"]
    with closing(SqliteLedger(tmp_path / "under.db")) as under, closing(SqliteLedger(tmp_path / "one.db")) as one:
        for key in chance.sample(keys, 5):
            for ledger in (under, one):
                ledger.put(Put("story", key, key.encode()))
        before, overlay = everything(under), OverlayLedger(under, ("story",))
        for number in range(300):
            key, value = chance.choice(keys), str(number).encode()
            forget = chance.random() < 0.4
            written: Ledger
            for written in (overlay, one):
                if forget:
                    written.delete("story", key)
                else:
                    written.put(Put("story", key, value))
            prefix, after = chance.choice(["", *keys]), chance.choice(["", *keys])
            mine, theirs = ([(h.key, h.value) for h in x.scan("story", prefix, after)] for x in (overlay, one))
            assert mine == theirs
        assert everything(overlay) == everything(one)
        assert everything(under) == before
