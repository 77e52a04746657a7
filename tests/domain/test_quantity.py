"""Quantities: Vietnamese and English separators, units, ranges, words, and what is no quantity."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.fact.quantity import quantities, quantity_of
from services.domain.text import tokenise


def read(text: str) -> list[tuple[float, str, str]]:
    return [(round(one.low, 6), one.unit, one.precision) for one in quantities(tokenise(text))]


@pytest.mark.parametrize(
    ("text", "value", "unit", "precision"),
    [
        ("7.000 ha", 70.0, "km2", "exact"),
        ("8,5 km", 8.5, "km", "exact"),
        ("1.061,16 km²", 1061.16, "km2", "exact"),
        ("1,061.16 km2", 1061.16, "km2", "exact"),
        ("687.356 ha", 6873.56, "km2", "exact"),
        ("284ha", 2.84, "km2", "exact"),
        ("hơn 152 nghìn ha điều", 1520.0, "km2", "over"),
        ("trên 2,6 vạn hécta", 260.0, "km2", "over"),
        ("gần 24 tỉ đồng", 24e9, "đồng", "under"),
        ("115.357 tỷ đồng", 115357e9, "đồng", "exact"),
        ("khoảng 115 nghìn tỷ", 115e12, "đồng", "about"),
        ("1,18 tỷ USD", 1.18e9, "usd", "exact"),
        ("9,32%", 9.32, "%", "exact"),
        ("9,32 phần trăm", 9.32, "%", "exact"),
        ("1,06 triệu người", 1.06e6, "người", "exact"),
        ("1,06 tr người", 1.06e6, "người", "exact"),
        ("~260 km", 260.0, "km", "about"),
        ("chưa đến 260 km", 260.0, "km", "bound"),
        ("260 km trở lên", 260.0, "km", "bound"),
        ("10,5 tạ/ha", 10.5, "tạ/ha", "exact"),
        ("1,05 tấn/ha", 10.5, "tạ/ha", "exact"),
        ("tám mươi tư km", 84.0, "km", "exact"),
        ("hai trăm sáu mươi km", 260.0, "km", "exact"),
        ("mười một huyện", 11.0, "", "exact"),
    ],
)
def test_reads_number_unit_and_precision(text: str, value: float, unit: str, precision: str) -> None:
    assert read(text) == [(value, unit, precision)]


@pytest.mark.parametrize(
    "text",
    [
        "ngày 5/8/2026",
        "1-7-2025",
        "lúc 20:30",
        "Nghị quyết 202/2025/QH15",
        "Quyết định số 35",
        "ĐT.741",
        "Km8+000",
        "quý 3",
        "một huyện",
        "năm xã",
    ],
)
def test_dates_codes_and_articles_are_no_quantities(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize("text", ["250-260 km", "từ 250 đến 260 km", "250 – 260 km"])
def test_a_range_keeps_both_ends(text: str) -> None:
    (one,) = quantities(tokenise(text))
    assert (one.low, one.high, one.precision) == (250.0, 260.0, "about")


def test_three_digits_after_one_separator_keep_the_second_reading() -> None:
    (one,) = quantities(tokenise("260.433 km"))
    assert (one.low, one.other) == (260433.0, 260.433)


def test_the_step_is_one_unit_of_the_last_significant_digit() -> None:
    steps = {text: quantities(tokenise(text))[0].step for text in ("260 km", "260,4 km", "6.873 km2", "7.000 km2")}
    assert steps == pytest.approx({"260 km": 10.0, "260,4 km": 0.1, "6.873 km2": 1.0, "7.000 km2": 1000.0})


def test_a_row_states_one_whole_quantity() -> None:
    stated = quantity_of("260,433", "km")
    assert stated is not None
    assert (stated.low, stated.unit) == (260.433, "km")
    assert quantity_of("khoảng 260", "km") is None
    assert quantity_of("nhiều", "km") is None


@given(st.integers(1, 10**9))
def test_a_grouped_number_reads_as_itself(number: int) -> None:
    written = f"{number:,}".replace(",", ".")
    (one,) = quantities(tokenise(f"{written} người"))
    assert one.low == number


@given(st.text(max_size=80))
def test_any_text_is_read_without_error_and_in_order(text: str) -> None:
    tokens = tokenise(text)
    found = quantities(tokens)
    assert all(one.first <= one.last < len(tokens) for one in found)
    assert all(one.last < other.first for one, other in pairwise(found))
