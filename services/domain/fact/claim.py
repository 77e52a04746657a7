"""A figure of a sentence, read: what it states, of which place, for which days.

Most differences in the press are another year, another boundary, a part of the whole or another quantity. So every
doubt ends in no claim: its attribute, its subject and its time must each be read without a rival.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.domain.fact.quantity import Quantity, quantities
from services.domain.fact.register import FactRegister
from services.domain.fact.statement import Spot, Statement
from services.domain.fact.unit_cues import NOW
from services.domain.phrases import Found

_BEFORE, _AFTER, _SUBJECT = 10, 3, 30
"""Tokens at most between the attribute's words and a number after, before them; between number and subject."""

# Sentences about events, plans, parts or changes: their figures are no register's.
_EVENTS = tuple(
    f" {words} "
    for line in (
        "chết|tử vong|thiệt mạng|bị thương|thương vong|nạn nhân|mất tích|bị cáo|bị can|vụ án|khởi tố|thiệt hại|tai nạn",
        "ca mắc|ca nhiễm|ca bệnh|dương tính|ổ dịch|mục tiêu|kế hoạch|phấn đấu|dự kiến|dự toán|chỉ tiêu|quy hoạch|sẽ",
        "đặt ra|dự báo|kịch bản|6 tháng|9 tháng|tháng đầu năm|nửa đầu năm|quý i|quý ii|quý iii|quý iv|quý 1|quý 2",
        "quý 3|quý 4|mỗi năm|hằng năm|hàng năm|bình quân mỗi|trung bình mỗi",
    )
    for words in line.split("|")
)
_CHANGES = frozenset(["thêm", "giảm", "vượt", "hụt", "mất", "chuyển", "trồng", "khai", "phá", "tăng"])
_FORMER = (
    " cũ ",
    " trước đây ",
    " trước đó ",
    " trước khi ",
    " trước sáp nhập ",
    " trước sắp xếp ",
    " trước hợp nhất ",
)
_OF_YEAR = re.compile(r"%?[\s,]*\(?(?:\s*(?:của|trong|vào|hồi|tính đến|thời điểm|cuối|đầu|năm|ngày|tháng|số liệu))*\s*")
_GOES_ON = re.compile(r"\s*,?\s*(?:tăng|đạt|là|có|giảm|chỉ|còn|ước)\b")
_WHOLE = frozenset(["có", "gồm", "còn", "thành", "toàn", "cả", "tổng"])
_LINKING = frozenset(
    ["tăng", "đạt", "là", "hơn", "gần", "khoảng", "trên", "ước", "với", "có", "bằng", "lên", "tới", "dài"]
)
_COUNTED = frozenset(["xã", "phường", "trấn", "huyện", "phố", "chính"])
_AFTER_COUNT = frozenset(
    ["và", "với", "gồm", "trong", "vào", "năm", "từ", "kể", "tính", "trực", "hiện", "sau", "như", "là", "bao", "trên"]
)
_GENITIVE = frozenset(["của", "thuộc", "vùng", "giáp", "với", "miền", "phía", "ở", "tại"])


@dataclass(frozen=True, slots=True)
class Claim:
    """One figure of a sentence, read: what it states, of what, for which days."""

    attribute: str
    quantity: Quantity
    subject: str
    first_day: date
    last_day: date
    year_said: bool
    last: int
    """The last token of the figure as printed, with what it counts."""


def claims(statement: Statement, register: FactRegister) -> Iterator[Claim]:
    """The figures of a sentence that speak of an attribute and a subject of the register, outside quotations."""
    if not statement.spots or any(words in statement.words for words in _EVENTS):
        return
    attributes = register.attributes_in(statement)
    if not attributes:
        return
    stated = quantities(statement.tokens, statement.first, statement.last)
    for quantity in stated:
        found = _attribute_of(quantity, attributes, stated, statement, register)
        if found is None or statement.in_quotes(quantity.first, quantity.last):
            continue
        subject = _subject_of(quantity, found, statement, register)
        if subject is None:
            continue
        days = _days_of(quantity, subject, statement, register)
        if days is not None:
            last = found.last if register.counted[found.value] else quantity.last
            yield Claim(found.value, quantity, subject, *days, last)


