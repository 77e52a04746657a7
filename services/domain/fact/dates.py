"""Dates in Vietnamese text, as the span of days that they name: "30/4/2026", "tháng 8-2019", "quý 3/2024", "năm 2024".

What a sentence speaks of decides which row of the register it may be held against.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Precision = Literal["day", "month", "quarter", "year", "period"]


@dataclass(frozen=True, slots=True)
class DateMention:
    """The days from `first_day` to `last_day`; `start`, `end` are code points of the text given, end exclusive."""

    first_day: date
    last_day: date
    precision: Precision
    start: int
    end: int


_YEAR = r"(?P<{0}>1[89]\d\d|20\d\d)"
_SEP = r"\s?[/.\-]\s?"
_WRITTEN: tuple[tuple[Precision, str], ...] = (
    (
        "period",
        rf"(?:giai đoạn|nhiệm kỳ|thời kỳ|từ năm|từ|các năm|trong)?\s*\b{_YEAR.format('from')}"
        rf"\s*(?:[-–—]|đến(?: năm)?|tới(?: năm)?)\s*{_YEAR.format('to')}\b(?![/\d])",
    ),
    ("day", rf"\b(?P<day>\d{{1,2}}){_SEP}(?P<month>\d{{1,2}}){_SEP}{_YEAR.format('year')}\b"),
    ("day", rf"\bngày\s+(?P<day>\d{{1,2}})\s+tháng\s+(?P<month>\d{{1,2}})(?:,?\s+năm)?\s+{_YEAR.format('year')}\b"),
    ("quarter", rf"\bquý\s+(?P<quarter>[1-4]|IV|I{{1,3}})(?:{_SEP}|\s+năm\s+|\s+){_YEAR.format('year')}\b"),
    ("month", rf"\btháng\s+(?P<month>\d{{1,2}})(?:{_SEP}|\s+năm\s+|,\s*){_YEAR.format('year')}\b"),
    ("month", rf"(?<![\d/.\-])(?P<month>\d{{1,2}})/{_YEAR.format('year')}\b(?!/)"),
    ("year", rf"(?<![\d.,/\-–]){_YEAR.format('year')}(?![\d/]|[.,]\d|\s*(?:ha|km|m|người|hộ|tỷ|tỉ|đồng|USD|%)\b)"),
)
_PATTERNS = tuple((precision, re.compile(pattern, re.IGNORECASE)) for precision, pattern in _WRITTEN)
_QUARTERS = {"1": 1, "2": 2, "3": 3, "4": 4, "i": 1, "ii": 2, "iii": 3, "iv": 4}
_YEAR_WORD = re.compile(r"(?:năm|năm học|đầu|cuối|giữa|thập niên|hè|xuân|tết|\()\s*$", re.IGNORECASE)
_DAY_OF_YEAR = re.compile(
    r"(?:\bngày\s+|\b(?:sáng|trưa|chiều|tối|đêm|khuya|hôm|rạng sáng|ngày)\s+(?:ngày\s+)?|\()"
    r"(?P<day>\d{1,2})\s?[/\-](?P<month>\d{1,2})(?![\d/.\-]|\s?[/\-]\s?\d)",
    re.IGNORECASE,
)


def dates(text: str) -> list[DateMention]:
    """The dates with a year, in order. A bare number such as "2019" is a year only after a word that says so, or
    when it has the form of one and no unit follows."""
    found: list[DateMention] = []
    taken: list[tuple[int, int]] = []
    for precision, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            span = match.span()
            if any(span[0] < end and start < span[1] for start, end in taken):
                continue
            if precision == "year" and not _YEAR_WORD.search(text, max(0, span[0] - 12), span[0]):
                continue
            days = _days(match)
            if days is not None:
                taken.append(span)
                found.append(DateMention(*days, precision, *span))
    return sorted(found, key=lambda mention: mention.start)


def days_without_year(text: str, published: date) -> list[DateMention]:
    """ "sáng 28/6": the day of that name nearest before (or up to a month after) the article."""
    found = []
    for match in _DAY_OF_YEAR.finditer(text):
        day, month = int(match["day"]), int(match["month"])
        for year in (published.year, published.year - 1):
            moment = _date(year, month, day)
            if moment is not None and moment <= published + timedelta(days=31):
                found.append(DateMention(moment, moment, "day", match.start("day"), match.end()))
                break
    return found


def _days(match: re.Match[str]) -> tuple[date, date] | None:
    named = match.groupdict()
    if "from" in named:
        first, last = int(named["from"]), int(named["to"])
        return (date(first, 1, 1), date(last, 12, 31)) if first <= last else None
    year = int(named["year"])
    if "day" in named:
        day = _date(year, int(named["month"]), int(named["day"]))
        return (day, day) if day else None
    if "month" in named:
        return _months(year, int(named["month"]), 1)
    if "quarter" in named:
        return _months(year, 3 * _QUARTERS[named["quarter"].lower()] - 2, 3)
    return date(year, 1, 1), date(year, 12, 31)


def _months(year: int, month: int, count: int) -> tuple[date, date] | None:
    first = _date(year, month, 1)
    if first is None:
        return None
    after = month + count
    end = date(year + (after > 12), after - 12 if after > 12 else after, 1) - timedelta(days=1)
    return first, end


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
