"""The role of a place in its sentence, read from the words around its name.

`own` is the scene or the actor; every other role says why the place is only named in passing. Traits are signs that
the sentence says something of the place itself.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from services.domain.place.index import Candidate
from services.domain.place.words import (
    ADDRESS_FILL,
    AUTHORITIES,
    DOUBTFUL_SURNAMES,
    HOME,
    HOME_PAIRS,
    KIND_WORDS,
    PERSON_TITLES,
    PREDICATES,
    SURNAMES,
)

Role = Literal[
    "own", "home", "list", "route", "delegate", "border", "caption", "document", "company", "history", "likened"
]  # fmt: skip

# Marked tokens just before the name, kinds of units skipped.
_TRAVEL = re.compile(r"\b(?:tuyến|chiều|hướng|chạy|lộ trình)(?: \S+){0,3}$|\b(?:lên|về|đi|sang|xuống|ra)$")
_ARRIVAL = re.compile(r"\b(?:xe|chạy|tuyến|từ|quốc lộ|ôtô|ô tô|hướng|di chuyển|lưu thông|đường)\b.* (?:qua|vào|đến)$")
_ONWARD = re.compile(r"\s*\)?\s*(?:về|đi|đến|lên|ra|xuống|vào|tới|sang|chạy)\b")
_ROAD = re.compile(r"\b(?:cao tốc|quốc lộ|tuyến|đường|đt\S*|ql\S*)\b")
_DELEGATE = re.compile(
    r"\b(?:đbqh|đại biểu|(?<!huyện )(?<!tỉnh )(?<!thành )(?<!công )đoàn)(?: đbqh)?(?: đại biểu quốc hội)?(?: tỉnh)?$"
)
_DELEGATE_WORDS = re.compile(r"\b(?:đbqh|đb|đại biểu|đoàn|hlv|vđv)\b")
_BORDER = re.compile(r"\b(?:giáp|cách|gần|nối với|giáp ranh|kết nối với|tiếp giáp)(?: với)?$")
_COMPANY = re.compile(r"\b(?:công ty|ngân hàng|chi nhánh|tập đoàn|nông trường)\b(?!.*\b(?:tại|ở|của|huyện|tỉnh)\b)")
_SOMEBODY = re.compile(r"\b(?:một|cho|của|với)(?: \S+){0,2} (?:người|đàn ông|phụ nữ|thanh niên) (?:ở|tại)$")
_ISSUER = re.compile(r"\bdo (?:công an|ca)$")
_ITEM = re.compile(r"\b(?:dự án|nhà máy|khu|trung tâm|công ty)\b")
_NEXT_ITEM = re.compile(
    r"[\s)]*(?:[,;…]|và)\s*(?:và\s+)?(?:dự án|nhà máy|khu|trung tâm|công ty)\b", re.IGNORECASE
)  # fmt: skip
_CAPTION = re.compile(r"ảnh\s*:", re.IGNORECASE)
_SPEAKS = re.compile(r"\s*(?:nói|cho biết|kể|chia sẻ|bày tỏ|tâm sự|than thở)\b")
_GONE_FROM = re.compile(r"\b(?:khỏi|rời|về) địa phương$")
_AND_SO_ON = re.compile(r"\s*(?:\.\.\.|…)")
_BY_ROADS = re.compile(r"\bqua (?:các |những )?(?:con |tuyến )?đường (?:ở|tại)$")
_TURNED_BACK = re.compile(r"\s*\)?\s*thì (?:quay|rẽ|vòng)\b")
_LIKENED = re.compile(r"\b(?:tương tự|giống)(?: \S+){0,6} (?:ở|tại)$")
_TEAM_DID = re.compile(r"\s*(?:xếp|giành|đoạt|thắng|vô địch|về nhất|về nhì|dẫn đầu)\b")
_FIRM_IS = re.compile(r"\s*(?:là|đạt|đứng|báo)\b")
_DIVIDED = re.compile(r"\b(?:tách|chia|nay)\b")

_AUTHORITY = re.compile(rf"(?:^| )(?:{AUTHORITIES})(?: \S+){{0,6}}$")
_EVENT = re.compile(
    r"\b(?:xảy ra|xuất hiện|phát hiện|khởi công|khánh thành|tổ chức|ghi nhận|bùng phát|khai trương|khởi tố|bắt giữ|"
    r"tạm giữ|điều tra)\b"
)
_COMPARED = re.compile(r"\b(?:tương tự|giống|trước đây|từng|điển hình|so với|kể cả)\b")

# A figure this near after the name belongs to it; a caption's credit stands no further off.
_FIGURE_REACH = 80
_CREDIT_REACH = 90
_LONGEST_ADDRESS = 16
_LONGEST_PERSON = 7
"""A title or surname and six names."""
_ANY_SURNAME = SURNAMES | DOUBTFUL_SURNAMES
# What is looked at of one sentence: tokens before, characters after. A text without any full stop stays linear.
_SEEN_BEFORE = 60
_SEEN_AFTER = 200


@dataclass(frozen=True)
class Setting:
    """A name, or an address taken together, in its sentence."""

    first: Candidate
    last: Candidate
    sentence: tuple[int, int]
    """Code points of the field."""
    neighbours: int
    """Places of elsewhere that stand in one list with it."""
    dashed: bool
    """A dash alone ties it to such a neighbour: "Bình Dương - Bình Phước"."""

    @cached_property
    def before(self) -> list[str]:
        """Marked tokens of the sentence before the name."""
        tokens = self.first.tokens
        begin = max(bisect_right(tokens.starts, self.sentence[0] - 1), self.first.first - _SEEN_BEFORE)
        return list(tokens.marked[begin : self.first.first])

    @cached_property
    def near(self) -> list[str]:
        """The same without the words for kinds of units at its end."""
        words = list(self.before)
        while words and words[-1] in KIND_WORDS:
            words.pop()
        return words

    @cached_property
    def lead_in(self) -> str:
        return " ".join(self.near[-8:])

    @property
    def after(self) -> str:
        return self.first.tokens.source[self.last.end : min(self.sentence[1], self.last.end + _SEEN_AFTER)]

    @property
    def in_brackets(self) -> bool:
        return self.first.tokens.source[self.first.start - 1 : self.first.start] == "(" and self.after.startswith(")")


def role_of(setting: Setting) -> Role:
    """The first rule that holds, in this order."""
    lead_in, after = setting.lead_in, setting.after
    said = " ".join(setting.before)
    if _is_home(setting) or _person_in_brackets(setting) or _person_of(setting) or _SOMEBODY.search(lead_in):
        return "home"
    if _GONE_FROM.search(lead_in) or _is_speaker(setting):
        return "home"
    if setting.neighbours >= 2 or (_AND_SO_ON.match(after) and _follows_a_comma(setting)):
        return "list"
    if _is_caption(setting):
        return "caption"
    if "sông bé" in said and _DIVIDED.search(said):
        return "history"
    if _is_route(setting):
        return "route"
    if _ITEM.search(" ".join(setting.before[-8:])) and _NEXT_ITEM.match(after):
        return "list"
    if _COMPANY.search(lead_in):
        return "own" if _FIRM_IS.match(after) else "company"
    if _LIKENED.search(lead_in):
        return "likened"
    if _DELEGATE.search(lead_in) and _TEAM_DID.match(after):
        return "own"
    if _DELEGATE.search(lead_in) or (setting.in_brackets and _DELEGATE_WORDS.search(said)):
        return "delegate"
    if _BORDER.search(lead_in):
        return "border"
    if _ISSUER.search(lead_in) and re.match(r"\s*cấp\b", after):
        return "document"
    return "own"


def traits_of(setting: Setting) -> frozenset[str]:
    """Signs of a statement of its own."""
    tokens, last = setting.first.tokens, setting.last.last
    near = setting.near
    followed = tokens.marked[last + 1 : last + 2]
    touching = followed and not tokens.source[setting.last.end : tokens.starts[last + 1]].strip(" )")
    said = " ".join(setting.before)
    found = {
        "subject": not near,
        "authority": _AUTHORITY.search(" ".join(near[-7:])),
        "at": near and near[-1] in ("tại", "ở", "bàn", "thuộc"),
        "acts": touching and followed[0] in PREDICATES,
        "event": _EVENT.search(said),
        "compared": _COMPARED.search(said),
        "figure": re.search(r"\d", setting.after[:_FIGURE_REACH]),
    }
    return frozenset(name for name, holds in found.items() if holds)


def _is_home(setting: Setting) -> bool:
    """Whether it is where somebody lives or comes from: "quê ở ấp 3, xã ..., huyện ..."."""
    tokens, name = setting.first.tokens, setting.first
    at = name.first - 1
    for _ in range(_LONGEST_ADDRESS):
        if at < 0 or tokens.starts[at] < setting.sentence[0]:
            return False
        word = tokens.marked[at]
        if word in HOME or tokens.marked[max(at - 1, 0) : at + 1] in HOME_PAIRS:
            return True
        if word == "người" and at == name.first - 1:
            return True
        gap = tokens.source[tokens.ends[at] : tokens.starts[at + 1]]
        if any(mark in gap for mark in ");:") or not (
            word in ADDRESS_FILL or word in KIND_WORDS or word[0].isdigit() or name.capital(at)
        ):
            return False
        at -= 1
    return False


def _person_in_brackets(setting: Setting) -> bool:
    """ "Nguyễn Văn A (1995, Bình Phước)": where somebody comes from."""
    name, source = setting.first, setting.first.tokens.source
    if not re.match(r"\s*[),;-]", source[setting.last.end : setting.last.end + 3]):
        return False
    opened = source.rfind("(", max(0, name.start - 25), name.start)
    return _person_ends_at(name, bisect_right(name.tokens.starts, opened) - 1, _ANY_SURNAME)


def _person_of(setting: Setting) -> bool:
    """ "bà Nguyễn Thị A ở Bình Phước": a person, by title and name, and where she lives."""
    if setting.near[-1:] != ["ở"]:
        return False
    kinds = len(setting.before) - len(setting.near)
    return _person_ends_at(setting.first, setting.first.first - kinds - 2, PERSON_TITLES)


def _is_speaker(setting: Setting) -> bool:
    """ "bà Nguyễn Thị A, Bình Phước nói": the name before the comma belongs to a person."""
    return bool(
        _SPEAKS.match(setting.after)
        and _follows_a_comma(setting)
        and _person_ends_at(setting.first, setting.first.first - 1, _ANY_SURNAME | PERSON_TITLES)
    )


def _person_ends_at(name: Candidate, at: int, begins: frozenset[str]) -> bool:
    """Whether a person's name ends with the token `at`: capitals, and before them a word of `begins`."""
    for length in range(_LONGEST_PERSON):
        if at - length < 0:
            return False
        if length and name.tokens.marked[at - length] in begins:
            return True
        if not name.capital(at - length):
            return False
    return False


