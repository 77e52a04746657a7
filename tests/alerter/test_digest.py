"""Digests: when they go, which window they cover, and what they say."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from typing import Literal

import pytest

from services.alerter.sequence import Numbers
from services.alerter.window import latest_due
from services.domain.feed import Feed
from services.domain.watch import Person
from services.settings import DigestSettings
from tests.alerter.office import (
    ANALYST,
    LEADER,
    START,
    Press,
    article,
    finding,
    html_of,
    rulebook,
    text_of,
    watch,
)

Open = Callable[..., Press]


def last(press: Press) -> EmailMessage:
    return [one for one in press.letters() if one["X-Diembao-Kind"] == "digest"][-1]


# -- when ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("local", "day"),
    [
        ("2026-11-24T06:29", date(2026, 11, 23)),
        ("2026-11-24T06:30", date(2026, 11, 24)),
        ("2026-11-29T12:00", date(2026, 11, 27)),  # a Sunday: Friday's was the last
        ("2026-11-25T12:00", date(2026, 11, 24)),  # a holiday
        ("2026-11-28T07:00", date(2026, 11, 28)),  # a Saturday worked in exchange
    ],
)
def test_the_last_working_morning(local: str, day: date) -> None:
    settings = DigestSettings(
        holidays=frozenset({date(2026, 11, 25)}),
        working_saturdays=frozenset({date(2026, 11, 28)} if local.startswith("2026-11-28") else set()),
    )
    now = datetime.fromisoformat(local).replace(tzinfo=settings.zone).astimezone(UTC)
    assert latest_due(now, settings) == day


def test_one_digest_each_working_morning_also_an_empty_one(press: Press) -> None:
    press.feeds({"bao-0": "ok", "bao-1": "ok"})
    press.enter(article(1))
    assert press.alerter.send_due_digests() == []
    assert len(press.morning()) == 1
    assert press.alerter.send_due_digests() == []
    press.feeds({"bao-0": "ok", "bao-1": "ok"}, at=START + timedelta(days=1))
    assert [sent.subject for sent in press.morning(1)] == ["Điểm báo 25/11: không có tin"]
    assert press.morning(4) != []  # Saturday: Friday's is drawn late, once
    assert press.morning(5) == []  # Sunday
    assert len(press.morning(6)) == 1


def test_a_section_heads_what_its_watch_caught_in_both_bodies(office: Open) -> None:
    border = watch("bien", "topic:bien_gioi", section="Việc ở cửa khẩu")
    joined = watch("nong", "topic:nong_nghiep", section="Biên giới, chủ quyền")
    for rules, heading in ((rulebook(watches=[watch(), border]), "Việc ở cửa khẩu"), (rulebook(watches=[joined]), "")):
        press = office(heading or "joined", rules=rules)
        topics = ("bien_gioi",) if heading else ("nong_nghiep",)
        press.enter(*(article(n, topics=topics) for n in range(8)))
        press.morning()
        for body in (text_of(last(press)), html_of(last(press))):
            assert (heading or "Biên giới, chủ quyền") in body
            assert ("Biên giới, chủ quyền" in body) != bool(heading)
            assert "Nông nghiệp" not in body


def test_after_downtime_one_digest_covers_the_gap(press: Press) -> None:
    press.run()
    press.morning()
    press.publish(article(1))
    press.clock.set(START + timedelta(days=2))
    press.publish(article(2))
    assert len(press.morning(7)) == 1
    assert articles_of(press) == {"a00001", "a00002"}


def articles_of(press: Press) -> set[str]:
    text = text_of(last(press))
    return {f"a{n:05}" for n in range(100) if f"/tin-{n}\n" in text}


def test_windows_tile_whatever_comes_late(press: Press) -> None:
    told: list[str] = []
    press.run()
    for day in range(4):
        press.enter(*(article(10 * day + n) for n in range(3)))
        press.publish(article(10 * day, "lần nữa"))
        press.morning(day)
        press.enter(article(10 * day + 5))  # after the digest
        press.publish(article(10 * day + 1), headers={"replay": "1"})
        told += sorted(articles_of(press))
    press.morning(6)
    told += sorted(articles_of(press))
    assert sorted(told) == sorted({f"a{10 * day + n:05}" for day in range(4) for n in (0, 1, 2, 5)})
    assert len(told) == len(set(told))


@pytest.mark.parametrize("seed", range(6))
def test_the_windows_sum_to_what_was_entered(office: Open, seed: int) -> None:
    rng = random.Random(seed)
    press = office(rules=rulebook(watches=[watch(), watch("xa", "place:xa-dak-o", ["analyst"])]))
    press.run()
    told: dict[str, list[str]] = {LEADER.email: [], ANALYST.email: []}
    entered: set[tuple[str, int]] = set()
    for day in range(4):
        for _ in range(rng.randint(0, 3)):
            numbers = [rng.randint(0, 30) for _ in range(rng.randint(0, 6))]
            for n in numbers:
                again = (f"a{n:05}", 1) in entered
                version = 2 if again and rng.random() < 0.3 else 1
                change: Literal["number"] | None = "number" if version == 2 else None
                entered.add((f"a{n:05}", version))
                press.publish(article(n, version=version, change=change, first_poll=n % 7 == 0))
            press.run()
            if rng.random() < 0.3:
                press.open()
        for person in (LEADER, ANALYST):
            selection = press.alerter.preview(person).digest.selection
            four = selection.shown + sum(selection.counted.values()) + selection.mentions + selection.fill
            assert four == selection.articles
            numbers_of = press.alerter.preview(person)
            told[person.email] += window_articles(press, numbers_of.start, numbers_of.end)
        assert len(press.morning(day)) == 2
    expected = sorted(article_id for article_id, _ in entered)
    for articles in told.values():
        # An article changed on the day of its first entry stands twice in the sequence and once in the digest.
        assert sorted(articles) == expected


def window_articles(press: Press, start: int, end: int) -> list[str]:
    return [one.article_id for one in Numbers(press.ledger).between(start, end)]


def test_who_comes_later_begins_where_the_last_digest_ended(press: Press) -> None:
    press.enter(article(1))
    press.morning()
    late = Person(login="moi", name="Phạm Người Mới", email="moi@office.example", role="leadership")
    press.rules = rulebook(people=[LEADER, ANALYST, late])
    press.enter(article(2))
    press.morning(1)
    to_late = [one for one in press.letters() if "moi@" in one["To"]]
    assert len(to_late) == 1
    assert "/tin-2\n" in text_of(to_late[0])
    assert "/tin-1\n" not in text_of(to_late[0])


def test_an_unclassified_source_is_told_once_it_is_classified(press: Press) -> None:
    press.enter(article(1, source_class="unclassified"))
    press.morning()
    assert articles_of(press) == set()
    press.enter(article(1))
    press.morning(1)
    assert articles_of(press) == {"a00001"}


def test_what_a_watch_catches_once_its_whole_text_is_read_is_told_then(press: Press) -> None:
    """Of a page that could not be read only the title was known, and no watch asks for that."""
    press.enter(article(1, places={}), article(2))
    press.morning()
    assert articles_of(press) == {"a00002"}
    press.enter(article(1, version=2), article(2, version=2))
    press.morning(1)
    assert window_articles(press, 0, 3) == ["a00001", "a00002", "a00001"]
    assert articles_of(press) == {"a00001"}
    press.enter(article(1, version=3))
    assert window_articles(press, 0, 3) == ["a00001", "a00002", "a00001"]
    assert Numbers(press.ledger).last() == 3


def digests_of(press: Press, person: Person) -> list[set[int]]:
    """The numbers of the articles in each digest of this person, in the order of the mornings."""
    found = [one for one in press.letters() if person.email in str(one["To"]) and one["X-Diembao-Kind"] == "digest"]
    return [{n for n in range(100) if f"/tin-{n}\n" in text_of(one)} for one in found]


@pytest.mark.parametrize("within", [True, False], ids=["within one window", "later"])
def test_a_text_that_another_watch_catches_too_is_told_to_whom_it_was_not(office: Open, within: bool) -> None:
    """Each article is in one digest of everyone whose watch catches it, by whichever of its texts that was."""
    border = watch("bien", "topic:bien_gioi", recipients=["leadership", "analyst"])
    press = office(rules=rulebook(watches=[watch(), border]))
    press.run()
    press.morning()
    press.enter(article(1), article(2))
    if not within:
        press.morning(1)
    press.enter(article(1, version=2, topics=("bien_gioi",)), article(2, version=2))
    press.morning(2)
    press.enter(article(1, version=3, topics=("bien_gioi",)))
    press.morning(3)
    leader = [set(), {1, 2}, set()] if within else [set(), {1, 2}, set(), set()]
    analyst = [set(), {1}, set()] if within else [set(), set(), {1}, set()]
    assert digests_of(press, LEADER) == leader
    assert digests_of(press, ANALYST) == analyst


def test_the_same_text_that_other_rules_would_catch_is_not_told(press: Press) -> None:
    press.enter(article(1, places={}))
    press.enter(article(1))
    assert Numbers(press.ledger).last() == 1


def test_equal_runs_give_equal_bytes(office: Open) -> None:
    def run(name: str) -> dict[str, bytes]:
        press = office(name)
        press.enter(article(1), article(2, findings=(finding(2),)))
        press.morning()
        return {path.name: path.read_bytes() for path in press.mail.glob("*.eml")}

    one, other = run("one"), run("other")
    assert one == other
    assert len(one) == 2


# -- what ---------------------------------------------------------------------------------------------------------


def test_no_news_is_said_only_when_every_source_was_read(press: Press) -> None:
    press.run()
    press.clock.set(START)
    press.feeds({"bao-0": "ok", "bao-1": "ok"})
    press.morning()
    assert "KHÔNG CÓ TIN" in text_of(last(press))
    assert "chưa đủ nguồn" not in text_of(last(press)).lower()


def test_with_failing_sources_it_says_that_it_cannot_tell_and_lists_them(office: Open) -> None:
    feeds = {f"bao-{n}": True for n in range(5)} | {"tat-may": False}
    press = office(rules=rulebook(feeds=feeds))
    press.run()
    press.feeds({"bao-0": "ok", "bao-1": "blocked", "bao-2": "http_error", "bao-3": "stale"})
    press.morning()
    text = text_of(last(press))
    assert last(press)["Subject"] == "Điểm báo 24/11: 0 tin, chưa đủ nguồn để kết luận"
    assert "CHƯA ĐỦ NGUỒN ĐỂ KẾT LUẬN KHÔNG CÓ TIN" in text
    assert "1/5 nguồn đọc được lúc 05:00" in text
    for said in ("Bị chặn: Báo Trưa", "Không kết nối được: Báo Chiều", "Chưa đọc lần nào: Báo Rừng"):
        assert said in text
    assert "Đang tắt: tat-may" in text
    assert "Báo Tối" in html_of(last(press))


def test_a_source_not_read_for_hours_is_not_counted_as_read(press: Press) -> None:
    press.run()
    press.feeds({"bao-0": "ok", "bao-1": "ok"}, at=START - timedelta(hours=12))
    press.morning()
    assert "0/2 nguồn đọc được" in text_of(last(press))
    assert "Không được đọc trong nhiều giờ qua" in text_of(last(press))
    assert "0/2 nguồn đọc được từ lần gửi trước; lần đọc cuối 17:00 ngày 23/11/2026" in text_of(last(press))


def test_unreadable_sources_are_named_once_by_outlet(office: Open) -> None:
    rules = rulebook(feeds={"bao-0": True})
    several = [Feed(id=f"sang-{n}", url=f"https://bao-0.example/{n}", outlet="bao-0") for n in range(3)]
    queries = [
        Feed(id=f"google-{n}", url=f"https://news.google.com/rss/search?q={n}", aggregator=True) for n in range(19)
    ]
    single = Feed(id="trua", url="https://bao-1.example/rss", outlet="bao-1")
    press = office(rules=dataclasses.replace(rules, feeds={one.id: one for one in (*several, *queries, single)}))
    press.run()
    press.morning()
    for said in (text_of(last(press)), html_of(last(press))):
        assert "Báo Sáng (3 nguồn), Google News (19 truy vấn), Báo Trưa." in said
        assert "khi còn 23 nguồn chưa đọc được" in said
        assert said.count("Báo Trưa") == 1
        assert "google-" not in said
        assert "sang-" not in said


def test_the_subject_carries_the_result(press: Press) -> None:
    press.enter(article(1), article(2, issue_type="shortcoming"))
    press.morning()
    assert last(press)["Subject"] == "Điểm báo 24/11: 2 tin, 1 việc cần trả lời"
    assert "Báo phản ánh hạn chế, tồn tại (tin số" in text_of(last(press))


def test_every_kind_of_article_is_told_or_counted(office: Open) -> None:
    press = office(rules=rulebook(watches=[watch(query='place:binh-phuoc/any -"bóng đá"')]))
    press.run()
    press.enter(
        article(1, "Tin về xã"),
        article(2, "Chỉ nhắc", places={"binh-phuoc": "mention"}),
        article(3, "Lần đầu", first_poll=True),
        article(4, "Cổng xã", source_class="official"),
        article(5, "Dịch máy", source_class="mt_copy"),
        article(6, "Chưa rõ nguồn", source_class="unclassified"),
        article(7, "Giải bóng đá xã Đăk Ơ"),
        article(8, "Tin cũ", published_at=START - timedelta(days=9)),
    )
    press.morning()
    text = text_of(last(press))
    for said in (
        "1. Tin về xã",
        "- Chỉ nhắc tên địa bàn: 1 bài",
        "- Lần đọc đầu của nguồn (đưa vào kho, không đưa vào bản tin): 1 bài",
        "- Cổng thông tin chính thức (không tính là báo chí): 1 bài",
        "- Bản dịch máy (không tính là báo chí): 1 bài",
        "- Bỏ vì từ loại trừ (NOT) của theo dõi “Theo dõi dia-ban”: 1 bài",
        "TIN CŨ MỚI TÌM THẤY\n2. Tin cũ\n   Báo Tối · 15/11 05:00",
        "; có 4 bài báo chí",
        "nhóm lãnh đạo",
        "“Theo dõi dia-ban”",
        "Phê bình không phải là thông tin sai",
    ):
        assert said in text, said
    for unsaid in ("Chưa rõ nguồn", "Giải bóng đá", "Cổng xã", "Dịch máy", "Lần đầu"):
        assert unsaid not in text.replace("Lần đọc đầu", "")


def test_a_foreign_item_shows_language_country_and_its_own_title(press: Press) -> None:
    press.enter(article(1, "Cashew growers of Binh Phuoc", outlet="daily", language="en"))
    press.morning()
    assert "Cashew growers of Binh Phuoc" in text_of(last(press))
    assert "Tiếng Anh · Hoa Kỳ" in text_of(last(press))


def test_tone_is_shown_with_its_words_or_as_unknown(press: Press) -> None:
    press.enter(article(1, tone="critical", tone_words=("hư hỏng",)), article(2, tone="incident"))
    press.morning()
    assert "Sắc thái (máy đọc): phản ánh hạn chế (từ: “hư hỏng”)" in text_of(last(press))
    assert "Sắc thái (máy đọc): không rõ" in text_of(last(press))
    assert "sự cố" not in text_of(last(press))


def test_a_story_told_before_returns_with_its_new_outlets(press: Press) -> None:
    press.enter(article(1, story=1))
    press.morning()
    press.enter(*(article(n, story=1) for n in (2, 3, 4)))
    press.morning(1)
    assert "tiếp: +3 báo" in text_of(last(press))
    press.enter(article(6, story=1))
    press.morning(2)
    assert "tiếp: bài mới của báo đã nêu" in text_of(last(press))


def test_a_changed_figure_returns_marked(press: Press) -> None:
    press.enter(article(1))
    press.morning()
    changed = article(1, change="number", version=2)
    press.enter(changed, article(1, version=3))
    press.publish(changed)
    press.morning(1)
    assert articles_of(press) == {"a00001"}
    assert "cập nhật: báo đã đổi số liệu" in text_of(last(press))
    press.publish(changed)
    press.morning(2)
    assert articles_of(press) == set()


def test_without_public_url_the_letter_links_only_to_the_press(press: Press) -> None:
    press.enter(article(1), article(2, url="javascript:alert(1)"), article(3, url="ftp://x.example/3"))
    press.morning()
    html = html_of(last(press))
    assert "javascript" not in html
    assert "ftp://" not in html
    assert html.count('href="') == html.count('href="https://bao-1.example/tin-1"') > 0
