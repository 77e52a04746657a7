"""Urgent notices: who is told of what, once, and in one thread."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

import msgspec
import pytest

from services.desk.review import Review
from services.domain.codec import encode
from services.domain.events import DECISIONS, Enriched
from services.domain.watch import Person
from services.ports.ledger import Put
from tests.alerter.office import ANALYST, LEADER, OPERATOR, START, Press, article, fact, finding, rulebook, text_of

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
        "Nghị quyết mẫu về địa giới, số 01/NQ-MẪU, ngày 12/6/2025",
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


def test_a_decision_lost_before_the_bus_is_picked_up(press: Press) -> None:
    press.enter(article(1, findings=(finding(1),)))
    reviewed = review(press).confirm(finding(1).finding_id, ANALYST, "Đã đối chiếu")
    assert reviewed.verdict is not None
    # As after a crash between the ledger and the bus: the verdict stands, nothing was published.
    lost = msgspec.structs.replace(reviewed.verdict, published=False)
    press.ledger.put(Put("verdict", lost.finding_id, encode(lost)))
    press.bus.commit(DECISIONS, "alerter", press.bus.poll(DECISIONS, "alerter"))
    press.open()
    press.run()
    assert len(notices(press, "Chưa chính xác")) == 1


def test_operators_receive_no_findings(press: Press) -> None:
    confirmed(press)
    assert OPERATOR.email not in to(press.letters())
