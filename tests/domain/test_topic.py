"""Topics: where words stand decides, and every topic shows its words."""

from pathlib import Path

import msgspec
import pytest
from ruamel.yaml import YAML

from services.domain.article import tokens_of
from services.domain.topic import Topic, TopicHit, TopicRules

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="module")
def shipped() -> TopicRules:
    written = YAML(typ="safe").load((CONFIG / "topics.yaml").read_text(encoding="utf-8"))
    return TopicRules(msgspec.convert(written["topics"], list[Topic]))


def find(rules: TopicRules, title: str, lead: str = "", text: str = "", language: str = "vi") -> list[TopicHit]:
    return rules.find(tokens_of(title, lead, text), language)


def small() -> TopicRules:
    return TopicRules(
        [
            Topic(id="fire", name="Cháy", strong=["vụ cháy"], words=["cháy"], exclude=["cháy hàng"], words_en=["fire"]),
            Topic(id="road", name="Đường", words=["đường", "cầu"], weak=["xây dựng"], strong_en=["bridge"]),
            Topic(id="farm", name="Nông nghiệp", words=["vườn điều"]),
            Topic(id="school", name="Trường học", words=["trường học"]),
        ]
    )


def test_evidence_lands_on_the_original_characters() -> None:
    [hit] = find(small(), "Vụ  cháy kho hàng", text="Kho bị cháy lúc nửa đêm.")
    assert hit.topic == "fire"
    assert [(said.field, said.surface) for said in hit.evidence] == [("title", "Vụ  cháy"), ("text", "cháy")]
    assert (hit.evidence[0].start, hit.evidence[0].end) == (0, 8)


def test_a_word_says_it_in_the_title_but_not_alone_in_the_text() -> None:
    assert [hit.topic for hit in find(small(), "Làm cầu mới")] == ["road"]
    assert find(small(), "Chuyện làng", text="Bên kia cầu có một quán nước.") == []


def test_words_late_in_a_long_text_count_less() -> None:
    said, filler = "Làng nhắc lại vụ cháy và cảnh cháy nhà. ", "Ông kể chuyện ngày xưa ở quê. " * 40
    assert [hit.topic for hit in find(small(), "", text=said + filler)] == ["fire"]
    assert find(small(), "", text=filler + said) == []


def test_excluded_phrases_do_not_count() -> None:
    assert find(small(), "Bánh trung thu cháy hàng") == []


def test_weak_words_only_add() -> None:
    assert find(small(), "Xây dựng nếp sống mới", text="xây dựng và xây dựng") == []


def test_at_most_three_and_the_strongest_first() -> None:
    hits = find(small(), "Vụ cháy, cháy lan sang trường học và vườn điều cạnh cầu")
    assert hits[0].topic == "fire"
    assert len(hits) <= 3


def test_english_words_count_outside_vietnamese_only() -> None:
    assert [hit.topic for hit in find(small(), "Old bridge to be replaced", language="en")] == ["road"]
    assert find(small(), "Old bridge to be replaced", language="vi") == []


def test_a_text_typed_without_marks() -> None:
    assert [hit.topic for hit in find(small(), "Vu chay kho hang o Dong Xoai")] == ["fire"]


def test_no_topics_no_hits() -> None:
    assert find(TopicRules([]), "Vụ cháy") == []
    assert find(small(), "") == []


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="word"):
        msgspec.convert({"id": "x", "name": "X", "word": ["a"]}, Topic)


@pytest.mark.parametrize(
    ("title", "topic"),
    [
        ("Xe tải lật trên ĐT.741, hai người bị thương", "su_viec"),
        ("Thông tin cải chính, xin lỗi", "cai_chinh"),
        ("Bộ đội Biên phòng bắt hàng lậu qua đường mòn", "bien_gioi"),
        ("Xóa nhà tạm cho hộ nghèo ở xã Đăk Ơ", "nhan_quyen"),
        ("Sáp nhập xong, xã Phú Nghĩa sắp xếp bộ máy", "to_chuc"),
        ("Gỡ vướng giải phóng mặt bằng cao tốc Gia Nghĩa - Chơn Thành", "ha_tang"),
        ("Thêm ba nhà đầu tư vào khu công nghiệp", "dau_tu"),
        ("Thu ngân sách sáu tháng vượt kế hoạch, GRDP tăng khá", "ktxh"),
        ("Giá hạt điều giảm, nhà vườn lo mất mùa", "nong_nghiep"),
        ("Kiểm lâm bắt nhóm phá rừng", "xanh"),
        ("Phủ sóng viễn thông vùng lõm để làm dịch vụ công trực tuyến", "so"),
        ("Quy tập hài cốt liệt sĩ ở căn cứ cách mạng", "lich_su"),
        ("Đêm cồng chiêng của người S'tiêng", "van_hoa"),
        ("Trekking rừng quốc gia hút du khách", "du_lich"),
        ("Đoàn Campuchia thăm chính thức, bàn hợp tác", "doi_ngoai"),
        ("Kiều bào góp tiền xây trường", "kieu_bao"),
        ("Đội bóng thua trận đấu thứ hai ở giải hạng Nhất", "nhieu"),
    ],
)
def test_every_shipped_topic_is_found(shipped: TopicRules, title: str, topic: str) -> None:
    assert topic in [hit.topic for hit in find(shipped, title)]


def test_shipped_topics_are_sound(shipped: TopicRules) -> None:
    assert len(shipped.topics) == 17
    assert all(topic.name and 0 <= topic.weight <= 5 for topic in shipped.topics.values())
    assert shipped.topics["nhieu"].weight == 0


def test_shipped_english(shipped: TopicRules) -> None:
    [first, *_] = find(shipped, "Cashew growers hit by African swine fever rumours", language="en")
    assert first.topic in ("nong_nghiep", "su_viec")
