"""Each rule of the verdict on a name, with a sentence that it takes and one near to it that it refuses.

The rule itself is asserted. "Phước Long", "Bình Long" and "Phú Nghĩa" are borne by other places too; "Bình Phước" and
"Bù Gia Mập" by none.
"""

from __future__ import annotations

from datetime import date

import pytest

from tests.domain.place_scene import PlaceScene


@pytest.fixture(scope="module")
def scene() -> PlaceScene:
    return PlaceScene()


# What is tested -> (its rule, sentences that it takes, sentences near to them and their rule).
RULES: dict[str, tuple[str | None, list[str], dict[str, str | None]]] = {
    "person: a title": (
        "person",
        ["Ông Bình Phước kể.", "Hôm qua bác Bình Phước kể."],
        {
            "Dân Bình Phước kể.": "name",
            "Bình Phước đón bác": "name",
            "Thưa ông, Bình Phước vui.": "name",
            "ông bình phước kể.": "name",
        },
    ),
    "person: a surname": (
        "person",
        ["Hôm qua Nguyễn Bình Phước kể.", "Nguyễn Bình Phước kể.", "Hôm qua Gốm Nguyễn Bình Phước kể."],
        {"Hôm qua nguyễn Bình Phước kể.": "name", "Hôm qua Nguyễn, Bình Phước kể.": "name"},
    ),
    "person: a doubtful surname inside the sentence": (
        "person",
        ["Hôm qua Mai Bình Phước kể."],
        {"Mai Bình Phước mở hội.": "name", "Vui quá! Mai Bình Phước mở hội.": "name"},
    ),
    "person: a surname and a name": (
        "person",
        ["Hôm qua Lê Mẫn Bình Phước kể.", "Lê Mẫn Bình Phước kể."],
        {
            "Hôm qua Gốm Mẫn Bình Phước kể.": "name",
            "Hôm qua Lê Từ Bình Phước kể.": "name",
            "Hôm qua Lê UBND Bình Phước kể.": "name",
            "Hôm qua Lê, Mẫn Bình Phước kể.": "name",
            "Hôm qua lê Mẫn Bình Phước kể.": "name",
        },
    ),
    "lower case": (
        "lower_case",
        ["Họ chúc bình phước lành.", "Ghé đồng xoài chơi."],
        {
            "Họ chúc Bình Phước lành.": "name",
            "họ chúc bình phước lành.": "name",
            "Ghé bù gia mập chơi.": "name",
            "Ghé binhphuoc chơi.": "spelling",
        },
    ),
    "lower case, a common word that others bear": (
        None,
        ["Bình Phước [thống nhất] lịch họp.", "ở tỉnh bình phước, [thống nhất] lịch họp."],
        {"Bình Phước: xã [Thống Nhất] họp.": "anchor"},
    ),
    "elsewhere: an address that is not ours": (
        "elsewhere",
        ["Xã [Phú Nghĩa] (Chương Mỹ, Hà Nội) họp.", "Xã [Phú Nghĩa] (huyện Chương Mỹ) họp gần Bù Gia Mập."],
        {
            "Xã [Phú Nghĩa] (Chương Mỹ) họp gần Bù Gia Mập.": "anchor",
            "Xã [Phú Nghĩa] (xã Chương Mỹ) họp gần Bù Gia Mập.": "anchor",
            "Xã [Phú Nghĩa] (Bù Gia Mập, huyện Chương Mỹ) họp.": "address",
            "[Bình Phước] (huyện Chương Mỹ) họp.": "name",
        },
    ),
    "elsewhere: without marks also a name that no other bears": (
        "elsewhere",
        ["[Binh Phuoc], Vinh Long met."],
        {"[Bình Phước], Vĩnh Long họp.": "name", "[Binh Phuoc], Bu Dop met.": "without_marks"},
    ),
    "name: in the register": (
        "name",
        ["Mưa ở [Bình Phước]."],
        {"Mưa ở [Phước Long].": "no_anchor", "Mưa ở [BinhPhuoc].": "spelling", "Rain in Binh Phuoc.": "without_marks"},
    ),
    "spelling": (
        "spelling",
        ["Mưa ở [Đắk Ơ].", "Mưa ở [Bù Gia Mâp]."],
        {"Mưa ở [Đăk Ơ].": "name", "Mưa ở [Bu Gia Map].": "without_marks"},
    ),
    "without marks": (
        "without_marks",
        ["Vườn cây ở [Bu Gia Map] xanh tốt quanh năm."],
        {"Vườn cây ở [Bù Gia Mập] xanh tốt quanh năm.": "name", "Vườn cây ở [Phuoc Long] xanh tốt quanh năm.": None},
    ),
    "address": (
        "address",
        [
            "Xã [Phú Nghĩa] (Bù Gia Mập) họp.",
            "Xã [Phú Nghĩa] (Đăk Ơ) họp.",
            "Xã [Phú Nghĩa], tỉnh Bình Phước họp.",
            "Xã [Phú Nghĩa], TP Đồng Nai họp.",
        ],
        {
            "Xã [Phú Nghĩa] (Phước Long) họp.": "no_anchor",
            "Xã [Phú Nghĩa] và Bù Gia Mập họp.": "anchor",
            "Xã [Phú Nghĩa]. Bù Gia Mập họp.": "anchor",
        },
    ),
    "other kind of unit": (
        "other_kind",
        ["Quận [Phú Nghĩa] họp. Bù Gia Mập vui.", "Huyện [Phú Nghĩa] họp. Bù Gia Mập vui."],
        {"Xã [Phú Nghĩa] họp. Bù Gia Mập vui.": "anchor", "Quận. [Phú Nghĩa] họp. Bù Gia Mập vui.": "anchor"},
    ),
    "landmark: a word": (
        "landmark",
        ["Chợ [Phước Long] vui. Bình Phước mưa."],
        {
            "[Phước Long] vui. Bình Phước có chợ": "anchor",
            "Hội [Phước Long] vui. Bình Phước mưa.": "anchor",
            "Chợ, [Phước Long] vui. Bình Phước mưa.": "anchor",
        },
    ),
    "landmark: a pair of words": (
        "landmark",
        ["Ngã ba [Phước Long] vui. Bình Phước mưa.", "Trên vòng xoay [Phước Long] vui. Bình Phước mưa."],
        {"Cả ba [Phước Long] vui. Bình Phước mưa.": "anchor", "Ngã ba, [Phước Long] vui. Bình Phước mưa.": "anchor"},
    ),
    "longer name: a confusable of the register": (
        "longer_name",
        ["Kẹt xe ở [Hiệp Bình Phước].", "Traffic in [Hiep Binh Phuoc]."],
        {"Kẹt xe ở hội [Bình Phước].": "name"},
    ),
    "longer name: a capital before it": (
        "longer_name",
        ["Lò gốm Mẫu [Phước Long] đắt. Bình Phước vui."],
        {
            "Mẫu [Phước Long] đắt. Bình Phước vui.": "anchor",
            "Lò gốm mẫu [Phước Long] đắt. Bình Phước vui.": "anchor",
            "Lò gốm Mẫu, [Phước Long] đắt. Bình Phước vui.": "anchor",
            "Lò gốm Từ [Phước Long] đắt. Bình Phước vui.": "anchor",
            "Lò gốm Ubnd [Phước Long] đắt. Bình Phước vui.": "anchor",
        },
    ),
    "longer name: a heading that shouts before it": (
        "longer_name",
        ["Tin MẪu [Phước Long] đắt. Bình Phước vui.", "Tin Y [Phước Long] đắt. Bình Phước vui."],
        {"Tin MẪU [Phước Long] đắt. Bình Phước vui.": "anchor"},
    ),
    "longer name: a capital after it": (
        "longer_name",
        ["Lò gốm [Phước Long] Mẫu đắt. Bình Phước vui."],
        {
            "Lò gốm [Phước Long] mẫu đắt. Bình Phước vui.": "anchor",
            "Lò gốm [Phước Long], Mẫu đắt. Bình Phước vui.": "anchor",
            "Lò gốm [Phước Long] Từ đắt. Bình Phước vui.": "anchor",
            "Lò gốm [Phước Long] UBND đắt. Bình Phước vui.": "anchor",
            "Near [Phuoc Long] District, Mary sang. Binh Phuoc.": "anchor",
        },
    ),
    "said before": (
        "said_before",
        ["Thị xã Phước Long (Bình Phước) họp. Sau đó [Phước Long] vui."],
        {"Thị xã Phước Long cùng Bình Phước họp. Sau đó [Phước Long] vui.": "anchor"},
    ),
    "said before to be elsewhere": (
        "elsewhere",
        ["Thị xã Phước Long (Khánh Hòa) họp. Sau đó [Phước Long] đón Bình Phước."],
        {"Thị xã Phước Long cùng Khánh Hòa họp. Sau đó [Phước Long] đón Bình Phước.": "anchor"},
    ),
}


