"""Text: tokens and their spans on the characters as given, whatever form those are in."""

from __future__ import annotations

import unicodedata

import pytest
from ahocorasick_rs import AhoCorasick
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.text import fold, normalise, sentences, tokenise, words

NAME = "Bù Gia Mập"


@pytest.mark.parametrize(
    "written",
    [
        NAME,
        unicodedata.normalize("NFD", NAME),
        "Bù\u00a0Gia\u00a0Mập",
        "Bù-Gia-Mập",
        "BÙ GIA MẬP",
        "Bù\u200b Gia Mập\ufeff",
    ],
)
def test_one_name_however_written_gives_the_same_tokens_on_its_own_characters(written: str) -> None:
    text = f"Rừng {written}, sáng nay"
    tokens = tokenise(text)
    assert tokens.marked[1:4] == ("bù", "gia", "mập")
    assert tokens.plain == ("rung", "bu", "gia", "map", "sang", "nay")
    assert tokens.surface(1, 3) == written.strip("\ufeff") or tokens.surface(1, 3) == written
    assert tokens.unbroken(1, 3)
    assert not tokens.unbroken(3, 4), "a comma ends a name"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ĐT.741 dài 1.061,16 km", ("đt.741", "dài", "1.061,16", "km")),
        ("đồng bào S'tiêng, S’Tiêng", ("đồng", "bào", "s'tiêng", "s'tiêng")),
        ("Binh Phuoc's cashew", ("binh", "phuoc", "s", "cashew")),
        ("TP.HCM - Chơn Thành", ("tp", "hcm", "chơn", "thành")),
        ("平福省", ("平", "福", "省")),
        ("hoà bình, thuỷ điện, quý", ("hòa", "bình", "thủy", "điện", "quý")),
        ("", ()),
        (" … – ", ()),
    ],
)
def test_tokens(text: str, expected: tuple[str, ...]) -> None:
    assert tokenise(text).marked == expected


def test_what_is_found_in_the_joined_tokens_leads_back_to_them() -> None:
    tokens = tokenise("xã Đăk Ơ, huyện Bù Gia Mập, xã Đăk Ơ")
    assert tokens.joined == " xa dak o huyen bu gia map xa dak o "
    patterns = [" dak o huyen bu gia ", " gia map ", " xa ", " o ", " bu "]
    # A long one that begins earlier is found after a short one inside it.
    found = set(tokens.found(AhoCorasick(patterns)))
    assert found == {(2, 0), (3, 2), (4, 4), (0, 1), (1, 5), (2, 7), (3, 9)}
    assert tokens.form(1, 2) == ("đăk", "ơ")
    assert tokens.form(4, 6) == ("bù", "gia", "mập") == tokens.marked[4:7]
    assert tokens.bare == 1  # gia
    assert words("xã Đăk Ơ") == ("xa", "dak", "o")


def test_sentences_do_not_end_at_abbreviations() -> None:
    text = "Vụ cháy ở TP. Đồng Xoài đã tắt. Không ai bị thương.\nH. Bù Gia Mập cử người hỗ trợ."
    assert [text[start:end] for start, end in sentences(text)] == [
        "Vụ cháy ở TP. Đồng Xoài đã tắt.",
        "Không ai bị thương.",
        "H. Bù Gia Mập cử người hỗ trợ.",
    ]


LETTERS = st.text(st.sampled_from(list("Bù GiaMập ĐăkƠ\u0300\u0301\u0323\u00a0\u200b-.,'’1İß平ﬁ\n")), max_size=60)


@settings(max_examples=200, deadline=None)
@given(LETTERS)
def test_spans_are_in_order_within_the_source_and_hold_what_the_token_says(text: str) -> None:
    tokens = tokenise(text)
    end = 0
    for marked, start, stop in zip(tokens.marked, tokens.starts, tokens.ends, strict=True):
        assert end <= start < stop <= len(text)
        assert marked in normalise(text[start:stop])[0].replace("’", "'")
        end = stop
    assert all(plain == fold(marked) for plain, marked in zip(tokens.plain, tokens.marked, strict=True))


@settings(max_examples=100, deadline=None)
@given(LETTERS)
def test_canonically_equal_texts_have_equal_tokens(text: str) -> None:
    composed, decomposed = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert tokenise(composed).marked == tokenise(decomposed).marked


def test_marks_heaped_on_a_letter_are_not_all_composed() -> None:
    """Two hundred thousand of them would hold every thread of the process up for 20 s."""
    heaped = "Xã Đăk Ơ" + "\u0323\u0301" * 100_000 + " mưa"
    assert words(heaped)[-1] == "mua"
    assert words(heaped) == words("Xã Đăk Ơ" + "\u0323\u0301" * 100 + " mưa")
