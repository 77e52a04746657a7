"""The hits of an article: every place that it names, an address taken together, each with its role.

"Xã Đa Kia, huyện Bù Gia Mập, tỉnh Bình Phước" is one hit of three names.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.domain.article import Field
from services.domain.place.index import Candidate
from services.domain.place.judge import Judged
from services.domain.place.role import Role, Setting, role_of, traits_of
from services.domain.place.words import KIND_WORDS

_BETWEEN = KIND_WORDS | {"và", "hay", "hoặc", "cùng", "với", "and", "nay", "thuộc"}
# In "3 Hà Nội, 1 Bình Phước" the figures belong to a list; in "Hà Nội (17 %), ..." each has its own.
_COUNTED = re.compile(r"\s*(?:[,;]|và)\s*\d{1,2}\s+")
_A_LIST = 2
"""Neighbours that make a list; more are not counted."""


@dataclass(frozen=True)
class Hit:
    """One address in one sentence."""

    field: Field
    start: int
    members: tuple[int, ...]
    """Numbers of its judged candidates."""
    places: frozenset[str]
    """Places named, and all that they count for."""
    role: Role
    traits: frozenset[str]


class Scene:
    """The hits of recorded places, and how many places of elsewhere the article names beside them."""

    def __init__(
        self, judged: Sequence[Judged], territory: Callable[[str], frozenset[str]], recorded: frozenset[str]
    ) -> None:
        self._judged = judged
        self._counts = [(frozenset({one.place}) | territory(one.place)) & recorded for one in judged]
        accepted = [number for number, one in enumerate(judged) if one.accepted]
        self.others = sum(not self._counts[number] for number in accepted)
        self.hits = [self._hit(group) for group in self._addresses(accepted)]

    def _addresses(self, accepted: Sequence[int]) -> list[list[int]]:
        groups: list[list[int]] = []
        for number in accepted:
            if not self._counts[number]:
                continue
            before = groups[-1][-1] if groups else None
            if before is not None and self._counts[before] & self._counts[number] and self._linked(before, number):
                groups[-1].append(number)
            else:
                groups.append([number])
        return groups

    def _hit(self, group: Sequence[int]) -> Hit:
        first, last = self._judged[group[0]].candidate, self._judged[group[-1]].candidate
        setting = Setting(first, last, self._sentence(first), self._neighbours(group), self._dashed(group))
        return Hit(
            field=first.field,
            start=first.start,
            members=tuple(group),
            places=frozenset().union(*(self._counts[number] for number in group)),
            role=role_of(setting),
            traits=traits_of(setting),
        )

    def _sentence(self, candidate: Candidate) -> tuple[int, int]:
        tokens = candidate.tokens
        return tokens.sentences[bisect_right(tokens.sentences, (candidate.start, len(tokens.source))) - 1]

    def _neighbours(self, group: Sequence[int]) -> int:
        """How many places of elsewhere stand in one list with the hit."""
        count = 0
        for step, here in ((-1, group[0]), (1, group[-1])):
            number = here + step
            while 0 <= number < len(self._judged) and count < _A_LIST:
                if self._judged[number].accepted:
                    if not self._linked(min(number, here), max(number, here)):
                        break
                    count += not self._counts[number]
                    here = number
                number += step
        return count

    def _dashed(self, group: Sequence[int]) -> bool:
        for one, two in ((group[0] - 1, group[0]), (group[-1], group[-1] + 1)):
            if one >= 0 and two < len(self._judged):
                left, right = self._judged[one].candidate, self._judged[two].candidate
                gap = left.tokens.source[left.end : right.start]
                if left.field == right.field and gap.strip() in ("-", "–"):
                    return True
        return False

    def _linked(self, before: int, after: int) -> bool:
        """Whether only separators and words for kinds of units stand between the two, in one sentence."""
        one, two = self._judged[before].candidate, self._judged[after].candidate
        if one.field != two.field:
            return False
        between = one.tokens.marked[one.last + 1 : two.first]
        if len(between) > 3 or not all(word in _BETWEEN or word.isdigit() for word in between):
            return False
        gap = one.tokens.source[one.end : two.start]
        if re.search(r"\d", gap) and not _COUNTED.fullmatch(gap):
            return False
        return self._sentence(one) == self._sentence(two)
