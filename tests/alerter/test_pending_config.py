"""The operators' digest names the configuration that waits; nobody else's does."""

from __future__ import annotations

from collections.abc import Callable

from services.rulebook.pending import PendingSet, clear_pending, put_pending
from tests.alerter.office import LEADER, OPERATOR, START, Press, html_of, rulebook, text_of, watch

Open = Callable[..., Press]


def test_operators_are_told_of_a_set_that_waits(office: Open) -> None:
    press = office(rules=rulebook(watches=[watch(recipients=["leadership", "operator"])]))
    pending = PendingSet(
        content="x", folder="may:/c", state="untested", files=["watches.yaml"], since=START, confirmed=START
    )
    put_pending(press.ledger, pending)
    press.alerter.step()
    press.morning()
    told = {str(one["To"].addresses[0].addr_spec): one for one in press.letters()}
    line = "watches.yaml (từ 05:00 24/11/2026): watches.yaml đã sửa, chưa thử"
    assert f"Cấu hình đang chờ: {line}" in text_of(told[OPERATOR.email])
    assert line in html_of(told[OPERATOR.email])
    assert "đang chờ" not in text_of(told[LEADER.email])
    clear_pending(press.ledger)
    press.morning(days=1)
    assert "Cấu hình đang chờ" not in text_of(press.letters()[-1])