def _attribute_of(
    quantity: Quantity, attributes: list[Found[str]], stated: list[Quantity], at: Statement, register: FactRegister
) -> Found[str] | None:
    """The words that say what the number is: nearest, in its unit, nothing of the same unit between."""
    near: list[tuple[int, int, Found[str]]] = []
    for place, found in enumerate(attributes):
        gap = _gap(quantity, found, at, counted=register.counted[found.value])
        if gap is None or quantity.unit not in register.measured_in[found.value]:
            continue
        low, high = sorted((quantity.first, found.first))
        rivals = [other for other in stated if other is not quantity and other.unit == quantity.unit]
        if not any(low < other.first < high for other in rivals):
            near.append((gap, place, found))
    # "diện tích" beside "cây chủ lực" is no area of land: the next nearest words may still say what it is.
    return next((found for *_, found in sorted(near) if not _means_something_else(quantity, found, at, register)), None)


def _gap(quantity: Quantity, found: Found[str], at: Statement, counted: bool) -> int | None:
    """Tokens between the words and the number; None where they are too far apart to belong together."""
    if counted:
        return 0 if found.first == quantity.last + 1 and _is_whole(quantity, found, at) else None
    if found.first >= quantity.first:
        gap = max(0, found.first - quantity.last - 1)
        clear = gap == 0 or not _breaks(at.between(quantity.last, found.first), ";:,.(")
        near = _BEFORE if quantity.unit == "%" else _AFTER  # "trên 36% số hộ của huyện Bù Gia Mập là hộ ..."
        return gap if gap <= near and clear else None
    gap = quantity.first - found.last - 1
    return gap if 0 <= gap <= _BEFORE and not _new_clause(found.last, quantity.first, at) else None


def _new_clause(last: int, first: int, at: Statement) -> bool:
    """Whether something else is spoken of between the words and the number: "GRDP ..., vốn FDI tăng 20%"."""
    text = at.between(last, first)
    rest = text.rsplit(",", 1)[1].lower().split() if "," in text else []
    return ";" in text or not _LINKING.issuperset(rest)


def _breaks(text: str, marks: str) -> bool:
    return any(mark in text for mark in marks)


def _is_whole(quantity: Quantity, found: Found[str], at: Statement) -> bool:
    """ "có 8 xã." counts all of them; "có 3 xã biên giới", "5 xã bị ảnh hưởng" some."""
    marked, first, last = at.tokens.marked, quantity.first, found.last
    before = marked[max(at.first, first - 4) : first]
    if "đã" in before:  # "đã có 60 xã": so far, not all
        return False
    # "95 đơn vị hành chính cấp xã (72 xã, 23 phường)": a breakdown needs no verb of its own.
    breakdown = before and before[-1] in _COUNTED and at.between(first - 1, first).strip() in ("(", ",", ":", ", (")
    if not _WHOLE.intersection(before) and not breakdown and before[-1:] != ("và",):
        return False
    if last == at.last:
        return True
    gap = at.between(last, last + 1).strip()
    return gap[:1] in tuple(",.;:()–-") or marked[last + 1] in _AFTER_COUNT


def _means_something_else(quantity: Quantity, found: Found[str], at: Statement, register: FactRegister) -> bool:
    """Words in its clause that make it another quantity, or a change instead of a level."""
    marked = at.tokens.marked
    last = max(quantity.last, found.last)
    ends = "" if register.counted[found.value] else ",;.()"  # "có 60 xã, phường, đạt 63%" is a share
    while last < at.last and not _breaks(at.between(last, last + 1), ends):
        last += 1
    clause = f" {' '.join(marked[at.first : last + 1])} "
    if any(words in clause for words in register.unless.get(found.value, ())):
        return True
    if quantity.unit == "%":
        return False
    low = min(quantity.first, found.last + 1)
    return bool(_CHANGES.intersection(marked[max(at.first, low - 1) : quantity.first]))


