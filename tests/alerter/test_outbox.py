"""Letters that are written down go, whoever stood still or died meanwhile; and the lease holds while there is work."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from email.message import EmailMessage
from typing import ClassVar

import pytest

from services.adapters.folder_mailer import FolderMailer
from services.adapters.sqlite_bus import SqliteBus
from services.adapters.sqlite_ledger import SqliteLedger
from services.alerter.alert import Alerter
from services.alerter.lease import DURATION
from services.alerter.letter import Sent
from services.alerter.post import Post
from services.alerter.records import LETTER, OUTBOX, Letter
from services.alerter.window import Windows
from services.domain.codec import decode
from services.domain.watch import Person
from services.ports.errors import Unavailable, Unprocessable
from services.ports.ledger import Held, Put
from services.ports.mailer import Mailer
from services.rulebook.book import Rulebook
from tests.alerter.office import Press, article, finding, rulebook, settings_of
from tests.alerter.test_sending import Moody

Open = Callable[..., Press]


class Disturbed(SqliteLedger):
    """Before the first letter is put down, something happens: it may raise, and then the letter is not put down."""

    meanwhile: Callable[[Put], None] | None = None

    def put(self, *writes: Put) -> None:
        happens = self.meanwhile
        if happens is not None and any(write.kind == LETTER for write in writes):
            self.meanwhile = None
            happens(writes[0])
        super().put(*writes)


def disturbed(press: Press) -> Disturbed:
    """The office again, on a ledger that may be disturbed."""
    press.ledger.close()
    ledger = Disturbed(press.folder / "ledger.db")
    press.ledger = ledger
    press.open()
    return ledger


def outbox(press: Press) -> list[str]:
    return [held.key for held in press.ledger.scan(OUTBOX)]


def test_a_letter_goes_whose_writer_stood_still_while_another_held_the_lease(press: Press) -> None:
    press.enter(article(1))
    ledger, first = disturbed(press), press.alerter
    other = press.open(owner="another")

    def stands_still(_: Put) -> None:
        press.clock.set(press.clock.now() + DURATION * 2)
        assert other.step() == 0
        assert press.letters() == []

    ledger.meanwhile = stands_still
    press.alerter = first
    press.morning()
    press.clock.set(press.clock.now() + DURATION * 3)
    other.step()
    assert len(press.letters()) == 1
    assert outbox(press) == []
    press.enter(article(2))
    press.morning(1)
    assert len(press.letters()) == 2, "and the next morning's"


def test_a_letter_goes_that_was_put_down_late(press: Press) -> None:
    """The ledger did not answer in time; the write is carried out after the outbox was looked through."""
    press.enter(article(1))
    ledger = disturbed(press)
    late: list[Put] = []

    def no_answer(write: Put) -> None:
        late.append(write)
        raise Unavailable("sổ không trả lời kịp")

    ledger.meanwhile = no_answer
    with pytest.raises(Unavailable):
        press.morning()
    press.run()
    ledger.put(*late)
    press.morning(minute=31)
    assert len(press.letters()) == 1
    press.enter(article(2))
    press.morning(1)
    assert len(press.letters()) == 2


@pytest.mark.parametrize("error", [Unavailable("busy"), Unprocessable("550 no such user")])
def test_a_letter_that_is_written_is_not_drawn_again(press: Press, error: Exception) -> None:
    """While the relay is down, or after it refused the letter for good, the service asks each second what is due."""

    class Asked(SqliteLedger):
        kinds: ClassVar[list[str]] = []

        def scan(self, kind: str, prefix: str = "", after: str = "") -> Iterator[Held]:
            self.kinds.append(kind)
            return super().scan(kind, prefix, after)

    press.enter(article(1))
    press.ledger.close()
    press.ledger, press.mailer = Asked(press.folder / "ledger.db"), Moody(FolderMailer(press.mail), [error])
    press.open()
    assert press.morning() == []
    assert "clipping" in Asked.kinds
    Asked.kinds.clear()
    for second in range(3):
        press.clock.set(press.clock.now() + timedelta(seconds=second))
        press.run()
        assert press.alerter.send_due_digests() == []
    assert set(Asked.kinds) == {OUTBOX}
    press.morning(1)
    assert len(press.letters()) == 1 + isinstance(error, Unavailable)


class Slow(Mailer):
    """Keeps the sender a minute for each letter; then does not answer while it hangs, or refuses those named."""

    def __init__(self, press: Press) -> None:
        self.press, self.folder = press, FolderMailer(press.mail)
        self.hangs, self.refused = True, ""
        self.asked: list[str] = []

    def send(self, message: EmailMessage) -> str:
        name = str(message["To"]).rpartition("<")[2].partition("@")[0]
        self.asked.append(name)
        self.press.clock.set(self.press.clock.now() + timedelta(minutes=1))
        if name in self.refused:
            raise Unprocessable("550 no such user")
        if self.hangs:
            raise Unavailable("timed out")
        return self.folder.send(message)

    def check(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


@pytest.fixture
def hanging(office: Open) -> tuple[Press, Slow]:
    """Five readers, and a relay that takes connections and says nothing."""
    people = [Person(login=name, name=name, email=f"{name}@office.example", role="leadership") for name in "abcde"]
    press = office(rules=rulebook(people=people))
    mailer = Slow(press)
    press.mailer = mailer
    press.open()
    press.enter(article(1))
    return press, mailer


def test_a_relay_that_hangs_holds_up_two_letters_and_then_nothing(hanging: tuple[Press, Slow]) -> None:
    press, mailer = hanging
    assert press.morning() == []
    assert mailer.asked == ["a", "b"]
    press.publish(article(2))
    assert press.alerter.step() == 1
    with pytest.raises(Unavailable, match="timed out"):
        press.alerter.send_digests()
    mailer.asked.clear()
    for _ in range(8):
        press.clock.set(press.clock.now() + timedelta(minutes=10))
        before = len(mailer.asked)
        press.alerter.step()
        assert len(mailer.asked) - before == 2
    assert {mailer.asked.count(name) for name in "abcde"} == {3, 4}, "each has its turn"
    mailer.hangs = False
    press.clock.set(press.clock.now() + timedelta(minutes=10))
    press.run()
    assert len(press.letters()) == 5
    assert outbox(press) == []


def test_a_letter_refused_for_good_is_no_silence(hanging: tuple[Press, Slow]) -> None:
    press, mailer = hanging
    mailer.refused = "bd"
    press.morning()
    assert mailer.asked == list("abcde")


def test_a_quick_not_yet_puts_off_that_letter_alone(hanging: tuple[Press, Slow]) -> None:
    """A relay that greylists each recipient says so at once."""
    press, _ = hanging
    press.mailer = Moody(FolderMailer(press.mail), [Unavailable("450 greylisted")] * 4)
    press.open()
    assert len(press.morning()) == 1


def test_a_notice_lost_from_the_outbox_is_put_back_when_its_message_comes_again(office: Open) -> None:
    press = office()
    press.mailer = Moody(FolderMailer(press.mail), [Unavailable("busy")])
    press.open()
    press.enter(article(1, findings=(finding(1),)))
    (key,) = outbox(press)
    press.ledger.delete(OUTBOX, key)
    press.clock.set(press.clock.now() + timedelta(minutes=1))
    press.enter(article(1, findings=(finding(1),)))
    assert len(press.letters()) == 1


def test_a_key_that_comes_back_to_the_outbox_after_the_letter_went_sends_nothing(press: Press) -> None:
    """As where one holder finds a letter unsent, and another has just sent it."""
    press.enter(article(1))
    press.morning()
    press.enter(article(2))
    press.morning(1)
    keys = [held.key for held in press.ledger.scan(LETTER)]
    windows = [held.value for held in press.ledger.scan("window")]
    mailed: list[Sent] = []
    post = Post(
        press.ledger,
        Moody(FolderMailer(press.mail), [Unavailable("must not be asked")]),
        Windows(press.ledger, press.digest),
        press.clock,
        mailed.append,
    )
    press.ledger.put(*(Put(OUTBOX, key, b"") for key in keys))
    assert post.send_all(lambda: True) == mailed == []
    post.check()
    assert outbox(press) == []
    assert [held.value for held in press.ledger.scan("window")] == windows


def test_a_key_whose_letter_never_comes_leaves_the_outbox(press: Press) -> None:
    """Its writer died, and the rules that ask for it are gone. Nobody is kept from working by it."""
    press.run()
    press.ledger.put(Put(OUTBOX, "notice|x", press.clock.now().isoformat().encode()), Put(OUTBOX, "old", b""))
    press.run()
    assert outbox(press) == ["notice|x"]
    assert not [one for one in press.ledger.scan(LETTER) if decode(one.value, Letter).state == "sending"]
    press.morning()
    press.clock.set(press.clock.now() + timedelta(days=2))
    press.run()
    assert outbox(press) == []


def test_the_lease_is_kept_through_many_slow_messages(press: Press) -> None:
    """A hundred messages of ten seconds each, while another process tries at each to take over."""
    press.publish(*(article(n) for n in range(100)))
    settings, mailer = settings_of(press.folder), FolderMailer(press.mail)
    taken_over: list[int] = []
    with closing(SqliteBus(press.folder / "bus.db", press.clock)) as bus:
        other = Alerter(lambda: press.rules, settings, bus, press.ledger, mailer, press.clock, owner="another")
        asked = itertools.count()

        def slowly() -> Rulebook:
            press.clock.set(press.clock.now() + timedelta(seconds=10))
            if next(asked):  # it asks once before it takes the lease
                taken_over.append(other.step())
            return press.rules

        first = Alerter(slowly, settings, press.bus, press.ledger, mailer, press.clock, owner="run")
        assert first.step() == 100
    assert taken_over == [0] * 100
