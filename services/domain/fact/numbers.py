"""A number in a sentence against the register: same subject, same attribute, same unit, same time.

It is contradicted when every row in force disagrees, beyond what rounding and "hơn", "gần", "khoảng" allow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from services.domain.fact import Fact
from services.domain.fact.claim import Claim, claims
from services.domain.fact.quantity import Quantity
from services.domain.fact.register import FactRegister, NumberRow, as_written
from services.domain.fact.statement import Statement

_A_YEAR = timedelta(days=364)
_ROUNDED = 0.03
"""Share within which a figure that says "khoảng", or is rounded itself, is the same."""
_ONE_SIDED = 0.005
""" "hơn 7.000" of 6.874 is wrong, "gần 260" of 260,433 is no matter."""
_COARSE = 0.2
""" "hơn 100 nghìn tỷ" of 115 is rounding, "gần 200.000" of 152.007 is not."""
_LOOSE = 0.1
""" "hơn 240" of 260 still is true, if poor; "hơn 200" is rounding."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A claim and the row that it contradicts."""

    claim: Claim
    row: NumberRow
    found: str


def contradicted_numbers(statement: Statement, register: FactRegister) -> Iterator[Contradiction]:
    """The figures of a sentence that no valid row of the register agrees with."""
    for claim in claims(statement, register):
        row = _against(claim, statement, register)
        if row is not None:
            start = statement.tokens.starts[claim.quantity.first]
            end = statement.tokens.ends[claim.last] + (claim.quantity.unit == "%")
            sign = _words_before(statement, claim.quantity)
            yield Contradiction(claim, row, f"{sign}{statement.tokens.source[start:end].strip()}")


def _against(claim: Claim, at: Statement, register: FactRegister) -> NumberRow | None:
    """The row that the claim contradicts: every row in force for those days disagrees, none is disputed."""
    rows = [
        row
        for row in register.numbers[claim.subject, claim.attribute]
        if row.valid(claim.first_day, claim.last_day) and row.quantity.unit == claim.quantity.unit
    ]
    if any(row.fact.status == "disputed" for row in rows):
        return None
    rows = [row for row in rows if _same_span(row, claim) and _public_then(row, at)]
    others = [
        row
        for spot in at.spots
        if spot.place is not None and spot.place != claim.subject
        for row in register.numbers.get((spot.place, claim.attribute), ())
    ]
    if not claim.year_said:  # a census figure quoted years later without its year is old, not wrong
        others += [row for row in register.numbers[claim.subject, claim.attribute] if row.fact.needs_year]
    if not rows or any(agrees(claim.quantity, row) is not False for row in [*rows, *others]):
        return None
    if not any(_comparable(claim.quantity, row.quantity) for row in rows):
        return None
    return min(rows, key=lambda row: (row.fact.status != "verified", abs(row.quantity.low - claim.quantity.low)))


def _same_span(row: NumberRow, claim: Claim) -> bool:
    """A year's figure is held against a sentence that names the year, not a month of it."""
    fact = row.fact
    if not fact.needs_year:
        return True
    if not claim.year_said or fact.valid_from is None or fact.valid_to is None:
        return claim.year_said
    return claim.last_day - claim.first_day >= min(fact.valid_to - fact.valid_from, _A_YEAR)


def _public_then(row: NumberRow, at: Statement) -> bool:
    """The document was there before the article."""
    return not row.fact.source.date or at.published is None or row.fact.source.date <= at.published.isoformat()


def agrees(quantity: Quantity, row: NumberRow) -> bool | None:
    """Whether a figure may stand for the row's value; None where the sentence says too little."""
    value = row.quantity.low
    if quantity.precision == "bound":
        return None
    if quantity.other is not None and abs(quantity.other - value) <= _ROUNDED * value:
        return True
    counted = quantity.unit in ("", "hộ") and value < 1000
    tolerance = row.fact.tolerance * value
    low, high = quantity.low, quantity.high
    step = min(quantity.step, _COARSE * low)
    if quantity.precision == "over":
        return low * (1 - _ONE_SIDED) - tolerance <= value <= max(low + step, low * (1 + _LOOSE)) + tolerance
    if quantity.precision == "under":
        return min(low - step, low * (1 - _LOOSE)) - tolerance <= value <= low * (1 + _ONE_SIDED) + tolerance
    if quantity.precision == "about":
        slack = max(_ROUNDED * value, min(step / 2, _LOOSE * value), tolerance)
        return low - slack <= value <= high + slack
    if counted:
        return abs(value - low) <= tolerance
    # Written plainly: rounded to, or cut at, its last digit that is no zero.
    cut = value - low if value >= low else (low - value) * 2
    return abs(value - low) <= tolerance + 1e-9 or cut < min(step, _ROUNDED * value)


def _comparable(quantity: Quantity, stated: Quantity) -> bool:
    """Within one order of magnitude, or off by a power of ten (a slip of unit): anything else is another quantity."""
    if quantity.low <= 0 or stated.low <= 0:
        return False
    ratio = quantity.low / stated.low
    within = 2.5 if stated.unit == "" else 12.0
    if 1 / within <= ratio <= within:
        return True
    while ratio > 3:
        ratio /= 10
    while ratio < 0.3:
        ratio *= 10
    return abs(ratio - 1) <= _ROUNDED


def _words_before(at: Statement, quantity: Quantity) -> str:
    """The "hơn", "gần" or "khoảng" that belongs to the figure, as written."""
    if quantity.precision == "exact" or quantity.low != quantity.high:
        return ""
    start = at.tokens.starts[quantity.first]
    sign = at.tokens.source[max(at.start, start - 2) : start].strip()[-1:]
    if sign in "~≈><≥≤" and sign:
        return sign
    return f"{at.tokens.surface(quantity.first - 1, quantity.first - 1)} " if quantity.first > at.first else ""


def stated(fact: Fact) -> str:
    """ "260,433 km (1997-2025, 8 xã)": the row's value with its time and boundary."""
    about = ", ".join(part for part in (fact.as_of or _period(fact), fact.boundary) if part)
    return f"{fact.value} {fact.unit}".replace(" %", "%") + (f" ({about})" if about else "")


def _period(fact: Fact) -> str:
    since = f"từ {as_written(fact.valid_from)}" if fact.valid_from else ""
    until = f"đến {as_written(fact.valid_to)}" if fact.valid_to else ""
    return " ".join(part for part in (since, until) if part)


def number_reason(contradiction: Contradiction, name: str) -> str:
    """Why, in words that a leader understands."""
    fact, claim = contradiction.row.fact, contradiction.claim
    off = abs(claim.quantity.low - contradiction.row.quantity.low) / contradiction.row.quantity.low
    amount = "" if claim.quantity.unit == "" else f" Lệch {_percent(off)}, vượt mức làm tròn."
    weak = "" if fact.status == "verified" else " Nguồn chưa kiểm chứng: cần đối chiếu trước khi kết luận."
    return (
        f"Câu báo ghi “{contradiction.found}” về {fact.attribute} của {name}; "
        f"sổ dữ kiện ghi {stated(fact)}.{amount}{weak}"
    )


def _percent(share: float) -> str:
    return f"{share * 100:.1f}".rstrip("0").rstrip(".").replace(".", ",") + "%" if share < 10 else "trên 10 lần"
