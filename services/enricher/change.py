"""Why a new version of a known article is told again: a figure was changed, or the outlet corrected itself.

White space, furniture, an added paragraph or a new photograph are no reason (design.md, "Digests tile").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from msgspec.structs import replace

from services.domain.article import Article, Version
from services.domain.text import sentences, words

Change = Literal["number", "correction"]

_CORRECTION = re.compile(r"\b(?:cai chinh|dinh chinh|noi lai cho ro|xin loi ban doc|correction|clarification)\b")
SAME_SENTENCE = 0.5
"""Share of the shorter sentence's words, figures aside, from which two sentences are the same one edited."""
FEWEST_WORDS = 4


def previous_version(article: Article, versions: Sequence[Version]) -> Version | None:
    """The text that this one replaced: the last one read before it. The same for a message that comes twice."""
    earlier = [one for one in versions if one.seen_at < article.seen_at and one.content_hash != article.content_hash]
    return max(earlier, key=lambda one: one.seen_at, default=None)


def change_between(before: Version, article: Article) -> Change | None:
    """What changed between two texts of one article, if it is worth telling."""
    article = _as_far_as(before, article)
    if _corrects(article.title, article.lead, article.text) and not _corrects(before.title, before.lead, before.text):
        return "correction"
    old = _sentences(before.title, before.lead, before.text)
    new = _sentences(article.title, article.lead, article.text)
    gone, come = _without(old, new), _without(new, old)
    return "number" if any(_figure_changed(one, other) for one in gone for other in come) else None


def _as_far_as(before: Version, article: Article) -> Article:
    """Without what is read for the first time: of a page that could not be read before, only title or lead was known,
    and nothing in its text has changed.
    """
    if before.text:
        return article
    return replace(article, lead=article.lead if before.lead else "", text="")


def _corrects(title: str, lead: str, text: str) -> bool:
    return any(_CORRECTION.search(" ".join(words(part))) for part in (title, lead, text))


def _sentences(*parts: str) -> list[tuple[str, ...]]:
    return [words(part[start:end]) for part in parts for start, end in sentences(part)]


def _without(these: Sequence[tuple[str, ...]], those: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    known = set(those)
    return [one for one in these if one not in known]


def _figure_changed(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether the new sentence is the old one with a figure replaced: one left and another came."""
    figures_old, rest_old = _split(old)
    figures_new, rest_new = _split(new)
    shorter = min(sum(rest_old.values()), sum(rest_new.values()))
    if shorter < FEWEST_WORDS or sum((rest_old & rest_new).values()) / shorter < SAME_SENTENCE:
        return False
    return bool(figures_old - figures_new) and bool(figures_new - figures_old)


def _split(tokens: tuple[str, ...]) -> tuple[Counter[str], Counter[str]]:
    figures = Counter(token for token in tokens if token[0].isdigit())
    return figures, Counter(token for token in tokens if not token[0].isdigit())
