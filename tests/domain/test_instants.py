"""Times as numbers and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.instants import from_micros, from_millis, micros, millis

VIETNAM = timezone(timedelta(hours=7))
A_CENTURY = 3_200_000_000_000_000
"""In microseconds."""


@given(st.integers(-A_CENTURY, 2 * A_CENTURY))
def test_microseconds_come_back_and_milliseconds_are_cut_downward(number: int) -> None:
    moment = from_micros(number)
    assert micros(moment) == micros(moment.astimezone(VIETNAM)) == number
    assert moment == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=number)
    assert timedelta(0) <= moment - from_millis(millis(moment)) < timedelta(milliseconds=1)


def test_a_time_before_1970_is_negative_and_one_without_zone_is_none() -> None:
    before = datetime(1969, 12, 31, 23, 59, 58, 999_900, tzinfo=UTC)
    assert (micros(before), millis(before)) == (-1_000_100, -1001)
    for as_number in (micros, millis):
        with pytest.raises(TypeError):
            as_number(before.replace(tzinfo=None))
