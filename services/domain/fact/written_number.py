"""Numbers as Vietnamese writes them: "1.061,16", "8,125", "hai trăm sáu mươi", "250-260".

Dates, hours, document numbers and road names are none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from services.domain.text import Tokens

_DIGITS = {
    word: value
    for value, spelt in enumerate(
        ("không", "một mốt", "hai", "ba", "bốn tư", "năm lăm", "sáu", "bảy bẩy", "tám", "chín")
    )
    for word in spelt.split()
}
NUMBER_WORDS = {*_DIGITS, "mười", "mươi", "trăm", "nghìn", "ngàn", "linh", "lẻ"}

_NUMBER = re.compile(r"(\d+(?:[.,]\d+)*)([^\W\d_].*|)")
_GROUPED = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*")
_NOT_AFTER = frozenset(["ngày", "tháng", "quý", "số", "đt", "ql", "km", "khoản", "thứ", "lần", "khóa", "kỳ", "mùng"])
"""A number after one of these names a day, a road, a document or an edition."""


@dataclass(frozen=True, slots=True)
class Number:
    """Before its scale and unit. `step` is one unit of the last significant digit, `last` its last token."""

    value: float
    step: float
    last: int
    glued: str = ""
    """Letters written on to it: the "km" of "260km"."""
    other: float | None = None
    """The second reading of an ambiguous separator."""


def number_at(tokens: Tokens, at: int, first: int, end: int) -> Number | None:
    """The number that begins with the token `at`; `first`..`end` is what may be looked at."""
    token = tokens.marked[at]
    if token[0].isdigit():
        return _written(tokens, at, first)
    if token not in NUMBER_WORDS or token in ("linh", "lẻ", "mươi", "không", "trăm", "nghìn", "ngàn", "mốt", "lăm"):
        return None
    return _spelt(tokens, at, end)


def _written(tokens: Tokens, at: int, first: int) -> Number | None:
    match = _NUMBER.fullmatch(tokens.marked[at])
    if match is None or _is_part_of_a_code(tokens, at):
        return None
    if at > first and _names_something(tokens, at - 1, first):
        return None
    digits, glued = match[1], match[2]
    value, step, other = _value(digits)
    return Number(value, step, at, glued, other)


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


def _spelt(tokens: Tokens, at: int, end: int) -> Number | None:
    """ "mười một", "hai trăm sáu mươi": the value of a run of number words below one million."""
    total, group, digit, last = 0, 0, None, at - 1
    for index in range(at, end + 1):
        word = tokens.marked[index]
        if word not in NUMBER_WORDS or (index > at and not tokens.unbroken(index - 1, index)):
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
    return Number(float(value), _whole_step(str(value)), last)


def range_end(tokens: Tokens, number: Number, end: int) -> Number | None:
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
    return Number(value, step, nxt, match[2]) if value > number.value else None
