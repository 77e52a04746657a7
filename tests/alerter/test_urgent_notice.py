"""Urgent watches: what they catch is announced at once, to their recipients, once."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage

import msgspec
import pytest

from services.alerter.records import Letter
from services.domain.article import tokens_of
from services.domain.codec import decode, encode
from services.domain.events import Enriched
from services.domain.story import Teller, sketch_of
from services.ports.ledger import Put
from services.rulebook.fair_words import JUDGING
from tests.alerter.conftest import Open
from tests.alerter.office import ANALYST, LEADER, OPERATOR, START, Press, article, html_of, rulebook, text_of, watch

URGENT = watch("bien", "topic:bien_gioi", ["analyst", "operator"], urgency="urgent")
TITLE = "Tin cần biết ngay"


def border(n: int, title: str = "", **more: object) -> Enriched:
    one = article(n, title, topics=("bien_gioi",))
    changed = {name: value for name, value in more.items() if name in one.article.__struct_fields__}
    inner = msgspec.structs.replace(one.article, **changed)
    outer = {name: value for name, value in more.items() if name not in changed}
    return msgspec.structs.replace(one, article=inner, **outer)


@pytest.fixture
def urgent(office: Open) -> Press:
    return office(rules=rulebook(watches=[watch(), URGENT]))


def told(press: Press) -> list[EmailMessage]:
    return [one for one in press.letters() if str(one["Subject"]).startswith(TITLE)]


def to(press: Press) -> list[str]:
    return sorted(str(one["To"]).rpartition("<")[2].rstrip(">") for one in told(press))


def test_it_goes_at_once_to_the_recipients_of_the_watch_and_says_why(urgent: Press) -> None:
    urgent.enter(border(1, "Lũ cuốn trôi cầu qua suối"))
    assert to(urgent) == [ANALYST.email, OPERATOR.email]
    for message in told(urgent):
        assert message["X-Diembao-Kind"] == "notice"
        for body in (text_of(message), html_of(message)):
            for said in ("Lũ cuốn trôi cầu qua suối", "Báo Trưa", "https://bao-1.example/tin-1", "“Theo dõi bien”"):
                assert said in body
    assert LEADER.email not in to(urgent)


def test_a_text_that_only_then_an_urgent_watch_catches_is_announced_once(urgent: Press) -> None:
    """Of a page that could not be read only the title was known, which another watch caught."""
    urgent.enter(article(1, "Lũ cuốn trôi cầu qua suối"))
    assert to(urgent) == []
    for version in (2, 3):
        urgent.enter(article(1, "Lũ cuốn trôi cầu qua suối", topics=("bien_gioi",), version=version))
        assert to(urgent) == [ANALYST.email, OPERATOR.email]


def test_the_wording_is_neutral_and_says_nothing_of_tone(urgent: Press) -> None:
    urgent.enter(
        msgspec.structs.replace(
            article(1, topics=("bien_gioi",), tone="critical", tone_words=("bức xúc",), issue_type="direct_criticism")
        )
    )
    assert len(told(urgent)) == 2
    for message in told(urgent):
        for body in (text_of(message).lower(), html_of(message).lower()):
            assert "sắc thái" not in body
            assert "bức xúc" not in body
            assert not any(word in body for word in (*JUDGING, "sai sự thật", "khẩn cấp", "nóng"))


@pytest.mark.parametrize(
    "quiet",
    [
        article(1, topics=("bien_gioi",), first_poll=True),
        article(1, topics=("bien_gioi",), published_at=START - timedelta(hours=51)),
        article(1, topics=("bien_gioi",), source_class="official"),
        article(1, topics=("bien_gioi",), source_class="unclassified"),
        article(1, topics=("nong_nghiep",)),
        article(1, topics=("bien_gioi",), places={"binh-phuoc": "mention"}),
    ],
    ids=["first poll", "old", "official", "unclassified", "not caught", "passing mention"],
)
def test_what_is_not_announced(urgent: Press, quiet: Enriched) -> None:
    urgent.enter(quiet)
    assert told(urgent) == []


def test_a_watch_that_is_not_urgent_or_switched_off_announces_nothing(office: Open) -> None:
    off = msgspec.structs.replace(URGENT, enabled=False)
    press = office(rules=rulebook(watches=[watch(), watch("bien", "topic:bien_gioi"), off]))
    press.enter(border(1))
    assert press.letters() == []


def test_once_for_each_story_whoever_tells_it_and_however_often_it_is_read(urgent: Press) -> None:
    first = border(1)
    urgent.enter(first)
    urgent.publish(first)
    urgent.enter(border(2, story_id="a00001"), border(3, story_id="a00001", copy_of="a00001"))
    assert len(told(urgent)) == 2
    urgent.enter(border(4))
    assert len(told(urgent)) == 4


def test_one_letter_for_a_person_with_two_urgent_watches(office: Open) -> None:
    second = watch("dia-ban-gap", "place:bu-gia-map", ["analyst"], urgency="urgent")
    press = office(rules=rulebook(watches=[URGENT, second]))
    press.enter(border(1))
    (mine,) = [one for one in told(press) if ANALYST.email in str(one["To"])]
    assert "“Theo dõi bien”, “Theo dõi dia-ban-gap”" in text_of(mine)
    press.enter(article(2, story=1))
    assert len(told(press)) == 2


def test_a_story_that_goes_by_another_id_now_is_not_announced_again(urgent: Press) -> None:
    urgent.enter(border(5))
    for known in ("a00001", "a00005"):
        one = border(5).article
        sketch = msgspec.structs.replace(sketch_of(one, tokens_of(one.title, one.lead, one.text)), article_id=known)
        urgent.ledger.put(Put("story", known, encode(Teller(story="a00001", sketch=sketch))))
    urgent.enter(border(6, story_id="a00001"))
    assert len(told(urgent)) == 2


def test_a_told_change_is_one_more_letter_in_the_same_thread(urgent: Press) -> None:
    urgent.enter(border(1, text="Bản đầu."))
    changed = article(1, topics=("bien_gioi",), change="correction", version=2)
    urgent.enter(changed, article(2, topics=("bien_gioi",), story=1, change="number", version=2))
    assert len(told(urgent)) == 4
    later = [one for one in told(urgent) if "báo đã đính chính" in text_of(one)]
    assert len(later) == 2
    first = {str(one["To"]): one["Message-ID"] for one in told(urgent) if one["In-Reply-To"] is None}
    assert {str(one["To"]): one["In-Reply-To"] for one in later} == first


def test_a_replay_and_a_watch_made_urgent_later_announce_nothing(office: Open) -> None:
    normal = msgspec.structs.replace(URGENT, urgency="normal")
    press = office(rules=rulebook(watches=[normal]))
    press.enter(border(1))
    press.rules = rulebook(watches=[URGENT])
    press.enter(border(1))
    press.publish(border(2), headers={"replay": "1"})
    press.run()
    assert press.letters() == []


def test_the_article_stands_in_the_next_digest_all_the_same(urgent: Press) -> None:
    urgent.enter(border(1, "Lũ cuốn trôi cầu qua suối"))
    urgent.morning()
    (digest,) = [
        one for one in urgent.letters() if one["X-Diembao-Kind"] == "digest" and ANALYST.email in str(one["To"])
    ]
    assert "Lũ cuốn trôi cầu qua suối" in text_of(digest)
    states = {decode(held.value, Letter).state for held in urgent.ledger.scan("letter", "notice|urgent|")}
    assert states == {"sent"}
