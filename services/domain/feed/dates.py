"""Dates as feeds and pages write them: an explicit list of dialects, nothing guessed.

Each dialect was met in the wild. What fits none is None ("unknown"), never now: dateutil reads "GMT+7" with the
sign reversed, and a date made up at reading time hides that nobody knows it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

# Unset dates of content systems (0001, 1970) are no dates.
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_FUTURE_ALLOWED = timedelta(hours=2)

_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: n for n, name in enumerate(_MONTH_NAMES.split(), 1)}
_ZONES = {"gmt": 0, "utc": 0, "ut": 0, "z": 0, "ict": 7, "bst": 1, "cet": 1, "cest": 2, "msk": 3, "ist": 5.5}
_ZONES |= {"jst": 9, "kst": 9, "sgt": 8, "hkt": 8, "aest": 10, "aedt": 11}
_ZONES |= {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}

_SPACES = re.compile(r"[\s\u00a0\u2000-\u200b\u202f\u3000]+")
_WEEKDAY = re.compile(r"^(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*|thứ (?:\w+|[2-7])|chủ nhật|cn),? +", re.IGNORECASE)

_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
_ZONE = r"(?: ?(?P<zone>[(]?(?:[A-Za-z]{1,5})?(?:[+-]\d{1,2}(?::?\d{2})?)?[)]?))?"
_DIALECTS = tuple(
    re.compile(pattern + "$", re.IGNORECASE)
    for pattern in (
        # 2026-07-20T06:25:28+07:00, 2026-07-20 06:25, 2026-07-20
        rf"(?P<year>\d{{4}})-(?P<month>\d{{1,2}})-(?P<day>\d{{1,2}})(?:(?:T| ){_TIME}{_ZONE})?",
        # 20 Jul 2026 06:25:28 +0700, 20 Jul 26 06:25:00 +07, 19 Jul 2026 16:30:37 GMT+7
        rf"(?P<day>\d{{1,2}})[ -](?P<monthname>[a-z]{{3}})[a-z]*[ -](?P<year>\d{{4}}|\d{{2}}),? {_TIME}{_ZONE}",
        # 8/23/2026 5:20:00 AM: the month first, because it says AM or PM
        rf"(?P<month>\d{{1,2}})/(?P<day>\d{{1,2}})/(?P<year>\d{{4}}),? {_TIME} ?(?P<half>AM|PM){_ZONE}",
        # 23/8/2026 5:20:00 CH: the same system under Vietnamese settings, the day first
        rf"(?P<day>\d{{1,2}})/(?P<month>\d{{1,2}})/(?P<year>\d{{4}}),? {_TIME} ?(?P<half>SA|CH){_ZONE}",
        # 23/08/2026 05:20, 23-08-2026 | 05:20 (GMT+7)
        rf"(?P<day>\d{{1,2}})[/.-](?P<month>\d{{1,2}})[/.-](?P<year>\d{{4}})(?:,| -| \|)? {_TIME}{_ZONE}",
        # 05:20 23/08/2026, 05:20, ngày 23-08-2026
        rf"{_TIME}(?:,| -| \|)? (?:ngày )?(?P<day>\d{{1,2}})[/.-](?P<month>\d{{1,2}})[/.-](?P<year>\d{{4}}){_ZONE}",
    )
)

_ZONE_PARTS = re.compile(r"(?P<name>[a-z]*)(?:(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?)?")


def parse_date(text: str, default_zone: tzinfo) -> datetime | None:
    """The time, aware, UTC; None where the text is in none of the dialects. `default_zone` is for dates without one."""
    if len(text) > 100:
        return None
    plain = _WEEKDAY.sub("", _SPACES.sub(" ", text).strip())
    for dialect in _DIALECTS:
        if found := dialect.match(plain):
            return _time_of(found.groupdict(), default_zone)
    return None


def plausible(published_at: datetime | None, seen_at: datetime) -> datetime | None:
    """The date unless it lies more than two hours ahead of when it was seen: then nobody knows it."""
    return None if published_at is None or published_at - seen_at > _FUTURE_ALLOWED else published_at


def _time_of(found: dict[str, str | None], default_zone: tzinfo) -> datetime | None:
    zone = _zone(found.get("zone") or "", default_zone)
    year = int(found["year"] or 0)
    if len(found["year"] or "") == 2:
        year += 2000
    name = found.get("monthname")
    month = _MONTHS.get(name.lower(), 0) if name else int(found.get("month") or 0)
    hour = int(found.get("hour") or 0)
    half = (found.get("half") or "").upper()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half in ("PM", "CH") else 0)
    if zone is None or not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        second = min(int(found.get("second") or 0), 59)
        return datetime(
            year, month, int(found["day"] or 0), hour, int(found.get("minute") or 0), second, tzinfo=zone
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(text: str, default_zone: tzinfo) -> tzinfo | None:
    """`GMT+7`, `+07`, `+0700`, `+07:00`, `EST`; None for a name that nobody knows."""
    parts = _ZONE_PARTS.fullmatch(text.strip("()").lower())
    if parts is None:
        return None
    name = parts["name"]
    if parts["sign"] is None:
        if not name:
            return default_zone
        return timezone(timedelta(hours=_ZONES[name])) if name in _ZONES else None
    if name not in ("", "gmt", "utc", "ut"):
        return None
    offset = timedelta(hours=int(parts["hours"]), minutes=int(parts["minutes"] or 0))
    return None if offset > timedelta(hours=14) else timezone(offset if parts["sign"] == "+" else -offset)
