"""The scenarios S7 (a district that is no more), S8 (bad but true) and S9 (a wrong number in praise)."""

import pytest

from tests.facts_reading import find

GHOST = "UBND huyện Bù Gia Mập, tỉnh Bình Phước vừa quyết định hỗ trợ hạt giống cho các hộ trồng điều."


# -- S7 ---------------------------------------------------------------------------------------------------------


def test_s7_a_district_written_as_current_in_2026_is_found_with_both_resolutions() -> None:
    found = find(GHOST)
    assert {(one.kind, one.fact_id) for one in found} == {
        ("unit_status", "huyen-bu-gia-map"),
        ("unit_status", "tinh-binh-phuoc"),
    }
    assert {one.source.number for one in found} == {"202/2025/QH15", "1662/NQ-UBTVQH15"}
    assert all((one.quote, one.severity, one.state) == (GHOST, "high", "contradicted") for one in found)
    assert all("30/6/2025" in one.expected and "20/11/2026" in one.reason for one in found)


@pytest.mark.parametrize(
    "text",
    [
        "Huyện ủy Bù Gia Mập vừa họp bàn việc sơ kết.",
        "HĐND huyện Bù Gia Mập sẽ họp vào tuần tới.",
        "Sáng 18/11, một đoạn đường sạt lở tại xã Đăk Ơ, huyện Bù Gia Mập, tỉnh Bình Phước.",
        "Chủ tịch UBND huyện Bù Gia Mập cho biết nhiều thôn còn thiếu nước sạch.",
        "Sở Y tế tỉnh Bình Phước đang theo dõi tình hình.",
        "Người dân xã Phú Văn, huyện Bù Gia Mập đang thu hoạch sầu riêng.",
        "Cán bộ ở xã Bù Đăng, tỉnh Đồng Nai đến tận nhà dân làm thủ tục.",
        "Chủ tịch UBND tỉnh Đồng Nai yêu cầu rà soát các công trình dở dang.",
        "UBND xã Lộc Ninh, thành phố Đồng Nai vừa mở lớp dạy nghề.",
    ],
)
def test_s7_units_of_yesterday_acting_today_are_found(text: str) -> None:
    assert {one.kind for one in find(text)} <= {"unit_status", "unit_name"}
    assert find(text)


@pytest.mark.parametrize(
    "text",
    [
        "Đường liên xã ở huyện Bù Gia Mập (cũ) đang được sửa.",
        "Địa bàn huyện Bù Gia Mập trước đây đang vào mùa khô.",
        "Năm 2019, huyện Bù Gia Mập, tỉnh Bình Phước xây hồ chứa nước này.",
        "Ngày 20/6/2025, UBND huyện Bù Gia Mập tổ chức hội nghị tổng kết.",
        "Bà Lan, nguyên Chủ tịch UBND huyện Bù Gia Mập, cho biết việc này còn vướng.",
        "Theo Quyết định số 1234/QĐ-UBND năm 2023 của UBND huyện Bù Gia Mập, khu đất đang thuộc diện thu hồi.",
        "Theo quyết định của UBND tỉnh Bình Phước, dự án đang được rà soát.",
        "Một người dân kể: “UBND huyện Bù Gia Mập, tỉnh Bình Phước vừa hứa sửa đường.”",
        "Tòa án vừa xét xử bị cáo về hành vi xảy ra tại huyện Bù Gia Mập, tỉnh Bình Phước.",
        "Anh Điểu Nam sinh ra tại huyện Bù Gia Mập, hiện làm việc ở Biên Hòa.",
        "Hội đồng hương tỉnh Bình Phước vừa họp mặt tại TP.HCM.",
        "Câu lạc bộ Trường Tươi Bình Phước đang dẫn đầu.",
        "Bệnh viện Đa khoa tỉnh Bình Phước đang mở rộng khoa cấp cứu.",
        "Trước khi sáp nhập, tỉnh Bình Phước có mười một đơn vị cấp huyện.",
        "Chiến dịch giải phóng tỉnh Bình Phước đang được dựng thành phim.",
        "UBND xã Bù Gia Mập, thành phố Đồng Nai vừa khánh thành điểm trường.",
        "Vườn quốc gia Bù Gia Mập đang cứu hộ một cá thể voọc.",
        "Trụ sở dôi dư của UBND huyện Bù Gia Mập hiện xuống cấp.",
        "Giấy tờ do UBND huyện Bù Gia Mập cấp vẫn đang có giá trị.",
    ],
)
def test_s7_the_past_quotations_documents_cases_lives_and_names_are_left_alone(text: str) -> None:
    assert find(text) == []


