"""Numbers without a gap, and none passed over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.adapters.sqlite_ledger import SqliteLedger
from services.alerter.clipping import clip
from services.alerter.sequence import CLIPPING, HEAD, Numbers, key
from services.ports.errors import Unavailable
from services.ports.ledger import Held, Put
from tests.alerter.office import START, Press, article, rulebook


class Late(SqliteLedger):
    """Shows some keys late, as an engine that was not refreshed."""

    hidden: frozenset[str] = frozenset()

    def scan(self, kind: str, prefix: str = "", after: str = "") -> Iterator[Held]:
        return (held for held in super().scan(kind, prefix, after) if held.key not in self.hidden)


class Dying(SqliteLedger):
    """Dies after so many clippings."""

    left = 100

    def put(self, *writes: Put) -> None:
        for write in writes:
            if write.kind == CLIPPING:
                self.left -= 1
            if self.left < 0:
                raise Unavailable("tắt máy")
            super().put(write)


def test_a_window_never_passes_over_a_number_that_is_not_visible_yet(tmp_path: Path) -> None:
    with closing(Late(tmp_path / "ledger.db")) as ledger:
        numbers = Numbers(ledger)
        numbers.enter([clip(article(n), rulebook(), START) for n in range(5)])
        assert [one.number for one in numbers.between(1, 4)] == [2, 3, 4]
        for hidden in ({2}, {3, 4}, {4}, {2, 3, 4, 5}):
            ledger.hidden = frozenset(map(key, hidden))
            with pytest.raises(Unavailable, match="not visible yet"):
                list(numbers.between(1, 4))
        assert [one.number for one in numbers.between(0, 1)] == [1]


def test_a_digest_waits_for_the_missing_number_and_then_tells_all(tmp_path: Path) -> None:
    press = Press(tmp_path)
    press.ledger.close()
    with closing(press.bus), closing(Late(tmp_path / "ledger.db")) as ledger:
        press.ledger = ledger
        press.open()
        press.enter(*(article(n) for n in range(5)))
        ledger.hidden = frozenset({key(3)})
        with pytest.raises(Unavailable):
            press.morning()
        assert press.letters() == []
        ledger.hidden = frozenset()
        assert len(press.morning()) == 1
        assert len(press.letters()) == 1


@pytest.mark.parametrize("left", range(6))
def test_a_crash_between_two_clippings_leaves_no_gap(tmp_path: Path, left: int) -> None:
    entering = [clip(article(n), rulebook(), START) for n in range(5)]
    with closing(Dying(tmp_path / "ledger.db")) as ledger:
        ledger.left = left
        numbers = Numbers(ledger)
        if left < 5:
            with pytest.raises(Unavailable):
                numbers.enter(entering)
        ledger.left = 100
        numbers.enter(entering)
        assert [(one.number, one.article_id) for one in numbers.between(0, numbers.last())] == [
            (n + 1, f"a{n:05}") for n in range(5)
        ]
        assert numbers.enter(entering) == []


def test_looking_at_the_last_number_changes_nothing(tmp_path: Path) -> None:
    with closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        numbers = Numbers(ledger)
        numbers.enter([clip(article(n), rulebook(), START) for n in range(3)])
        ledger.delete(HEAD, "last")
        assert numbers.last() == 3
        assert ledger.get(HEAD, "last") is None
