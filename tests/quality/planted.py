"""Sentences made from the register, true ones and wrong ones, as a newspaper would write them.

The wrong ones change a figure (two digits swapped, ten times, another unit, another year, "hơn" for "gần", another
boundary) or write a unit that is no more. The true ones also round, speak of another place, or of an event.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from services.domain.fact import UNIT_ATTRIBUTES, Fact


@dataclass(frozen=True)
class Planted:
    """A sentence to be set into an article published on `day`."""

    sentence: str
    day: date
    fact: str
    how: str
    """ "đúng", "làm tròn" ... for true ones; the mutation for wrong ones."""
    wrong: bool


SUBJECTS = {
    "binh-phuoc": ["Bình Phước", "tỉnh Bình Phước"],
    "bu-gia-map": ["Bù Gia Mập", "huyện Bù Gia Mập"],
    "xa-phu-nghia": ["xã Phú Nghĩa (TP Đồng Nai)"],
    "xa-dak-o": ["xã Đăk Ơ"],
    "xa-da-kia": ["xã Đa Kia"],
    "phuong-binh-phuoc": ["phường Bình Phước (TP Đồng Nai)"],
    "dong-nai": ["Đồng Nai"],
}
"""How the sentences call each subject; Đồng Nai by its bare name, right at any time."""

FORMS = {
    "diện tích tự nhiên": [
        "{S} có diện tích tự nhiên {v}.",
        "Diện tích tự nhiên của {s} là {v}.",
        "Với tổng diện tích {v}, {s} có nhiều dạng địa hình.",
        "Theo số liệu kiểm kê, {s} rộng {v}, phần lớn là đất đỏ bazan.",
    ],
    "đường biên giới với Campuchia": [
        "{S} có {v} đường biên giới giáp Campuchia.",
        "Đường biên giới của {s} dài {v}.",
        "Với {v} biên giới, {s} giữ vị trí quan trọng về quốc phòng.",
        "Là địa bàn biên giới, {s} có đường biên dài, tổng chiều dài biên giới là {v}.",
    ],
    "dân số": [
        "Năm {y}, dân số {s} là {v}.",
        "Dân số của {s} năm {y} là {v}, theo cơ quan thống kê.",
        "{S} có dân số {v} (năm {y}).",
    ],
    "tỷ lệ hộ dân tộc thiểu số": [
        "Hộ đồng bào dân tộc thiểu số chiếm {v} số hộ của {s}.",
        "Ở {s}, hộ dân tộc thiểu số chiếm {v}.",
    ],
    "tỷ lệ người dân tộc thiểu số": ["Năm {y}, người dân tộc thiểu số chiếm {v} dân số {s}."],
    "tốc độ tăng trưởng GRDP": [
        "Năm {y}, GRDP của {s} tăng {v}.",
        "Kinh tế {s} giữ đà đi lên, tốc độ tăng trưởng GRDP năm {y} đạt {v}.",
        "Tăng trưởng kinh tế của {s} năm {y} là {v}.",
    ],
    "quy mô GRDP theo giá hiện hành": [
        "Quy mô GRDP của {s} năm {y} đạt {v}.",
        "Năm {y}, GRDP {s} theo giá hiện hành đạt {v}.",
    ],
    "thu ngân sách": ["Năm {y}, thu ngân sách của {s} đạt {v}.", "Tổng thu ngân sách {s} năm {y} là {v}."],
    "diện tích điều": [
        "{S} hiện có {v} điều, nhiều nhất cả nước.",
        "Diện tích điều của {s} là {v}.",
        "Được coi là thủ phủ hạt điều, {s} có {v} điều.",
    ],
    "năng suất điều": ["Năm {y}, năng suất điều bình quân của {s} đạt {v}."],
    "diện tích cây lâu năm": ["{S} có {v} cây lâu năm.", "Diện tích cây lâu năm của {s} đạt {v}."],
    "diện tích bốn cây chủ lực": ["Bốn loại cây chủ lực của {s} có diện tích {v}."],
    "số xã": ["{S} có {v}.", "Về hành chính, {s} gồm {v}."],
    "số phường": ["{S} có {v}.", "Hiện {s} gồm {v} và các xã."],
    "số đơn vị hành chính cấp xã": ["{S} có {v}.", "Toàn bộ {s} có {v} trực thuộc."],
    "số đơn vị hành chính cấp huyện": ["{S} có {v}.", "Về hành chính, {s} gồm {v}."],
}

STALE = [
    "UBND {u} vừa quyết định hỗ trợ giống cho các hộ khó khăn.",
    "Ngày {d}, đoàn công tác kiểm tra các điểm sạt lở ở {u}.",
    "Công an {u} đang xác minh nội dung người dân phản ánh.",
    "Chủ tịch UBND {u} cho biết nhiều tuyến đường còn dang dở.",
    "Nông dân tại {u} đang vào vụ thu hoạch.",
    "Hiện {u} có nhiều điểm trường thiếu giáo viên.",
    "Trên địa bàn {u} sẽ có thêm hai trạm y tế.",
    "HĐND {u} sẽ họp phiên thường lệ vào cuối tháng.",
]
RIGHT = [
    "Đường liên xã ở {u} (cũ) đang được sửa.",
    "Năm 2019, UBND {u} phê duyệt dự án này.",
    "Bà ấy nguyên là cán bộ của {u}.",
    "Trước khi sáp nhập, {u} từng thí điểm cách làm này.",
    "“UBND {u} vừa hứa sẽ sửa đường”, một người dân nói.",
    "Theo Quyết định số 45/QĐ-UBND của UBND {u}, khu đất được giao cho xã.",
]
ASIDE = [
    ("Vụ tai nạn ở Bình Phước đã làm 7 người chết, 9 người bị thương.", "số nạn nhân"),
    ("Đến chiều nay, số người bị thương trong vụ cháy ở Bình Phước tăng lên 12 người.", "số nạn nhân"),
    ("Đắk Nông có 130 km đường biên giới với Campuchia.", "nơi khác"),
    ("Tây Ninh có 240 km đường biên giới, dài hơn nhiều địa phương.", "nơi khác"),
    ("Huyện Bù Đốp có diện tích tự nhiên 380 km².", "nơi khác"),
    ("Lâm Đồng có diện tích tự nhiên 9.783 km², giáp Bình Phước.", "nơi khác"),
    ("Dự án ở Bình Phước có diện tích 1.250 ha.", "số của dự án"),
    ("Rừng của Bình Phước còn hơn 155.000 ha.", "số khác"),
]


def true_ones(facts: Sequence[Fact], count: int, seed: int) -> list[Planted]:
    """Figures as the register has them, rounded, or of something else; units named in the past."""
    dice = random.Random(seed)
    made = list(_exact(facts, dice)) + list(_rounded(facts, dice)) + list(_former(facts, dice))
    made += [Planted(text, date(2024, 6, 1), "", how, False) for text, how in ASIDE]
    return _draw(made, count, dice)


def wrong_ones(facts: Sequence[Fact], count: int, seed: int) -> list[Planted]:
    dice = random.Random(seed)
    numbers = [one for _ in range(3) for one in _changed(facts, dice)]
    return _draw(numbers, count * 3 // 4, dice) + _draw(list(_stale(facts, dice)), count - count * 3 // 4, dice)


def _draw(made: list[Planted], count: int, dice: random.Random) -> list[Planted]:
    unique = list({one.sentence: one for one in made}.values())
    return dice.sample(unique, count)


def _checked(facts: Sequence[Fact]) -> list[Fact]:
    return [
        fact for fact in facts if fact.attribute in FORMS and fact.status != "disputed" and fact.subject in SUBJECTS
    ]


def _exact(facts: Sequence[Fact], dice: random.Random) -> Iterator[Planted]:
    for fact in _checked(facts):
        for form in FORMS[fact.attribute]:
            yield _planted(fact, form, _figure(fact.value, fact), "đúng", False, dice)


def _rounded(facts: Sequence[Fact], dice: random.Random) -> Iterator[Planted]:
    for fact in _checked(facts):
        value = _number(fact.value)
        if fact.attribute.startswith("số ") or value < 60:
            continue
        low, high = _two_digits(value, up=False), _two_digits(value, up=True)
        near = min(low, high, key=lambda one: abs(one - value))
        for word, rounded in (("hơn", low), ("trên", low), ("gần", high), ("khoảng", near)):
            if rounded != value and abs(rounded - value) < 0.03 * value:
                form = dice.choice(FORMS[fact.attribute])
                yield _planted(fact, form, f"{word} {_figure(_written(rounded), fact)}", "làm tròn", False, dice)


def _former(facts: Sequence[Fact], dice: random.Random) -> Iterator[Planted]:
    for fact in _ended(facts):
        for form in RIGHT:
            yield Planted(form.format(u=fact.value), date(2026, 8, dice.randint(1, 28)), fact.id, "chuyện cũ", False)


def _stale(facts: Sequence[Fact], dice: random.Random) -> Iterator[Planted]:
    for fact in _ended(facts):
        for form in STALE:
            day = date(2026, 8, dice.randint(5, 28))
            said = day - timedelta(days=2)
            text = form.format(u=fact.value, d=f"{said.day}/{said.month}")
            yield Planted(text, day, fact.id, "đơn vị không còn", True)


def _ended(facts: Sequence[Fact]) -> list[Fact]:
    return [fact for fact in facts if fact.attribute in UNIT_ATTRIBUTES and fact.valid_to and fact.status == "verified"]


def _changed(facts: Sequence[Fact], dice: random.Random) -> Iterator[Planted]:
    rows = _checked(facts)
    for fact in rows:
        value = _number(fact.value)
        forms = FORMS[fact.attribute]
        swapped = _swap(fact.value, dice)
        if swapped and abs(_number(swapped) - value) > 0.005 * value:
            yield _planted(fact, dice.choice(forms), _figure(swapped, fact), "đảo chữ số", True, dice)
        if fact.unit not in ("%",) and not fact.attribute.startswith("số "):
            yield _planted(fact, dice.choice(forms), _figure(_written(value * 10), fact), "gấp mười", True, dice)
        other = {"km2": "ha", "ha": "km²", "km": "m", "tỷ đồng": "triệu đồng"}.get(fact.unit)
        if other:
            yield _planted(fact, dice.choice(forms), f"{fact.value} {other}", "sai đơn vị", True, dice)
        low, high = _two_digits(value, up=False), _two_digits(value, up=True)
        if value > 60 and low < 0.985 * value and not fact.attribute.startswith("số "):
            yield _planted(fact, dice.choice(forms), f"gần {_figure(_written(low), fact)}", "hơn thành gần", True, dice)
        if value > 60 and high > 1.015 * value and not fact.attribute.startswith("số "):
            yield _planted(
                fact, dice.choice(forms), f"hơn {_figure(_written(high), fact)}", "gần thành hơn", True, dice
            )
        for twin in rows:
            same = (twin.subject, twin.attribute) == (fact.subject, fact.attribute)
            if same and twin.valid_from != fact.valid_from and abs(_number(twin.value) - value) > 0.03 * value:
                how = "sai năm" if fact.needs_year else "sai địa giới"
                yield _planted(fact, dice.choice(forms), _figure(twin.value, fact), how, True, dice)


def _planted(fact: Fact, form: str, figure: str, how: str, wrong: bool, dice: random.Random) -> Planted:
    subject = dice.choice(SUBJECTS[fact.subject])
    start = fact.valid_from or date(2024, 1, 1)
    end = min(fact.valid_to or date(2026, 11, 1), date(2026, 11, 1))
    inside = start + timedelta(days=int((end - start).days * dice.uniform(0.3, 0.9)))
    day = inside if not fact.needs_year else date(start.year + 1, 2, 10)
    year = start.year if fact.needs_year else inside.year
    sentence = form.format(s=subject, S=subject[0].upper() + subject[1:], v=figure, y=year)
    return Planted(sentence, day, fact.id, how, wrong)


def _figure(value: str, fact: Fact) -> str:
    unit = {"km2": "km²", "%": "%"}.get(fact.unit, fact.unit)
    if fact.attribute == "số đơn vị hành chính cấp huyện":
        unit = "huyện, thị xã, thành phố"
    return f"{value}{'' if unit == '%' else ' '}{unit}"


def _number(value: str) -> float:
    return float(value.replace(".", "").replace(",", "."))


def _written(value: float) -> str:
    whole, decimals = f"{value:,.2f}".split(".")
    tail = decimals.rstrip("0")
    return whole.replace(",", ".") + (f",{tail}" if tail else "")


def _two_digits(value: float, up: bool) -> float:
    unit = 10.0 ** (len(str(int(value))) - 2)
    return (int(value / unit) + up) * unit


def _swap(value: str, dice: random.Random) -> str:
    """Two neighbouring digits of the whole part change places; "" where all are the same."""
    whole, comma, decimals = value.partition(",")
    places = [index for index, character in enumerate(whole) if character.isdigit()]
    pairs = [
        (one, two)
        for one, two in pairwise(places)
        if whole[one] != whole[two] and not (one == places[0] and whole[two] == "0")
    ]
    if not pairs:
        return ""
    one, two = dice.choice(pairs)
    digits = list(whole)
    digits[one], digits[two] = digits[two], digits[one]
    return "".join(digits) + comma + decimals
