"""What a digest shows: a pure choice over the clippings of one window for one recipient.

Every press article ends in exactly one of four: shown, counted under its topic, passing mention, first poll's fill.
The order is by class of place, independent outlets, consequence for residents, newness; tone and issue type are no
input (fair coverage, rule 3).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.alerter.clipping import Clipping
from services.domain.place import Nearness

PLACE_ORDER = ("bu-gia-map", "binh-phuoc")
"""Bù Gia Mập and its communes before the rest of the former province, these before any other watched place."""
FIRST, LINES = 5, 20
OTHER = ""
"""The topic of an article without one."""
_NEAR: dict[Nearness, int] = {"about": 0, "part": 1, "mention": 2}


@dataclass(frozen=True, slots=True)
class Line:
    """One story of the window, as a card or a line. `clippings`: its articles, the one that stands for it first."""

    story_id: str
    clippings: tuple[Clipping, ...]
    outlets: tuple[str, ...]
    """Outlets that wrote themselves, in the order of their time; copies do not count."""
    copies: int
    """Articles that repeat another one's text."""
    place_rank: int
    topic: str
    section: str
    """Heading that a watch asks for, or the id of the topic that it names; empty: it stands under its topic."""
    weight: float
    newest: datetime
    told_before: bool
    new_outlets: int
    """Outlets that the recipient was not told of before; all of them for a new story."""

    @property
    def head(self) -> Clipping:
        return self.clippings[0]

    @property
    def heading(self) -> str:
        """What it stands and is counted under: a topic's id or a section."""
        return self.section or self.topic


@dataclass(frozen=True, slots=True)
class Selection:
    """What one recipient is shown and what is counted. Numbers are articles, each counted once."""

    first: tuple[Line, ...]
    topics: tuple[tuple[str, tuple[Line, ...]], ...]
    """By heading."""
    old: tuple[Line, ...]
    """"Tin cũ mới tìm thấy"."""
    counted: dict[str, int]
    """Heading -> articles not shown."""
    mentions: int
    fill: int
    official: int
    mt_copy: int
    articles: int
    """Press articles of the window: shown + counted + mentions + fill."""
    news: int
    """Stories, shown or counted, that are neither old nor of a topic that is never shown."""

    @property
    def lines(self) -> tuple[Line, ...]:
        """Everything that is shown."""
        return (*self.first, *(line for _, lines in self.topics for line in lines), *self.old)

    @property
    def shown(self) -> int:
        return sum(len(line.clippings) for line in self.lines)


def choose(
    clippings: Sequence[Clipping],
    watches: Collection[str],
    weights: Mapping[str, float],
    story_of: Callable[[str], str],
    told: Mapping[str, Collection[str]],
    sections: Mapping[str, str] | None = None,
) -> Selection:
    """The digest of these clippings (in order of number) for a recipient of these watches.

    `weights`: topic -> weight. `story_of`: the id by which a story goes today. `told`: story (today's id) -> outlets
    that this recipient was shown. `sections`: watch -> its heading (or a topic's id), the watch that comes first wins;
    they order nothing.
    """
    caught = _latest([one for one in clippings if any(match.watch in watches for match in one.matches)], watches)
    press = [one for one in caught if one.source_class == "press"]
    fill = [one for one in press if one.fill]
    near = {one.number: _nearness(one, watches) for one in press}
    mentions = [one for one in press if not one.fill and near[one.number] == "mention"]
    main = [one for one in press if not one.fill and near[one.number] != "mention"]
    mine = {watch: section for watch, section in (sections or {}).items() if watch in watches}
    lines = _lines(main, weights, story_of, told, mine)
    first, topics, old, counted = _placed(lines)
    return Selection(
        first=first,
        topics=topics,
        old=old,
        counted=counted,
        mentions=len(mentions),
        fill=len(fill),
        official=sum(one.source_class == "official" for one in caught),
        mt_copy=sum(one.source_class == "mt_copy" for one in caught),
        articles=len(press),
        news=sum(line.weight > 0 and not line.head.old for line in lines),
    )


def announced(clipping: Clipping) -> tuple[str, ...]:
    """The urgent watches for whose recipients this clipping is a notice at once; passing mentions never are.

    Only press; nothing old, nothing of a first poll. Once for each story and occasion is the caller's to keep.
    """
    if clipping.source_class != "press" or clipping.fill or clipping.old:
        return ()
    return tuple(match.watch for match in clipping.matches if match.urgent and match.nearness != "mention")


