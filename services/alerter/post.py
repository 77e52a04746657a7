"""The post: each letter once, through the ledger.

A letter stands whole in the ledger before it is sent, so that a crash at any moment sends these very bytes again
under the same Message-ID: rather a visible duplicate than a silent loss. "outbox" holds the keys still to be sent,
each with when it was put there.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import msgspec
import structlog

from services.alerter.letter import Sent
from services.alerter.records import LETTER, OUTBOX, Letter
from services.alerter.window import Windows
from services.domain.codec import decode, encode
from services.ports.clock import Clock
from services.ports.errors import Conflict, Unavailable, Unprocessable
from services.ports.ledger import Held, Ledger, Put
from services.ports.mailer import Mailer

_AS_WRITTEN = email.policy.SMTP.clone(refold_source="none")
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=10)
_SILENT, _SILENCES = timedelta(seconds=5), 2
"""A mailer that kept us so long and took nothing, so often in a row, is silent: at thirty letters, each with its
time-out, it would hold up what comes in for half an hour. A quick "not yet" (greylisting) is of that letter alone.
"""
_ORPHAN = timedelta(days=1)
"""So long a key stays in the outbox without its letter: who put it there may stand still, or its write come late."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Wait:
    """A letter not to be tried before; forgotten by a restart, which tries at once."""

    until: datetime
    pause: timedelta
    tried_at: datetime
    """When the mailer was last asked to take it; long ago for one that was put off untried."""
    reason: str
    """Why the mailer could not take it; empty for a key whose letter is not there yet."""


