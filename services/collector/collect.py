"""The collector: feeds -> press.collected, press.unmatched.

poll.py     due feeds -> conditional GET -> state (state.py) -> entries (entries.py), registered as pending -> cursor
            (cursors.py)
finish.py   pending -> pages (pages.py) -> articles (build.py) -> claimed -> judged (judge.py) -> published -> outcome
            (task.py: one entry on that way; claim.py: whose article; settle.py: what of it is written)
reread.py   pages that are due again -> new versions
records.py  what of it stands in the ledger; feed_days.py counts it

Where several collectors share the hosts, each asks its own only: a feed by the host of its address, a page by the
host of its link. Where a redirect leads to a host of another, that one goes on from there (`Handover`). A step never
lasts as long as the others wait for `refresh` (ports/hosts.py).
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
from services.ports.hosts import Hosts
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
        *,
        hosts: Hosts,
    ) -> None:
        self._hosts = hosts
        pages = Pages(settings, fetcher, extractor, clock, hosts)
        self._poller = Poller(lambda: rules().feeds, settings, ledger, fetcher, extractor, clock, hosts)
        self._finisher = Finisher(rules, settings, bus, ledger, pages, clock, hosts)
        self._rereader = Rereader(rules, settings, bus, ledger, pages, clock, hosts)

    def refresh(self) -> None:
        """Learn which hosts are ours; for the pauses between two rounds. Raises Unavailable."""
        self._hosts.refresh()

    def poll_feeds(self, deadline_seconds: float | None = None) -> RoundReport:
        """Poll the feeds that are due; new entries wait as pending. `deadline_seconds` for each feed, else as set."""
        self._hosts.refresh()
        return self._poller.poll(deadline_seconds)

    def finish_pending(self) -> int:
        """One step: some pending entries settled or, when none waits, some due pages read again. 0: nothing is left."""
        self._hosts.refresh()
        if done := self._finisher.step():
            return done
        self._hosts.refresh()
        return self._rereader.step()

    def round(
        self, stopped: Callable[[], bool] = lambda: False, beat: Callable[[], None] = lambda: None
    ) -> RoundReport:
        """Poll, then finish all that is pending, until `stopped`; `beat` is called before each step.

        A backlog of thousands of pages must not stop the polling: between two steps whatever is due is asked.
        """
        beat()
        report = self.poll_feeds()
        while not stopped() and (done := self.finish_pending()):
            report.settled += done
            beat()
            report.add(self.poll_feeds())
        return report
