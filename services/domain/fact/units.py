"""A unit or name that no longer exists, written as if it did: "UBND huyện Bù Gia Mập vừa quyết định" in 2026.

Only a plain present counts: an authority that acts now, or the place of something that happens now. Whatever may be
the past, a quotation, a document, a court case, a life or the name of an organisation is left alone.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.domain.article import Field
from services.domain.fact.register import FactRegister, UnitRow, as_written
from services.domain.fact.statement import Statement
from services.domain.fact.unit_cues import (
    AUTHORITY,
    CODE,
    DOCUMENT,
    IS,
    LAW,
    LIFE,
    MERGED,
    NOW,
    ORGANISATION,
    PAST,
    SAYS,
)
from services.domain.phrases import Found

_PLACED = frozenset(["tại", "ở", "thuộc", "qua", "bàn", "trong", "đến", "từ", "về", "đoạn", "của"])
_SETTLED = timedelta(days=15)
"""For so long after a change a place without any word of time may well be that of an earlier event."""


@dataclass(frozen=True, slots=True)
class StaleUnit:
    """A unit written as in force after its end."""

    statement: Statement
    row: UnitRow
    surface: str
    others: int
    """Further sentences of the article with the same unit."""


def stale_units(said: Sequence[Statement], register: FactRegister) -> Iterator[StaleUnit]:
    """The first sentence for each unit that is written as in force after its end."""
    found: dict[str, list[tuple[Statement, Found[UnitRow]]]] = {}
    known_as_former: set[str] = set()
    named: dict[Field, list[Found[UnitRow]]] = {}
    for number, statement in enumerate(said):
        if statement.field not in named:
            named[statement.field] = register.units.find(statement.tokens)
        for hit in _hits(statement, named[statement.field]):
            follows = statement.tokens.marked[hit.last + 1 : hit.last + 3]
            if MERGED.search(statement.words) or "cũ" in follows:
                known_as_former.add(hit.value.fact.subject)
            elif _is_current(statement, hit, said[max(0, number - 3) : number], said):
                found.setdefault(hit.value.fact.id, []).append((statement, hit))
    for uses in found.values():
        statement, hit = uses[0]
        if hit.value.fact.subject not in known_as_former:
            surface = statement.tokens.surface(hit.first, hit.last)
            yield StaleUnit(statement, hit.value, surface, len({one.start for one, _ in uses}) - 1)


def _hits(statement: Statement, named: list[Found[UnitRow]]) -> list[Found[UnitRow]]:
    """The ended units that the sentence names outside quotations, where the places read there agree."""
    published = statement.published
    return [
        hit
        for hit in named[bisect_left(named, statement.first, key=lambda one: one.first) :]
        if hit.last <= statement.last
        and published is not None
        and published > hit.value.ended
        and not statement.in_quotes(hit.first, hit.last)
        and any(spot.place and spot.first <= hit.last and hit.first <= spot.last for spot in statement.spots)
    ]


def _is_current(at: Statement, hit: Found[UnitRow], before: Sequence[Statement], said: Sequence[Statement]) -> bool:
    ended = hit.value.ended
    named = _phrase_before(at, hit)
    if _may_be_past(at, hit, named):
        return False
    follows = f" {' '.join(at.tokens.marked[hit.last + 1 : hit.last + 15])} "
    acts = bool(AUTHORITY.search(named)) or at.tokens.marked[hit.first + 1] == "ủy"
    begins = hit.first <= at.first + 1
    placed = bool(_PLACED.intersection(named.split()[-3:])) or _address(at, hit)
    if NOW.search(at.words) or any(day.precision == "day" for day in at.dates):
        return acts or begins or placed
    # No word of time in the sentence: the sentences before must not have gone back, nor anything been over ("đã").
    settled = at.published is not None and at.published > ended + _SETTLED
    went_back = any(day.first_day <= ended for one in before for day in one.dates)
    if not settled or went_back or " đã " in at.words or LAW.search(said[0].words):
        return False
    if acts:
        return bool(SAYS.search(follows))
    if any(day.first_day <= ended for one in said for day in one.dates):
        return False
    return placed or (begins and bool(IS.search(f" {' '.join(follows.split()[:3])} ")))


def _may_be_past(at: Statement, hit: Found[UnitRow], named: str) -> bool:
    """The past, a life, a court case, a document or an organisation's name: the old name is in its place there."""
    before = f" {' '.join(at.tokens.marked[at.first : hit.first])} "
    return (
        any(day.first_day <= hit.value.ended for day in at.dates)
        or any(words.search(at.words) is not None for words in (PAST, LIFE, LAW))
        or DOCUMENT.search(before) is not None
        or CODE.search(at.quote) is not None
        or ORGANISATION.search(named) is not None
    )


def _phrase_before(at: Statement, hit: Found[UnitRow]) -> str:
    """The words just before the unit, back to the last punctuation: what the unit's name belongs to."""
    first = hit.first
    while first > at.first and hit.first - first < 8 and not re.search(r"[,;:.()–]", at.between(first - 1, first)):
        first -= 1
    return f" {' '.join(at.tokens.marked[first : hit.first])} "


def _address(at: Statement, hit: Found[UnitRow]) -> bool:
    """ "xã Đa Kia, huyện Bù Gia Mập", "xã Bù Đăng (tỉnh Đồng Nai)": the unit ends an address."""
    return any(
        spot.last < hit.first
        and hit.first - spot.last <= 2
        and at.between(spot.last, hit.first).strip()[:1] in (",", "(")
        for spot in at.spots
    )


def unit_reason(stale: StaleUnit) -> str:
    """Why, in words that a leader understands."""
    fact, published = stale.row.fact, stale.statement.published
    day = as_written(published) if published else ""
    more = f" Bài còn {stale.others} câu khác viết như vậy." if stale.others else ""
    afterwards = f" Nay là {fact.afterwards}." if fact.afterwards else ""
    weak = "" if fact.status == "verified" else " Nguồn chưa kiểm chứng: cần đối chiếu trước khi kết luận."
    return (
        f"Bài đăng ngày {day} viết “{stale.surface}” như tên đang dùng; "
        f"{fact.value} chỉ tồn tại đến hết ngày {as_written(stale.row.ended)}.{afterwards}{more}{weak}"
    )