@pytest.mark.parametrize("what", RULES)
def test_a_rule_is_taken_and_refused(scene: PlaceScene, what: str) -> None:
    rule, takes, refuses = RULES[what]
    assert takes
    assert rule not in refuses.values(), "the sentence refused falls to another rule"
    for sentence, wanted in {**dict.fromkeys(takes, rule), **refuses}.items():
        verdict = scene.verdict(sentence)
        assert (verdict and verdict.rule) == wanted, sentence


@pytest.mark.parametrize(
    ("sentence", "on", "place"),
    [
        ("Phường [Bình Phước] họp.", date(2026, 11, 20), "phuong-binh-phuoc"),
        ("Tỉnh [Bình Phước] họp.", date(2026, 11, 20), "binh-phuoc"),
        ("Mưa ở [Bình Phước].", date(2026, 11, 20), "binh-phuoc"),
        ("Xã [Tân Tiến], tỉnh Bình Phước.", date(2026, 11, 20), "xa-tan-tien"),
        ("Xã [Tân Tiến], huyện Đồng Phú, tỉnh Bình Phước.", date(2026, 11, 20), "xa-tan-tien-dong-phu"),
        ("Tỉnh Bình Phước: xã Tân Tiến (Đồng Phú); [Tân Tiến] vui.", date(2026, 11, 20), "xa-tan-tien-dong-phu"),
        ("Mưa ở [Tân Hưng].", date(2026, 11, 20), "xa-tan-hung"),
        ("Huyện [Phú Riềng] họp.", date(2026, 11, 20), "phu-rieng"),
        ("Xã [Phú Riềng] họp.", date(2012, 5, 1), "xa-phu-rieng"),
    ],
)
def test_of_places_with_one_name_the_likeliest(scene: PlaceScene, sentence: str, on: date, place: str) -> None:
    verdict = scene.verdict(sentence, on=on)
    assert verdict is not None
    assert verdict.place == place
