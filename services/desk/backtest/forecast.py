"""The letters that some days would bring, counted and not written: digests with their lines, and notices.

It goes through the days as the alerter would that begins then: the same clippings, the same choice, the same rules of
whom a notice is told. `replay --letters` of the same days writes these letters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from services.alerter.cases import Cases, case_of, notice_of
from services.alerter.choose import announced
from services.alerter.clipping import Clipping
from services.alerter.recipients import recipients, share_of
from services.alerter.sequence import Known, joined, numbered, tell_again
from services.alerter.urgent_choice import NoticeWritten, notices_to_write
from services.alerter.window import Window, hours_between, latest_due
from services.domain.events import Enriched
from services.domain.watch import Person
from services.ports.ledger import Ledger
from services.rulebook.book import Rulebook
from services.settings import DigestSettings


@dataclass(frozen=True, slots=True)
class Entry:
    """An article as it comes to the alerter. `enriched`: where it has findings, else left out."""

    at: datetime
    clipping: Clipping
    enriched: Enriched | None


@dataclass(slots=True)
class Day:
    """For one recipient, on one day of the office's zone."""

    digests: int = 0
    lines: int = 0
    notices: int = 0


Forecast = dict[tuple[str, date], Day]
"""By e-mail address and day; nobody stands there for a day without a letter."""


def forecast(
    entries: Iterable[Entry],
    rules: Rulebook,
    settings: DigestSettings,
    story_of: Callable[[str], str],
    memory: Ledger,
    since: datetime,
    until: datetime,
) -> Forecast:
    """Of [since, until); `entries` in the order in which they come, `memory` an empty ledger to work in."""
    office = _Office(rules, settings, story_of, Cases(memory), since)
    hours = [*hours_between(since, until, settings)]
    for entry in entries:
        while hours and hours[0] <= entry.at:
            office.morning(hours.pop(0))
        office.take(entry)
    for hour in hours:
        office.morning(hour)
    return office.days


@dataclass(slots=True)
class _Reader:
    person: Person
    window: Window


@dataclass
class _Office:
    rules: Rulebook
    settings: DigestSettings
    story_of: Callable[[str], str]
    cases: Cases
    since: datetime
    days: Forecast = field(default_factory=lambda: defaultdict(Day))
    _known: dict[str, Known] = field(default_factory=dict)
    _entered: dict[tuple[str, str], Clipping] = field(default_factory=dict)
    _waiting: list[Clipping] = field(default_factory=list)
    """Entered since the last morning: every recipient has a digest each morning, so their windows are one."""
    _number: int = 0
    _told: list[NoticeWritten] = field(default_factory=list)
    _written: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        begun = latest_due(self.since - timedelta(microseconds=1), self.settings)
        window = Window(boundary=0, due=begun, since=self.since)
        self._readers = [_Reader(person, window) for person in recipients(self.rules)]

    def take(self, entry: Entry) -> None:
        self._enter(entry.clipping)
        if entry.enriched is not None:
            self._propose(entry.enriched, entry.at)
        entered = self._entered.get((entry.clipping.article_id, entry.clipping.content_hash))
        if entered is not None:
            self._announce(entered, entry.clipping)

    def morning(self, hour: datetime) -> None:
        due = latest_due(hour, self.settings)
        for reader in self._readers:
            share = share_of(reader.person, reader.window, self._waiting, self.rules, self.story_of, hour, due)
            reader.window = share.after
            day = self._day(reader.person, hour)
            day.digests += 1
            day.lines += len(share.selection.lines)
        self._waiting = []

    def _enter(self, clipping: Clipping) -> None:
        before = self._known.get(clipping.article_id)
        if before is not None and not tell_again(clipping, before):
            return
        self._number += 1
        entered = numbered(clipping, self._number, before)
        self._known[clipping.article_id] = joined(before, entered)
        self._entered[clipping.article_id, clipping.content_hash] = entered
        if entered.matches:
            self._waiting.append(entered)

    def _propose(self, enriched: Enriched, at: datetime) -> None:
        """What was found in one text is one notice to each analyst, unless its thread was told before."""
        if enriched.article.source_class != "press":
            return
        notice = notice_of(enriched)
        made = [case_of(enriched, finding, self.rules, at, self.story_of) for finding in enriched.findings]
        proposed = [self.cases.propose(case) for case in made]
        if all(case.notice != notice for case in proposed):
            return
        for person in self.rules.people.by_role["analyst"]:
            if (notice, person.email) not in self._written:
                self._written.add((notice, person.email))
                self._day(person, at).notices += 1

    def _announce(self, entered: Clipping, come: Clipping) -> None:
        if not announced(come):
            return
        for one in notices_to_write(entered, self.rules, self.story_of, lambda: self._told):
            self._told.append(NoticeWritten(one.story, one.occasion, one.person.email, entered.entered_at))
            self._day(one.person, entered.entered_at).notices += 1

    def _day(self, person: Person, at: datetime) -> Day:
        return self.days[person.email, at.astimezone(self.settings.zone).date()]
