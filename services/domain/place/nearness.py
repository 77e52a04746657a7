"""About, part or mention: how near an article is to a place, decided from all its hits together.

A scorecard: each sign adds its points, above zero the article is about the place or says something of its own about
it. The points were fitted on labelled articles (tests/quality/test_places.py holds the measure) and rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence

from services.domain.article import Fields
from services.domain.place import Nearness
from services.domain.place.hits import Hit, Scene
from services.domain.place.judge import Judged

_FACT = frozenset({"subject", "authority", "acts", "event", "figure"})
_EARLY = 300
_SHORT = 1500
"""Characters."""

# What a sign adds. The base is what an article that names the place starts with.
_BASE = -2.5
_POINTS: Mapping[str, float] = {
    "title": 3.0,
    "own": 2.1,
    "own_many": 1.4,
    "acts": 1.5,
    "hits_three": 1.1,
    "at": -1.0,
    "subject": 0.9,
    "compared": -1.1,
    "few_others": 0.6,
    "bare": -1.0,
    "share": 0.9,
    "early": 0.8,
    "figure": 0.5,
    "short": 0.5,
    "single_at": -0.3,
}

_ROLE_REASONS = {
    "own": "Là nơi hoặc chủ thể của câu",
    "home": "Quê quán, nơi ở của một người",
    "list": "Trong danh sách các tỉnh",
    "route": "Điểm đi, điểm đến của một chuyến đi",
    "delegate": "Đoàn, đại biểu của nơi này",
    "border": "Chỉ để tả vị trí của nơi khác",
    "caption": "Chú thích ảnh",
    "document": "Nơi cấp giấy tờ",
    "history": "Nói về việc chia tách trước đây",
    "company": "Tên doanh nghiệp",
    "likened": "Chỉ nêu để so sánh",
}
_NO_FACT = "Câu không cho biết điều gì riêng về nơi này"
_CLASS_REASONS: dict[Nearness, str] = {
    "about": "bài viết về nơi này",
    "part": "bài có phần nói riêng về nơi này",
    "mention": "chỉ nhắc qua",
}


def signs(hits: Sequence[Hit], others: int, length: int) -> dict[str, float]:
    """The signs of an article for one place, 0..1 each but `own_many`.

    `hits` are the place's own, `others` counts names of elsewhere, `length` is that of the text in characters.
    """
    body = [hit for hit in hits if hit.field != "title"]
    own = [hit for hit in body if hit.role == "own"]
    traits = frozenset[str]().union(*(hit.traits for hit in own))
    found = {
        "title": len(hits) > len(body),
        "own": bool(own),
        "own_many": math.log1p(len(own)),
        "hits_three": len(hits) >= 3,
        "few_others": others <= 2,
        "share": len(own) / (len(own) + others + 1),
        "early": any(hit.start < _EARLY for hit in body),
        "short": length < _SHORT,
        "bare": bool(own) and not traits & (_FACT | {"at"}),
        "single_at": len(own) == 1 and len(hits) <= 2 and "at" in traits and not traits & {"acts", "event", "figure"},
        **{trait: trait in traits for trait in ("acts", "at", "subject", "compared", "figure")},
    }
    return {name: float(value) for name, value in found.items() if value}


def score(found: Mapping[str, float]) -> float:
    return _BASE + sum(_POINTS[name] * value for name, value in found.items())


def class_mentions(
    fields: Fields,
    judged: Sequence[Judged],
    territory: Callable[[str], frozenset[str]],
    recorded: Collection[str],
) -> dict[int, tuple[Nearness, str]]:
    """Number of each accepted mention of a recorded place -> its class and the reason, in Vietnamese."""
    if not any(one.accepted for one in judged):
        return {}
    scene = Scene(judged, territory, frozenset(recorded))
    whole = {place: _whole(place, scene, fields) for place in {place for hit in scene.hits for place in hit.places}}
    # Passing hits stay passing, unless the article has no other of the place.
    carried = frozenset[str]().union(*(hit.places for hit in scene.hits if hit.role == "own"))
    classes: dict[int, tuple[Nearness, str]] = {}
    for hit in scene.hits:
        passing = hit.role != "own" and not hit.places.isdisjoint(carried)
        for number in hit.members:
            if judged[number].place not in whole:  # a commune counts for "dong-nai", but its own class is another's
                continue
            nearness = "mention" if passing else whole[judged[number].place]
            reason = _NO_FACT if nearness == "mention" and hit.role == "own" else _ROLE_REASONS[hit.role]
            reason = f"{reason}; {_CLASS_REASONS[nearness]}."
            classes[number] = (nearness, reason)
    return classes


def _whole(place: str, scene: Scene, fields: Fields) -> Nearness:
    hits = [hit for hit in scene.hits if place in hit.places]
    found = signs(hits, scene.others, len(fields["text"].source))
    if score(found) <= 0:
        return "mention"
    return "about" if _is_about(found) else "part"


def _is_about(found: Mapping[str, float]) -> bool:
    """Whether the article as a whole, not a part of it: named in the title, or soon and often beside other places."""
    share = found.get("share", 0.0)
    return "title" in found or ("early" in found and share >= 0.25) or ("hits_three" in found and share >= 0.5)
