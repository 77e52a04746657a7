"""When two articles tell the same story, and when one is a copy of the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from services.domain.article import Article, hash_of, tokens_of
from services.domain.story import Neighbour, Sketch, Teller, choose, current_story, sketch_of

START = datetime(2026, 11, 17, 1, 0, tzinfo=UTC)

FIRE = (
    "Khoảng 2 giờ ngày 17/11, một kho chứa hạt điều tại thôn Bù Rên, xã Bù Gia Mập bốc cháy dữ dội khi cả xóm còn ngủ. "
    "Người dân dùng máy bơm tưới rẫy hút nước từ suối để chữa cháy trong lúc chờ hai xe chuyên dụng vượt 34 km tới. "
    "Đến 4 giờ 15 phút ngọn lửa được khống chế, khoảng 18 tấn hạt điều và mái tôn rộng 600 m2 bị thiêu rụi. "
    "Chủ kho cho biết hàng vừa gom xong để giao cho nhà máy, thiệt hại ước tính hơn 700 triệu đồng. "
    "Ủy ban nhân dân xã cử dân quân giúp gia đình dọn dẹp và rà soát lại các kho nông sản nằm sát nhà ở. "
    "Nguyên nhân ban đầu được xác định do chập điện từ quạt sấy, không có người bị thương trong vụ cháy. "
    "Đây là vụ cháy kho nông sản thứ ba trên địa bàn từ đầu mùa khô, sau hai vụ nhỏ ở Phú Nghĩa và Đa Kia. "
    "Xã khuyến cáo các hộ lắp cầu dao tự ngắt, không phơi vỏ điều sát vách kho và chuẩn bị sẵn bể nước."
)
ROAD = (
    "Tuyến đường liên xã nối Đăk Ơ với khu tái định cư thôn 7 vừa được thông xe kỹ thuật sau chín tháng thi công. "
    "Mặt đường rộng 5,5 m, dài 12,4 km, đi qua ba cây cầu nhỏ từng bị ngập mỗi khi suối lớn dâng trong mùa mưa. "
    "Hơn 320 hộ dân, phần lớn là đồng bào S'tiêng, không còn phải đi vòng gần một giờ để đưa con tới trường. "
    "Ban quản lý dự án cho hay phần lề đường và rãnh thoát nước sẽ hoàn thành trước Tết, kinh phí 96 tỷ đồng. "
    "Chủ tịch xã đề nghị nhà thầu hoàn trả các đoạn vườn mượn làm đường tạm, đồng thời gắn biển hạn chế tải trọng. "
    "Một số hộ phản ánh bụi lớn vào buổi trưa, đơn vị thi công cam kết tưới nước ba lần mỗi ngày."
)


def article(name: str, title: str, text: str, hours: float | None = 0, lead: str = "") -> Article:
    seen = START + timedelta(hours=hours or 0)
    return Article(
        article_id=name,
        source_class="press",
        title=title,
        lead=lead,
        text=text,
        published_at=None if hours is None else seen,
        first_seen=seen,
        seen_at=seen,
        text_basis="given",
        content_hash=hash_of(title, lead, text),
    )


def sketch(name: str, title: str, text: str, hours: float | None = 0) -> Sketch:
    made = article(name, title, text, hours)
    return sketch_of(made, tokens_of(made.title, made.lead, made.text))


def neighbour(one: Sketch, story: str | None = None) -> Neighbour:
    return Neighbour(one, story or one.article_id, one.founded)


FOUNDER = sketch("a", "Cháy kho hạt điều lúc rạng sáng ở Bù Gia Mập", FIRE)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Cháy kho hạt điều lúc rạng sáng ở Bù Gia Mập", FIRE),
        ("Bà hỏa thiêu rụi 18 tấn điều, dân hút nước suối dập lửa", FIRE),
        ("Bà hỏa thiêu rụi 18 tấn điều", ". ".join(FIRE.split(". ")[:4]) + "."),
        ("Cháy lớn", FIRE.upper()),
        ("Chay kho hat dieu", FIRE + " " + ROAD[:230]),
    ],
    ids=["verbatim", "retitled", "shortened to a half", "in capitals", "with a paragraph added"],
)
def test_a_copy_joins_the_story_and_names_what_it_repeats(title: str, text: str) -> None:
    choice = choose(sketch("b", title, text, 3), [neighbour(FOUNDER)])
    assert choice.told.story_id == "a"
    assert choice.told.copy_of == "a"


def test_another_event_of_the_same_place_and_day_stays_apart() -> None:
    choice = choose(sketch("b", "Thông xe đường liên xã ở Đăk Ơ", ROAD, 1), [neighbour(FOUNDER)])
    assert choice.told.story_id == "b"
    assert choice.told.copy_of is None


def test_a_follow_up_that_reuses_a_paragraph_within_two_days_is_the_same_story_and_no_copy() -> None:
    later = ROAD + " " + ". ".join(FIRE.split(". ")[2:5])
    assert choose(sketch("b", "Hỗ trợ chủ kho điều", later, 30), [neighbour(FOUNDER)]).told.story_id == "a"
    assert choose(sketch("b", "Hỗ trợ chủ kho điều", later, 30), [neighbour(FOUNDER)]).told.copy_of is None
    assert choose(sketch("b", "Nhìn lại một năm", later, 24 * 6), [neighbour(FOUNDER)]).told.story_id == "b"


def test_the_window_between_two_members_is_fourteen_days_and_an_unknown_date_is_in_every_window() -> None:
    assert choose(sketch("b", "Cháy kho", FIRE, 24 * 13), [neighbour(FOUNDER)]).told.story_id == "a"
    assert choose(sketch("b", "Cháy kho", FIRE, 24 * 15), [neighbour(FOUNDER)]).told.story_id == "b"
    assert choose(sketch("b", "Cháy kho", FIRE, None), [neighbour(FOUNDER)]).told.story_id == "a"


def price_table(day: int) -> str:
    return " ".join(
        f"Tại {place}, thương lái thu mua hạt điều tươi đầu vụ với giá {30_100 + day * 370 + row * 13} đồng mỗi ký, "
        f"hạt khô {41_300 + day * 210 + row * 17} đồng, so với phiên trước thay đổi {120 + day * 7 + row} đồng."
        for row, place in enumerate(["Bù Gia Mập", "Đăk Ơ", "Phú Nghĩa", "Đa Kia", "Đồng Xoài", "Phước Long"])
    )


def test_daily_tables_keep_their_words_and_not_their_figures_so_they_stay_apart() -> None:
    first = sketch("a", "Giá điều tươi: thị trường đầu vụ", price_table(0))
    second = sketch("b", "Giá điều tươi: thị trường đầu vụ", price_table(1), 24)
    assert choose(second, [neighbour(first)]).told.story_id == "b"
    wordless = msgspec.structs.replace(second, numbers=[])
    assert choose(wordless, [neighbour(first)]).told.story_id == "a", "it is the figures that keep them apart"


@pytest.mark.parametrize(
    ("one", "other"),
    [("Dự báo thời tiết 17/11", "Dự báo thời tiết 18/11"), ("Tin sáng 17.11", "Tin sáng ngày 18 tháng 11")],
)
def test_titles_that_name_different_days_are_different_editions(one: str, other: str) -> None:
    text = " ".join(FIRE.split()[20:])
    assert choose(sketch("b", other, text + " Hết.", 2), [neighbour(sketch("a", one, text))]).told.story_id == "b"


def test_short_texts_need_titles_that_agree() -> None:
    phrase = "Chiều nay, tại hội trường tỉnh, lãnh đạo các sở ngành và địa phương tham dự hội nghị giao ban báo chí"
    seen = neighbour(sketch("a", "Bàn giải pháp giữ rừng đầu nguồn", phrase + " tháng mười."))
    assert choose(sketch("b", "Thống nhất lịch phát sóng mới", phrase + " tháng chín."), [seen]).told.story_id == "b"


def test_a_text_that_links_two_stories_merges_them_under_the_older() -> None:
    road = sketch("r", "Thông xe đường liên xã", ROAD, 1)
    both = sketch("x", "Cháy kho điều và thông xe đường liên xã", FIRE + " " + ROAD, 2)
    choice = choose(both, [neighbour(road), neighbour(FOUNDER)])
    assert choice.told.story_id == "a"
    assert choice.merged == ("r",)


def test_boilerplate_counts_for_nothing() -> None:
    boilerplate = frozenset(FOUNDER.shingles)
    other = sketch("b", "Tin khác", FIRE + " " + ROAD, 1)
    assert choose(other, [neighbour(FOUNDER)], boilerplate).told.story_id == "b"


def test_a_new_text_of_a_member_never_leaves_its_story() -> None:
    rewritten = sketch("b", "Bài đã viết lại", ROAD, 5)
    assert choose(rewritten, [], own_story="a").told.story_id == "a"


def test_a_story_goes_by_the_id_that_its_founder_leads_to() -> None:
    tellers = {
        "r": Teller(story="a", sketch=FOUNDER),
        "a": Teller(story="a", sketch=FOUNDER),
        "z": Teller(story="r", sketch=FOUNDER),
    }
    assert current_story("z", tellers.get) == "a"
    assert current_story("a", tellers.get) == "a"
    assert current_story("unknown", tellers.get) == "unknown"
