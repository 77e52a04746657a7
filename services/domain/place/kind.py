"""The kind of unit that a text gives a name: "P.Phước Long", "thị xã Phước Long", "Loc Ninh district"."""

from __future__ import annotations

from services.domain.place import Kind
from services.domain.place.index import Candidate
from services.domain.place.words import DISTRICT_KINDS, KIND_AFTER, KIND_BEFORE


def kind_of(candidate: Candidate) -> Kind | None:
    """The kind of unit that the text writes before (or in English after) the name."""
    tokens, first = candidate.tokens, candidate.first
    for words, kind in KIND_BEFORE:
        begin = first - len(words)
        if tokens.marked[begin:first] == words and _joins(candidate, begin, first):
            return kind
    after = candidate.last + 1
    if after < len(tokens) and tokens.unbroken(candidate.last, after):
        return KIND_AFTER.get(tokens.marked[after])
    return None


def _joins(candidate: Candidate, begin: int, first: int) -> bool:
    """Whether the word belongs to the name: "P.Phước Long", "TP. Đồng Xoài", not "... huyện. Phước Long"."""
    tokens = candidate.tokens
    gap = tokens.source[tokens.ends[first - 1] : tokens.starts[first]]
    short = len(tokens.marked[first - 1]) <= 2 and candidate.capital(first - 1)
    return tokens.unbroken(begin, first) or (short and gap.strip() == ".")


def same_kind(known: Kind, said: Kind) -> bool:
    return known == said or (known in DISTRICT_KINDS and said in DISTRICT_KINDS)
