"""What the alerter does with messages that are no article."""

from __future__ import annotations

import pytest

from services.domain.codec import decode, encode
from services.domain.events import DECISIONS, ENRICHED, PARKED, Decision, Parked
from services.ports.bus import Message
from tests.alerter.office import START, Press, article, finding


def parked(press: Press) -> list[Parked]:
    return [decode(one.message.value, Parked) for one in press.bus.scan(PARKED)]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (Message("x", b"{"), "truncated"),
        (Message("x", b'{"author": "An", "article": {}}'), "missing required field"),
        (Message("x", encode(article(9)), {"schema": "2"}), "schema 2"),
    ],
    ids=["no JSON", "no article", "newer schema"],
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
