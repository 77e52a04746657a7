"""The collector: feeds -> press.collected, press.unmatched.

poll.py     due feeds -> conditional GET -> state (state.py) -> entries (entries.py), registered as pending -> cursor
finish.py   pending -> pages (pages.py) -> articles (build.py) -> claimed -> judged (judge.py) -> published -> outcome
reread.py   pages that are due again -> new versions
records.py  what of it stands in the ledger; feed_days.py counts it
"""

from __future__ import annotations

from collections.abc import Callable

from services.collector.finish import Finisher
from services.collector.pages import Pages
from services.collector.poll import Poller, RoundReport
from services.collector.reread import Rereader
from services.ports.bus import Bus
from services.ports.clock import Clock
from services.ports.extractor import Extractor
from services.ports.fetcher import Fetcher
from services.ports.ledger import Ledger
from services.rulebook.book import Rulebook
from services.settings import CollectorSettings


class Collector:
    """Every method may be interrupted anywhere and called again; all times come from the clock."""

    def __init__(
        self,
        rules: Callable[[], Rulebook],
        settings: CollectorSettings,
        bus: Bus,
        ledger: Ledger,
        fetcher: Fetcher,
        extractor: Extractor,
        clock: Clock,
    ) -> None:
        pages = Pages(settings, fetcher, extractor, clock)
        self._poller = Poller(lambda: rules().feeds, settings, ledger, fetcher, extractor, clock)
        self._finisher = Finisher(rules, settings, bus, ledger, pages, clock)
        self._rereader = Rereader(rules, settings, bus, ledger, pages, clock)

    def poll_feeds(self, deadline_seconds: float | None = None) -> RoundReport:
        """Poll the feeds that are due; new entries wait as pending. `deadline_seconds` for each feed, else as set."""
        return self._poller.poll(deadline_seconds)

    def finish_pending(self) -> int:
        """One step: some pending entries settled or, when none waits, some due pages read again. 0: nothing is left."""
        return self._finisher.step() or self._rereader.step()

    def round(self) -> RoundReport:
        """Poll, then finish all that is pending."""
        report = self.poll_feeds()
        while done := self.finish_pending():
            report.settled += done
        return report
