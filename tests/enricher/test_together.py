"""Two enrichers that come to one wire report at the same moment tell one story."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from services.adapters.elasticsearch_ledger import ElasticsearchLedger
from services.adapters.overlay_ledger import OverlayLedger
from services.adapters.sqlite_ledger import SqliteLedger
from services.domain.story import Sketch
from services.enricher.neighbours import Neighbours, Remembered
from services.ports.ledger import Held, Ledger
from services.settings import ElasticsearchSettings
from tests.enricher.turns import Choose, InTurn, Turn, drive, every_course

START = datetime(2026, 11, 17, tzinfo=UTC)
PAIRS = 40


def sketch(name: str, shingles: Sequence[int], minutes: int = 0, text: str = "") -> Sketch:
    """Shares what it shares by its shingles alone, as few as tell anything."""
    at = START + timedelta(minutes=minutes)
    title = ["bao", "so", "mot"]
    return Sketch(
        article_id=name,
        content_hash=text or name,
        shingles=sorted(shingles),
        whole=0,
        title=title,
        numbers=[],
        at=at,
        founded=at,
    )


def joined(
    first: Sequence[Sketch], second: Sequence[Sketch], choose: Choose, *, torn: bool = False, dies: int = 0
) -> Neighbours:
    """Two workers over one ledger, each with its texts; the first dies at a call of its and does them all again.

    `torn`: each write is a call of its own, and the second worker makes those of one call in the opposite order.
    """
    ledger = OverlayLedger()

    def worker(sketches: Sequence[Sketch], order: Literal[-1, 1], dies: int = 0) -> Turn:
        def work(turn: Turn) -> None:
            neighbours = Neighbours(InTurn(ledger, turn, order if torn else 0))
            for one in sketches:
                neighbours.join(one)

        return Turn(work, dies)

    drive([worker(first, 1, dies), worker(second, -1)], choose)
    for one in first if dies else ():
        Neighbours(ledger).join(one)
    return Neighbours(ledger)


def stories(neighbours: Neighbours, *names: str) -> set[str]:
    return {neighbours.current(name) for name in names}


A, B = sketch("a", (1, 2, 3, 10)), sketch("b", (1, 2, 3, 11), 1)


def test_whoever_goes_on_at_any_call_two_copies_are_one_story() -> None:
    courses = 0
    for choose in every_course(changes=5):
        courses += 1
        assert len(stories(joined([A], [B], choose), "a", "b")) == 1
    assert courses > 1500


@pytest.mark.parametrize("seed", range(4))
def test_whichever_write_of_a_call_is_done_first_they_are_one_story(seed: int) -> None:
    """Of three shared words each may have claimed some first: too few for either to see the other in."""
    chance = random.Random(seed)
    for _ in range(150):
        assert len(stories(joined([A], [B], chance.randrange, torn=True), "a", "b")) == 1


@pytest.mark.parametrize("dies", range(2, 9))
@pytest.mark.parametrize("torn", [False, True])
def test_killed_at_any_call_and_read_again_they_are_one_story(dies: int, torn: bool) -> None:
    chance = random.Random(dies)
    for _ in range(60):
        assert len(stories(joined([A], [B], chance.randrange, torn=torn, dies=dies), "a", "b")) == 1


@pytest.mark.parametrize("seed", range(4))
def test_two_that_each_show_other_stories_to_be_one_merge_them_all(seed: int) -> None:
    """Texts that hold the words of two stories each, and a text that is told anew in other words."""
    fire, road, rain = (1, 2, 3, 4), (11, 12, 13, 14), (21, 22, 23, 24)
    first = [sketch("f", fire), sketch("fr", fire + road, 2), sketch("x", (31, 32, 33, 34), 4, "old")]
    second = [sketch("r", road, 1), sketch("w", rain, 3), sketch("rw", road + rain, 5)]
    third = [sketch("x", rain, 4, "new")]
    chance = random.Random(seed)
    for _ in range(60):
        neighbours = joined([*first, *third], second, chance.randrange, torn=True, dies=chance.randrange(40))
        told = stories(neighbours, "f", "fr", "r", "w", "rw", "x")
        assert len(told) == 1
        assert stories(neighbours, *told) == told


class Counted(Remembered):
    """Counts what is read of it."""

    reads = 0

    def get_many(self, kind: str, keys: list[str]) -> dict[str, Held]:
        self.reads += 1
        return super().get_many(kind, keys)


def test_looking_once_more_costs_one_read() -> None:
    ledger = Counted()
    neighbours = Neighbours(ledger)
    neighbours.join(sketch("a", (1, 2, 3)))
    assert ledger.reads == 3, "its words, itself; its words"
    neighbours.join(sketch("b", (1, 2, 3), 1))
    assert ledger.reads == 3 + 4, "its words, itself and who is near; both once more"


def _at_once(ledgers: Sequence[Ledger], lag: float) -> int:
    """How many of the pairs two threads told as two stories."""
    meet = threading.Barrier(len(ledgers))
    pairs = [[sketch(f"{side}{n}", range(n * 60, n * 60 + 50), n) for n in range(PAIRS)] for side in "ab"]
    failed: list[BaseException] = []

    def run(ledger: Ledger, sketches: Sequence[Sketch], pause: float) -> None:
        try:
            neighbours = Neighbours(ledger)
            for one in sketches:
                meet.wait(60)
                time.sleep(pause)
                neighbours.join(one)
        except BaseException as error:  # noqa: BLE001 - told below, in the thread of the test
            failed.append(error)
            meet.abort()

    threads = [threading.Thread(target=run, args=one) for one in zip(ledgers, pairs, (0, lag), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    neighbours = Neighbours(ledgers[0])
    return sum(len(stories(neighbours, f"a{n}", f"b{n}")) > 1 for n in range(PAIRS))


@pytest.mark.parametrize("lag", [0, 0.003, 0.02])
def test_forty_pairs_at_once_on_files_are_forty_stories(lag: float, tmp_path: Path) -> None:
    with ExitStack() as opened:
        ledgers = [opened.enter_context(closing(SqliteLedger(tmp_path / "ledger.db"))) for _ in range(2)]
        assert _at_once(ledgers, lag) == 0


@pytest.mark.parametrize("lag", [0, 0.003, 0.02])
def test_forty_pairs_at_once_on_a_server_are_forty_stories(lag: float, elasticsearch_url: str) -> None:
    with ExitStack() as opened:
        ledgers = [
            opened.enter_context(closing(ElasticsearchLedger(elasticsearch_url, ElasticsearchSettings(), create=True)))
            for _ in range(2)
        ]
        assert _at_once(ledgers, lag) == 0
