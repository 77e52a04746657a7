"""A quick look for names never misses what the tokens hold."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.place.naming import Naming
from services.domain.text import tokenise

NAMES = [("dong", "nai"), ("dak", "o"), ("s'tieng",), ("同", "奈"), ("donnai",)]
NAMING = Naming(NAMES)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "TP ĐỒNG NAI họp",
            unicodedata.normalize("NFD", "ở Đồng Nai"),
            "Dong-Nai province",
            "Đồng\u00a0Nai",
            "Ðồng Nai, Đồng nai",
        ),
        *("xã Đắk Ơ", "người S’tiêng", "người S'Tiêng", "在同奈省", "Donnai", "đ\u200bồng nai"),
    ],
)
def test_a_name_is_seen_however_it_is_written(text: str) -> None:
    assert NAMING.may_name(text)


@pytest.mark.parametrize("text", ["", "đồng ruộng, nai rừng", "Đồng. Naila", "vận động nainam"])
def test_other_words_are_no_name(text: str) -> None:
    assert not NAMING.may_name(text)


@given(st.text(st.sampled_from("đĐdồôong nNaAiàiİ'’.-\u0302\u0300\u200b同奈sti"), max_size=24))
def test_whatever_the_tokens_hold_is_seen(text: str) -> None:
    joined = tokenise(text).joined
    held = any(f" {' '.join(name)} " in joined for name in NAMES)
    assert NAMING.may_name(text) == held
