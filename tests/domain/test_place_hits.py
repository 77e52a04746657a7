"""Which names of a text are one hit, what stands in a list beside it, and the signs that it is spoken of itself."""

from __future__ import annotations

import pytest

from tests.domain.place_scene import PlaceScene


@pytest.fixture(scope="module")
def scene() -> PlaceScene:
    return PlaceScene()


# Rule -> (a text whose names are one hit, texts near to it whose names are several).
TOGETHER: dict[str, tuple[str, list[str]]] = {
    "a comma and a kind of unit": ("Xã Đăk Ơ, huyện Bù Gia Mập vui.", ["Xã Đăk Ơ mừng huyện Bù Gia Mập vui."]),
    "brackets": ("Xã Đăk Ơ (Bù Gia Mập) vui.", ["Xã Đăk Ơ (bạn của Bù Gia Mập) vui."]),
    "joining words": ("Xã Đăk Ơ thuộc huyện Bù Gia Mập vui.", ["Xã Đăk Ơ cách huyện Bù Gia Mập vui."]),
    "three words between": (
        "Xã Đăk Ơ nay thuộc huyện Bù Gia Mập vui.",
        ["Xã Đăk Ơ và nay thuộc huyện Bù Gia Mập vui."],
    ),
    "counts in a list": (
        "Gồm 3 đội Đồng Xoài, 2 Bù Đăng.",
        ["Gồm đội Đồng Xoài (3), Bù Đăng (2).", "Gồm đội Đồng Xoài 3, Bù Đăng."],
    ),
    "one sentence": (
        "Mưa ở xã Đăk Ơ, huyện Bù Gia Mập.",
        ["Mưa ở xã Đăk Ơ. Bù Gia Mập nắng.", "Mưa ở xã Đăk Ơ. Huyện Bù Gia Mập nắng.", "Mưa ở xã Đăk Ơ\nBù Gia Mập"],
    ),
    "no end of a sentence after an abbreviation": (
        "Mưa ở P. Đồng Xoài, TP. Đồng Xoài.",
        ["Mưa ở phường Đồng Xoài. TP. Đồng Xoài nắng."],
    ),
}


@pytest.mark.parametrize("rule", TOGETHER)
def test_names_are_one_hit_or_several(scene: PlaceScene, rule: str) -> None:
    together, apart = TOGETHER[rule]
    assert [len(hit.members) for hit in scene.of(together).hits] == [2]
    for text in apart:
        assert [len(hit.members) for hit in scene.of(text).hits] == [1, 1], text


def test_the_title_is_no_part_of_an_address(scene: PlaceScene) -> None:
    assert [hit.field for hit in scene.of("Bù Gia Mập", title="Đăk Ơ").hits] == ["title", "text"]


def test_nothing_joins_the_title_to_the_text(scene: PlaceScene) -> None:
    """Not even where offsets and lengths are the same."""
    assert [hit.field for hit in scene.of("Bù Gia Mập vui!", title="Bù Đăng đón bạn").hits] == ["title", "text"]
    assert scene.hit("Hội chợ ở Bình Phước, Long An vui.", title="Tây Ninh - mùa lũ").role == "own"


def test_a_name_turned_down_is_no_place_of_elsewhere(scene: PlaceScene) -> None:
    found = scene.of("Mưa ở Bình Phước, ở chợ Phú Nghĩa và Tây Ninh.")
    assert (len(found.hits), found.others) == (1, 1)


def test_two_places_in_one_list_are_one_hit_only_in_one_territory(scene: PlaceScene) -> None:
    text = "Mưa ở Bù Đăng, Bù Đốp, Tây Ninh."
    assert [sorted(hit.places) for hit in scene.of(text).hits] == [["binh-phuoc", "bu-dang", "bu-dop"]]
    wide = scene.of(text, also=frozenset({"tay-ninh"}))
    assert [sorted(hit.places) for hit in wide.hits] == [["binh-phuoc", "bu-dang", "bu-dop"], ["tay-ninh"]]
    assert (scene.of(text).others, wide.others) == (1, 0)


