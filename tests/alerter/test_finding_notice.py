"""Notices of findings: who is told of what, once, and in one thread."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerter.records import Letter
from services.desk.review import Review
from services.domain.case import Verdict
from services.domain.codec import decode, encode
from services.domain.events import DECISIONS, Decision, Enriched
from services.domain.finding import FindingStatus
from services.domain.watch import Person
from services.ports.ledger import Put
from tests.alerter.office import (
    ANALYST,
    LEADER,
    OPERATOR,
    START,
    Press,
    article,
    fact,
    finding,
    html_of,
    rulebook,
    text_of,
)

Open = Callable[..., Press]


def notices(press: Press, begins: str) -> list[EmailMessage]:
    return [one for one in press.letters() if str(one["Subject"]).startswith(begins)]


def to(messages: list[EmailMessage]) -> list[str]:
    return sorted(str(one["To"]).rpartition("<")[2].rstrip(">") for one in messages)


def review(press: Press) -> Review:
    return Review(press.rules, press.bus, press.ledger, press.clock)


def confirmed(press: Press, n: int = 1) -> str:
    """Article n with a finding, confirmed; the finding's id."""
    press.enter(article(n, findings=(finding(n),)))
    known = finding(n).finding_id
    review(press).confirm(known, ANALYST, "Đã đối chiếu văn bản gốc")
    press.run()
    return known


def test_a_contradicted_figure_goes_to_analysts_at_once_with_all_that_proves_it(press: Press) -> None:
    press.enter(article(1, "Chiều dài biên giới", findings=(finding(1),)))
    (message,) = notices(press, "Cần kiểm tra")
    text = text_of(message)
    assert to([message]) == [ANALYST.email]
    for said in (
        "“Bình Phước có đường biên giới dài 240 km với Campuchia.”",
        "260,433 km",
        "Nghị quyết mẫu về địa giới, số 01/NQ-MẪU, ngày 12/06/2025",
        "https://law.example/01",
        "Báo Trưa",
        "https://bao-1.example/tin-1",
        "do Trần Văn Thử nhập ngày 02/11/2026",
        finding(1).finding_id,
        "chưa có người xác nhận",
    ):
        assert said in text, said
    assert "chưa kiểm chứng" not in text.lower()


def test_from_a_single_source_it_is_marked(office: Open) -> None:
    press = office(rules=rulebook(facts=[fact(status="single_source")]))
    press.enter(article(1, findings=(finding(1),)))
    assert "NGUỒN CHƯA KIỂM CHỨNG" in text_of(notices(press, "Cần kiểm tra")[0])


def test_once_for_each_story_and_fact(press: Press) -> None:
    one = article(1, findings=(finding(1),))
    press.enter(one, article(2, story=1, copy_of=1, findings=(finding(2),)))
    press.publish(one)
    press.enter(article(3, story=1, findings=(finding(3, "Một câu khác, dài 240 km."),)))
    assert len(notices(press, "Cần kiểm tra")) == 1
    press.enter(article(4, findings=(finding(4),)))
    assert len(notices(press, "Cần kiểm tra")) == 2


@pytest.mark.parametrize(
    "quiet",
    [
        article(1, findings=(finding(1),), first_poll=True),
        article(1, findings=(finding(1),), published_at=START - timedelta(days=5)),
        article(1, findings=(msgspec.structs.replace(finding(1), state="incomplete"),)),
    ],
    ids=["first poll", "old", "incomplete"],
)
def test_what_raises_no_notice_is_kept_for_review(press: Press, quiet: Enriched) -> None:
    press.enter(quiet)
    assert press.letters() == []
    assert len(review(press).all()) == 1


def test_only_press_can_carry_a_finding(press: Press) -> None:
    press.enter(article(1, source_class="official", findings=(finding(1),)))
    assert press.letters() == []
    assert review(press).all() == []


def test_a_replayed_message_mails_nothing(press: Press) -> None:
    press.publish(article(1, findings=(finding(1),)), headers={"replay": "1"})
    press.run()
    assert press.letters() == []


def test_confirmation_reaches_leadership_within_one_step(press: Press) -> None:
    press.enter(article(1, findings=(finding(1),)))
    press.clock.set(START + timedelta(hours=1))
    review(press).confirm(finding(1).finding_id, ANALYST, "Đã đối chiếu văn bản gốc")
    press.alerter.step()
    (message,) = notices(press, "Chưa chính xác (đã xác nhận nội bộ)")
    assert to([message]) == [LEADER.email]
    text = text_of(message)
    assert "Trần Văn Thử xác nhận lúc 06:00 ngày 24/11/2026" in text
    assert "Đã đối chiếu văn bản gốc" in text
    assert "sai sự thật" not in text.lower()