class Post:
    """Writes letters down, sends what is written down, and moves windows of digests that are out."""

    def __init__(
        self, ledger: Ledger, mailer: Mailer, windows: Windows, clock: Clock, on_sent: Callable[[Sent], None]
    ) -> None:
        self._ledger, self._mailer, self._windows, self._clock = ledger, mailer, windows, clock
        self._on_sent = on_sent
        self._put_off: dict[str, _Wait] = {}

    def write(self, key: str, letter: Letter, message: EmailMessage) -> bool:
        """Write a letter down, to be sent by `send_all`; False when this letter was written before.

        A digest that the server refused is written anew: its articles are still to be told.
        """
        held = self._ledger.get(LETTER, key)
        if held is not None and self._stands(key, decode(held.value, Letter)):
            return False
        whole = msgspec.structs.replace(letter, body=message.as_bytes())
        # The outbox first: a key in it without a letter waits for it, a letter without it would never go.
        self._to_outbox(key)
        try:
            self._ledger.put(Put(LETTER, key, encode(whole), expected=held.revision if held else 0))
        except Conflict:
            return False
        self._put_off.pop(key, None)
        return True

    def written(self, key: str) -> bool:
        """Whether this letter was written before: `write` would do nothing but see to it that it goes."""
        letter = self.find(key)
        return letter is not None and self._stands(key, letter)

    def send_all(self, renew: Callable[[], bool]) -> list[Sent]:
        """Send whatever is written down, not out, and not put off. `renew` is called before each: False ends it.

        A letter that the mailer could not take is put off, longer each time, and holds up no other one; where the
        mailer is silent all are put off. Those tried longest ago go first, so that each has its turn.
        """
        sent: list[Sent] = []
        silences, keys = 0, sorted(self._unsent(), key=self._tried_at)
        for number, key in enumerate(keys, start=1):
            if not renew():
                _log.warning("lease lost", letter=key, hint="another process sends the rest")
                break
            asked_at = self._clock.now()
            out = self._send(key)
            if out is not None:
                sent.append(out)
            wait = self._put_off.get(key)
            if wait is None or self._clock.now() - asked_at < _SILENT:
                silences = 0
                continue
            silences += 1
            if silences == _SILENCES:
                _log.warning("mailer silent", letters=len(keys) - number, reason=wait.reason)
                for untried in keys[number:]:
                    self._wait(untried, self._tried_at(untried), wait.reason)
                break
        return sent

    def send_copy(self, key: str, letter: Letter, message: EmailMessage) -> Sent:
        """Send a letter that somebody waits for, and keep it once it is out. Raises Unavailable, Unprocessable.

        It never stands in the outbox: what failed is told at once, and must not go out later behind their back.
        """
        where = self._mailer.send(message)
        out = msgspec.structs.replace(letter, state="sent", where=where, sent_at=self._clock.now())
        self._ledger.put(Put(LETTER, key, encode(out)))
        return Sent(letter.kind, where, letter.recipient, letter.subject)

    def waiting(self) -> bool:
        """Whether some letter may be sent now."""
        return any(True for _ in self._unsent())

    def check(self) -> None:
        """Raises Unavailable when a letter is put off, with the mailer's reason."""
        for held in self._ledger.scan(OUTBOX):
            wait = self._put_off.get(held.key)
            if wait is not None and wait.reason:
                raise Unavailable(wait.reason)

    def find(self, key: str) -> Letter | None:
        held = self._ledger.get(LETTER, key)
        return decode(held.value, Letter) if held else None

    def under(self, prefix: str) -> Iterator[tuple[str, Letter]]:
        """Letters whose key begins so, in the order of their keys."""
        return ((held.key, decode(held.value, Letter)) for held in self._ledger.scan(LETTER, prefix))

    def _unsent(self) -> Iterator[str]:
        """The keys in the outbox that are not put off."""
        now = self._clock.now()
        for held in self._ledger.scan(OUTBOX):
            wait = self._put_off.get(held.key)
            if wait is None or now >= wait.until:
                yield held.key

    def _tried_at(self, key: str) -> datetime:
        wait = self._put_off.get(key)
        return wait.tried_at if wait else _LONG_AGO

    def _send(self, key: str) -> Sent | None:
        held = self._ledger.get(LETTER, key)
        letter = decode(held.value, Letter) if held else None
        if held is None or letter is None:
            self._await(key)
            return None
        out: Sent | None = None
        if letter.state == "sending":
            message = email.message_from_bytes(letter.body, _class=EmailMessage, policy=_AS_WRITTEN)
            try:
                where = self._mailer.send(message)
            except Unavailable as error:
                pause = self._wait(key, self._clock.now(), str(error))
                _log.warning("letter waits", letter=key, reason=str(error), seconds=pause.total_seconds())
                return None
            except Unprocessable as error:
                _log.error("letter refused", letter=key, reason=str(error))
                letter = msgspec.structs.replace(letter, state="refused", reason=str(error), body=b"")
            else:
                letter = msgspec.structs.replace(letter, state="sent", where=where, sent_at=self._clock.now(), body=b"")
                out = Sent(letter.kind, where, letter.recipient, letter.subject)
            self._ledger.put(Put(LETTER, key, encode(letter), expected=held.revision))
        if letter.state == "sent" and letter.after is not None:
            self._windows.move(letter.recipient, letter.after)
            # The window holds what was told from here on; the letter need not keep a copy of it for ever.
            slim = msgspec.structs.replace(letter.after, told=[], cases=[])
            self._ledger.put(Put(LETTER, key, encode(msgspec.structs.replace(letter, after=slim))))
        self._ledger.delete(OUTBOX, key)
        self._put_off.pop(key, None)
        if out is not None:
            self._on_sent(out)
        return out

    def _wait(self, key: str, tried_at: datetime, reason: str) -> timedelta:
        before = self._put_off.get(key)
        pause = min(before.pause * 2, _LONGEST_PAUSE) if before else _FIRST_PAUSE
        self._put_off[key] = _Wait(self._clock.now() + pause, pause, tried_at, reason)
        return pause

    def _await(self, key: str) -> None:
        """Leave a key whose letter is not there (yet) in the outbox, unless it has been there for long."""
        held, now = self._ledger.get(OUTBOX, key), self._clock.now()
        if held is not None and now - _put_at(held) < _ORPHAN:
            self._put_off[key] = _Wait(now + _FIRST_PAUSE, _FIRST_PAUSE, now, "")
            return
        self._ledger.delete(OUTBOX, key)
        self._put_off.pop(key, None)

    def _stands(self, key: str, letter: Letter) -> bool:
        """Whether a letter is not to be written anew. One still to be sent is put into the outbox once more.

        It may have been lost there; where another holder has just sent it, `send_all` finds it sent and does nothing.
        """
        if letter.state == "sending" and self._ledger.get(OUTBOX, key) is None:
            self._to_outbox(key)
        return not (letter.kind == "digest" and letter.state == "refused")

    def _to_outbox(self, key: str) -> None:
        self._ledger.put(Put(OUTBOX, key, self._clock.now().isoformat().encode()))


def _put_at(held: Held) -> datetime:
    """When a key was put into the outbox; long ago where an older version put it there without saying."""
    return datetime.fromisoformat(held.value.decode()) if held.value else _LONG_AGO
