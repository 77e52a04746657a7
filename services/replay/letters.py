"""The letters that some days would have brought under the rules at hand, through the very alerter, into a folder.

It begins at `since` as an office would that starts then: windows are empty, no story was told and no finding is known
from before, because what was told under other rules says nothing of these. Stories, and the state of the feeds, are
those that the ledger knows today. What people decided in those days is told where the finding is found again.
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from services.alerter.alert import Alerter
from services.alerter.decisions import VERDICT
from services.alerter.letter import Sent
from services.alerter.records import LETTER, OUTBOX, Letter
from services.alerter.window import hours_between
from services.collector.judge import judge
from services.domain.case import Verdict
from services.domain.codec import decode, encode
from services.domain.events import COLLECTED, DECISIONS, UNMATCHED, Collected
from services.ports.archive import Archive
from services.ports.bus import Delivery
from services.ports.errors import Unavailable
from services.ports.ledger import Ledger, Put
from services.ports.messages import parked, read
from services.replay.scratch import Again, Installation, Replayed, lots, scratch, scratch_folder
from services.rulebook.book import Rulebook
from services.settings import DigestSettings, Settings


@dataclass(frozen=True, slots=True)
class ForRecipient:
    """What one recipient would have been sent on one day of the office's zone."""

    recipient: str
    """E-mail address."""
    day: date
    digests: int = 0
    lines: int = 0
    """Of the digest: stories shown, a card or a line each."""
    notices: int = 0
    """What the machine tells at once: new findings, urgent watches."""
    decided: int = 0
    """Notices that follow from what a person decided: confirmed, taken back."""


def replay_letters(
    installation: Installation,
    rules: Rulebook,
    settings: Settings,
    since: datetime,
    until: datetime,
    folder: Path,
    into: Archive | None = None,
    reached: Callable[[datetime], None] = lambda at: None,
    on_sent: Callable[[Sent], None] = lambda sent: None,
) -> tuple[Replayed, list[ForRecipient]]:
    """Write the letters of [since, until) into `folder`: each working morning's digests, and the notices.

    Read are what of press.collected and press.unmatched these rules would have collected, and press.decisions, by the
    times of the bus; what came at the hour of a digest stands in the next one. The documents go `into` an archive,
    where one is given. The installation is only read. Raises Unavailable.
    """
    with ExitStack() as opened:
        work = opened.enter_context(scratch_folder(installation.data))
        archive = into if into is not None else opened.enter_context(closing(installation.scratch.archive(work)))
        again = opened.enter_context(scratch(installation, rules, archive, since, work))
        mailer, ledger = opened.enter_context(closing(installation.scratch.mailer(folder))), again.ledger
        alerter = Alerter(lambda: rules, settings, again.bus, ledger, mailer, again.clock, on_sent, owner="replay")
        days = _Days(installation.ledger, again, alerter, settings.digest)
        days.begin(since, until)
        for some in _moments(_events(installation, rules, since, until, again)):
            days.take(some)
            reached(some[-1].at)
        days.end()
        if next(ledger.scan(OUTBOX), None) is not None:
            raise Unavailable(f"{folder}: không ghi được hết thư / not every letter could be written")
        return again.counts(), _counted(ledger, settings.digest)


class _Days:
    """The alerter through the days: each message at its time, each digest at its hour."""

    def __init__(self, ledger: Ledger, again: Again, alerter: Alerter, digest: DigestSettings) -> None:
        self._ledger, self._again, self._alerter, self._digest = ledger, again, alerter, digest
        self._due: list[datetime] = []

    def begin(self, since: datetime, until: datetime) -> None:
        self._due = [*hours_between(since, until, self._digest)]
        self._alerter.step()  # the windows begin now

    def take(self, deliveries: list[Delivery]) -> None:
        """Messages of one time and one kind."""
        at = deliveries[0].at
        while self._due and self._due[0] <= at:
            self._draw(self._due.pop(0))
        self._again.clock.set(at)
        if deliveries[0].topic == DECISIONS:
            self._decide(at)
            self._again.bus.publish(DECISIONS, [one.message for one in deliveries])
        else:
            self._again.enrich(deliveries)
        while self._alerter.step():
            pass
        self._again.note_parked()

    def end(self) -> None:
        for hour in self._due:
            self._draw(hour)

    def _draw(self, hour: datetime) -> None:
        self._again.clock.set(hour)
        self._decide(hour)
        self._alerter.send_due_digests()

    def _decide(self, at: datetime) -> None:
        """What people had decided by then stands in the scratch ledger."""
        for held in self._ledger.scan(VERDICT):
            verdict = decode(held.value, Verdict)
            steps = [step for step in verdict.steps if step.at <= at]
            if steps:
                known = Verdict(finding_id=verdict.finding_id, steps=steps, published=True)
                self._again.ledger.put(Put(VERDICT, held.key, encode(known)))


def _events(
    installation: Installation, rules: Rulebook, since: datetime, until: datetime, again: Again
) -> Iterator[Delivery]:
    """What the collector and the desk would have put on the bus under these rules, by its times."""
    bus, collector = installation.bus, _Collector(rules, again)
    topics = (COLLECTED, UNMATCHED, DECISIONS)
    events = heapq.merge(*(bus.scan(topic, since, until) for topic in topics), key=lambda one: one.at)
    return (one for one in events if one.topic == DECISIONS or collector.catches(one))


class _Collector:
    """Collected or unmatched under these rules, as the collector judges: what was collected once stays so."""

    def __init__(self, rules: Rulebook, again: Again) -> None:
        self._rules, self._again = rules, again
        self._caught: set[str] = set()

    def catches(self, delivery: Delivery) -> bool:
        message = delivery.message
        try:
            found = read(message, Collected)
        except ValueError as error:
            self._again.refuse(parked("replay", delivery, error, delivery.at))
            return False
        if message.key in self._caught or self._judged(found, delivery.topic) == COLLECTED:
            self._caught.add(message.key)
            return True
        return False

    def _judged(self, found: Collected, topic: str) -> str:
        article = found.article
        # The same rules judge as they did; of a text read anew, what the first one was judged is not known here.
        if found.rules == self._rules.version or (topic == COLLECTED and article.first_seen < article.seen_at):
            return topic
        return judge(article, self._rules)[0]


def _moments(deliveries: Iterator[Delivery]) -> Iterator[list[Delivery]]:
    """Messages that came at one time, decisions apart from articles."""
    for _, same in itertools.groupby(deliveries, key=lambda one: (one.at, one.topic == DECISIONS)):
        yield from lots(same)


def _counted(ledger: Ledger, digest: DigestSettings) -> list[ForRecipient]:
    """By recipient and day; nobody stands there for a day without a letter."""
    counts: dict[tuple[str, date], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for held in ledger.scan(LETTER):
        letter = decode(held.value, Letter)
        count = counts[letter.recipient, letter.at.astimezone(digest.zone).date()]
        if letter.kind == "digest":
            count["digests"] += 1
            count["lines"] += letter.lines
        else:
            machine = held.key.startswith(("notice|new|", "notice|urgent|"))
            count["notices" if machine else "decided"] += 1
    return [ForRecipient(recipient, day, **count) for (recipient, day), count in sorted(counts.items())]