def test_taking_back_reaches_everyone_who_was_told_in_the_same_thread(press: Press) -> None:
    known = confirmed(press)
    another = Person(login="khac", name="Khác", email="khac@x.example", role="leadership")
    press.rules = rulebook(people=[another, ANALYST])
    review(press).dismiss(known, ANALYST, "Câu nói về đoạn của một huyện")
    press.run()
    back = notices(press, "Nói lại")
    assert to(back) == [ANALYST.email, LEADER.email]
    first = {str(one["To"]): one for one in notices(press, "Chưa chính xác") + notices(press, "Cần kiểm tra")}
    for message in back:
        told = first[str(message["To"])]
        assert message["In-Reply-To"] == told["Message-ID"]
        assert told["Message-ID"] in message["References"]
        assert "Câu nói về đoạn của một huyện" in text_of(message)


def test_a_register_error_is_said_as_ours(press: Press) -> None:
    known = confirmed(press)
    review(press).fix_register(known, ANALYST, "Niên giám ghi khác")
    press.run()
    assert "Sổ dữ kiện của chúng tôi ghi sai" in text_of(notices(press, "Nói lại")[0])


def test_dismissing_a_proposal_tells_nobody(press: Press) -> None:
    press.enter(article(1, findings=(finding(1),)))
    review(press).dismiss(finding(1).finding_id, ANALYST, "Không đúng năm")
    press.run()
    assert len(press.letters()) == 1


def test_a_confirmed_case_stands_in_the_next_digest_and_is_followed_after(press: Press) -> None:
    confirmed(press)
    press.morning()
    press.morning(1)
    first, second = [text_of(one) for one in press.letters() if one["X-Diembao-Kind"] == "digest"]
    assert "Chưa chính xác (đã xác nhận nội bộ)" in first
    assert "Đang theo dõi 1 trường hợp đã xác nhận" in second


def test_leadership_is_shown_no_proposal(office: Open) -> None:
    press = office()
    press.enter(article(1, findings=(finding(1),)))
    press.morning()
    (digest,) = [text_of(one) for one in press.letters() if one["X-Diembao-Kind"] == "digest"]
    assert "Cần kiểm tra" not in digest
    assert "240 km" not in digest


def test_a_lost_decision_is_told_and_published_within_a_minute_while_the_service_runs(press: Press) -> None:
    press.enter(article(1, findings=(finding(1),)))
    reviewed = review(press).confirm(finding(1).finding_id, ANALYST, "Đã đối chiếu")
    assert reviewed.verdict is not None
    # As after a crash between the ledger and the bus: the verdict stands, nothing was published.
    lost = msgspec.structs.replace(reviewed.verdict, published=False)
    press.ledger.put(Put("verdict", lost.finding_id, encode(lost)))
    press.bus.commit(DECISIONS, "alerter", press.bus.poll(DECISIONS, "alerter"))
    press.bus.rewind(DECISIONS, "alerter")
    press.clock.set(START + timedelta(seconds=59))
    press.run()
    assert to(notices(press, "Chưa chính xác")) == [LEADER.email]
    said = [decode(one.message.value, Decision) for one in press.bus.scan(DECISIONS)]
    assert [(one.decision, one.subject, one.at) for one in said] == [("confirm", lost.finding_id, START)] * 2
    held = press.ledger.get("verdict", lost.finding_id)
    assert held is not None
    assert decode(held.value, Verdict) == reviewed.verdict
    press.clock.set(START + timedelta(seconds=200))
    press.run()
    assert len(list(press.bus.scan(DECISIONS))) == 2


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
@pytest.mark.parametrize("between", [False, True])
def test_both_confirmed_and_taken_back_one_after_the_other(press: Press, order: tuple[int, int], between: bool) -> None:
    """Leadership was told of the first one alone; it hears "Nói lại" when neither stands, and of that one."""
    press.enter(*(article(n, story=1, findings=(finding(n),)) for n in (1, 2)))
    for n in (1, 2):
        review(press).confirm(finding(n).finding_id, ANALYST, "Đã đối chiếu")
        press.run()
    for n in order:
        assert notices(press, "Nói lại") == []
        review(press).dismiss(finding(n).finding_id, ANALYST, f"Lý do số {n}")
        if between or n == order[1]:
            press.run()
    back = notices(press, "Nói lại")
    assert to(back) == [ANALYST.email, LEADER.email]
    assert all("Lý do số 1" in text_of(one) and "việc số 1" in text_of(one) for one in back)


