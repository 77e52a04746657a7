"""The address that follows a name: "(huyện Long Thành, Đồng Nai)" tells which of several places is meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from services.domain.place import Kind
from services.domain.place.index import Candidate
from services.domain.place.words import COMMUNE_KINDS, KIND_BEFORE
from services.domain.text import Tokens

# "xã A, huyện B, tỉnh C": no address has more parts.
_PARTS = 4
_LONGEST_NAME = 5
_BREAKS = frozenset(".!?;\n…")
_JOINING = ("thuộc", "của", "nay", "cũ", "trước", "đây", "là", "tại", "ở", "thành")


Choice = Callable[[Candidate, Kind | None], str | None]


@dataclass(slots=True)
class Address:
    """What stands after a name, nearest first."""

    places: list[str] = field(default_factory=list)
    """Places of the register, one id for each name met."""
    foreign: bool = False
    """A district or province stands there that the register does not know, before any place that it does."""
    words: str = ""


def follow(candidate: Candidate, known: Mapping[int, Candidate], choose: Choice) -> Address:
    """Read the address after a candidate: parts in commas, hyphens or brackets, each a place or a capitalised name.

    `known` holds the field's candidates by their first token; `choose` gives the place that a name of that kind
    means, None where the register has none of that kind.
    """
    tokens = candidate.tokens
    address, at = Address(), candidate.last + 1
    for part in range(_PARTS):
        if at >= len(tokens) or not _may_follow(tokens, at, part):
            break
        if tokens.marked[at] in _JOINING:
            at += 1
            continue
        at, kind = _skip_kind(tokens, at)
        place = choose(known[at], kind) if at in known and not known[at].confusable and not known[at].anchor else None
        if place is not None:
            address.places.append(place)
            at = known[at].last + 1
            continue
        end = _capitalised_until(candidate, at)
        if kind is not None and tokens.marked[at].isdigit():
            end = at + 1  # "quận 9"
        if end == at:
            break
        address.foreign = address.foreign or (kind is not None and kind not in COMMUNE_KINDS and not address.places)
        at = end
    address.words = " ".join(tokens.source[candidate.end : tokens.ends[max(at - 1, candidate.last)]].split()).strip(
        " ,-–("
    )
    return address


def _may_follow(tokens: Tokens, at: int, part: int) -> bool:
    """Whether an address may go on here: after a comma, hyphen or bracket, or at once before a unit's kind."""
    gap = tokens.source[tokens.ends[at - 1] : tokens.starts[at]]
    if any(mark in _BREAKS for mark in gap):
        return tokens.marked[at - 1] in ("tp", "h", "q", "p", "x", "tx", "tt")
    if any(mark in gap for mark in ",(-–/["):
        return True
    return tokens.marked[at] in _JOINING or _skip_kind(tokens, at)[1] is not None or part > 0


def _skip_kind(tokens: Tokens, at: int) -> tuple[int, Kind | None]:
    """Past the word for a kind of unit: (the token after it, the kind)."""
    for words, kind in KIND_BEFORE:
        if tokens.marked[at : at + len(words)] == words and at + len(words) < len(tokens):
            return at + len(words), kind
    return at, None


def _capitalised_until(candidate: Candidate, at: int) -> int:
    tokens, end = candidate.tokens, at
    while end - at < _LONGEST_NAME and candidate.capital(end):
        if end > at and not tokens.unbroken(end - 1, end):
            break
        end += 1
    return end
