"""What the alerter does with messages that are no article."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from email.message import EmailMessage

import pytest

from services.adapters.folder_mailer import FolderMailer
from services.adapters.sqlite_bus import SqliteBus
from services.alerter.alert import Alerter
from services.alerter.lease import DURATION, LeaseRecord
from services.domain.codec import decode, encode
from services.domain.events import DECISIONS, ENRICHED, PARKED, Decision, Parked
from services.ports.bus import Message
from services.ports.errors import Unavailable, Unprocessable
from services.ports.ledger import Put
from services.rulebook.book import Rulebook
from tests.alerter.office import START, Press, article, finding, rulebook, settings_of, watch

END = START + timedelta(days=9)


def parked(press: Press) -> list[Parked]:
    return [decode(one.message.value, Parked) for one in press.bus.scan(PARKED)]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (Message("x", b"{"), "truncated"),
        (Message("x", b'{"author": "An", "article": '), "truncated"),
        (Message("x", b'{"author": "An", "article": {}}'), "missing required field"),
        (Message("x", encode(article(9)), {"schema": "2"}), "schema 2"),
    ],
    ids=["no JSON", "cut off", "no article", "newer schema"],
)
def test_what_cannot_be_read_is_parked_with_its_reason_and_the_rest_goes_on(
    press: Press, message: Message, reason: str
) -> None:
    press.bus.publish(ENRICHED, [message])
    press.enter(article(1))
    (one,) = parked(press)
    assert (one.topic, one.key, one.at) == (ENRICHED, "x", START)
    assert reason in one.reason
    assert "author" not in one.value
    assert press.bus.lag(ENRICHED, "alerter") == 0
    press.morning()
    assert len(press.letters()) == 1


def test_what_the_bus_refuses_to_hold_twice_is_parked_by_size_and_hash(press: Press) -> None:
    class Tight(SqliteBus):
        """Takes no message of more than a few kilobytes, as a broker may."""

        def publish(self, topic: str, messages: Sequence[Message]) -> None:
            if any(len(message.value) > 3000 for message in messages):
                raise Unprocessable("quá lớn")
            super().publish(topic, messages)

    press.bus.publish(ENRICHED, [Message("x", json.dumps({"article": "x" * 4000}).encode(), {"schema": "1"})])
    press.publish(article(1))
    press.bus.close()
    press.bus = Tight(press.folder / "bus.db", press.clock)
    press.open()
    press.run()
    (one,) = parked(press)
    assert (one.key, one.value) == ("x", "")
    assert "quá lớn để giữ cả" in one.reason
    assert press.bus.lag(ENRICHED, "alerter") == 0
    press.morning()
    assert len(press.letters()) == 1


def test_one_message_that_a_rule_fails_on_is_parked_and_the_others_go_on(press: Press) -> None:
    class Failing(Rulebook):
        """Its facts cannot be looked up: as a rule with a bug."""

        def __getattribute__(self, name: str) -> object:
            if name == "facts":
                raise KeyError("luật hỏng")
            return super().__getattribute__(name)

    poison = Failing(**{field.name: getattr(press.rules, field.name) for field in dataclasses.fields(Rulebook)})
    given = iter([press.rules, press.rules, poison])  # windows, article 1, article 2
    alerter = Alerter(
        lambda: next(given, press.rules),
        settings_of(press.folder),
        press.bus,
        press.ledger,
        FolderMailer(press.mail),
        press.clock,
        owner="run",
    )
    press.publish(article(1), article(2, findings=(finding(2),)), article(3, findings=(finding(3),)))
    alerter.step()
    (one,) = parked(press)
    assert one.key == "a00002"
    assert "KeyError: 'luật hỏng'" in one.reason
    assert press.bus.lag(ENRICHED, "alerter") == 0
    assert len(press.letters()) == 1


def test_a_port_that_does_not_answer_parks_nothing(press: Press) -> None:
    def away() -> Rulebook:
        raise Unavailable("sổ không trả lời")

    press.publish(article(1))
    alerter = Alerter(
        away, settings_of(press.folder), press.bus, press.ledger, FolderMailer(press.mail), press.clock, owner="run"
    )
    with pytest.raises(Unavailable):
        alerter.step()
    assert parked(press) == []
    assert press.bus.lag(ENRICHED, "alerter") == 1


def test_when_the_lease_is_lost_the_other_process_sends_the_rest(office: Callable[..., Press]) -> None:
    """The first letter takes longer than the lease; meanwhile another process takes it."""
    press = office(rules=rulebook(watches=[watch(recipients=["leadership", "analyst"])]))

    class Slow(FolderMailer):
        taken = False

        def send(self, message: EmailMessage) -> str:
            if not self.taken:
                self.taken = True
                press.clock.set(press.clock.now() + DURATION * 2)
                press.ledger.put(Put("lease", "alerter", encode(LeaseRecord(owner="khac", until=END))))
            return super().send(message)

    press.mailer = Slow(press.mail)
    press.open()
    press.enter(article(1))
    assert len(press.morning()) == 1
    assert len(press.letters()) == 1
    press.mailer = None
    press.open(owner="khac")
    press.run()
    assert len(press.letters()) == 2


def test_a_decision_of_nothing_known_tells_nobody(press: Press) -> None:
    decision = Decision(decision="confirm", subject="khong-co", by="ai-do", at=START, reason="x")
    press.bus.publish(DECISIONS, [Message("khong-co", encode(decision)), Message("y", b"no decision")])
    press.run()
    assert press.letters() == []
    assert [one.topic for one in parked(press)] == [DECISIONS]


def test_a_decision_on_the_bus_alone_confirms_nothing(press: Press) -> None:
    press.enter(article(1, findings=(finding(1),)))
    forged = Decision(decision="confirm", subject=finding(1).finding_id, by="ai-do", at=START, reason="x")
    press.bus.publish(DECISIONS, [Message(forged.subject, encode(forged))])
    press.run()
    assert len(press.letters()) == 1
