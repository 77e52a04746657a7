"""A story as a letter shows it: the published title and lead, where, who wrote it, why it stands here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from services.alerter import words
from services.alerter.choose import PLACE_ORDER, Line
from services.alerter.clipping import Clipping
from services.domain.calendar import ZONE
from services.domain.place.register import PlaceRegister
from services.domain.topic import Topic

_MOST_OUTLETS = 4
_ASKS = ("shortcoming", "direct_criticism")
"""Issue types in which the press raises something that the place may want to answer. No input to the order."""


@dataclass(frozen=True, slots=True)
class Link:
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    number: int
    """Its place in the letter, from 1."""
    title: str
    lead: str
    url: str
    outlet: str
    at: datetime
    dated: bool
    """Whether `at` is the outlet's date; else when we first saw it."""
    place: str
    topic: str
    outlets: int
    copies: int
    others: tuple[Link, ...]
    more_others: int
    foreign: str
    """Language and country of an item from abroad or in another language."""
    marks: tuple[str, ...]
    """"cập nhật", "tiếp: +3 báo"."""
    tone: str
    asks: bool
    why: str


def card_of(line: Line, number: int, places: PlaceRegister, topics: dict[str, Topic], first: bool) -> Card:
    """`first`: among the five, so it says why."""
    head = line.head
    place = place_name(head, places)
    topic = topic_name(line.heading, topics)
    others = [one for one in line.clippings[1:] if one.outlet != head.outlet]
    links = {one.outlet: Link(one.outlet_name, one.url or "") for one in others}
    return Card(
        number=number,
        title=head.title,
        lead=head.lead,
        url=head.url or "",
        outlet=head.outlet_name,
        at=head.time,
        dated=head.published_at is not None,
        place=place,
        topic=topic,
        outlets=len(line.outlets),
        copies=line.copies,
        others=tuple(links.values())[:_MOST_OUTLETS],
        more_others=max(0, len(links) - _MOST_OUTLETS),
        foreign=foreign_of(head),
        marks=_marks(line),
        tone=tone_of(head),
        asks=asks(line),
        why=_why(line, place, topic) if first else "",
    )


def asks(line: Line) -> bool:
    """Whether the press raises a shortcoming of the place in this story."""
    return any(one.issue_type in _ASKS for one in line.clippings)


def place_name(clipping: Clipping, places: PlaceRegister) -> str:
    """The nearest place that the article is about, with the territory that it belonged to on the article's day."""
    near = [place for place, level in clipping.places.items() if level in ("about", "part") and place in places.places]
    if not near:
        return ""
    on = clipping.time.astimezone(ZONE).date()
    home = [place for place in near if _of_home(place, places)] or near
    depth = {place: len(places.ancestors(place, on)) for place in home}
    nearest = min(home, key=lambda place: (clipping.places[place] != "about", -depth[place], place))
    # As of the article's day: a commune that left the district is not shown under it, though the text names both.
    above = places.ancestors(nearest, on)
    within = [place for place in PLACE_ORDER if place != nearest and place in above and place in clipping.places]
    named = [nearest, *within]
    return " · ".join(dict.fromkeys(_name(places, place, on) for place in named[:2]))


def topic_name(topic: str, topics: dict[str, Topic]) -> str:
    """A topic's name; a section of a watch is its own name."""
    return topics[topic].name if topic in topics else (topic or "Khác")


def tone_of(clipping: Clipping) -> str:
    """Machine-read tone, only with the words that decided; "không rõ" is said openly.

    Nothing for neutral: the words found there pull both ways and decided nothing.
    """
    if clipping.tone in ("none", "neutral"):
        return ""
    if clipping.tone == "unclear" or not clipping.tone_words:
        return "không rõ"
    return f"{words.TONES[clipping.tone]} (từ: {', '.join(f'“{word}”' for word in clipping.tone_words)})"


def _of_home(place: str, places: PlaceRegister) -> bool:
    return place in PLACE_ORDER or any(home in places.ancestors(place) for home in PLACE_ORDER)


def _name(places: PlaceRegister, place: str, on: date) -> str:
    name = places.name_at(place, on)
    return name[:1].upper() + name[1:]


def foreign_of(clipping: Clipping) -> str:
    """Language and country of an item from abroad or in another language."""
    abroad = clipping.country not in ("", "VN")
    if clipping.language == "vi" and not abroad:
        return ""
    parts = [words.language(clipping.language), words.country(clipping.country) if clipping.country else ""]
    return " · ".join(part[:1].upper() + part[1:] for part in parts if part)


def _marks(line: Line) -> tuple[str, ...]:
    marks = []
    if any(one.change for one in line.clippings):
        changes = {one.change for one in line.clippings}
        marks.append("cập nhật: báo đã đính chính" if "correction" in changes else "cập nhật: báo đã đổi số liệu")
    if line.told_before:
        marks.append(f"tiếp: +{line.new_outlets} báo" if line.new_outlets else "tiếp: bài mới của báo đã nêu")
    return tuple(marks)


def _why(line: Line, place: str, heading: str) -> str:
    parts = [f"về {place}" if place else "", f"{len(line.outlets)} báo viết riêng" if len(line.outlets) > 1 else ""]
    parts.append(f"mục {heading}" if line.section else f"chủ đề {heading}" if line.topic else "")
    return "; ".join(part for part in parts if part) or "tin mới nhất"
