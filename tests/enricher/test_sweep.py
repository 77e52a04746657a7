"""What the sweep clears from the ledger, and that no story of a dated text comes out otherwise for it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.adapters.elasticsearch_ledger import ElasticsearchLedger
from services.adapters.manual_clock import ManualClock
from services.adapters.overlay_ledger import OverlayLedger
from services.adapters.sqlite_ledger import SqliteLedger
from services.domain.codec import encode
from services.domain.story import Sketch, Told
from services.enricher.neighbours import SHINGLE, Claim, Claims, Neighbours
from services.enricher.sweep import FORGET, PAGE, Sweep
from services.ports.errors import Unavailable
from services.ports.ledger import Held, Ledger, Put
from services.settings import ElasticsearchSettings

NOW = datetime(2026, 11, 24, tzinfo=UTC)
DAY = timedelta(days=1)
OLD, YOUNG = NOW - FORGET - DAY, NOW - FORGET + DAY


@pytest.fixture(params=["sqlite", "elasticsearch"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    opened: Ledger
    if request.param == "sqlite":
        opened = SqliteLedger(tmp_path / "ledger.db")
    else:
        url = request.getfixturevalue("elasticsearch_url")
        opened = ElasticsearchLedger(url, ElasticsearchSettings(), create=True)
    with closing(opened):
        yield opened


def row(key: str, *seen: datetime, given: datetime | None = None) -> Put:
    claims = [Claim(story="s", article=f"a{number}", seen=at, given=given) for number, at in enumerate(seen)]
    return Put(SHINGLE, key, encode(Claims(claims=claims)))


def keys(ledger: Ledger) -> list[str]:
    return [held.key for held in ledger.scan(SHINGLE)]


def swept(ledger: Ledger, at: datetime = NOW) -> list[str]:
    """What a whole pass leaves."""
    sweep = Sweep(ledger, ManualClock(at))
    for _ in range(10):
        sweep.step()
    return keys(ledger)


def test_rows_whose_claims_are_all_past_go_and_the_others_stay(ledger: Ledger) -> None:
    ledger.put(row("old", OLD), row("older", OLD - 400 * DAY, OLD), row("young", YOUNG), row("both", OLD, YOUNG))
    ledger.put(row("imported", OLD - 400 * DAY, given=YOUNG), row("imported long ago", YOUNG, given=OLD))
    ledger.put(Put("story", "old", b"told"))
    assert swept(ledger) == ["both", "imported", "young"]
    assert ledger.get("story", "old") is not None
    assert swept(ledger, NOW + 3 * DAY) == []


def test_once_a_day_a_page_at_a_time_and_on_after_a_restart() -> None:
    ledger, clock = OverlayLedger(), ManualClock(NOW)
    ledger.put(*(row(f"{number:05}", OLD) for number in range(2 * PAGE + 7)))
    left = []
    for _ in range(4):
        Sweep(ledger, clock).step()
        left.append(len(keys(ledger)))
    assert left == [PAGE + 7, 7, 0, 0]
    sweep = Sweep(ledger, clock)
    ledger.put(row("another", OLD))
    for hours, there in ((0, True), (23, True), (24, False)):
        clock.set(NOW + timedelta(hours=hours))
        sweep.step()
        assert bool(keys(ledger)) is there


class Late(OverlayLedger):
    """Something happens between the look of a sweep and its delete."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], None] = lambda: None

    def delete(self, kind: str, *keys: str | Held) -> None:
        happens, self.meanwhile = self.meanwhile, lambda: None
        happens()
        super().delete(kind, *keys)


def test_a_row_that_is_claimed_between_look_and_delete_stays() -> None:
    ledger = Late()
    ledger.put(row("again", OLD), row("anew", OLD), row("old", OLD))

    def claimed() -> None:
        ledger.put(row("again", OLD, NOW))
        ledger.delete(SHINGLE, "anew")
        ledger.put(row("anew", NOW))

    ledger.meanwhile = claimed
    assert swept(ledger) == ["again", "anew"]


def test_two_sweeps_at_once_take_each_page_once() -> None:
    ledger, one, other = Late(), *(ManualClock(NOW) for _ in "12")
    ledger.put(*(row(f"{number:05}", OLD) for number in range(4 * PAGE)))
    first, second = Sweep(ledger, one), Sweep(ledger, other)
    ledger.meanwhile = second.step
    first.step()
    assert keys(ledger) == [f"{number:05}" for number in range(2 * PAGE, 4 * PAGE)]
    for _ in range(2):
        first.step()
        second.step()
    assert keys(ledger) == []


def test_what_a_crash_left_of_a_page_goes_on_the_next_day() -> None:
    ledger = Late()
    ledger.put(row("old", OLD))

    def crash() -> None:
        raise Unavailable("tắt máy")

    ledger.meanwhile = crash
    with pytest.raises(Unavailable):
        Sweep(ledger, ManualClock(NOW)).step()
    assert swept(ledger) == ["old"]
    assert swept(ledger, NOW + DAY) == []


def _press(chance: random.Random) -> Iterator[tuple[datetime, Sketch]]:
    """(when it is read, its sketch): reports that share runs of words, some of them in every second text.

    Published up to 30 days before they are seen; some read anew, in other words, up to 90 days after that.
    """
    come = []
    for number in range(160):
        founded = NOW + timedelta(days=chance.uniform(0, 500))
        for again in range(chance.choice((1, 1, 1, 2))):
            shingles = set(chance.sample(range(40), 6)) | set(chance.sample(range(100, 106), 2))
            sketch = Sketch(
                article_id=f"a{number}",
                content_hash=f"{number}.{again}",
                shingles=sorted(shingles),
                whole=chance.randrange(1000, 1020),
                title=chance.sample(["bao", "so", "mot", "tinh", "xa"], 3),
                numbers=[],
                at=founded - timedelta(days=chance.uniform(0, 30)),
                founded=founded,
            )
            come.append((founded + again * timedelta(days=chance.uniform(0, 89)), sketch))
    yield from sorted(come, key=lambda one: (one[0], one[1].content_hash))


def _told(seed: int, *, sweeping: bool) -> tuple[list[Told], list[str], int]:
    """What is told of each text, the story of each article in the end, and how many rows went."""
    chance, ledger, clock = random.Random(seed), OverlayLedger(), ManualClock(NOW)
    neighbours, sweep = Neighbours(ledger), Sweep(ledger, clock)
    told, gone, articles = [], 0, set()
    for at, sketch in _press(chance):
        before = len(keys(ledger))
        clock.set(at)
        for _ in range(2 if sweeping else 0):
            sweep.step()
        gone += before - len(keys(ledger))
        told.append(neighbours.join(sketch))
        articles.add(sketch.article_id)
    return told, [neighbours.current(one) for one in sorted(articles)], gone


@pytest.mark.parametrize("seed", range(30))
def test_stories_are_the_same_with_and_without_the_sweep(seed: int) -> None:
    told, stories, gone = _told(seed, sweeping=True)
    assert gone > 0
    assert (told, stories) == _told(seed, sweeping=False)[:2]
    assert len(set(stories)) > 5
    assert any(one.copy_of for one in told)
