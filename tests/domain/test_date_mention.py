"""Dates in text: what days a sentence names, and how exactly."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.fact.dates import dates, days_without_year


@pytest.mark.parametrize(
    ("text", "first_day", "last_day", "precision"),
    [
        ("ngày 30/4/2026", date(2026, 4, 30), date(2026, 4, 30), "day"),
        ("ngày 1-7-2025", date(2025, 7, 1), date(2025, 7, 1), "day"),
        ("ngày 1 tháng 1 năm 1997", date(1997, 1, 1), date(1997, 1, 1), "day"),
        ("tháng 8-2019", date(2019, 8, 1), date(2019, 8, 31), "month"),
        ("tháng 12 năm 2024", date(2024, 12, 1), date(2024, 12, 31), "month"),
        ("6/2025", date(2025, 6, 1), date(2025, 6, 30), "month"),
        ("quý III/2024", date(2024, 7, 1), date(2024, 9, 30), "quarter"),
        ("năm 2024", date(2024, 1, 1), date(2024, 12, 31), "year"),
        ("cuối năm 2023", date(2023, 1, 1), date(2023, 12, 31), "year"),
        ("giai đoạn 2020-2025", date(2020, 1, 1), date(2025, 12, 31), "period"),
        ("từ năm 2016 đến năm 2020", date(2016, 1, 1), date(2020, 12, 31), "period"),
    ],
)
def test_reads_the_days_named(text: str, first_day: date, last_day: date, precision: str) -> None:
    (one,) = dates(text)
    assert (one.first_day, one.last_day, one.precision) == (first_day, last_day, precision)


@pytest.mark.parametrize("text", ["2.019 người", "1.716 hộ", "năm 2024 ha", "31/2/2024", "Nghị quyết 202/2025/QH15"])
def test_other_numbers_are_no_dates(text: str) -> None:
    assert [one for one in dates(text) if one.precision != "year"] == []


def test_a_day_without_year_is_the_nearest_one_before_the_article() -> None:
    found = days_without_year("sáng 28/6 và ngày 5-1", date(2026, 3, 1))
    assert [one.first_day for one in found] == [date(2025, 6, 28), date(2026, 1, 5)]


@given(st.dates(date(1900, 1, 1), date(2090, 12, 31)))
def test_a_full_date_reads_as_itself(day: date) -> None:
    for written in (f"{day.day}/{day.month}/{day.year}", f"ngày {day.day} tháng {day.month} năm {day.year}"):
        assert [one.first_day for one in dates(written)] == [day]


@given(st.text(max_size=80))
def test_spans_lie_in_the_text_and_do_not_overlap(text: str) -> None:
    found = dates(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
