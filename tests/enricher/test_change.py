"""Which changes of a text are told again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from services.domain.article import Article, Version, hash_of
from services.enricher.change import change_between, previous_version

START = datetime(2026, 11, 17, 3, 0, tzinfo=UTC)
TITLE = "Cháy kho hạt điều lúc rạng sáng"
TEXT = (
    "Ngọn lửa được khống chế lúc 4 giờ 15 phút. Khoảng 12 tấn hạt điều cùng mái tôn rộng 600 m2 bị thiêu rụi.\n"
    "Không có người bị thương trong vụ việc này."
)


def article(text: str, title: str = TITLE, minutes: int = 60) -> Article:
    return Article(
        article_id="a",
        source_class="press",
        title=title,
        text=text,
        first_seen=START,
        seen_at=START + timedelta(minutes=minutes),
        content_hash=hash_of(title, "", text),
    )


def version(text: str, minutes: int = 0, title: str = TITLE) -> Version:
    return Version(
        content_hash=hash_of(title, "", text),
        seen_at=START + timedelta(minutes=minutes),
        title=title,
        lead="",
        text=text,
    )


@pytest.mark.parametrize(
    ("text", "title", "change"),
    [
        (TEXT.replace("12 tấn", "18 tấn"), TITLE, "number"),
        (TEXT.replace("Khoảng 12 tấn", "Theo kiểm đếm mới, khoảng 18,5 tấn"), TITLE, "number"),
        (TEXT, "Cháy kho hạt điều, thiệt hại 2 tỷ đồng", None),
        (TEXT, "Đính chính: Cháy kho hạt điều lúc rạng sáng", "correction"),
        (TEXT + "\nThông tin cải chính, xin lỗi: bài trước ghi nhầm số liệu.", TITLE, "correction"),
        (TEXT + "\nXã đã lập 3 tổ kiểm tra 210 cơ sở trong tuần tới.", TITLE, None),
        (TEXT.replace("Không có người bị thương", "Rất may không có người bị thương"), TITLE, None),
        (TEXT.replace(" ", "  ").replace("\n", "\n\n"), TITLE, None),
        ("Một bài hoàn toàn khác về 45 học sinh nhận học bổng ở 7 thôn.", TITLE, None),
    ],
    ids=[
        "a figure",
        "a figure and words around it",
        "a title without the old one's figure",
        "a corrected title",
        "a correction added",
        "a paragraph added",
        "words alone",
        "white space",
        "another text",
    ],
)
def test_only_a_changed_figure_and_a_correction_are_told_again(text: str, title: str, change: str | None) -> None:
    assert change_between(version(TEXT), article(text, title)) == change


WORDS = "Sáng 3/8, xã khởi công đường liên thôn dài 4,2 km"


@pytest.mark.parametrize(
    ("before", "now", "change"),
    [
        (("Khởi công đường liên thôn dài 4 km", "", ""), ("Xã làm đường mới", "", f"{WORDS}. Đường qua 3 thôn."), None),
        (("Khởi công đường liên thôn dài 4 km", "", ""), ("Xã làm đường mới", f"{WORDS}.", "Đường qua 3 thôn."), None),
        (("Làm đường", f"{WORDS}.", ""), ("Làm đường", "Xã làm đường mới.", WORDS.replace("4,2", "5")), None),
        (("Làm đường", "", ""), ("Làm đường", "", "Thông tin cải chính: bài trước ghi nhầm."), None),
        (("Làm đường", f"{WORDS}.", ""), ("Làm đường", f"{WORDS}.".replace("4,2", "5"), "Đường qua 3 thôn."), "number"),
        (("Khởi công đường dài 4 km ở xã", "", ""), ("Khởi công đường dài 5 km ở xã", "", "Toàn văn."), "number"),
        (("Làm đường", "", ""), ("Đính chính: Làm đường", "", "Toàn văn."), "correction"),
    ],
    ids=["text", "lead and text", "text behind a lead", "correction", "a lead's figure", "a title's", "in the title"],
)
def test_a_text_that_is_read_for_the_first_time_changes_nothing(
    before: tuple[str, str, str], now: tuple[str, str, str], change: str | None
) -> None:
    title, lead, text = before
    old = replace(version("", title=title), lead=lead, text=text)
    assert change_between(old, replace(article(now[2], now[0]), lead=now[1])) == change


def test_a_text_that_was_a_correction_before_is_no_new_one() -> None:
    corrected = TEXT + "\nThông tin cải chính: đã sửa số liệu."
    assert change_between(version(corrected), article(corrected + "\nẢnh được thay.")) is None


def test_the_previous_version_is_the_last_one_read_before_also_when_the_message_comes_again() -> None:
    old, middle, now = version(TEXT, 0), version(TEXT + " Hai.", 30), version(TEXT + " Ba.", 60)
    this = article(TEXT + " Ba.", minutes=60)
    assert previous_version(this, [old, middle]) == middle
    assert previous_version(this, [old, middle, now]) == middle
    assert previous_version(article(TEXT, minutes=0), [old]) is None