@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_leadership_stands_told_exactly_while_a_finding_of_the_thread_is_confirmed(data: st.DataObject) -> None:
    """In every order of decisions over one thread, with the alerter between them or not."""
    with TemporaryDirectory() as folder, ExitStack() as opened:
        press = Press(Path(folder))
        opened.enter_context(closing(press.bus))
        opened.enter_context(closing(press.ledger))
        press.enter(*(article(n, story=1, findings=(finding(n),)) for n in (1, 2, 3)))
        while status := {one.case.finding_id: one.status for one in review(press).all()}:
            open_ = sorted(known for known, now in status.items() if now in ("proposed", "confirmed"))
            if not open_:
                break
            act(press, data.draw(st.sampled_from(open_)), status, data.draw)
            press.clock.set(press.clock.now() + timedelta(minutes=1))
            if data.draw(st.booleans()):
                press.run()
                check_told(press)
        press.run()
        check_told(press)


def act(press: Press, known: str, status: dict[str, FindingStatus], draw: Callable[..., bool]) -> None:
    if status[known] == "proposed" and draw(st.booleans()):
        review(press).confirm(known, ANALYST, "Đã đối chiếu")
    elif draw(st.integers(0, 4)):
        review(press).dismiss(known, ANALYST, "Không sai")
    else:
        review(press).fix_register(known, ANALYST, "Sổ ghi sai")


def check_told(press: Press) -> None:
    verdicts = {one.case.finding_id: one for one in review(press).all()}
    letters = [decode(held.value, Letter) for held in press.ledger.scan("letter", "notice|")]
    said = {kind: [one for one in letters if one.subject.startswith(kind)] for kind in ("Cần", "Chưa", "Nói lại")}
    confirmed = {known for known, one in verdicts.items() if one.status == "confirmed"}
    told = [known for one in said["Chưa"] for known in one.findings]
    back = [known for one in said["Nói lại"] if one.recipient == LEADER.email for known in one.findings]
    assert len(told) - len(back) == (1 if confirmed else 0)
    assert set(back) <= set(told)
    assert len(set(back)) == len(back)
    for one in said["Nói lại"]:
        # Whoever hears "Nói lại" was told of just these, and each was confirmed and is no more.
        assert any(set(one.findings) <= set(earlier.findings) for earlier in (*said["Chưa"], *said["Cần"]))
        assert all((verdict := verdicts[known].verdict) and verdict.was_reversed for known in one.findings)
    (first,) = said["Cần"]
    reversed_ = [known for known in first.findings if (v := verdicts[known].verdict) and v.was_reversed]
    known_back = [known for one in said["Nói lại"] if one.recipient == ANALYST.email for known in one.findings]
    assert confirmed or known_back == reversed_


def test_what_was_found_in_one_article_is_one_letter_with_each_quote_and_reference(press: Press) -> None:
    two = (finding(1), finding(1, "Huyện Bù Gia Mập dài 90 km.", fact_id="khac"))
    press.enter(article(1, findings=two))
    (message,) = notices(press, "Cần kiểm tra")
    text = text_of(message)
    assert "2 chỗ trong một bài báo" in text
    for one in two:
        assert f"“{one.quote}”" in text
        assert f"diembao review show {one.finding_id}" in text
        assert f"Dòng {one.fact_id}" in text
    press.enter(article(1, change="number", version=2, findings=(*two, finding(1, "Dài 80 km.", fact_id="nua"))))
    assert len(notices(press, "Cần kiểm tra")) == 2
    review(press).confirm(two[0].finding_id, ANALYST, "Đã đối chiếu")
    press.run()
    review(press).dismiss(two[0].finding_id, ANALYST, "Không sai")
    press.run()
    back = {to([one])[0]: text_of(one) for one in notices(press, "Nói lại")}
    assert sorted(back) == [ANALYST.email, LEADER.email]
    assert all(two[0].quote in text and two[1].quote not in text for text in back.values())


def test_operators_receive_no_findings(press: Press) -> None:
    confirmed(press)
    assert OPERATOR.email not in to(press.letters())


def test_a_notice_taken_back_argues_no_more_and_speaks_of_no_tone(press: Press) -> None:
    known, argued = confirmed(press), finding(1).reason
    (told,) = notices(press, "Chưa chính xác")
    review(press).dismiss(known, ANALYST, "Câu nói về năm khác")
    press.run()
    for body in (text_of, html_of):
        assert argued in body(told)
        for message in press.letters():
            assert "Sắc thái" not in body(message)
        for message in notices(press, "Nói lại"):
            assert argued not in body(message)
    assert len(notices(press, "Nói lại")) == 2