def _follows_a_comma(setting: Setting) -> bool:
    """Whether a comma stands just before it."""
    name = setting.first
    before = name.tokens.source[max(setting.sentence[0], name.start - 4) : name.start].rstrip()
    return before.endswith(",")


def _is_caption(setting: Setting) -> bool:
    name = setting.first
    just_before = name.tokens.source[max(setting.sentence[0], name.start - 25) : name.start]
    return name.field == "text" and bool(
        _CAPTION.search(setting.after[:_CREDIT_REACH]) or _CAPTION.search(just_before)
    )  # fmt: skip


def _is_route(setting: Setting) -> bool:
    lead_in = setting.lead_in
    if _BY_ROADS.search(lead_in) or (setting.near[-1:] == ["đến"] and _TURNED_BACK.match(setting.after)):
        return True
    if _TRAVEL.search(lead_in) or _ARRIVAL.search(lead_in) or (setting.neighbours == 1 and setting.dashed):
        return True
    if setting.near and setting.near[-1] == "từ" and _ONWARD.match(setting.after):
        return True
    written = setting.first.tokens.source[max(setting.sentence[0], setting.first.start - 25) : setting.first.start]
    # "đoạn Bàu Trư - Đồng Xoài" is a stretch of road in the place, no way to it.
    return bool(_ROAD.search(lead_in) and "đoạn" not in lead_in and re.search(r"[^\W\d_]\s*[-–]\s*$", written))
