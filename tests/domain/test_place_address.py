"""What a text writes about a name: the kind of its unit, and the address that follows it."""

from __future__ import annotations

import pytest

from services.domain.place import Kind
from services.domain.place.kind import kind_of
from tests.domain.place_scene import PlaceScene


@pytest.fixture(scope="module")
def scene() -> PlaceScene:
    return PlaceScene()


# Rule -> (the kind, texts that write it, texts near to them that write none).
KINDS: dict[str, tuple[Kind, list[str], list[str]]] = {
    "in full": (
        "thị xã",
        ["Mưa ở thị xã Phước Long.", "Thị xã Phước Long mưa."],
        ["Mưa ở thị xã, Phước Long.", "Mưa khắp thị xã. Phước Long nắng.", "Mưa ở mấy Phước Long."],
    ),
    "an abbreviation": (
        "phường",
        ["Mưa ở P.Phước Long.", "Mưa ở P. Phước Long.", "Mưa ở P Phước Long."],
        ["Mưa ở P, Phước Long.", "Mưa ở lớp p. Phước Long nắng."],
    ),
    "the longer words first": ("thị trấn", ["Mưa ở thị trấn Phước Long."], ["Mưa ở trấn Phước Long."]),
    "after it in English": (
        "huyện",
        ["Rain in Phuoc Long district of Binh Phuoc."],
        ["Rain in Phuoc Long, district of Binh Phuoc.", "Rain in Phuoc Long"],
    ),
}


@pytest.mark.parametrize("rule", KINDS)
def test_a_kind_is_read_or_not(scene: PlaceScene, rule: str) -> None:
    kind, texts, without = KINDS[rule]
    for text, wanted in {**dict.fromkeys(texts, kind), **dict.fromkeys(without, None)}.items():
        assert kind_of(scene.verdicts(text)[0].candidate) == wanted, text


def test_a_town_may_be_called_a_district_but_no_commune(scene: PlaceScene) -> None:
    for kind, rule in (("Huyện", "anchor"), ("Thị xã", "anchor"), ("Vườn quốc gia", "other_kind")):
        verdict = scene.verdict(f"{kind} [Lộc Ninh] họp. Bình Phước vui.")
        assert verdict is not None
        assert verdict.rule == rule, kind


