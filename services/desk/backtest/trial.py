"""The back-test: what new watches would have caught in the days that are past, and the letters that it would have made.

It reads the bus, the archive and the ledger and writes to none of them; apply.py puts watches into force.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.desk.backtest.compare import Compared, OfWatch
from services.desk.backtest.days import Days, Read, entries
from services.desk.backtest.forecast import Forecast, forecast
from services.desk.backtest.pool import seldom_collecting
from services.desk.backtest.read import Reader
from services.desk.backtest.stories import present_stories
from services.domain.events import COLLECTED, UNMATCHED, Enriched
from services.ports.archive import Archive
from services.ports.bus import Bus
from services.ports.ledger import Ledger
from services.rulebook.book import Rulebook
from services.settings import Settings


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back the days could be seen. None: nothing at all."""

    collected_from: datetime | None
    unmatched_from: datetime | None
    """Before this the log keeps no unmatched articles, so nothing can be gained from them."""

    def full_from(self, since: datetime) -> datetime | None:
        """From here both could be seen; None where there is nothing."""
        known = [one for one in (self.collected_from, self.unmatched_from) if one is not None]
        return max([since, *known]) if known else None


@dataclass(frozen=True, slots=True)
class Trial:
    """A back-test that ran to its end. Times are those of the bus."""

    rules: Rulebook
    running: str
    """Version of the rules in force, with which they are compared."""
    since: datetime
    until: datetime
    reach: Reach
    archived: int
    """Articles of press.collected."""
    unmatched: int
    watches: list[OfWatch]
    forecast: Forecast
    days: Days
    again: list[Read]
    """Archived articles that were read again: their document may say something else."""
    gained: list[Read]
    """Unmatched articles, as they would enter the archive, in the order in which they came."""
    unread: int

    def counts(self) -> dict[str, int]:
        """For the record of the run."""
        return {
            "archived": self.archived,
            "unmatched": self.unmatched,
            "gained": sum(one.gained for one in self.watches),
            "lost": sum(one.lost for one in self.watches),
            "again": len(self.again),
            "from_unmatched": len(self.gained),
        }


@seldom_collecting()
def backtest(
    bus: Bus,
    archive: Archive,
    ledger: Ledger,
    overlay: Callable[[], Ledger],
    memory: Callable[[], Ledger],
    rules: Rulebook,
    running: Rulebook,
    settings: Settings,
    since: datetime,
    until: datetime,
    reached: Callable[[str, int], None] = lambda stage, done: None,
) -> Trial:
    """`rules` against `running` on [since, until). Raises Unavailable.

    `overlay`: a ledger that reads stories through to `ledger` and keeps what is written; `memory`: an empty one.
    """
    scratch = overlay()
    days = Reader(bus, archive, ledger, scratch, rules, running, reached).read(since, until)
    reached("Tính thư", 0)
    coming = list(entries(days))
    story_of = present_stories(scratch, (one.clipping.story_id for one in coming))
    told = forecast(coming, rules, settings.digest, story_of, memory(), since, until)
    compared = Compared(archive, rules, running, days)
    return Trial(
        rules=rules,
        running=running.version,
        since=since,
        until=until,
        reach=_reach(bus, settings, until),
        archived=len(days.archived),
        unmatched=len({event.key for event in days.events if not event.collected} - days.archived),
        watches=list(compared.watches.values()),
        forecast=told,
        days=days,
        again=compared.again,
        gained=compared.gained,
        unread=days.unread + len(days.undone),
    )


def _reach(bus: Bus, settings: Settings, until: datetime) -> Reach:
    kept = settings.retention.unmatched
    oldest = _oldest(bus, UNMATCHED)
    if oldest is not None and kept:
        oldest = max(oldest, until - timedelta(days=kept))
    return Reach(_oldest(bus, COLLECTED), oldest)


def _oldest(bus: Bus, topic: str) -> datetime | None:
    first = next(iter(bus.scan(topic)), None)
    return first.at.astimezone(UTC) if first is not None else None


def totals(told: Forecast) -> dict[str, tuple[int, int, int]]:
    """Recipient -> (digests, lines, notices)."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for (recipient, _), day in sorted(told.items()):
        for index, number in enumerate((day.digests, day.lines, day.notices)):
            found[recipient][index] += number
    return {recipient: (one[0], one[1], one[2]) for recipient, one in found.items()}


def documents(reads: Iterable[Read]) -> Iterator[Enriched]:
    """Of those that were read again."""
    return (one.document for one in reads if one.document is not None)
