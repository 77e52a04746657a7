"""The alerter: ENRICHED, DECISIONS -> letters.

What the bus brings is taken in (intake.py) and the letters written down are sent; a digest is drawn from a window of
numbers. Everything may happen twice with the same result.
"""

from __future__ import annotations

import dataclasses
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage

import msgspec

from services.alerter.cases import Cases
from services.alerter.digest import DigestMaterial, Drawn, confirmed_at, draw, lay_out
from services.alerter.finding_notice import FindingNotices
from services.alerter.intake import Intake
from services.alerter.lease import Lease
from services.alerter.letter import Envelope, Sent, letter_of
from services.alerter.post import Post
from services.alerter.recipients import recipients
from services.alerter.records import Letter
from services.alerter.sequence import Numbers
from services.alerter.urgent_notice import UrgentNotices
from services.alerter.window import Window, Windows, latest_due
from services.domain.watch import Person
from services.ports.bus import Bus
from services.ports.clock import Clock
from services.ports.errors import Conflict
from services.ports.ledger import Ledger
from services.ports.mailer import Mailer
from services.rulebook.accepted import require_in_force
from services.rulebook.book import Rulebook
from services.settings import Settings

_LOT = 20
"""Messages taken in between two renewals of the lease: each may take a quarter of a minute."""


