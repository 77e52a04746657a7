"""Sending digests: failures, by hand, copies, and digests of the past."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from email.message import EmailMessage

import pytest

from services.adapters.folder_mailer import FolderMailer
from services.adapters.sqlite_bus import SqliteBus
from services.alerter.letter import render
from services.alerter.sequence import Numbers
from services.desk.review import Review
from services.ports.errors import Unavailable, Unprocessable
from services.ports.mailer import Mailer
from tests.alerter.office import (
    ANALYST,
    LEADER,
    START,
    Press,
    article,
    finding,
    rulebook,
    text_of,
    watch,
)

Open = Callable[..., Press]


def last(press: Press) -> EmailMessage:
    return [one for one in press.letters() if one["X-Diembao-Kind"] == "digest"][-1]


def articles_of(press: Press) -> set[str]:
    text = text_of(last(press))
    return {f"a{n:05}" for n in range(100) if f"/tin-{n}\n" in text}


class Moody(Mailer):
    """Fails as told, then delivers to a folder."""

    def __init__(self, folder: FolderMailer, failures: list[Exception], after: bool = False) -> None:
        self.folder, self.failures, self.after = folder, failures, after

    def send(self, message: EmailMessage) -> str:
        where = self.folder.send(message) if self.after or not self.failures else ""
        if self.failures:
            raise self.failures.pop(0)
        return where

    def check(self) -> None:
        """Always there."""

    def close(self) -> None:
        """Nothing."""


@pytest.mark.parametrize("after", [False, True])
def test_an_unknown_outcome_is_sent_again_as_the_same_letter(office: Open, after: bool) -> None:
    press = office()
    press.mailer = Moody(FolderMailer(press.mail), [Unavailable("dropped")], after)
    press.open()
    press.enter(article(1))
    assert press.morning() == []
    press.clock.set(press.clock.now() + timedelta(minutes=1))
    press.enter(article(2))  # the letter that waits goes, the window of the next begins where it ended
    assert articles_of(press) == {"a00001"}
    assert press.alerter.send_due_digests() == []
    assert len(press.letters()) == 1
    press.morning(1)
    assert articles_of(press) == {"a00002"}


def test_a_letter_refused_for_good_is_drawn_again_the_next_morning(office: Open) -> None:
    press = office()
    press.mailer = Moody(FolderMailer(press.mail), [Unprocessable("550 no such user")])
    press.open()
    press.enter(article(1))
    assert press.morning() == []
    assert press.alerter.send_due_digests() == []
    press.enter(article(2))
    assert len(press.morning(1)) == 1
    assert articles_of(press) == {"a00001", "a00002"}


def test_one_recipient_whose_letter_fails_holds_up_nobody(office: Open) -> None:
    press = office(rules=rulebook(watches=[watch(recipients=["leadership", "analyst"])]))
    press.mailer = Moody(FolderMailer(press.mail), [Unavailable("busy")])
    press.open()
    press.run()
    assert len(press.morning()) == 1
    assert press.alerter.send_due_digests() == []
    assert len(press.letters()) == 1
    press.clock.set(press.clock.now() + timedelta(minutes=1))
    press.run()
    assert len(press.letters()) == 2


def test_a_digest_sent_by_hand_says_when_the_mailer_cannot(office: Open) -> None:
    press = office()
    press.mailer = Moody(FolderMailer(press.mail), [Unavailable("busy")])
    press.open()
    with pytest.raises(Unavailable, match="busy"):
        press.alerter.send_digests()


def test_the_lease_keeps_a_second_alerter_out(press: Press) -> None:
    press.enter(article(1))
    first = press.alerter
    with first._lease.hold() as held:
        assert held
        second = press.open(owner="another")
        press.publish(article(2))
        assert second.step() == 0
    assert second.step() == 1


def test_preview_and_a_copy_move_no_window(press: Press) -> None:
    press.enter(article(1))
    drawn = press.alerter.preview(LEADER)
    assert drawn.articles == ["a00001"]
    copy = press.alerter.send_preview(drawn, LEADER, "toi@office.example", "vanhanh")
    assert copy.recipient == "toi@office.example"
    press.morning()
    assert articles_of(press) == {"a00001"}
    assert press.alerter.preview(LEADER).articles == []
    before = press.alerter.preview(LEADER, press.clock.now() - timedelta(minutes=1))
    assert before.articles == ["a00001"]


def test_sending_by_hand_moves_the_window_and_leaves_the_morning_its_digest(press: Press) -> None:
    press.enter(article(1))
    assert len(press.alerter.send_digests().sent) == 1
    press.enter(article(2))
    assert len(press.morning()) == 1
    assert "/tin-1\n" not in text_of(last(press))


def test_sending_by_hand_stands_for_a_missed_morning(press: Press) -> None:
    press.run()
    press.clock.set(START + timedelta(days=1, hours=3))  # the digests of two mornings were missed
    press.enter(article(1))
    assert len(press.alerter.send_digests().sent) == 1
    press.clock.set(press.clock.now() + timedelta(minutes=1))
    press.enter(article(2))
    assert press.alerter.send_due_digests() == []


def test_the_same_period_is_not_sent_twice_by_hand(press: Press) -> None:
    press.enter(article(1))
    first = press.clock.now()
    press.alerter.send_digests()
    press.clock.set(first + timedelta(minutes=1))
    again = press.alerter.send_digests()
    assert (again.sent, again.unchanged) == ([], [(LEADER, first)])
    press.enter(article(2))
    assert len(press.alerter.send_digests().sent) == 1
    press.clock.set(START + timedelta(days=1, hours=3))  # a missed morning has its letter, also an empty one
    assert len(press.alerter.send_digests().sent) == 1


def test_a_confirmation_alone_is_something_new_to_send(press: Press) -> None:
    known = finding(1)
    press.enter(article(1, findings=(known,)))
    press.alerter.send_digests()
    Review(press.rules, press.bus, press.ledger, press.clock).confirm(known.finding_id, ANALYST, "Đã đối chiếu")
    press.run()
    assert [sent.kind for sent in press.alerter.send_digests().sent] == ["digest"]
    assert press.alerter.send_digests().sent == []


def test_by_hand_a_refusal_for_good_is_told(office: Open) -> None:
    press = office(rules=rulebook(watches=[watch(recipients=["leadership", "analyst"])]))
    press.mailer = Moody(FolderMailer(press.mail), [Unprocessable("550 no such user")])
    press.open()
    press.enter(article(1))
    done = press.alerter.send_digests()
    assert len(done.sent) == 1
    ((recipient, reason),) = [(letter.recipient, letter.reason) for letter in done.refused]
    assert (recipient, reason) == (ANALYST.email, "550 no such user")
    assert [sent.recipient for sent in press.alerter.send_digests().sent] == [ANALYST.email]


@pytest.mark.parametrize("error", [Unavailable("busy"), Unprocessable("550 no such user")])
def test_a_copy_that_failed_never_goes_out_later(office: Open, error: Exception) -> None:
    press = office()
    press.mailer = Moody(FolderMailer(press.mail), [error])
    press.open()
    press.enter(article(1))
    drawn = press.alerter.preview(LEADER)
    with pytest.raises(type(error)):
        press.alerter.send_preview(drawn, LEADER, "toi@office.example", "vanhanh")
    press.open()
    press.run()
    assert press.letters() == []
    press.alerter.send_preview(drawn, LEADER, "toi@office.example", "vanhanh")
    (copy,) = press.letters()
    assert copy["To"] == "toi@office.example"
    assert "Bản xem trước do vanhanh gửi" in text_of(copy)
    assert "Ông/bà nhận thư này" not in text_of(copy)


def test_a_digest_of_the_past_is_as_it_was_drawn(press: Press) -> None:
    known, late = finding(1), finding(2)
    review = Review(press.rules, press.bus, press.ledger, press.clock)
    press.enter(article(1, findings=(known,)))
    review.confirm(known.finding_id, ANALYST, "Đã đối chiếu")
    press.morning()
    press.clock.set(press.clock.now() + timedelta(minutes=1))
    press.enter(article(2, story=9, findings=(late,)))
    press.morning(1)
    drawn_at, letter = press.clock.now(), text_of(last(press))
    press.clock.set(drawn_at + timedelta(hours=3))
    review.confirm(late.finding_id, ANALYST, "Sau bản tin")
    review.dismiss(known.finding_id, ANALYST, "Rút lại sau bản tin")
    press.enter(article(3))
    press.morning(2)
    again = press.alerter.preview(LEADER, drawn_at)
    assert again.articles == ["a00002"]
    assert again.digest.since == drawn_at - timedelta(days=1)
    assert render("digest", again.digest, press.digest.zone).text == letter
    assert "Đang theo dõi 1 trường hợp" in letter
    first = press.alerter.preview(LEADER, drawn_at - timedelta(days=1))
    assert first.articles == ["a00001"]
    assert [answer.title for answer in first.digest.answers] == ["Xã Đăk Ơ: việc số 1"]


def test_another_alerter_goes_on_where_the_first_stopped(office: Open) -> None:
    """And the first, when it is its turn again, does not go through the other's messages once more."""
    press = office()
    first = press.alerter
    press.enter(article(1))
    with closing(SqliteBus(press.folder / "bus.db", press.clock)) as bus:
        press.bus, own = bus, press.bus
        other = press.open(owner="another")
        press.publish(article(2))
        assert other.step() == 1
        press.bus = own
        press.publish(article(3))
        assert first.step() == 1
    entered = [one.article_id for one in Numbers(press.ledger).between(0, 3)]
    assert entered == [article(number).article_id for number in (1, 2, 3)]