def _subject_of(quantity: Quantity, found: Found[str], at: Statement, register: FactRegister) -> str | None:
    """The place that the figure is said of; None where it is another, several, or in doubt."""
    spots = _without_wholes(at, register)
    first, last = min(quantity.first, found.first), max(quantity.last, found.last)
    before = [spot for spot in spots if spot.first < last]
    if before:
        spot = before[-1]
        if first - spot.last > _SUBJECT or _breaks(at.between(spot.last, max(first, spot.last + 1)), ";"):
            return None
    else:
        after = [spot for spot in spots if spot.first > last and spot.first - last <= _SUBJECT // 2]
        if not after:
            return None
        spot = after[0]
    if any(_listed(spot, other, at) for other in spots if other is not spot):
        return None
    if at.in_quotes(spot.first, spot.last) or spot.place is None:
        return None
    return spot.place if (spot.place, found.value) in register.numbers else None


def _without_wholes(at: Statement, register: FactRegister) -> list[Spot]:
    """Without the units that only say where another one lies: "Bù Gia Mập, tỉnh Bình Phước", "huyện ... của ..."."""
    kept: list[Spot] = []
    for spot in at.spots:
        if not kept or _takes_over(spot, at) or not _says_where(kept[-1], spot, at, register):
            kept.append(spot)
    return kept


def _takes_over(spot: Spot, at: Statement) -> bool:
    """ "giáp Đắk Nông, tỉnh có ...": what follows may be said of the neighbour."""
    following = at.tokens.marked[spot.last + 1 : spot.last + 2]
    return spot.place is None and spot.last < at.last and following in (("tỉnh",), ("huyện",), ("nơi",), ("vùng",))


def _says_where(part: Spot, whole: Spot, at: Statement, register: FactRegister) -> bool:
    between = at.tokens.marked[part.last + 1 : whole.first]
    if part.place is not None and whole.place is not None:
        if part.place == whole.place:
            return False
        inside = whole.place in register.places.ancestors(part.place)
    else:
        inside = False
    gap = at.between(part.last, whole.first).strip()
    if not [word for word in between if word not in ("tỉnh", "huyện", "thành", "phố", "tp", "thị", "xã")]:
        return (inside and gap[:1] in (",", "(", "-", "–")) or (
            part.place is None and not part.region and gap[:1] in (",", "(")
        )
    near = _GENITIVE.intersection(at.tokens.marked[max(part.last + 1, whole.first - 3) : whole.first])
    return bool(near)


def _listed(one: Spot, other: Spot, at: Statement) -> bool:
    """ "Bình Phước, Đắk Nông và Lâm Đồng": a figure beside a list is of all of them, or of none."""
    if one.region or other.region:
        return False
    first, second = sorted((one, other), key=lambda spot: spot.first)
    between = at.tokens.marked[first.last + 1 : second.first]
    return (
        len(between) <= 3
        and set(between) <= {"và", "với", "cùng", "tỉnh", "huyện", "xã", "hay", "hoặc"}
        and (first.place != second.place or first.place is None)
    )


def _days_of(quantity: Quantity, subject: str, at: Statement, register: FactRegister) -> tuple[date, date, bool] | None:
    """(first day, last day, whether the sentence says so) that the figure speaks of."""
    start = at.tokens.starts[quantity.first] - at.start
    end = at.tokens.ends[quantity.last] - at.start
    dated = [day for day in at.dates if "so với" not in at.quote[max(0, day.start - 16) : day.start].lower()]
    after = [day for day in dated if day.start >= end and _belongs(at.quote[end : day.start], at.quote[day.end :])]
    before = [day for day in dated if day.end <= start]
    if after or before:
        day = after[0] if after else before[-1]
        if day.start >= end or not NOW.search(f" {' '.join(at.quote[day.end : start].lower().split())} "):
            return None if day.precision == "period" else (day.first_day, day.last_day, True)
    if at.published is None:
        return None
    ended = max((row.ended for row in register.ended.get(subject, ())), default=None)
    if any(words in at.words for words in _FORMER):
        return (ended, ended, False) if ended is not None and at.published > ended else None
    return at.published, at.published, False


def _belongs(between: str, rest: str) -> bool:
    """ "8,34% của năm 2023", "994.679 người (năm 2019)"; not "9,32% (năm 2023 tăng 8,34%)"."""
    return _OF_YEAR.fullmatch(between) is not None and _GOES_ON.match(rest) is None
