"""Quantities in Vietnamese text: a number, its unit, and how exactly it is meant.

"1.061,16 km²", "hơn 152 nghìn ha", "2,6 vạn ha", "250-260 km", "tám xã". Dates, hours, document numbers and road
names are none. Values are in base units (km², km, người, đồng ...), so that 6.873,56 km² and 687.356 ha compare.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

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
_DIGITS = {
    word: value
    for value, spelt in enumerate(
        ("không", "một mốt", "hai", "ba", "bốn tư", "năm lăm", "sáu", "bảy bẩy", "tám", "chín")
    )
    for word in spelt.split()
}
_WORDS = {*_DIGITS, "mười", "mươi", "trăm", "nghìn", "ngàn", "linh", "lẻ"}

_PRECISIONS: tuple[tuple[Precision, str], ...] = (
    ("over", "hơn|trên|quá|ngoài"),
    ("under", "gần|ngót|ngót nghét|suýt soát"),
    ("about", "khoảng|chừng|độ|ước|ước khoảng|vào khoảng|xấp xỉ|cỡ|ước tính|ước đạt|tầm|trên dưới"),
    ("bound", "dưới|chưa đến|chưa tới|chưa đầy|không đến|không tới|tối đa|tối thiểu|ít nhất|không dưới|không quá"),
)
_BEFORE = {tuple(words.split()): precision for precision, spelt in _PRECISIONS for words in spelt.split("|")}
_NUMBER = re.compile(r"(\d+(?:[.,]\d+)*)([^\W\d_].*|)")
_GROUPED = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*")
_NOT_AFTER = frozenset(["ngày", "tháng", "quý", "số", "đt", "ql", "km", "khoản", "thứ", "lần", "khóa", "kỳ", "mùng"])
"""A number after one of these names a day, a road, a document or an edition."""


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


@dataclass(frozen=True, slots=True)
class _Number:
    value: float
    step: float
    last: int
    glued: str = ""
    other: float | None = None


def _quantity_at(tokens: Tokens, at: int, first: int, end: int) -> Quantity | None:
    number = _number_at(tokens, at, first, end)
    if number is None:
        return None
    high, last_number = number, number
    upper = _range_end(tokens, number, end)
    if upper is not None:
        high = last_number = upper
    scale, factor, unit, last = _scale_and_unit(tokens, last_number, end)
    if at > first and tokens.marked[at] in _WORDS and unit == "" and scale > 1.0:
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


def _number_at(tokens: Tokens, at: int, first: int, end: int) -> _Number | None:
    token = tokens.marked[at]
    if token[0].isdigit():
        return _written(tokens, at, first)
    if token not in _WORDS or token in ("linh", "lẻ", "mươi", "không", "trăm", "nghìn", "ngàn", "mốt", "lăm"):
        return None
    return _spelt(tokens, at, end)


def _written(tokens: Tokens, at: int, first: int) -> _Number | None:
    match = _NUMBER.fullmatch(tokens.marked[at])
    if match is None or _is_part_of_a_code(tokens, at):
        return None
    if at > first and _names_something(tokens, at - 1, first):
        return None
    digits, glued = match[1], match[2]
    value, step, other = _value(digits)
    return _Number(value, step, at, glued, other)


def _names_something(tokens: Tokens, at: int, first: int) -> bool:
    """ "số 35", "ngày 5": the number after is a name; not in "dân số 85.000"."""
    word = tokens.marked[at]
    if word == "số" and at > first and tokens.marked[at - 1] in ("dân", "tổng", "hộ", "con"):
        return False
    return word in _NOT_AFTER and tokens.unbroken(at, at + 1)


def _is_part_of_a_code(tokens: Tokens, at: int) -> bool:
    """5/8/2026, 202/2025/QH15, 1-7, 20:30, Km8+000: no quantity. "250-260" is a range and stays."""
    before = tokens.source[tokens.ends[at - 1] : tokens.starts[at]] if at else ""
    after = tokens.source[tokens.ends[at] : tokens.starts[at + 1]] if at + 1 < len(tokens) else ""
    if before in ("/", ":", "+", "_", "№") or after in ("/", ":", "+", "_"):
        return True
    if before == "-" and tokens.marked[at - 1][-1:].isalpha() and not tokens.marked[at][-1:].isalpha():
        return True
    hyphens = [_hyphen(tokens, index) for index in range(at - 2, at + 2)]
    return any(left and right for left, right in pairwise(hyphens))  # three numbers in a row: 1-7-2025


def _hyphen(tokens: Tokens, index: int) -> bool:
    """Whether a hyphen alone joins the numbers `index` and the one after it."""
    if not 0 <= index < len(tokens) - 1 or tokens.source[tokens.ends[index] : tokens.starts[index + 1]] != "-":
        return False
    return tokens.marked[index].isdigit() and tokens.marked[index + 1].isdigit()


def _value(digits: str) -> tuple[float, float, float | None]:
    """(value, step, second reading) of "1.061,16": the last separator that stands alone is the decimal one."""
    marks = [mark for mark in digits if mark in ".,"]
    if not marks:
        return float(digits), _whole_step(digits), None
    if len(set(marks)) == 2:
        whole, decimals = digits.rsplit(marks[-1], 1)
        return float(f"{re.sub('[.,]', '', whole)}.{decimals}"), 10.0 ** -len(decimals), None
    plain = digits.replace(".", "").replace(",", "")
    if len(marks) > 1:
        return float(plain), _whole_step(plain), None
    whole, decimals = digits.split(marks[0])
    as_decimal = float(f"{whole}.{decimals}")
    if not _GROUPED.fullmatch(digits) or whole == "0":
        return as_decimal, 10.0 ** -len(decimals), None
    # Three digits after one separator: Vietnamese writes 7.000 and 8,125; copies from English do the reverse.
    if marks[0] == ".":
        return float(plain), _whole_step(plain), as_decimal
    return as_decimal, 10.0**-3, float(plain)


def _whole_step(digits: str) -> float:
    significant = digits.rstrip("0")
    return 10.0 ** (len(digits) - len(significant)) if significant else 1.0


def _spelt(tokens: Tokens, at: int, end: int) -> _Number | None:
    """ "mười một", "hai trăm sáu mươi": the value of a run of number words below one million."""
    total, group, digit, last = 0, 0, None, at - 1
    for index in range(at, end + 1):
        word = tokens.marked[index]
        if word not in _WORDS or (index > at and not tokens.unbroken(index - 1, index)):
            break
        if word in _DIGITS:
            if digit is not None:
                break
            digit = _DIGITS[word]
        elif word == "mười":
            group, digit = group + 10, None
        elif word == "mươi":
            group, digit = group + 10 * (digit or 1), None
        elif word == "trăm":
            group, digit = group + 100 * (digit or 1), None
        elif word in ("nghìn", "ngàn"):
            total, group, digit = (total + group + (digit or 0)) * 1000, 0, None
        last = index
    # Alone, "một" is the article and "năm" the year.
    if last < at or (last == at and tokens.marked[at] in ("một", "năm", "tư")):
        return None
    value = total + group + (digit or 0)
    return _Number(float(value), _whole_step(str(value)), last)


def _range_end(tokens: Tokens, number: _Number, end: int) -> _Number | None:
    """The upper number of "250-260" and "từ 250 đến 260"."""
    nxt = number.last + 1
    if number.glued or nxt > end or not tokens.marked[number.last][:1].isdigit():
        return None
    between = tokens.source[tokens.ends[number.last] : tokens.starts[nxt]].strip()
    if tokens.marked[nxt] in ("đến", "tới") and nxt < end and not between:
        nxt += 1
    elif between not in ("-", "–", "—", "÷"):
        return None
    if not tokens.marked[nxt][0].isdigit():
        return None
    match = _NUMBER.fullmatch(tokens.marked[nxt])
    if match is None:
        return None
    value, step, _ = _value(match[1])
    return _Number(value, step, nxt, match[2]) if value > number.value else None


def _scale_and_unit(tokens: Tokens, number: _Number, end: int) -> tuple[float, float, str, int]:
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
