"""What the bus brings the alerter: articles of ENRICHED, decisions of DECISIONS.

An article is entered once, with a number; its findings become cases, and notices are written down; then the messages
are committed. A message that can never be done is parked with its reason and the others go on; a port that cannot be
reached stops the batch uncommitted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from services.alerter.cases import Cases, case_of, notice_of
from services.alerter.choose import announced
from services.alerter.clipping import Clipping, clip
from services.alerter.decisions import EVERY, publish_lost
from services.alerter.finding_notice import FindingNotices
from services.alerter.sequence import Numbers
from services.alerter.stories import stories
from services.alerter.urgent_notice import UrgentNotices
from services.domain.case import Case
from services.domain.events import DECISIONS, ENRICHED, Decision, Enriched
from services.ports.bus import Bus, Delivery
from services.ports.clock import Clock
from services.ports.errors import Conflict, Unavailable
from services.ports.ledger import Ledger
from services.ports.messages import is_replay, park, read
from services.rulebook.book import Rulebook
from services.rulebook.versions import Versions

GROUP = "alerter"


@dataclass(frozen=True, slots=True)
class _Read:
    """An article as it was read, before anything is written of it."""

    delivery: Delivery
    clipping: Clipping
    cases: tuple[Case, ...]
    notice: str
    rules: Rulebook


class Intake:
    """Takes messages in. One at a time: whoever holds the lease."""

    def __init__(
        self,
        rules: Callable[[], Rulebook],
        bus: Bus,
        ledger: Ledger,
        clock: Clock,
        numbers: Numbers,
        cases: Cases,
        notices: FindingNotices,
        urgent: UrgentNotices,
    ) -> None:
        self._rules, self._bus, self._ledger, self._clock = rules, bus, ledger, clock
        self._numbers, self._cases, self._notices = numbers, cases, notices
        self._urgent, self._versions = urgent, Versions(ledger)
        self._looked: datetime | None = None

    def waiting(self) -> bool:
        """Whether there is something to take, also when it is only time to look for lost decisions."""
        return self._may_be_lost() or any(self._bus.lag(topic, GROUP) > 0 for topic in (ENRICHED, DECISIONS))

    def begin_again(self) -> None:
        """From the last commits: another process has read on since we did. Raises Unavailable."""
        for topic in (ENRICHED, DECISIONS):
            self._bus.rewind(topic, GROUP)

    def take(self, limit: int) -> int:
        """Finish the next messages of both topics; returns how many. Raises Unavailable: they come again."""
        if self._may_be_lost():
            publish_lost(self._bus, self._ledger)
            self._looked = self._clock.now()
        return self._consume(ENRICHED, limit, self._enter) + self._consume(DECISIONS, limit, self._decided)

    def _may_be_lost(self) -> bool:
        return self._looked is None or self._clock.now() - self._looked >= EVERY

    def _consume(self, topic: str, limit: int, handle: Callable[[list[Delivery]], None]) -> int:
        deliveries = self._bus.poll(topic, GROUP, limit)
        try:
            # A replay fills archives and never mails.
            handle([one for one in deliveries if not is_replay(one.message)])
            self._bus.commit(topic, GROUP, deliveries)
        except BaseException:
            self._bus.rewind(topic, GROUP)
            raise
        return len(deliveries)

    def _enter(self, deliveries: list[Delivery]) -> None:
        now, story_of = self._clock.now(), stories(self._ledger)
        found: list[_Read] = []
        for delivery in deliveries:
            with self._parking(delivery):
                found.append(self._read(delivery, now, story_of))
        self._numbers.enter([one.clipping for one in found])
        for one in found:
            with self._parking(one.delivery):
                self._propose(one)
                self._announce(one, story_of)

    def _read(self, delivery: Delivery, at: datetime, story_of: Callable[[str], str]) -> _Read:
        running, enriched = self._rules(), read(delivery.message, Enriched)
        # One version judges a message whole; who is told of it is said by the rules that run.
        rules = self._versions.of(enriched.rules, running)
        findings = enriched.findings if enriched.article.source_class == "press" else []
        cases = tuple(case_of(enriched, finding, rules, at, story_of) for finding in findings)
        return _Read(delivery, clip(enriched, rules, at), cases, notice_of(enriched), running)

    def _propose(self, article: _Read) -> None:
        proposed = [self._cases.propose(case) for case in article.cases]
        told = [case for case in proposed if case.notice == article.notice]
        if told:
            self._notices.new(article.notice, told, article.rules, told[0].proposed_at)

    def _announce(self, article: _Read, story_of: Callable[[str], str]) -> None:
        """By what was entered, now or before a crash: the same text read again under newer rules announces nothing."""
        if not announced(article.clipping):
            return
        entered = self._numbers.entered(article.clipping.article_id, article.clipping.content_hash)
        if entered is not None:
            self._urgent.write(entered, article.rules, story_of)

    def _decided(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            with self._parking(delivery):
                self._tell(delivery)

    def _tell(self, delivery: Delivery) -> None:
        """The letters that the present verdict asks for; a decision overtaken by another asks for none."""
        found = self._cases.find(read(delivery.message, Decision).subject)
        if found is None:
            return
        case, verdict = found
        thread = self._cases.of_thread(case.thread)
        if verdict.status == "confirmed":
            self._notices.confirmed(case, verdict, thread, self._rules())
        elif verdict.was_reversed:
            self._notices.taken_back(case.thread, thread)

    @contextmanager
    def _parking(self, delivery: Delivery) -> Iterator[None]:
        """Whatever goes wrong inside parks this message, but for a port that does not answer or another's write."""
        try:
            yield
        except (Unavailable, Conflict):
            raise
        except Exception as error:  # noqa: BLE001 - one message that cannot be done must not stop the others
            park(self._bus, GROUP, delivery, error, self._clock.now())
