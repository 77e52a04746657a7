"""Dates of feeds and pages: every dialect to the minute, nothing guessed."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.feed.dates import parse_date, plausible

VIETNAM = timezone(timedelta(hours=7))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 20 Jul 2026 06:25:28 +07:00", "2026-07-19T23:25:28"),
        ("Mon, 20 Jul 2026 05:37:41 +0700", "2026-07-19T22:37:41"),
        ("Mon, 20 Jul 26 06:25:00 +0700", "2026-07-19T23:25:00"),
        ("Mon, 20 Jul 2026 06:12:00 +07", "2026-07-19T23:12:00"),
        ("Sun, 19 Jul 2026 16:30:37 GMT", "2026-07-19T16:30:37"),
        ("Sun, 19 Jul 2026 16:30:37 GMT+7", "2026-07-19T09:30:37"),
        ("Sun, 19 Jul 2026 16:30:37 GMT-05:30", "2026-07-19T22:00:37"),
        ("Sun, 19 Jul 2026 16:30 EST", "2026-07-19T21:30:00"),
        ("19 July 2026 16:30:00", "2026-07-19T09:30:00"),
        ("8/23/2026 5:20:00\u202fAM", "2026-08-22T22:20:00"),
        ("8/23/2026 12:05:00 AM", "2026-08-22T17:05:00"),
        ("7/19/2026 11:43:00 PM", "2026-07-19T16:43:00"),
        ("23/8/2026 5:20:00 CH", "2026-08-23T10:20:00"),
        ("23/08/2026 05:20", "2026-08-22T22:20:00"),
        ("23-08-2026 05:20 (GMT+7)", "2026-08-22T22:20:00"),
        ("Thứ bảy, 23/8/2026, 05:20 (GMT+7)", "2026-08-22T22:20:00"),
        ("05:20, ngày 23/08/2026", "2026-08-22T22:20:00"),
        ("2026-08-23T05:20:11.123+07:00", "2026-08-22T22:20:11"),
        ("2026-08-23T05:20:11Z", "2026-08-23T05:20:11"),
        ("2026-08-23 05:20", "2026-08-22T22:20:00"),
        ("2026-08-23", "2026-08-22T17:00:00"),
    ],
)
def test_each_dialect_is_read_to_the_second(text: str, expected: str) -> None:
    assert parse_date(text, VIETNAM) == datetime.fromisoformat(expected + "+00:00")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hôm nay",
        "23/8/2026 5:20:00 AM",  # the US dialect knows no month 23, and nobody guesses that days come first
        "8/23/2026 17:20",
        "1/1/0001 12:00:00 AM",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Mon, 20 Jul 2026 06:25:28 XYZ",
        "Mon, 20 Jul 2026 06:25:28 +99:00",
        "Mon, 32 Jul 2026 06:25:28 GMT",
        "2026-13-01T00:00:00Z",
        "8/23/2026 15:20:00 PM",
        "9" * 5000,
    ],
)
def test_what_fits_no_dialect_is_unknown(text: str) -> None:
    assert parse_date(text, VIETNAM) is None


def test_a_date_without_zone_is_the_feeds_own() -> None:
    assert parse_date("2026-08-23 05:20", UTC) == datetime(2026, 8, 23, 5, 20, tzinfo=UTC)


def test_a_date_ahead_of_now_is_unknown() -> None:
    now = datetime(2026, 8, 23, 5, 0, tzinfo=UTC)
    assert plausible(now + timedelta(hours=2), now) is not None
    assert plausible(now + timedelta(hours=2, minutes=1), now) is None
    assert plausible(None, now) is None


@given(st.text(max_size=120))
def test_no_text_raises(text: str) -> None:
    parsed = parse_date(text, VIETNAM)
    assert parsed is None or parsed.tzinfo is not None


@given(st.datetimes(datetime(1991, 1, 1), datetime(2099, 1, 1)), st.integers(-12 * 60, 14 * 60))  # noqa: DTZ001  hypothesis wants naive bounds
def test_iso_and_rfc822_agree(naive: datetime, minutes: int) -> None:
    time = naive.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert parse_date(time.isoformat(), VIETNAM) == time
    assert parse_date(time.strftime("%a, %d %b %Y %H:%M:%S %z"), VIETNAM) == time