def test_s7_the_last_day_and_an_undated_article_are_left_alone() -> None:
    assert find(GHOST, "2025-06-30") == []
    assert find(GHOST, None) == []


def test_s7_an_event_that_began_before_the_change_carries_over_to_the_next_sentences() -> None:
    text = (
        "Tháng 3/2024, một vụ phá rừng được phát hiện. Rừng bị phá nằm ở xã Đăk Ơ, huyện Bù Gia Mập, tỉnh Bình Phước."
    )
    assert find(text) == []


def test_s7_an_article_that_explains_the_merger_may_use_the_old_name_as_a_short_form() -> None:
    text = (
        "Sau sáp nhập, địa bàn tỉnh Bình Phước thuộc Đồng Nai.\n"
        "Hiện nông dân tỉnh Bình Phước đang vào vụ thu hoạch điều."
    )
    assert find(text) == []


def test_s7_one_article_gives_one_finding_for_each_unit_and_says_how_many_more() -> None:
    found = find(f"{GHOST}\nNgày 18/11, UBND huyện Bù Gia Mập kiểm tra các chợ.")
    district = [one for one in found if one.fact_id == "huyen-bu-gia-map"]
    assert len(district) == 1
    assert "Bài còn 1 câu khác" in district[0].reason


# -- S8 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Vụ tai nạn trên đường ĐT.741 qua tỉnh Bình Phước làm 3 người chết, 5 người bị thương.",
        "Bức xúc vì đường hỏng nhiều năm, người dân Bù Gia Mập chờ câu trả lời của chính quyền.",
        "Rừng ở Vườn quốc gia Bù Gia Mập mất thêm 12 ha vì lâm tặc, kiểm lâm vào cuộc chậm.",
        "Bình Phước xử lý yếu kém, cả 7 dự án đều chậm tiến độ.",
    ],
)
def test_s8_bad_news_without_a_conflict_makes_no_finding(text: str) -> None:
    assert find(text, "2024-06-01") == []


# -- S9 ---------------------------------------------------------------------------------------------------------


def test_s9_a_wrong_length_in_a_praising_sentence_is_found_and_marked_as_of_one_source() -> None:
    text = "Giàu tiềm năng, Bình Phước có 240 km biên giới và những con người mến khách."
    (one,) = find(text, "2024-06-01")
    assert (one.kind, one.fact_id, one.found, one.severity) == ("number", "binh-phuoc-bien-gioi", "240 km", "low")
    assert (one.quote, one.start, one.end, one.field) == (text, 0, len(text), "text")
    assert "260,433 km" in one.expected
    assert "chưa kiểm chứng" in one.reason


@pytest.mark.parametrize(
    "text",
    [
        "Bình Phước có khoảng 260 km biên giới.",
        "Bình Phước có hơn 260 km biên giới.",
        "Bình Phước có 260,4 km đường biên giới với Campuchia.",
        "Bù Gia Mập có 64 km đường biên giới.",
        "Bù Gia Mập là huyện biên giới của tỉnh Bình Phước, có 64 km đường biên giới.",
        "Huyện Bù Gia Mập, tỉnh Bình Phước có 64 km đường biên giới.",
        "Một cán bộ nói: “Bình Phước có 240 km biên giới”.",
    ],
)
def test_s9_rounding_another_place_and_quotations_are_left_alone(text: str) -> None:
    assert find(text, "2024-06-01") == []
