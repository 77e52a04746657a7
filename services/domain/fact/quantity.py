"""Quantities in Vietnamese text: a number, its unit, and how exactly it is meant.

"1.061,16 km²", "hơn 152 nghìn ha", "2,6 vạn ha", "250-260 km", "tám xã". Dates, hours, document numbers and road
names are none. Values are in base units (km², km, người, đồng ...), so that 6.873,56 km² and 687.356 ha compare.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from services.domain.fact.written_number import NUMBER_WORDS, Number, number_at, range_end
from services.domain.text import Tokens, tokenise

Precision = Literal["exact", "about", "over", "under", "bound"]
"""`over` hơn, trên; `under` gần; `bound` chưa đến, ít nhất: says too little to be compared."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """`low` = `high` but for ranges. Token indices `first`..`last` hold number and unit, both included."""

    low: float
    high: float
    unit: str
    """Base unit ("km2"), or "" for a bare number: what is counted then follows it."""
    precision: Precision
    step: float
    """One unit of the last significant digit, in base units: 10 for "260 km", 0.001 for "260,433 km"."""
    first: int
    last: int
    other: float | None = None
    """The second reading of an ambiguous separator: 260,433 for "260.433"."""


# Unit as written -> (base unit, factor). Longest first when matched.
_UNITS: dict[tuple[str, ...], tuple[str, float]] = {
    tuple(written.split()): (base, factor)
    for base, factor, spellings in (
        ("km2", 1.0, "km2|km²|km vuông|kilômét vuông|ki lô mét vuông|kilomet vuông|cây số vuông"),
        ("km2", 0.01, "ha|hecta|héc ta|hécta|hec ta|hectare|hectares|mẫu tây"),
        ("km2", 1e-6, "m2|m²|mét vuông"),
        ("km", 1.0, "km|kilômét|kilomet|ki lô mét|cây số"),
        ("km", 0.001, "m|mét"),
        ("người", 1.0, "người|người dân|nhân khẩu|dân|khẩu|cư dân"),
        ("hộ", 1.0, "hộ|hộ dân|hộ gia đình"),
        ("tạ/ha", 1.0, "tạ ha"),
        ("tạ/ha", 10.0, "tấn ha"),
        ("tấn", 1.0, "tấn"),
        ("tấn", 0.1, "tạ"),
        ("đồng", 1.0, "đồng|vnd|vnđ"),
        ("usd", 1.0, "usd|đô la|đô la mỹ|mỹ kim"),
        ("%", 1.0, "phần trăm"),
    )
    for written in spellings.split("|")
}
_SCALES = {"trăm": 1e2, "nghìn": 1e3, "ngàn": 1e3, "vạn": 1e4, "triệu": 1e6, "tr": 1e6, "tỷ": 1e9, "tỉ": 1e9}
_PRECISIONS: tuple[tuple[Precision, str], ...] = (
    ("over", "hơn|trên|quá|ngoài"),
    ("under", "gần|ngót|ngót nghét|suýt soát"),
    ("about", "khoảng|chừng|độ|ước|ước khoảng|vào khoảng|xấp xỉ|cỡ|ước tính|ước đạt|tầm|trên dưới"),
    ("bound", "dưới|chưa đến|chưa tới|chưa đầy|không đến|không tới|tối đa|tối thiểu|ít nhất|không dưới|không quá"),
)
_BEFORE = {tuple(words.split()): precision for precision, spelt in _PRECISIONS for words in spelt.split("|")}


def quantities(tokens: Tokens, first: int = 0, last: int | None = None) -> list[Quantity]:
    """All quantities of the tokens `first`..`last` (both included), in order."""
    end = len(tokens) - 1 if last is None else last
    found: list[Quantity] = []
    at = first
    while at <= end:
        quantity = _quantity_at(tokens, at, first, end)
        if quantity is not None:
            found.append(quantity)
            at = quantity.last + 1
        else:
            at += 1
    return found


def quantity_of(value: str, unit: str) -> Quantity | None:
    """The quantity that a register row states ("260,433", "km"), or None where it is no plain number.

    A unit that measures nothing ("xã") is counted, and the quantity's unit is then "".
    """
    tokens = tokenise(f"{value} {unit}")
    found = quantities(tokens)
    whole = len(found) == 1 and found[0].first == 0 and found[0].precision == "exact"
    return found[0] if whole else None


def _quantity_at(tokens: Tokens, at: int, first: int, end: int) -> Quantity | None:
    number = number_at(tokens, at, first, end)
    if number is None:
        return None
    high, last_number = number, number
    upper = range_end(tokens, number, end)
    if upper is not None:
        high = last_number = upper
    scale, factor, unit, last = _scale_and_unit(tokens, last_number, end)
    if at > first and tokens.marked[at] in NUMBER_WORDS and unit == "" and scale > 1.0:
        return None
    if tokens.source[tokens.ends[last] : tokens.ends[last] + 1] == "/":  # "154 người/km2", "40.000 đồng/kg"
        return None
    times = scale * factor
    low_times = times if number.value <= high.value else factor
    return Quantity(
        low=number.value * low_times,
        high=high.value * times,
        unit=unit,
        precision="about" if upper is not None else _precision(tokens, at, first, last, end),
        step=max(number.step, high.step) * times,
        first=at,
        last=last,
        other=None if number.other is None or upper is not None else number.other * times,
    )


def _scale_and_unit(tokens: Tokens, number: Number, end: int) -> tuple[float, float, str, int]:
    """(scale, unit's factor, base unit, last token) of what follows a number."""
    if number.glued:
        base = _UNITS.get((number.glued,))
        return (1.0, base[1], base[0], number.last) if base else (_SCALES.get(number.glued, 1.0), 1.0, "", number.last)
    if _sign_after(tokens, number.last) == "%":
        return 1.0, 1.0, "%", number.last
    scale, at = 1.0, number.last
    while at + 1 <= end and tokens.marked[at + 1] in _SCALES and _close(tokens, at):
        scale, at = scale * _SCALES[tokens.marked[at + 1]], at + 1
    for length in (4, 3, 2, 1):
        written = tokens.marked[at + 1 : min(at + length, end) + 1]
        base = _UNITS.get(written)
        if base and len(written) == length and _close(tokens, at):
            return scale, base[1], base[0], at + length
    return (scale, 1.0, "đồng", at) if scale >= 1e9 else (scale, 1.0, "", at)


def _close(tokens: Tokens, at: int) -> bool:
    """Only white space (or the slash of "tạ/ha") between this token and the next."""
    return tokens.source[tokens.ends[at] : tokens.starts[at + 1]].strip() == ""


def _sign_after(tokens: Tokens, at: int) -> str:
    return tokens.source[tokens.ends[at] : tokens.ends[at] + 2].strip()[:1]


def _precision(tokens: Tokens, at: int, first: int, last: int, end: int) -> Precision:
    sign = tokens.source[max(0, tokens.starts[at] - 2) : tokens.starts[at]].strip()[-1:]
    if sign in ("~", "≈", "±"):
        return "about"
    if sign in (">", "≥"):
        return "over"
    if sign in ("<", "≤"):
        return "bound"
    if tokens.marked[last + 1 : min(last + 2, end) + 1] == ("trở", "lên"):
        return "bound"
    for length in (2, 1):
        start = at - length
        if start >= first and (precision := _BEFORE.get(tokens.marked[start:at])):
            return precision
    return "exact"
