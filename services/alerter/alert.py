"""The alerter: ENRICHED, DECISIONS -> letters.

An article is entered once, with a number; its findings become cases, and notices are written down; then the messages
are committed and the letters sent. A digest is drawn from a window of numbers. Everything may happen twice with the
same result.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar

import structlog

from services.alerter.clipping import clip
from services.alerter.digest import Drawn, draw, lay_out, recipients, stories
from services.alerter.lease import Lease
from services.alerter.letter import Envelope, Sent, compose, message_id, render
from services.alerter.notice import Notices, case_of
from services.alerter.post import Post
from services.alerter.records import Letter
from services.alerter.sequence import Numbers
from services.alerter.window import Window, Windows, latest_due
from services.domain.article import without_authors
from services.domain.case import Case, Verdict
from services.domain.codec import decode, encode
from services.domain.events import DECISIONS, ENRICHED, PARKED, SCHEMA, Decision, Enriched, Parked
from services.domain.record import Record
from services.domain.watch import Person
from services.ports.archive import Archive
from services.ports.bus import Bus, Delivery, Message
from services.ports.clock import Clock
from services.ports.errors import Conflict
from services.ports.ledger import Ledger, Put
from services.ports.mailer import Mailer
from services.rulebook.book import Rulebook
from services.settings import Settings

GROUP = "alerter"
_log = structlog.get_logger()


def _nothing(sent: Sent) -> None:
    """For whoever does not ask what was sent."""


class Alerter:
    """One object for one process; its methods may be called from several threads.

    `owner` names the holder of the lease: the same name takes it again at once after a crash.
    """

    def __init__(
        self,
        rules: Callable[[], Rulebook],
        settings: Settings,
        bus: Bus,
        archive: Archive,
        ledger: Ledger,
        mailer: Mailer,
        clock: Clock,
        on_sent: Callable[[Sent], None] = _nothing,
        owner: str = "run",
    ) -> None:
        self._rules, self._settings, self._clock = rules, settings, clock
        self._bus, self._archive, self._ledger = bus, archive, ledger
        self._lease = Lease(ledger, clock, owner)
        self._numbers = Numbers(ledger)
        self._windows = Windows(ledger, settings.digest)
        self._post = Post(ledger, mailer, self._windows, clock, on_sent)
        self._notices = Notices(self._post, settings)
        self._turn = threading.RLock()
        self._started = False

    # -- what the bus brings --------------------------------------------------------------------------------------

    def step(self, limit: int = 100) -> int:
        """Finish the next messages of both topics; returns how many.

        Raises Unavailable; what was not committed comes again. Without the lease it does nothing.
        """
        with self._turn:
            self._ensure_windows()
            if not self._work():
                return 0
            with self._lease.hold() as held:
                if not held:
                    return 0
                if not self._started:
                    self._pick_up_decisions()
                    self._started = True
                done = self._consume(ENRICHED, limit, self._enter) + self._consume(DECISIONS, limit, self._decided)
                # What the mailer cannot take now stays written down: it holds up neither messages nor digests.
                self._post.send_all(self._lease.renew)
                return done

    def _work(self) -> bool:
        return (
            not self._started
            or self._bus.lag(ENRICHED, GROUP) > 0
            or self._bus.lag(DECISIONS, GROUP) > 0
            or self._post.waiting()
        )

    def _consume(self, topic: str, limit: int, handle: Callable[[list[Delivery]], None]) -> int:
        deliveries = self._bus.poll(topic, GROUP, limit)
        try:
            # A replay fills archives and never mails.
            handle([one for one in deliveries if "replay" not in one.message.headers])
            self._bus.commit(topic, GROUP, deliveries)
        except BaseException:
            self._bus.rewind(topic, GROUP)
            raise
        return len(deliveries)

    def _enter(self, deliveries: list[Delivery]) -> None:
        now = self._clock.now()
        read: list[tuple[Enriched, Rulebook]] = []
        for delivery in deliveries:
            try:
                read.append((_read(delivery, Enriched), self._rules()))
            except ValueError as error:
                self._park(delivery, error)
        self._numbers.enter([clip(enriched, rules, now) for enriched, rules in read])
        story_of = stories(self._ledger)
        for enriched, rules in read:
            if enriched.article.source_class != "press":
                continue
            for finding in enriched.findings:
                case = self._propose(case_of(enriched, finding, rules, now, story_of))
                if not case.quiet:
                    self._notices.new(case, rules, case.proposed_at)

    def _propose(self, case: Case) -> Case:
        """The case as it was first proposed: this one, or the one that the ledger holds already."""
        held = self._ledger.get("finding", case.finding_id)
        if held is None:
            try:
                self._ledger.put(Put("finding", case.finding_id, encode(case), expected=0))
                return case
            except Conflict:
                held = self._ledger.get("finding", case.finding_id)
        return decode(held.value, Case) if held is not None else case

    def _decided(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            try:
                decision = _read(delivery, Decision)
            except ValueError as error:
                self._park(delivery, error)
                continue
            self._tell(decision.subject)

    def _tell(self, finding_id: str) -> None:
        """The letters that the present verdict asks for; a decision overtaken by another asks for none."""
        held, decided = self._ledger.get("finding", finding_id), self._ledger.get("verdict", finding_id)
        if held is None or decided is None:
            return
        case, verdict = decode(held.value, Case), decode(decided.value, Verdict)
        if verdict.status == "confirmed":
            self._notices.confirmed(case, verdict, self._rules(), verdict.last.at)
        elif verdict.was_reversed:
            self._notices.taken_back(case, verdict, verdict.last.at)

    def _pick_up_decisions(self) -> None:
        """Decisions whose message was lost in a crash between the ledger and the bus."""
        for held in self._ledger.scan("verdict"):
            if not decode(held.value, Verdict).published:
                self._tell(held.key)

    def _park(self, delivery: Delivery, error: ValueError) -> None:
        key = delivery.message.key
        parked = Parked(
            topic=delivery.topic,
            key=key,
            value=_parkable(delivery.message.value),
            reason=f"{GROUP}, {delivery.topic} {delivery.position}: {error}",
            at=self._clock.now(),
        )
        _log.warning("parked", topic=delivery.topic, key=key, reason=str(error))
        self._bus.publish(PARKED, [Message(key, encode(parked), {"schema": str(SCHEMA)})])

    # -- digests --------------------------------------------------------------------------------------------------

    def send_due_digests(self) -> list[Sent]:
        """Draw and send what is due: one digest for each recipient, whatever was missed.

        A letter that the mailer cannot take is sent by a later step. Raises Unavailable (ledger, bus).
        """
        now = self._clock.now()
        due = latest_due(now, self._settings.digest)
        self._ensure_windows()
        if due is None or not any(self._is_due(person, due) for person in recipients(self._rules())):
            return []
        # What is on the bus belongs to this morning: enter it before the window is drawn.
        while self.step():
            pass
        with self._turn, self._lease.hold() as held:
            return self._send(now, due) if held else []

    def send_digests(self) -> list[Sent]:
        """Draw and send to everyone now, and move the windows, whatever the hour. Raises Unavailable, Conflict."""
        self._ensure_windows()
        with self._turn, self._lease.hold() as held:
            if not held:
                raise Conflict(
                    "Điểm Báo đang gửi thư ở tiến trình khác, thử lại sau ít phút / another process is sending"
                )
            sent = self._send(self._clock.now(), None)
            self._post.check()
            return sent

    def preview(self, person: Person, at: datetime) -> Drawn:
        """The digest that this person would receive if it were drawn at `at`. Changes nothing."""
        found = self._windows.get(person.email)
        window = self._window_at(person, found[0] if found is not None else self._windows.begun(at), at)
        desk = lay_out(self._ledger, self._rules(), self._settings, at)
        later = self._numbers.between(window.boundary, self._numbers.last())
        # Numbers are in the order of entering; at the first that came later the window of that time ended.
        clippings = list(itertools.takewhile(lambda one: one.entered_at <= at, later))
        return draw(desk, person, window, clippings, None)

    def send_preview(self, drawn: Drawn, person: Person, address: str) -> Sent:
        """A digest to one address, beside the windows: it moves none."""
        key = f"copy|{address}|{person.email}|{drawn.digest.at.isoformat()}|{drawn.start}|{drawn.end}"
        with self._turn:
            self._write(key, drawn, person, address, moves=False)
            return self._post.send(key)

    def _send(self, now: datetime, due: date | None) -> list[Sent]:
        # What is written down goes first, so that a window is drawn from where the last letter ended.
        sent = self._post.send_all(self._lease.renew)
        for person in recipients(self._rules()):
            if due is not None and not self._is_due(person, due):
                continue
            found = self._windows.get(person.email)
            if found is not None and not self._was_refused(person, found[0], due):
                drawn = self._drawn(person, found[0], now, due)
                self._write(_digest_key(person, found[0]), drawn, person, person.email, moves=True)
        return sent + self._post.send_all(self._lease.renew)

    def _drawn(self, person: Person, window: Window, at: datetime, due: date | None) -> Drawn:
        desk = lay_out(self._ledger, self._rules(), self._settings, at)
        clippings = list(self._numbers.between(window.boundary, self._numbers.last()))
        return draw(desk, person, window, clippings, due)

    def _window_at(self, person: Person, window: Window, at: datetime) -> Window:
        """The window as it stood at an earlier time: what was delivered since is taken back."""
        for _, letter in reversed(list(self._post.under(f"digest|{person.email}|"))):
            if letter.after is None or letter.at <= at:
                break
            window = Window(boundary=letter.start, serial=letter.after.serial - 1, since=window.since, told=[])
        return window

    def _write(self, key: str, drawn: Drawn, person: Person, address: str, moves: bool) -> None:
        settings, zone, digest = self._settings, self._settings.digest.zone, drawn.digest
        envelope = Envelope(key=key, kind="digest", email=address, name=person.name, at=digest.at)
        message = compose(render("digest", digest, zone, banner=settings.banner), envelope, settings.smtp, zone)
        letter = Letter(
            message_id=message_id(key, settings.smtp.sender),
            kind="digest",
            recipient=address,
            name=person.name,
            subject=str(message["Subject"]),
            at=digest.at,
            articles=drawn.articles,
            start=drawn.start,
            end=drawn.end,
            after=drawn.after if moves else None,
        )
        self._post.write(key, letter, message)

    def _ensure_windows(self) -> None:
        self._windows.ensure((person.email for person in recipients(self._rules())), self._clock.now())

    def _is_due(self, person: Person, due: date) -> bool:
        found = self._windows.get(person.email)
        return found is not None and (found[0].due is None or found[0].due < due)

    def _was_refused(self, person: Person, window: Window, due: date | None) -> bool:
        """Whether the server refused this morning's letter for good: it is tried again with the next one."""
        letter = self._post.find(_digest_key(person, window))
        return letter is not None and letter.state == "refused" and letter.after is not None and letter.after.due == due


def _parkable(value: bytes) -> str:
    """The message as text, without author fields where it is JSON."""
    text = value.decode(errors="replace")
    try:
        return json.dumps(without_authors(json.loads(text)), ensure_ascii=False)
    except (ValueError, RecursionError):
        return json.dumps(text, ensure_ascii=False)


def _digest_key(person: Person, window: Window) -> str:
    return f"digest|{person.email}|{window.serial:06d}"


_R = TypeVar("_R", bound=Record)


def _read(delivery: Delivery, kind: type[_R]) -> _R:
    """The message's record. Raises ValueError for what does not fit, also for a newer schema."""
    written = delivery.message.headers.get("schema", str(SCHEMA))
    if not written.isdigit() or int(written) > SCHEMA:
        raise ValueError(f"schema {written} mới hơn phiên bản này đọc được / newer than this version reads")
    return decode(delivery.message.value, kind)
