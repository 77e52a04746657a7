"""Parked messages go round again as they came."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.desk.parked import list_parked, retry
from services.domain.codec import decode, encode
from services.domain.events import ENRICHED, PARKED, Parked
from services.ports.bus import Message
from tests.alerter.office import Press, article, finding


@pytest.fixture
def press(tmp_path: Path) -> Iterator[Press]:
    press = Press(tmp_path)
    with closing(press.bus), closing(press.ledger):
        yield press


def reasons(press: Press) -> list[str]:
    return [decode(one.message.value, Parked).reason for one in press.bus.scan(PARKED)]


def send_again(press: Press) -> int:
    items = [item for item in list_parked(press.bus, press.ledger) if item.retried is None]
    return retry(press.bus, press.ledger, items, "vanhanh", press.clock.now())


def test_a_newer_message_stays_newer(press: Press) -> None:
    press.bus.publish(ENRICHED, [Message("x", encode(article(1, findings=(finding(1),))), {"schema": "2"})])
    press.run()
    assert send_again(press) == 1
    press.run()
    assert len(reasons(press)) == 2
    assert all("schema 2" in reason for reason in reasons(press))
    assert press.letters() == []


def test_a_replayed_message_mails_nothing_when_it_is_sent_round_again(press: Press) -> None:
    one = article(1, findings=(finding(1),))
    held = Parked(
        topic=ENRICHED,
        key=one.article_id,
        value=encode(one).decode(),
        headers={"schema": "1", "replay": "2026-11"},
        reason="luật hỏng",
        at=press.clock.now(),
    )
    press.bus.publish(PARKED, [Message(held.key, encode(held), {"schema": "1"})])
    assert send_again(press) == 1
    assert [dict(one.message.headers) for one in press.bus.scan(ENRICHED)] == [held.headers]
    press.run()
    assert press.letters() == []


def test_what_was_no_json_is_not_sent_round_again(press: Press) -> None:
    press.bus.publish(ENRICHED, [Message("x", b'{"article": ')])
    press.run()
    (item,) = list_parked(press.bus, press.ledger)
    assert not item.whole
    assert send_again(press) == 0
    assert len(list(press.bus.scan(ENRICHED))) == 1
