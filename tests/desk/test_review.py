"""Who may decide what, and what a decision leaves behind."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.adapters.sqlite_ledger import SqliteLedger
from services.desk.review import Refused, Review
from services.domain.codec import decode
from services.domain.events import DECISIONS, Decision
from services.domain.fact import Fact
from services.ports.errors import Conflict
from services.ports.ledger import Put
from services.rulebook.accepted import NotInForce, accept
from tests.alerter.office import ANALYST, LEADER, Press, article, fact, finding, rulebook

KNOWN = finding(1).finding_id


@pytest.fixture
def press(tmp_path: Path) -> Iterator[Press]:
    press = Press(tmp_path)
    with closing(press.bus), closing(press.ledger):
        press.enter(article(1, findings=(finding(1),)))
        yield press


def desk(press: Press) -> Review:
    return Review(press.rules, press.bus, press.ledger, press.clock)


def decisions(press: Press) -> list[Decision]:
    return [decode(one.message.value, Decision) for one in press.bus.scan(DECISIONS)]


def test_only_an_analyst_of_people_yaml_decides(press: Press) -> None:
    assert desk(press).analyst("chuyenvien") == ANALYST
    with pytest.raises(Refused, match=r"- \{login: aido, name: .*role: analyst\}"):
        desk(press).analyst("aido")
    with pytest.raises(Refused, match="leadership"):
        desk(press).analyst(LEADER.login)


def test_a_finding_is_proposed_until_somebody_decides(press: Press) -> None:
    (one,) = desk(press).all()
    assert (one.status, one.case.entered_by, str(one.case.entered_on)) == ("proposed", "Trần Văn Thử", "2026-11-02")


def test_a_confirmation_is_kept_and_published_with_who_when_and_why(press: Press) -> None:
    done = desk(press).confirm(KNOWN, ANALYST, "Đã đối chiếu")
    assert done.status == "confirmed"
    (decision,) = decisions(press)
    found = (decision.decision, decision.subject, decision.by, decision.at, decision.reason)
    assert found == ("confirm", KNOWN, "chuyenvien", press.clock.now(), "Đã đối chiếu")
    assert desk(press).find(KNOWN).status == "confirmed"


@pytest.mark.parametrize("row", [fact(status="single_source"), fact(status="disputed")], ids=lambda row: row.status)
def test_what_is_not_verified_cannot_be_confirmed(press: Press, row: Fact) -> None:
    press.rules = rulebook(facts=[row])
    with pytest.raises(Refused, match=r"do Trần Văn Thử nhập ngày 02/11/2026"):
        desk(press).confirm(KNOWN, ANALYST, "Đã đối chiếu")
    assert decisions(press) == []
    assert desk(press).dismiss(KNOWN, ANALYST, "Không đúng năm").status == "dismissed"


def test_a_fact_that_is_gone_confirms_nothing(press: Press) -> None:
    press.rules = rulebook(facts=[])
    with pytest.raises(Refused, match=r"không còn trong facts\.yaml"):
        desk(press).confirm(KNOWN, ANALYST, "Đã đối chiếu")


def test_a_status_already_changed_is_refused_with_by_whom(press: Press) -> None:
    desk(press).dismiss(KNOWN, ANALYST, "Câu nói về năm khác")
    with pytest.raises(Refused, match=r"không sai”, do Trần Văn Thử \(chuyenvien\).*Câu nói về năm khác"):
        desk(press).confirm(KNOWN, ANALYST, "Đã đối chiếu")
    assert len(decisions(press)) == 1


def test_two_at_the_same_moment_are_one_decision(press: Press) -> None:
    class Crowded(SqliteLedger):
        """Somebody else decides between our reading and our writing."""

        came = False

        def put(self, *writes: Put) -> None:
            if not self.came and writes[0].kind == "verdict":
                self.came = True
                desk(press).dismiss(KNOWN, ANALYST, "Người trước")
            super().put(*writes)

    ledger = Crowded(press.folder / "ledger.db")
    slow = Review(press.rules, press.bus, ledger, press.clock)
    with pytest.raises(Conflict, match="Người trước"):
        slow.confirm(KNOWN, ANALYST, "Người sau")
    ledger.close()
    press.run()
    assert [one.decision for one in decisions(press)] == ["dismiss"]
    assert len(press.letters()) == 1


def test_a_reason_is_required(press: Press) -> None:
    with pytest.raises(Refused, match="lý do"):
        desk(press).confirm(KNOWN, ANALYST, "  ")


def test_an_id_may_be_cut_short_but_not_be_ambiguous(press: Press) -> None:
    assert desk(press).find(KNOWN[:8]).case.finding_id == KNOWN
    with pytest.raises(Refused, match="Không có phát hiện"):
        desk(press).find("zzz")
    with pytest.raises(Refused):
        desk(press).find("")


def test_a_wrong_register_takes_back_every_finding_of_the_row(press: Press) -> None:
    press.enter(article(2, findings=(finding(2),)), article(3, findings=(finding(3, fact_id="khac"),)))
    desk(press).confirm(finding(2).finding_id, ANALYST, "Đã đối chiếu")
    press.run()
    desk(press).fix_register(KNOWN, ANALYST, "Sổ ghi sai")
    status = {one.case.finding_id: one.status for one in desk(press).all()}
    assert status == {
        KNOWN: "register_wrong",
        finding(2).finding_id: "register_wrong",
        finding(3, fact_id="khac").finding_id: "proposed",
    }
    press.run()
    back = [one for one in press.letters() if str(one["Subject"]).startswith("Nói lại")]
    assert len(back) == 2


def test_only_the_rules_in_force_decide(press: Press) -> None:
    """A people.yaml of one's own and a row that says "verified" are not enough."""
    press.rules = dataclasses.replace(press.rules, version="của tôi")
    for act in (desk(press).confirm, desk(press).dismiss, desk(press).fix_register):
        with pytest.raises(NotInForce, match=r"bản test .*bản của tôi.*Chạy lại lệnh"):
            act(KNOWN, ANALYST, "Đã đối chiếu")
    assert desk(press).find(KNOWN).status == "proposed"
    assert decisions(press) == []
    accept(press.ledger, press.rules, "vanhanh", press.clock.now())
    assert desk(press).confirm(KNOWN, ANALYST, "Đã đối chiếu").status == "confirmed"
