"""Each rule of the place register with a sentence that it takes and one that it refuses (domain.md, section 2).

Sentences are our own. `None` in the place of a date is an article without one.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from services import resources
from services.domain.article import tokens_of
from services.domain.place import Place, Reading
from services.domain.place.legacy import decoded, legacy_encoding
from services.domain.place.register import PlaceRegister
from services.rulebook.load import load_places

NOW = datetime(2026, 11, 20, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def register() -> PlaceRegister:
    return load_places(resources.config_dir())


def read(register: PlaceRegister, text: str, on: datetime | None = NOW) -> Reading:
    return register.read(tokens_of("", "", text), on)


@dataclass(frozen=True)
class Rule:
    """A place, sentences that count for it, and sentences that look alike and do not."""

    place: str
    takes: tuple[str, ...]
    refuses: tuple[str, ...]


RULES: dict[str, Rule] = {
    "exact name": Rule("bu-gia-map", ("Mưa đá ở Bù Gia Mập.",), ("Gia đình mập mạp ở bù nhìn.",)),
    "without marks, unmistakable": Rule(
        "bu-gia-map", ("Vuon quoc gia Bu Gia Map mo cua.",), ("Bu lông, gia vị, map đồ.",)
    ),
    "without marks, another province": Rule(
        "binh-phuoc", ("Binh Phuoc Province exports cashew.",), ("Vinh Phuc and Binh Thuan export cashew.",)
    ),
    "folded words that are no name": Rule(
        "xa-long-ha",
        ("Cháy rẫy ở xã Long Hà, huyện Phú Riềng.",),
        ("Lòng Hà rộn ràng khi nước lên ở Phú Riềng.", "Phủ Văn, đông phủ, lòng hà."),
    ),
    "spellings of the highlands": Rule(
        "xa-dak-o",
        ("Trạm y tế Đắk Ơ.", "Trạm y tế Đak Ơ.", "Trạm y tế Đắc Ơ.", "Dak O commune.", "Trạm y tế Đăk-Ơ."),
        ("Đăk Tô ở Kon Tum.", "Đăk Lăk ở xa."),
    ),
    "composed and decomposed": Rule(
        "binh-phuoc",
        (unicodedata.normalize("NFD", "Tỉnh Bình Phước trồng điều."), "Bình\u00a0Phước trồng điều.", "BÌNH PHƯỚC"),
        (unicodedata.normalize("NFD", "Bình phục sau phẫu thuật."),),
    ),
    "hashtag": Rule("bu-gia-map", ("Ảnh đẹp #bugiamap",), ("#bugia",)),
    "old encoding TCVN3": Rule(
        "bu-gia-map", ("TØnh B×nh Ph­íc, huyÖn Bï Gia MËp trång ®iÒu.",), ("TØnh B×nh D­¬ng trång cao su, ®iÒu.",)
    ),
    "old encoding VNI": Rule(
        "bu-gia-map", ("Huyeän Buø Gia Maäp, tænh Bình Phöôùc.",), ("Huyeän Daàu Tieáng, tænh Bình Döông.",)
    ),
    "Chinese": Rule("binh-phuoc", ("平福省发生火灾",), ("平福县的新桥", "永福省发生火灾")),
    "Japanese": Rule("binh-phuoc", ("ビンフオック省で火災",), ("ビンフック省で火災",)),
    "Korean": Rule("bu-gia-map", ("부자맙 국립공원",), ("부자 마을",)),
    "Russian": Rule("bu-gia-map", ("Парк Бу-Гиа-Мап открыт",), ("Парк Бузулук открыт",)),
    "French": Rule("binh-phuoc", ("La province de Binh Phuoc exporte.",), ("La province de Binh Dinh exporte.",)),
    "German": Rule("binh-phuoc", ("Die Provinz Binh Phuoc exportiert.",), ("Die Provinz Binh Duong exportiert.",)),
    "possessive": Rule("binh-phuoc", ("Binh Phuoc's cashew growers",), ("Phuoc's cashew growers",)),
    "marks tell two communes apart": Rule(
        "xa-loc-thanh", ("Xã Lộc Thành, TP Đồng Nai.",), ("Xã Lộc Thạnh, TP Đồng Nai.",)
    ),
    "capital letters make a name": Rule(
        "xa-phu-nghia", ("Xã Phú Nghĩa, TP Đồng Nai.",), ("Giàu phú nghĩa, ở Đồng Nai.",)
    ),
    "longer name wins": Rule(
        "binh-phuoc", ("Người dân Bình Phước.",), ("Người dân Hiệp Bình Phước.", "Xã Bình Phước Xuân, An Giang.")
    ),
    "landmarks of the capital of the south": Rule(
        "binh-phuoc",
        ("Cầu mới ở tỉnh Bình Phước.",),
        (
            "Ùn tắc ở cầu Bình Phước.",
            "Ngã tư Bình Phước ngập.",
            "Nút giao Bình Phước thông xe.",
            "Vòng xoay Bình Phước.",
            "Cảng Bình Phước.",
            "Chợ đầu mối Bình Phước.",
            "Binh Phuoc Bridge closed.",
        ),
    ),
    "streets and estates": Rule(
        "binh-phuoc",
        ("Mở đường ở Bình Phước.",),
        ("Đường Bình Phước kẹt xe.", "KDC Bình Phước mất điện.", "Phố Bình Phước.", "Hẻm Bình Phước."),
    ),
    "communes of the same name": Rule(
        "binh-phuoc",
        ("Phường Bình Phước, TP Đồng Nai.",),
        ("Xã Bình Phước, Vĩnh Long.", "Xã Bình Phước, huyện Bình Sơn.", "Binh Phuoc commune, Vinh Long."),
    ),
    "people": Rule(
        "binh-phuoc",
        ("Ông chủ tịch tỉnh Bình Phước.",),
        ("Phạm Bình Phước về nhất.", "Anh Bình Phước kể.", "Bác sĩ Bình Phước khám.", "Bà Bình Phước."),
    ),
    "lottery": Rule("binh-phuoc", ("Bình Phước có hồ mới.",), ("Kết quả xổ số Bình Phước.", "XSBP thứ bảy.")),
    "club under its old and new name": Rule(
        "binh-phuoc", ("Trường Tươi Bình Phước thắng.", "Trường Tươi Đồng Nai thắng."), ("Trường Tươi khai giảng.",)
    ),
    "a new ward of the old name": Rule(
        "phuong-binh-phuoc", ("Phường Bình Phước họp dân.",), ("Phường Hiệp Bình Phước họp dân.", "Tỉnh Bình Phước.")
    ),
    "many bear it: an address": Rule(
        "phuong-phuoc-long",
        ("Cháy ở phường Phước Long, TP Đồng Nai.",),
        ("Cháy ở phường Phước Long, TP.HCM.", "Xã Phước Long, Cà Mau.", "Xã Phước Long, Vĩnh Long."),
    ),
    "many bear it: an anchor": Rule(
        "phuoc-long", ("Thị xã Phước Long mừng. Bình Phước vui.",), ("Thị xã Phước Long mừng. Cả nhà vui.",)
    ),
    "a park elsewhere": Rule(
        "phuong-phuoc-binh",
        ("Phường Phước Bình, TP Đồng Nai.",),
        ("Vườn quốc gia Phước Bình, Khánh Hòa.", "Xã Phước Bình, huyện Long Thành, Đồng Nai."),
    ),
    "a commune of Hà Nội": Rule(
        "xa-phu-nghia", ("Xã Phú Nghĩa, Bù Gia Mập.",), ("Xã Phú Nghĩa, Chương Mỹ, Hà Nội.", "Chợ Phú Nghĩa.")
    ),
    "districts of the capital of the south": Rule(
        "xa-binh-tan", ("Xã Bình Tân, huyện Phú Riềng.",), ("Quận Bình Tân, TP.HCM.", "Q. Bình Tân kẹt xe.")
    ),
    "other kind of unit": Rule(
        "dong-phu", ("Huyện Đồng Phú, tỉnh Bình Phước.",), ("Quận Đồng Phú kẹt xe.", "Đồng Phú đông vui.")
    ),
    "border gate": Rule("cua-khau-hoa-lu", ("Cửa khẩu Hoa Lư thông quan.",), ("Cố đô Hoa Lư, Ninh Bình.",)),
    "river and commune": Rule(
        "xa-dong-nai", ("Xã Đồng Nai, huyện Bù Đăng.",), ("Sông Đồng Nai dâng.", "Cầu Đồng Nai sửa.", "TP Đồng Nai.")
    ),
    "national park": Rule(
        "vuon-quoc-gia-bu-gia-map",
        ("VQG Bù Gia Mập đón khách.", "Vườn quốc gia Bù Gia Mập.", "Bu Gia Map National Park."),
        ("Vườn quốc gia Cát Tiên.", "Xã Bù Gia Mập."),
    ),
    "a successor alone is no old place": Rule(
        "binh-phuoc", ("Xã Đăk Ơ, TP Đồng Nai.",), ("TP Đồng Nai họp.", "Dong Nai City met.")
    ),
    "today's commune counts for the district of before": Rule(
        "bu-gia-map",
        ("Xã Đăk Ơ, TP Đồng Nai.", "Xã Đa Kia, TP Đồng Nai.", "Xã Phú Nghĩa, TP Đồng Nai."),
        ("Xã Phước Sơn, TP Đồng Nai.", "Xã Bình Tân, TP Đồng Nai.", "Xã Long Hà, TP Đồng Nai."),
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_takes_and_refuses(register: PlaceRegister, name: str) -> None:
    rule = RULES[name]
    for text in rule.takes:
        assert rule.place in read(register, text).places, text
    for text in rule.refuses:
        assert rule.place not in read(register, text).places, text


@pytest.mark.parametrize(
    ("place", "text", "yes", "no"),
    [
        ("bu-gia-map", "Xã Long Hà, tỉnh Bình Phước.", date(2012, 5, 1), date(2018, 5, 1)),
        ("dong-nai", "Xã Đăk Ơ có trường mới.", date(2025, 7, 1), date(2025, 6, 30)),
    ],
)
def test_the_day_decides_what_a_unit_counts_for(
    register: PlaceRegister, place: str, text: str, yes: date, no: date
) -> None:
    for day, counts in ((yes, True), (no, False)):
        on = datetime(day.year, day.month, day.day, 5, tzinfo=UTC)
        places = register.read(tokens_of("", "", text), on, frozenset({"dong-nai"})).places
        assert (place in places) == counts, day


@pytest.mark.parametrize(
    ("year", "place", "takes", "refuses"),
    [
        (2024, "phuong-an-loc-binh-long", ("thị xã Bình Long", "tỉnh Bình Phước"), ("TP Đồng Nai", "TX Hồng Lĩnh")),
        (2026, "phuong-an-loc", ("TP Đồng Nai", "thị xã Bình Long cũ"), ("TX Hồng Lĩnh", "Quảng Ngãi")),
    ],
)
def test_an_old_and_a_new_ward_of_one_name(
    register: PlaceRegister, year: int, place: str, takes: tuple[str, ...], refuses: tuple[str, ...]
) -> None:
    on = datetime(year, 5, 4, 5, tzinfo=UTC)
    for address in takes:
        reading = read(register, f"Cháy nhà ở phường An Lộc, {address}.", on)
        assert {one.place for one in reading.mentions} - {"binh-long", "binh-phuoc"} == {place}, address
        assert reading.places["binh-phuoc"] == "about", address
    for address in refuses:
        assert read(register, f"Cháy nhà ở phường An Lộc, {address}.", on).places == {}, address


def test_a_name_of_an_old_and_a_new_ward_counts_without_a_date(register: PlaceRegister) -> None:
    for address in ("thị xã Bình Long", "tỉnh Bình Phước", "TP Đồng Nai"):
        assert "binh-phuoc" in read(register, f"Cháy nhà ở phường An Lộc, {address}.", None).places, address
    assert read(register, "Cháy nhà ở phường An Lộc, TX Hồng Lĩnh.", None).places == {}


def units(register: PlaceRegister, on: date) -> list[Place]:
    return [
        place
        for place in register.places.values()
        if place.watched and place.code and any(name.valid(on) for name in place.names)
    ]


def test_the_forty_units_of_today(register: PlaceRegister) -> None:
    """Each with its code, the sentence that it takes and two that it refuses; four of them are the former district."""
    today = units(register, date(2026, 11, 1))
    assert len({place.code for place in today}) == 40
    for place in today:
        name = register.name_at(place.id, date(2026, 11, 1))
        reading = read(register, f"Sáng nay, UBND {name}, thành phố Đồng Nai khởi công trạm y tế.")
        assert place.id in reading.places, name
        assert "binh-phuoc" in reading.places, name
        assert (
            read(register, f"Sáng nay, UBND {name}, tỉnh Thanh Hóa họp.")
            .places.keys()
            .isdisjoint({place.id} - {one.id for one in today if one.unmistakable})
        ), name
        assert place.id not in read(register, f"Anh Lê {name.split(' ', 1)[1]} kể chuyện làng.").places, name
    home = {place.id for place in today if "bu-gia-map" in register.ancestors(place.id, date(2026, 11, 1))}
    assert home == {"xa-bu-gia-map", "xa-dak-o", "xa-phu-nghia", "xa-da-kia"}
    turned = [place.id for place in today if register.name_at(place.id, date(2026, 4, 29)).startswith("xã")]
    now_wards = [place for place in turned if register.name_at(place, date(2026, 4, 30)).startswith("phường")]
    assert sorted(now_wards) == ["phuong-dong-phu", "phuong-loc-ninh", "phuong-tan-khai"]


LAST_DAY = date(2025, 6, 30)
"""Of the former province."""


def parents_at(place: Place, on: date) -> list[str]:
    """The units that it belonged to directly that day."""
    return [parent.place for parent in place.parents if parent.valid(on)]


def communes_of(register: PlaceRegister, on: date) -> list[Place]:
    """What lay in a district of the former province that day; the district is its one parent then."""
    found = []
    for place in register.places.values():
        parents = parents_at(place, on)
        kinds = {name.kind for name in register.names_at(place.id, on)}
        if kinds & {"xã", "phường", "thị trấn"} and place.watched:
            assert [parents_at(register.places[parent], on) for parent in parents] == [["binh-phuoc"]], place.id
            found.append(place)
    return found


def test_each_of_the_111_units_of_before_leads_to_one_of_the_forty(register: PlaceRegister) -> None:
    """Itself, or what it was merged into; none was split."""
    before = communes_of(register, LAST_DAY)
    kinds = [name.kind for place in before for name in register.names_at(place.id, LAST_DAY)]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"xã": 86, "phường": 20, "thị trấn": 5}
    today = {place.id for place in units(register, date(2025, 7, 1))}
    for place in before:
        became = {one.place for one in place.successors} | {place.id} & today
        assert len(became & today) == len(became) == 1, (place.id, became)
        assert {one.on for one in place.successors} <= {date(2025, 7, 1)}, place.id
        (name,) = register.names_at(place.id, LAST_DAY)
        reading = read(
            register,
            f"Sáng nay, UBND {name.kind} {name.text}, tỉnh Bình Phước khởi công trạm y tế.",
            datetime(2025, 6, 30, 5, tzinfo=UTC),
        )
        assert "binh-phuoc" in reading.places, place.id


def test_each_of_the_forty_units_has_its_predecessors(register: PlaceRegister) -> None:
    """Its former self, the communes that were merged into it, and the one district that became it too."""
    before = communes_of(register, LAST_DAY)
    for unit in units(register, date(2026, 11, 1)):
        merged = [place for place in before if unit.id in {one.place for one in place.successors}]
        was = merged + [place for place in before if place.id == unit.id]
        districts = {parents_at(place, LAST_DAY)[0] for place in was}
        became = {place.id for place in register.places.values() if unit.id in {one.place for one in place.successors}}
        own = became & districts
        assert was, unit.id
        assert len(own) == 1, unit.id
        assert became == own | {place.id for place in merged}, unit.id
        # A commune may have been merged across the border of its district: the unit counts for both.
        assert {"binh-phuoc", *districts} <= set(register.ancestors(unit.id, date(2026, 11, 1))), unit.id


def test_predecessors_of_the_four_communes(register: PlaceRegister) -> None:
    became: dict[str, set[str]] = {}
    for place in register.places.values():
        for successor in place.successors:
            became.setdefault(successor.place, set()).add(place.id)
    assert became["xa-phu-nghia"] == {"bu-gia-map", "xa-phu-van", "xa-duc-hanh"}
    assert became["xa-da-kia"] == {"bu-gia-map", "xa-phuoc-minh", "xa-binh-thang"}
    assert became["xa-dak-o"] == became["xa-bu-gia-map"] == {"bu-gia-map"}
    assert became["phuong-binh-long"] == {
        *("binh-long", "phuong-an-loc-binh-long", "phuong-hung-chien", "phuong-phu-duc", "xa-thanh-binh"),
    }
    assert became["phuong-an-loc"] == {"binh-long", "phuong-phu-thinh", "xa-thanh-phu", "xa-thanh-luong"}
    assert {place for place in became["phuong-binh-phuoc"] if place != "dong-xoai"} == {
        *("phuong-tan-phu", "phuong-tan-dong", "phuong-tan-thien", "phuong-tan-binh", "phuong-tan-xuan", "xa-tien-hung")
    }


@pytest.mark.parametrize("text", ["B×nh Ph­íc, huyÖn Bï Gia MËp", "Tænh Bình Phöôùc, huyeän Buø Gia Maäp"])
def test_an_old_encoding_is_highlighted_as_given(register: PlaceRegister, text: str) -> None:
    title = "§iÒu ®­îc mïa" if "×" in text else "Ñieàu ñöôïc muøa"
    reading = register.read(tokens_of(title, "", f"{title}: {text}."), NOW)
    assert {one.place for one in reading.mentions} == {"binh-phuoc", "bu-gia-map"}
    for one in reading.mentions:
        assert f"{title}: {text}."[one.start : one.end] == one.surface
        assert one.surface in text


def test_what_is_modern_is_never_taken_for_an_old_encoding() -> None:
    for text in (
        "Bình­ Phước ® × ¹",
        "Où est l'Hôtel? Noël à Hué, naïve façade, crêpe, goûter",
        "Größe: 5 × 4 m², 3½ €, ©2026 ®",
        "soft\u00adhyphens in\u00ad English",
        "São Paulo, coração, mañana, über",
    ):
        assert legacy_encoding(text) is None, text
    assert decoded("§ång Nai, TØnh B×nh Ph­íc", "TCVN3") == ("Đồng Nai, Tỉnh Bình Phước", None)
    assert decoded("Ñoàng Nai, tænh Bình Phöôùc", "VNI")[0] == "Đồng Nai, tỉnh Bình Phước"


@pytest.mark.parametrize(
    ("text", "counts", "reason"),
    [
        ("Binh Phuoc Province's cashew exports rose.", True, ""),
        ("Traffic jam at Binh Phuoc Bridge, HCMC.", False, "cầu ở TP.HCM"),
        ("A fire in Hiep Binh Phuoc ward.", False, "phường ở TP.HCM"),
        ("Truong Tuoi Binh Phuoc beat Hue on Sunday.", True, ""),
        ("A flood in Binh Phuoc commune, Vinh Long.", False, "xã"),
    ],
)
def test_scenario_10_english_ambiguity(register: PlaceRegister, text: str, counts: bool, reason: str) -> None:
    reading = read(register, text)
    assert ("binh-phuoc" in reading.places) == counts
    assert counts or any(reason in one.reason for one in reading.rejected)


def test_scenario_11_the_new_name_only(register: PlaceRegister) -> None:
    crocodile = read(register, "Người dân xã Đăk Ơ, TP Đồng Nai, thấy cá sấu dưới suối.")
    assert crocodile.places == {"xa-dak-o": "about", "bu-gia-map": "about", "binh-phuoc": "about"}
    assert read(register, "Cháy nhà ở phường Phước Long, TP.HCM.").verdict == "none"


def test_scenario_7_the_status_that_a_mention_has_on_its_day(register: PlaceRegister) -> None:
    """The unit counts at any date; the day decides its status, which the name that a letter shows says."""
    text = "UBND huyện Bù Gia Mập, tỉnh Bình Phước vừa quyết định mở lớp."
    for day, district, province in (
        (date(2025, 6, 30), "huyện Bù Gia Mập", "tỉnh Bình Phước"),
        (date(2025, 7, 1), "huyện Bù Gia Mập (cũ)", "tỉnh Bình Phước (cũ)"),
    ):
        reading = read(register, text, datetime(day.year, day.month, day.day, 5, tzinfo=UTC))
        assert {one.place for one in reading.mentions} == {"bu-gia-map", "binh-phuoc"}
        assert (register.name_at("bu-gia-map", day), register.name_at("binh-phuoc", day)) == (district, province)
        assert bool(register.names_at("bu-gia-map", day)) == (day.month == 6)