# Rule -> (a text whose hit stands in a list, texts near to it whose hit does not).
LISTS: dict[str, tuple[str, list[str]]] = {
    "two before": ("Mưa ở Tây Ninh, Long An, Bình Phước.", ["Mưa ở Tây Ninh, mưa nhỏ ở Long An, Bình Phước."]),
    "two after": ("Mưa ở Bình Phước, Tây Ninh, Long An.", ["Mưa ở Bình Phước, Tây Ninh, mưa nhỏ ở Long An."]),
    "beyond places of its own": ("Mưa ở Bù Đăng, Tây Ninh, Bù Đốp, Long An.", ["Mưa ở Bù Đăng, Tây Ninh, Bù Đốp."]),
    "with counts": ("Gồm 3 Hà Nội, 1 Bình Phước, 2 Tây Ninh.", ["Gồm Hà Nội (3), Bình Phước (1), Tây Ninh (2)."]),
    "names turned down are no places": (
        "Qua sông Bình Phước, Tây Ninh và Long An.",
        ["Mưa ở Bình Phước, cầu Đồng Nai, chợ Phú Nghĩa."],
    ),
    "with an abbreviation": (
        "Mưa ở Tây Ninh, TP. Huế, Bình Phước.",
        ["Mưa ở Tây Ninh, TP. Huế. Bình Phước nắng."],
    ),
}


@pytest.mark.parametrize("rule", LISTS)
def test_a_hit_stands_in_a_list_or_not(scene: PlaceScene, rule: str) -> None:
    listed, alone = LISTS[rule]
    assert scene.hit(listed).role == "list"
    for text in alone:
        assert scene.hit(text).role == "own", text


# Rule -> (a text whose hit is tied to a place of elsewhere by a dash, texts near to it whose hit is not).
DASHES: dict[str, tuple[str, list[str]]] = {
    "before": ("Hàng Tây Ninh - Bình Phước đắt.", ["Hàng Tây Ninh, Bình Phước đắt."]),
    "after": ("Hàng Bình Phước – Tây Ninh đắt.", ["Hàng Bình Phước / Tây Ninh đắt."]),
    "of the whole address": ("Hàng Bù Đăng, Bình Phước - Tây Ninh đắt.", ["Hàng Bù Đăng - Bình Phước, Tây Ninh đắt."]),
}


@pytest.mark.parametrize("rule", DASHES)
def test_a_dash_ties_a_hit_or_not(scene: PlaceScene, rule: str) -> None:
    tied, loose = DASHES[rule]
    assert scene.hit(tied).role == "route"
    for text in loose:
        assert scene.hit(text).role == "own", text


# Trait -> (a sentence that has it, sentences near to it that have not).
TRAITS: dict[str, tuple[str, list[str]]] = {
    "subject": ("Tỉnh Bình Phước mưa to.", ["Sáng nay tỉnh Bình Phước mưa to."]),
    "authority": ("Chủ tịch UBND tỉnh Bình Phước ký.", ["Nông dân tỉnh Bình Phước ký."]),
    "at": ("Phiên chợ tại tỉnh Bình Phước vui.", ["Phiên chợ mừng tỉnh Bình Phước vui.", "Bình Phước vui."]),
    "acts": (
        "Sáng nay Bình Phước đã mưa.",
        ["Sáng nay Bình Phước mưa.", "Sáng nay Bình Phước, đã mưa.", "Sáng nay Bình Phước"],
    ),
    "event": ("Cháy rừng xảy ra và Bình Phước mưa.", ["Cháy rừng tắt và Bình Phước mưa."]),
    "compared": ("So với Bình Phước thì hơn.", ["Cùng với Bình Phước thì hơn."]),
    "figure": ("Sáng nay Bình Phước trồng 12 ha.", ["Sáng nay Bình Phước trồng rừng.", "Sáng 12/3 Bình Phước vui."]),
}


@pytest.mark.parametrize("trait", TRAITS)
def test_a_trait_is_had_or_not(scene: PlaceScene, trait: str) -> None:
    has, has_not = TRAITS[trait]
    assert trait in scene.hit(has).traits
    for sentence in has_not:
        assert trait not in scene.hit(sentence).traits, sentence
