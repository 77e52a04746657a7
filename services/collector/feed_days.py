"""Coverage, counted: for each feed and local day its state, its entries and what became of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date

from services.collector.records import FEED_DAY, FeedDayRecord, scan
from services.domain.calendar import ZONE
from services.domain.feed import ENTRY, EntryRecord, FeedDay
from services.ports.ledger import Ledger

# The poller writes a day before its entries; where a restored ledger has only these, their feed was read that day.
_READ = FeedDayRecord(state="ok")


def feed_days(ledger: Ledger, since: date | None = None, feed: str = "") -> list[FeedDay]:
    """By feed, then day; the outcomes of a line sum to its entries, `cut` included.

    Counted from the entries themselves, each on the day when it was first seen. `since`: from this local day on.
    `feed`: only this one.
    """
    prefix = f"{feed}|" if feed else ""
    counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for _, record in scan(ledger, ENTRY, EntryRecord, prefix):
        day = f"{record.first_seen.astimezone(ZONE):%Y-%m-%d}"
        counts[record.feed, day][record.outcome] += 1
    states: dict[tuple[str, str], FeedDayRecord] = {}
    for key, kept in scan(ledger, FEED_DAY, FeedDayRecord, prefix):
        name, _, day = key.rpartition("|")
        states[name, day] = kept
        if kept.cut:
            counts[name, day]["cut"] = kept.cut
    first = since.isoformat() if since else ""
    return [
        FeedDay(
            feed=name,
            day=day,
            state=states.get((name, day), _READ).state,
            entries=counts[name, day].total(),
            outcomes=dict(sorted(counts[name, day].items())),
        )
        for name, day in sorted({*counts, *states})
        if day >= first
    ]