def place_rank(places: Mapping[str, Nearness]) -> int:
    """0 is nearest: about, then part, of each place of PLACE_ORDER; then of any other."""
    for index, place in enumerate(PLACE_ORDER):
        if places.get(place) in ("about", "part"):
            return 2 * index + _NEAR[places[place]]
    return 2 * len(PLACE_ORDER) + min((_NEAR[level] for level in places.values()), default=0)


def _latest(clippings: Sequence[Clipping], watches: Collection[str]) -> list[Clipping]:
    """One clipping for each article: a later text within the window replaces the one before.

    What this recipient had in an earlier window, and now only another watch catches too, is not told again.
    """
    by_article: dict[str, Clipping] = {}
    for one in clippings:
        before = by_article.pop(one.article_id, None)
        if before is not None or one.change is not None or not any(watch in watches for watch in one.caught_before):
            by_article[one.article_id] = one
    return list(by_article.values())


def _nearness(clipping: Clipping, watches: Collection[str]) -> Nearness:
    near = [match.nearness for match in clipping.matches if match.watch in watches]
    return min(near, key=_NEAR.__getitem__)


def _lines(
    main: Sequence[Clipping],
    weights: Mapping[str, float],
    story_of: Callable[[str], str],
    told: Mapping[str, Collection[str]],
    sections: Mapping[str, str],
) -> list[Line]:
    stories: dict[str, list[Clipping]] = {}
    for one in main:
        stories.setdefault(story_of(one.story_id), []).append(one)
    lines = [_line(story, members, weights, told, sections) for story, members in stories.items()]
    return sorted(lines, key=_rank)


def _line(
    story: str,
    members: Sequence[Clipping],
    weights: Mapping[str, float],
    told: Mapping[str, Collection[str]],
    sections: Mapping[str, str],
) -> Line:
    ordered = sorted(
        members,
        key=lambda one: (one.old, place_rank(one.places), one.copy_of is not None, one.time, one.number),
    )
    by_time = sorted(members, key=lambda one: (one.time, one.number))
    own = [one for one in by_time if one.copy_of is None] or by_time[:1]
    outlets = tuple(dict.fromkeys(one.outlet for one in own))
    before = told.get(story)
    topic = max(ordered[0].topics, key=lambda name: weights.get(name, 1.0), default=OTHER)
    near = {match.watch for one in members for match in one.matches if match.nearness != "mention"}
    return Line(
        story_id=story,
        clippings=tuple(ordered),
        outlets=outlets,
        copies=len(members) - len(own),
        place_rank=min(place_rank(one.places) for one in members),
        topic=topic,
        section=next((section for watch, section in sections.items() if watch in near), ""),
        weight=max((weights.get(name, 1.0) for one in members for name in one.topics), default=1.0),
        newest=max(one.time for one in members),
        told_before=before is not None,
        new_outlets=len({one.outlet for one in members} - set(before)) if before is not None else len(outlets),
    )


def _rank(line: Line) -> tuple[int, int, float, float, str]:
    return (line.place_rank, -len(line.outlets), -line.weight, -line.newest.timestamp(), line.story_id)


def _placed(
    lines: Sequence[Line],
) -> tuple[tuple[Line, ...], tuple[tuple[str, tuple[Line, ...]], ...], tuple[Line, ...], dict[str, int]]:
    """(first, by heading, old, counted). A topic of weight 0 (sports tables, lottery) is counted and never shown."""
    noise = [line for line in lines if line.weight == 0]
    told = [line for line in lines if line.weight > 0]
    news = [line for line in told if not line.head.old]
    old = [line for line in told if line.head.old]
    first, rest = news[:FIRST], news[FIRST:]
    shown = rest[:LINES]
    shown_old = old[: LINES - len(shown)]
    topics: dict[str, list[Line]] = {}
    for line in shown:
        topics.setdefault(line.heading, []).append(line)
    counted: Counter[str] = Counter()
    for line in (*rest[len(shown) :], *old[len(shown_old) :], *noise):
        counted[line.heading] += len(line.clippings)
    # In the order of their first lines; what has no heading of its own comes last.
    named = sorted(topics.items(), key=lambda group: group[0] == "")
    grouped = tuple((heading, tuple(members)) for heading, members in named)
    return tuple(first), grouped, tuple(shown_old), dict(counted)
