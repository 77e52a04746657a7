"""What the rest of the article tells of a name that other places bear: anchors, their reach, and what they speak for.

"Phước Long", "Bình Long", "Phú Nghĩa" are such names; the rule of the verdict is asserted, not only that it counts.
"""

from __future__ import annotations

from datetime import date

import pytest

from services.domain.place import Kind, Parent, Place, PlaceName
from services.domain.place.register import PlaceRegister
from tests.domain.place_scene import PlaceScene


@pytest.fixture(scope="module")
def scene() -> PlaceScene:
    return PlaceScene()


# What is tested -> (its rule, sentences that it takes, sentences near to them and their rule).
RULES: dict[str, tuple[str, list[str], dict[str, str]]] = {
    "anchor: words that speak for the place": (
        "anchor",
        ["Thị xã [Bình Long] mở rộng quốc lộ 13."],
        {"Thị xã [Bình Long] mở rộng quốc lộ 14.": "no_anchor", "Thị xã [Phước Long] mở rộng quốc lộ 13.": "no_anchor"},
    ),
    "anchor: a unit that it lies in": (
        "anchor",
        ["Thị xã [Phước Long] họp. Bình Phước vui."],
        {
            "Thị xã [Phước Long] họp. Hà Nội vui.": "no_anchor",
            "Thị xã [Phước Long] họp. Phước Long vui.": "no_anchor",
            "Thị xã [Phước Long] đón ông Bình Phước.": "no_anchor",
        },
    ),
    "anchor: a unit that lies in it": (
        "anchor",
        ["Thị xã [Phước Long] họp ở núi Bà Rá."],
        {"Thị xã [Phước Long] họp ở núi Bà Mẫu.": "no_anchor"},
    ),
    "anchor: a unit beside it in one watched territory": (
        "anchor",
        ["Xã [Phú Nghĩa] họp. Đăk Ơ vui.", "Thị xã [Phước Long] họp. Đồng Xoài vui."],
        {"Xã [Phú Nghĩa] họp. Tây Ninh vui.": "no_anchor"},
    ),
    "anchor: a commune without its kind, by its own district": (
        "anchor",
        [
            "Mưa ở [Phú Nghĩa]. Bù Gia Mập vui.",
            "Mưa ở xã [Phú Nghĩa]. Bình Phước vui.",
            "Mưa ở [Phước Long]. Bình Phước vui.",
        ],
        {"Mưa ở [Phú Nghĩa]. Bình Phước vui.": "no_anchor", "Mưa ở [Phú Nghĩa]. Bù Đốp vui.": "no_anchor"},
    ),
    "anchor: the city tells what is in force": (
        "anchor",
        ["Xã [Phú Nghĩa] họp. TP Đồng Nai vui.", "Xã [Phú Văn] họp. Bình Phước vui."],
        {"Xã [Phú Văn] họp. TP Đồng Nai vui.": "no_anchor"},
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


def rule_of(scene: PlaceScene, sentence: str, on: date | None) -> str:
    verdict = scene.verdict(sentence, on=on)
    assert verdict is not None
    return verdict.rule


def test_the_city_tells_a_commune_only_when_it_lies_there(scene: PlaceScene) -> None:
    """Until 30/6/2025 Phú Nghĩa lay in Bình Phước; the province of Đồng Nai said nothing of it."""
    before, since = date(2025, 6, 30), date(2025, 7, 1)
    commune = "Xã [Phú Nghĩa] họp. Tỉnh Đồng Nai vui."
    assert [rule_of(scene, commune, on) for on in (before, since)] == ["no_anchor", "anchor"]
    address = "Xã [Phú Nghĩa], tỉnh Đồng Nai họp."
    assert [rule_of(scene, address, on) for on in (before, since)] == ["no_anchor", "address"]


def test_without_a_date_only_the_city_by_its_kind_tells(scene: PlaceScene) -> None:
    assert rule_of(scene, "Xã [Phú Nghĩa] họp. TP Đồng Nai vui.", None) == "anchor"
    assert rule_of(scene, "Xã [Phú Nghĩa] họp. Đồng Nai vui.", None) == "no_anchor"
    assert rule_of(scene, "Xã [Phú Nghĩa] họp. Đồng Nai vui.", date(2026, 11, 20)) == "anchor"
    assert rule_of(scene, "Xã [Phú Nghĩa] họp. Bình Phước vui.", None) == "anchor", "watched: ours at any date"


def test_how_far_an_anchor_speaks(scene: PlaceScene) -> None:
    """Title and lead for the whole article, the beginning of the text for them, else 80 tokens."""
    name, filler = "Thị xã [Phước Long] họp.", "Mưa. " * 79

    def rule(text: str, title: str = "", lead: str = "") -> str:
        verdict = scene.verdict(text, title, lead)
        assert verdict is not None
        return verdict.rule

    assert rule(f"{name} {filler}Bình Phước vui.") == "no_anchor"
    assert rule(f"{name} {filler[10:]}Bình Phước vui.") == "anchor"
    assert rule(f"Bình Phước vui. {filler}{name}") == "no_anchor"
    assert rule(f"{filler}{name}", title="Bình Phước vui") == "anchor"
    assert rule(f"{filler}{name}", lead="Bình Phước vui") == "anchor"
    assert scene.verdicts("Bình Phước vui.", "Thị xã Phước Long họp")[0].rule == "anchor"
    assert scene.verdicts("Bình Phước vui.", lead="Thị xã Phước Long họp")[0].rule == "anchor"
    assert scene.verdicts("Bình Phước vui.", lead=f"{filler} Thị xã Phước Long họp")[0].rule == "no_anchor"


def test_words_that_speak_for_a_place_are_no_name_of_it(scene: PlaceScene) -> None:
    assert [one.candidate.surface for one in scene.verdicts("Thị xã Bình Long mở rộng quốc lộ 13.")] == ["Bình Long"]


def unit(place: str, name: str, kind: Kind, *parents: str, unmistakable: bool = False) -> Place:
    return Place(
        id=place,
        watched=True,
        names=[PlaceName(text=name, kind=kind)],
        parents=[Parent(place=parent) for parent in parents],
        unmistakable=unmistakable,
    )


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Huyện Mẫu Sơn họp. Mẫu Lâm An vui.", "anchor"),
        ("Huyện Mẫu Sơn họp. Mẫu Lâm Bình vui.", "no_anchor"),
        ("Huyện Mẫu Sơn, nay Mẫu Lâm An.", "address"),
        ("Huyện Mẫu Sơn, Mẫu Lâm Bình.", "elsewhere"),
        ("Huyện Mẫu Sơn, Mẫu Sơn.", "no_anchor"),
        ("Xã Mẫu Giang họp. Mẫu Lâm An vui.", "anchor"),
        ("Xã Mẫu Giang họp. Mẫu Lâm Bình vui.", "no_anchor"),
        ("Xã Mẫu Giang, Mẫu Lâm Bình.", "elsewhere"),
    ],
)
def test_two_watched_territories_are_told_apart(text: str, rule: str) -> None:
    """An office may watch two districts, and one that lies in nothing that it watches."""
    scene = PlaceScene(
        PlaceRegister(
            [
                unit("mau-son", "Mẫu Sơn", "huyện"),
                unit("mau-lam-an", "Mẫu Lâm An", "xã", "mau-son", unmistakable=True),
                unit("mau-giang", "Mẫu Giang", "xã", "mau-son"),
                unit("mau-thuy", "Mẫu Thủy", "huyện"),
                unit("mau-lam-binh", "Mẫu Lâm Bình", "xã", "mau-thuy", unmistakable=True),
            ]
        )
    )
    assert scene.verdicts(text)[0].rule == rule