def _nothing(sent: Sent) -> None:
    """For whoever does not ask what was sent."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """What became of digests that somebody sent by hand."""

    sent: list[Sent]
    unchanged: list[tuple[Person, datetime]]
    """Who was sent nothing, because nothing came in since the digest of that time."""
    refused: list[Letter]
    """Letters that the server refused for good: their windows did not move."""


class Alerter:
    """One object for one process; its methods may be called from several threads.

    `owner` names the holder of the lease: the same name takes it again at once after a crash.
    """

    def __init__(
        self,
        rules: Callable[[], Rulebook],
        settings: Settings,
        bus: Bus,
        ledger: Ledger,
        mailer: Mailer,
        clock: Clock,
        on_sent: Callable[[Sent], None] = _nothing,
        *,
        owner: str,
    ) -> None:
        self._rules, self._settings, self._clock, self._ledger = rules, settings, clock, ledger
        self._lease = Lease(ledger, clock, owner)
        self._numbers = Numbers(ledger)
        self._windows = Windows(ledger, settings.digest)
        self._post = Post(ledger, mailer, self._windows, clock, on_sent)
        notices, urgent = FindingNotices(self._post, settings), UrgentNotices(self._post, settings)
        self._intake = Intake(rules, bus, ledger, clock, self._numbers, Cases(ledger), notices, urgent)
        self._turn = threading.RLock()

    def step(self, limit: int = 100) -> int:
        """Finish the next messages of both topics and send what is written down; returns how many messages.

        Raises Unavailable; what was not committed comes again. Without the lease it does nothing.
        """
        with self._turn:
            self._ensure_windows()
            if not self._intake.waiting() and not self._post.waiting():
                return 0
            with self._lease.hold() as held:
                if not held:
                    return 0
                if self._lease.taken_over:
                    self._intake.begin_again()
                done = self._take(limit)
                # What the mailer cannot take now stays written down: it holds up neither messages nor digests.
                self._post.send_all(self._lease.renew)
                return done

    def send_due_digests(self) -> list[Sent]:
        """Draw and send what is due: one digest for each recipient, whatever was missed.

        A letter that the mailer cannot take is sent by a later step. Raises Unavailable (ledger, bus).
        """
        now = self._clock.now()
        due = latest_due(now, self._settings.digest)
        self._ensure_windows()
        if due is None or not (self._undrawn(self._rules(), due) or self._post.waiting()):
            return []
        # What is on the bus belongs to this morning: enter it before the window is drawn.
        while self.step():
            pass
        with self._turn, self._lease.hold() as held:
            return self._send(now, due) if held else []

    def send_digests(self) -> ByHand:
        """Draw and send now, whatever the hour, and move the windows; but nobody is told the same period twice.

        Raises NotInForce for rules other than those of the service; Unavailable, Conflict.
        """
        require_in_force(self._ledger, self._rules())
        self._ensure_windows()
        with self._turn, self._lease.hold() as held:
            if not held:
                raise Conflict(
                    "Điểm Báo đang gửi thư ở tiến trình khác, thử lại sau ít phút / another process is sending"
                )
            return self._send_by_hand(self._clock.now())

    def preview(self, person: Person, at: datetime | None = None) -> Drawn:
        """The digest that this person would receive now, or as it was to be drawn at `at`. Changes nothing."""
        found = self._windows.get(person.email)
        window = found[0] if found is not None else self._windows.begun(at or self._clock.now())
        if at is None:
            at = self._clock.now()
        else:
            window = self._window_at(person, window, at)
        later = self._numbers.between(window.boundary, self._numbers.last())
        # Numbers are in the order of entering; at the first that came later the window of that time ended.
        clippings = list(itertools.takewhile(lambda one: one.entered_at <= at, later))
        return draw(self._material(at), person, window, clippings, None)

    def send_preview(self, drawn: Drawn, person: Person, address: str, by: str) -> Sent:
        """A copy of a person's digest to one address, asked for by login `by`: no window moves, nothing is queued.

        Raises Unavailable, Unprocessable: nothing went out, and nothing will.
        """
        key = f"copy|{address}|{person.email}|{drawn.digest.at.isoformat()}|{drawn.start}|{drawn.end}"
        reason = f"Bản xem trước do {by} gửi: nội dung như thư của {person.name}, kỳ điểm báo không thay đổi."
        copy = dataclasses.replace(drawn, digest=dataclasses.replace(drawn.digest, reason=reason))
        with self._turn:
            return self._post.send_copy(key, *self._letter(key, copy, "", address))

    def _take(self, limit: int) -> int:
        """Take in about so many messages, the lease renewed between lots; it ends where there are no more."""
        done = 0
        while done < limit:
            lot = min(_LOT, limit - done)
            taken = self._intake.take(lot)
            done += taken
            # The next lot is asked for only where there is more: a bus may wait for the first message.
            if taken < lot or not self._lease.renew():
                break
        return done

    def _send(self, now: datetime, due: date) -> list[Sent]:
        # What is written down goes first, so that a window is drawn from where the last letter ended.
        sent = self._post.send_all(self._lease.renew)
        if not self._lease.renew():
            return sent
        rules = self._rules()
        if undrawn := self._undrawn(rules, due):
            material = lay_out(self._ledger, rules, self._settings, now)
            for person, window in undrawn:
                self._write(person, self._drawn(person, window, material, due))
        return sent + self._post.send_all(self._lease.renew)

    def _send_by_hand(self, now: datetime) -> ByHand:
        sent, keys, unchanged = self._post.send_all(self._lease.renew), [], []
        due, material = latest_due(now, self._settings.digest), self._material(now)
        for person in recipients(material.rules):
            found = self._windows.get(person.email)
            if found is None:
                continue
            window = found[0]
            # The letter is also that of the last morning, which must not send another one.
            drawn = self._drawn(person, window, material, max(filter(None, (due, window.due)), default=None))
            missed = due is not None and _is_due(window, due)
            if window.drawn_at is not None and not missed and not drawn.says_more_than(window):
                unchanged.append((person, window.drawn_at))
                continue
            keys.append(self._write(person, drawn))
        sent += self._post.send_all(self._lease.renew)
        self._post.check()
        letters = filter(None, map(self._post.find, keys))
        return ByHand(sent, unchanged, [letter for letter in letters if letter.state == "refused"])

    def _material(self, at: datetime) -> DigestMaterial:
        return lay_out(self._ledger, self._rules(), self._settings, at)

    def _drawn(self, person: Person, window: Window, material: DigestMaterial, due: date | None) -> Drawn:
        clippings = list(self._numbers.between(window.boundary, self._numbers.last()))
        return draw(material, person, window, clippings, due)

    def _window_at(self, person: Person, window: Window, at: datetime) -> Window:
        """The window as it stood just before `at`: what was delivered from then on is taken back."""
        letters = [letter for _, letter in self._post.under(f"digest|{person.email}|") if letter.after is not None]
        if not letters or letters[-1].at < at:
            return window
        kept = [letter for letter in letters if letter.at < at]
        first, before = letters[len(kept)], kept[-1] if kept else None
        return Window(
            boundary=first.start,
            drawn_at=before.at if before else None,
            since=window.since,
            cases=confirmed_at(self._ledger, before.at) if before else [],
        )

    def _write(self, person: Person, drawn: Drawn) -> str:
        """Write a recipient's digest down, to be sent; returns its key."""
        key = _key(person, drawn.after.serial - 1)
        letter, message = self._letter(key, drawn, person.name, person.email)
        self._post.write(key, msgspec.structs.replace(letter, after=drawn.after), message)
        return key

    def _letter(self, key: str, drawn: Drawn, name: str, address: str) -> tuple[Letter, EmailMessage]:
        digest = drawn.digest
        envelope = Envelope(key=key, kind="digest", email=address, name=name, at=digest.at)
        letter, message = letter_of("digest", digest, envelope, self._settings, drawn.articles)
        lines = len(digest.selection.lines)
        return msgspec.structs.replace(letter, lines=lines, start=drawn.start, end=drawn.end), message

    def _ensure_windows(self) -> None:
        self._windows.ensure((person.email for person in recipients(self._rules())), self._clock.now())

    def _undrawn(self, rules: Rulebook, due: date) -> list[tuple[Person, Window]]:
        """Whose digest of this morning is not written yet, with the window that it is drawn from.

        A letter that waits for the mailer is written: drawing it anew would only be thrown away.
        """
        found = [(person, self._windows.get(person.email)) for person in recipients(rules)]
        windows = [(person, held[0]) for person, held in found if held is not None and _is_due(held[0], due)]
        return [one for one in windows if not self._is_written(*one, due)]

    def _is_written(self, person: Person, window: Window, due: date) -> bool:
        """Also one that the server refused for good this morning: it is tried again with the next one."""
        key = _key(person, window.serial)
        if self._post.written(key):
            return True
        letter = self._post.find(key)
        return letter is not None and letter.after is not None and letter.after.due == due


def _is_due(window: Window, due: date) -> bool:
    return window.due is None or window.due < due


def _key(person: Person, serial: int) -> str:
    """The name of a recipient's digest."""
    return f"digest|{person.email}|{serial:06d}"