# Rule -> a text whose address tells or refuses the name asked for, one near to it that does not, and their verdicts.
ADDRESSES: dict[str, dict[str, str]] = {
    "after a comma": {
        "Xã [Phú Nghĩa], Bù Gia Mập họp.": "address",
        "Xã [Phú Nghĩa] và Bù Gia Mập họp.": "anchor",
    },
    "in brackets": {"Xã [Phú Nghĩa] (Bù Gia Mập) họp.": "address", "Xã [Phú Nghĩa]: Bù Gia Mập họp.": "anchor"},
    "after a dash": {"Xã [Phú Nghĩa] - Bù Gia Mập họp.": "address", "Xã [Phú Nghĩa]; Bù Gia Mập họp.": "anchor"},
    "at once before a kind": {
        "Xã [Phú Nghĩa] huyện Bù Gia Mập họp.": "address",
        "Xã [Phú Nghĩa] mừng huyện Bù Gia Mập.": "anchor",
    },
    "after a joining word": {
        "Xã [Phú Nghĩa] thuộc Bù Gia Mập họp.": "address",
        "Xã [Phú Nghĩa] mừng Bù Gia Mập.": "anchor",
    },
    "after two joining words": {
        "Xã [Phú Nghĩa] cũ, nay thuộc Bù Gia Mập.": "address",
        "Xã [Phú Nghĩa] cũ, mừng thuộc Bù Gia Mập.": "anchor",
    },
    "not past the end of a sentence": {
        "Xã [Phú Nghĩa], TP. Đồng Nai họp.": "address",
        "Xã [Phú Nghĩa], Mẫu Đơn TP. Đồng Nai họp.": "address",
        "Xã [Phú Nghĩa]. TP Đồng Nai họp.": "anchor",
    },
    "past a name that the register has not": {
        "Xã [Phú Nghĩa], Mẫu Đơn, Bù Gia Mập họp.": "address",
        "Xã [Phú Nghĩa], mẫu đơn, Bù Gia Mập họp.": "anchor",
    },
    "not more than four parts": {
        "Xã [Phú Nghĩa], Mẫu Một, Mẫu Hai, Mẫu Ba, Bù Gia Mập họp.": "address",
        "Xã [Phú Nghĩa], Mẫu Một, Mẫu Hai, Mẫu Ba, Mẫu Bốn, Bù Gia Mập họp.": "anchor",
        "Xã [Phú Nghĩa], Mẫu Một Hai Ba Bốn Năm, Mẫu Hai, Mẫu Ba, Bù Gia Mập họp.": "anchor",
    },
    "a district that the register has not": {
        "Xã [Phú Nghĩa], huyện Mẫu Đơn. Bù Gia Mập vui.": "elsewhere",
        "Xã [Phú Nghĩa], huyện Mẫu Đơn, Mẫu Hai. Bù Gia Mập vui.": "elsewhere",
        "Xã [Phú Nghĩa], xã Mẫu Đơn. Bù Gia Mập vui.": "anchor",
        "Xã [Phú Nghĩa], huyện": "no_anchor",
    },
    "a district with a number": {
        "Xã [Phú Nghĩa], quận 9. Bù Gia Mập vui.": "elsewhere",
        "Xã [Phú Nghĩa], phường 9. Bù Gia Mập vui.": "anchor",
        "Xã [Phú Nghĩa], 9, Bù Gia Mập vui.": "anchor",
        "Xã [Phú Nghĩa], quận tây, Bù Gia Mập vui.": "anchor",
    },
    "a kind that the place never had": {
        "Xã [Phú Nghĩa], quận Bình Phước.": "elsewhere",
        "Xã [Phú Nghĩa], tỉnh Bình Phước.": "address",
    },
    "a place of the register first": {
        "Xã [Phú Nghĩa], Bù Gia Mập, huyện Mẫu Đơn.": "address",
        "Xã [Phú Nghĩa], huyện Mẫu Đơn, Bù Gia Mập.": "elsewhere",
    },
    "a bridge is no part of it": {
        "Xã [Phú Nghĩa], Tây Ninh. Bù Gia Mập vui.": "elsewhere",
        "Xã [Phú Nghĩa], cầu Đồng Nai. Bù Gia Mập vui.": "anchor",
    },
    "words that speak for a place are no part of it": {
        "Xã [Phú Nghĩa] (Lộc Ninh). Bù Gia Mập vui.": "anchor",
        "Xã [Phú Nghĩa] (S'tiêng). Bù Gia Mập vui.": "anchor",
    },
}


@pytest.mark.parametrize("rule", ADDRESSES)
def test_an_address_tells_or_does_not(scene: PlaceScene, rule: str) -> None:
    for text, wanted in ADDRESSES[rule].items():
        verdict = scene.verdict(text)
        assert verdict is not None, text
        assert verdict.rule == wanted, text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Xã [Phú Nghĩa] (huyện Bù Gia Mập, tỉnh Bình Phước) họp.", "huyện Bù Gia Mập, tỉnh Bình Phước"),
        ("Xã [Phú Nghĩa], Bù Gia Mập.", "Bù Gia Mập"),
        ("Xã [Phú Nghĩa], Bù Gia Mập, Hội Mẫu Đơn, Lễ mừng", "Bù Gia Mập, Hội Mẫu Đơn, Lễ"),
    ],
)
def test_the_reason_quotes_the_address(scene: PlaceScene, text: str, words: str) -> None:
    verdict = scene.verdict(text)
    assert verdict is not None
    assert verdict.reason == f"Địa chỉ kèm theo: {words}."
