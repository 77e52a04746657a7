"""The place register on the shipped places.yaml: names, confusables, dates, anchors, classes."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services import resources
from services.domain.article import Fields, tokens_of
from services.domain.place import Mention, Parent, Place, PlaceName, Reading, Rejected, Successor
from services.domain.place.register import PlaceRegister
from services.rulebook.load import load_places

NOW = datetime(2026, 11, 20, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def register() -> PlaceRegister:
    return load_places(resources.config_dir())


def fields(text: str, title: str = "", lead: str = "") -> Fields:
    return tokens_of(title, lead, text)


def named(reading: Reading) -> dict[str, str]:
    return {mention.place: mention.surface for mention in reading.mentions}


SIX = [
    "Bù Gia Mập",
    unicodedata.normalize("NFD", "Bù Gia Mập"),
    "Bù\u00a0Gia\u00a0Mập",
    "Bù-Gia-Mập",
    "BÙ GIA MẬP",
    "Bu Gia Map",
]


@pytest.mark.parametrize("written", [*SIX, "bù gia mập", "Bù Gia\u200b Mập", "#bugiamap", "Bù Gia Mâp"])
def test_spellings_of_one_name_with_the_highlight_on_the_original_characters(
    register: PlaceRegister, written: str
) -> None:
    text = f"Kiểm lâm dập xong đám cháy ở {written}, sáng nay."
    reading = register.read(fields(text), NOW)
    assert [(one.place, text[one.start : one.end]) for one in reading.mentions] == [
        ("bu-gia-map", written.removeprefix("#"))
    ]
    assert reading.places == {"bu-gia-map": "about", "binh-phuoc": "about"}
    assert reading.verdict == "about"


@pytest.mark.parametrize(
    "text",
    [
        "Kẹt xe kéo dài ở phường Hiệp Bình Phước.",
        "Xe tải lật dưới chân cầu Bình Phước, TP.HCM.",
        "Ngã tư Bình Phước ngập sâu sau mưa.",
        "Lũ lên nhanh ở xã Bình Phước, Vĩnh Long.",
        "Xã Bình Phước (huyện Bình Sơn, Quảng Ngãi) có trạm y tế mới.",
        "Xã Bình Phước Xuân của An Giang trồng xoài.",
        "Ông Phạm Bình Phước nhận giải, anh Bình Phước nói.",
        "Kết quả xổ số Bình Phước hôm nay, XSBP.",
        "Họ phủ vẫn kín bạt, lòng dân rung động nãi giờ.",
        "Án mạng ở phường Phước Long, TP.HCM.",
        "Khu công nghiệp Phú Nghĩa (Chương Mỹ, Hà Nội) tuyển thợ.",
        "Tai nạn tại xã Phước Bình, huyện Long Thành, Đồng Nai.",
        "Lễ hội Thăng Long Hà Nội, bà Hoàng Long Hà dự.",
        "Cháy ở phường Phước Long B, quận 9.",
        "Trường tiểu học Phước Long 1 ở Nha Trang khai giảng.",
        "Đường Bình Long nối quận Bình Tân và quận Tân Phú.",
        "Traffic jam at Binh Phuoc Bridge, HCMC, and in Hiep Binh Phuoc ward.",
        "A flood hit Binh Phuoc commune, Vinh Long.",
        "Phú, Nghĩa và Đăk, Ơ là bốn người bạn.",
    ],
)
def test_confusables_are_never_mentions(register: PlaceRegister, text: str) -> None:
    reading = register.read(fields(text), None)
    assert reading.mentions == []
    assert (reading.places, reading.verdict) == ({}, "none")


def test_what_is_turned_down_says_why_in_vietnamese(register: PlaceRegister) -> None:
    text = "Kẹt xe ở Hiệp Bình Phước; ông Phạm Bình Phước kể; xã Phước Bình, huyện Long Thành; chợ Phú Nghĩa."
    rejected = {text[one.start : one.end]: (one.rule, one.reason) for one in register.read(fields(text), None).rejected}
    assert rejected["Hiệp Bình Phước"] == ("longer_name", "Tên dài hơn, là phường ở TP.HCM.")
    assert rejected["Bình Phước"] == ("person", "Tên người: “Phạm Bình Phước”.")
    assert rejected["Phước Bình"] == ("elsewhere", "Trùng tên, ở nơi khác: huyện Long Thành.")
    assert rejected["Phú Nghĩa"][0] == "landmark"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Cá sấu lộ diện ở suối thuộc xã Đăk Ơ, TP Đồng Nai.", "xa-dak-o"),
        ("Trạm y tế xã Đắk Ơ đông bệnh nhân.", "xa-dak-o"),
        ("Hội nghị tại xã Phú Nghĩa, TP. Đồng Nai.", "xa-phu-nghia"),
        ("Người dân phường Bình Phước, thành phố Đồng Nai kêu ngập.", "phuong-binh-phuoc"),
        ("Án mạng tại phường Phước Long, TP Đồng Nai.", "phuong-phuoc-long"),
        ("Vườn quốc gia Bù Gia Mập đón khách.", "vuon-quoc-gia-bu-gia-map"),
        ("Xã Lộc Hưng khen hộ dân. Cùng ngày, Bù Đốp mở hội.", "xa-loc-hung"),
        ("Dak O commune, Bu Gia Map district, has a new clinic, said the office of the people.", "xa-dak-o"),
        ("越南平福省发生火灾", "binh-phuoc"),
        ("베트남 빈프억성 화재", "binh-phuoc"),
        ("ベトナムのビンフオック省で火災", "binh-phuoc"),
        ("Пожар в провинции Биньфыок", "binh-phuoc"),
        ("Truong Tuoi Binh Phuoc beat Hue on Sunday", "binh-phuoc"),
    ],
)
def test_names_of_today_and_in_other_languages(register: PlaceRegister, text: str, place: str) -> None:
    reading = register.read(fields(text), NOW)
    assert place in named(reading)
    assert "binh-phuoc" in reading.places, "a unit counts for the province of before at any date"


def test_a_name_that_ended_is_not_told_by_the_new_city_alone(register: PlaceRegister) -> None:
    """The city has another Phước An, Thống Nhất and Tân Phú today."""
    for text in ("Cảng ở xã Phước An, TP Đồng Nai.", "Chợ xã Thống Nhất, TP Đồng Nai.", "Phường Tân Phú, TP Đồng Nai."):
        assert register.read(fields(text), NOW).mentions == []


def test_an_ambiguous_name_needs_an_anchor_within_reach(register: PlaceRegister) -> None:
    alone = "Thị xã Phước Long khánh thành trường học."
    assert [one.rule for one in register.read(fields(alone), None).rejected] == ["no_anchor"]
    assert "phuoc-long" in named(register.read(fields(alone, title="Bình Phước có trường mới"), None))
    far = alone + " Học sinh vui." * 60 + " Đoàn từ Bình Phước về."
    assert "phuoc-long" not in named(register.read(fields(far), None))


def test_a_place_told_once_is_known_in_the_whole_article(register: PlaceRegister) -> None:
    text = "Cháy ở thị xã Phước Long (Bình Phước)." + " Lửa lan nhanh." * 60 + " Phước Long huy động người."
    assert [one.rule for one in register.read(fields(text), None).mentions] == ["address", "name", "said_before"]


def test_territory_follows_the_date(register: PlaceRegister) -> None:
    long_ha = "Khánh thành cầu ở xã Long Hà, tỉnh Bình Phước."
    in_2012, in_2018 = datetime(2012, 5, 1, tzinfo=UTC), datetime(2018, 5, 1, tzinfo=UTC)
    assert "bu-gia-map" in register.read(fields(long_ha), in_2012).places
    assert "bu-gia-map" not in register.read(fields(long_ha), in_2018).places
    assert "bu-gia-map" in register.read(fields(long_ha), None).places, "no date: all periods"
    told = "Khánh thành cầu ở xã Long Hà, huyện Phú Riềng, tỉnh Bình Phước."
    assert "bu-gia-map" not in register.read(fields(told), None).places, "the district named began in 2015"


@pytest.mark.parametrize(
    ("text", "class_"),
    [
        ("Nghi phạm Lê Văn M. (24 tuổi, quê Bình Phước) bị bắt tại Hà Nội.", "mention"),
        ("Mưa to ở Tây Ninh, Bình Phước, Long An và Bình Dương.", "mention"),
        ("Xe khách chạy tuyến Bình Phước - Nam Định gặp nạn ở Gia Lai.", "mention"),
        ("Đại biểu Trần Thị H. (Bình Phước) nêu ý kiến về dự luật.", "mention"),
        ("Công an tỉnh Bình Phước đã khởi tố vụ phá rừng 12 ha.", "about"),
        ("Bình Phước có 25 điểm thi trong kỳ thi năm nay.", "about"),
    ],
)
def test_in_passing_or_not(register: PlaceRegister, text: str, class_: str) -> None:
    reading = register.read(fields(text), None)
    assert {one.class_ for one in reading.mentions} == {class_}
    assert reading.verdict == ("mentioned" if class_ == "mention" else "about")


def test_a_part_of_an_article_on_something_else(register: PlaceRegister) -> None:
    text = (
        "Bộ Y tế họp về tiêm chủng cả nước. " * 30
        + "Hà Nội thiếu người. Đà Nẵng thiếu tủ lạnh. Cần Thơ và Huế chậm giải ngân. "
        + "Bình Phước đã tiêm xong 12.000 mũi trong tháng, theo sở y tế tỉnh. "
        + "Các địa phương khác báo cáo trong tháng tới. " * 20
    )
    assert register.read(fields(text), None).places["binh-phuoc"] == "part"


def test_the_city_is_an_anchor_and_recorded_only_when_asked(register: PlaceRegister) -> None:
    text = fields("TP Đồng Nai khởi công đường mới. Xã Đăk Ơ đã bàn giao mặt bằng.")
    plain, wide = register.read(text, NOW), register.read(text, NOW, frozenset({"dong-nai"}))
    assert set(named(plain)) == {"xa-dak-o"}
    assert set(named(wide)) == {"xa-dak-o", "dong-nai"}
    assert "dong-nai" in wide.places
    assert {place: near for place, near in wide.places.items() if place != "dong-nai"} == plain.places
    only = register.read(fields("TP Đồng Nai khởi công đường mới."), NOW, frozenset({"dong-nai"}))
    assert (only.verdict, list(only.places)) == ("none", ["dong-nai"]), "the verdict speaks of watched places"


def test_what_a_place_was_on_a_day(register: PlaceRegister) -> None:
    before, after = date(2025, 6, 30), date(2025, 7, 1)
    assert register.name_at("bu-gia-map", before) == "huyện Bù Gia Mập"
    assert register.name_at("bu-gia-map", after) == "huyện Bù Gia Mập (cũ)"
    assert [register.name_at("dong-nai", day) for day in (date(2026, 4, 29), date(2026, 4, 30))] == [
        "tỉnh Đồng Nai",
        "thành phố Đồng Nai",
    ]
    assert [register.name_at("phuong-loc-ninh", day) for day in (before, after, date(2026, 5, 1))] == [
        "thị trấn Lộc Ninh",
        "xã Lộc Ninh",
        "phường Lộc Ninh",
    ]
    assert register.name_at("vuon-quoc-gia-bu-gia-map", None) == "Vườn quốc gia Bù Gia Mập"
    assert register.ancestors("xa-phu-nghia", before) == ("bu-gia-map", "binh-phuoc")
    assert register.ancestors("xa-phu-nghia", after) == ("bu-gia-map", "binh-phuoc", "dong-nai")
    assert register.ancestors("binh-phuoc") == ()
    assert register.spellings_of("bu gia map")[0] == "bù gia mập"
    assert register.spellings_of("khong co ten nay") == ()


def test_the_shipped_register_holds_the_territory(register: PlaceRegister) -> None:
    """11 districts and 111 communes to 30/6/2025 (Chơn Thành a town since 2022); 40 units since."""
    day_before, today = date(2025, 6, 30), date(2026, 11, 1)
    kinds = {
        day: [
            name.kind
            for place in register.places.values()
            if place.watched
            for name in place.names
            if name.valid(day) and (name.valid_from or name.valid_to or place.parents)
        ]
        for day in (day_before, today)
    }
    units = {day: [kind for kind in found if kind in ("xã", "phường", "thị trấn")] for day, found in kinds.items()}
    districts = [kind for kind in kinds[day_before] if kind in ("huyện", "thị xã", "thành phố")]
    assert (len(districts), len(units[day_before]), len(units[today])) == (11, 111, 40)
    assert [units[day_before].count(kind) for kind in ("phường", "thị trấn", "xã")] == [20, 5, 86]
    for place in register.places.values():
        ended = place.names[-1].valid_to
        if place.watched and ended and place.id not in ("binh-phuoc",):
            assert place.successors, f"{place.id} ended and became nothing"


def test_a_register_that_contradicts_itself_is_refused() -> None:
    name = PlaceName(text="Đa Mẫu", kind="xã")
    lone = Place(id="xa-da-mau", names=[name])
    with pytest.raises(ValueError, match="two places have the id"):
        PlaceRegister([lone, lone])
    with pytest.raises(ValueError, match="there is no place 'huyen-mau'"):
        PlaceRegister([Place(id="xa-da-mau", names=[name], parents=[Parent(place="huyen-mau")])])
    with pytest.raises(ValueError, match="there is no place 'huyen-mau'"):
        PlaceRegister([Place(id="a", names=[name], successors=[Successor(place="huyen-mau", on=date(2025, 7, 1))])])
    with pytest.raises(ValueError, match="lies in itself"):
        PlaceRegister([Place(id="xa-da-mau", names=[name], parents=[Parent(place="xa-da-mau")])])
    with pytest.raises(ValueError, match="no letters"):
        PlaceRegister([Place(id="a", names=[PlaceName(text="--", kind="xã")])])


PIECES = st.sampled_from(
    [
        *("Bình Phước", "Phú Nghĩa", "xã ", "huyện ", "Hà Nội", "quê ", "Đồng Nai", "TP ", "a"),
        *(", ", " (", ")", ". ", "\n", "-"),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=25), st.lists(PIECES, max_size=6))
def test_what_is_read_is_consistent(register: PlaceRegister, text: list[str], title: list[str]) -> None:
    given_fields = fields("".join(text), title="".join(title))
    reading = register.read(given_fields, None)
    strength = {"mention": 0, "part": 1, "about": 2}
    strongest: dict[str, int] = {}
    said: list[Mention | Rejected] = [*reading.mentions, *reading.rejected]
    for one in said:
        assert given_fields[one.field].source[one.start : one.end] == one.surface != ""
        assert one.rule
        assert one.reason
    for mention in reading.mentions:
        assert 0 <= mention.confidence <= 1
        for place in (mention.place, *register.ancestors(mention.place)):
            if register.places[place].watched:
                strongest[place] = max(strongest.get(place, 0), strength[mention.class_])
    assert set(reading.places) <= set(strongest)
    assert all(strength[near] <= strongest[place] for place, near in reading.places.items())
    best = max((strength[near] for near in reading.places.values()), default=None)
    assert reading.verdict == ("none" if best is None else "about" if best else "mentioned")
