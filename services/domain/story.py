"""Stories: articles that tell the same thing, syndicated copies first.

Two articles are compared by sampled runs of four folded words (shingles): the share of the shorter one's that the
other holds finds reprints, also retitled ones and ones cut to a third. A story bears the id of the article that
founded it. Pure decisions: who the neighbours are is read and claimed by services/enricher/neighbours.py.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.domain.article import Article, Fields
from services.domain.record import Record

RUN = 4
SAMPLE = 8
"""One shingle in eight is kept: about 50 for an article of 400 words."""
FEWEST = 3
"""Fewer shared shingles than this say nothing, unless the whole text is the same."""
WINDOW = timedelta(days=14)
"""Between two articles of one story; an unknown date is within every window."""

COPY = 0.75
"""Share of the shorter text from which it is the same text. Measured: tests/quality/test_stories.py."""
RETOLD, RETOLD_TITLE = 0.30, 0.45
"""A lower share is enough when the titles agree: a follow-up that keeps much of the text."""
SAME_DAYS, SAME_DAYS_SHARE, SAME_DAYS_FEWEST = timedelta(hours=48), 0.15, 4
"""Within two days even this share is the same event: background paragraphs are reused over longer times."""
SHORT, SHORT_TITLE = 10, 0.3
"""A title and lead alone share a set phrase ("Chiều 20/7, tại Trụ sở Chính phủ ...") with other events: their titles
must agree too."""
WHOLLY, WHOLLY_FEWEST = 0.95, 5
"""Nearly every shingle of the shorter one beside its title: a retitled and shortened copy, however short."""
NEXT_DAY, MOSTLY = timedelta(hours=20), 0.5
NUMBERS, NUMBERS_NEXT_DAY, NUMBERS_FEWEST = 0.4, 0.7, 4
"""Share of the shorter one's figures that the other must hold; tables of the next day keep words, not figures."""
SHORTEST = 8
"""Words below which equal texts are no sign: "Xem video tại đây"."""
_DAY = re.compile(r"\b([0-9]{1,2})(?: thang | |[.,])([0-9]{1,2})\b")
"""In a folded title: "20.7" is one token, "20/7" two, "20 tháng 7" three."""


class Sketch(Record, frozen=True, kw_only=True):
    """What is compared of one text of one article."""

    article_id: str
    content_hash: str
    shingles: list[int]
    """Sampled hashes of 63 bits, sorted."""
    whole: int
    """Hash of the whole text: finds equal texts too short for shingles. 0 where even that says nothing."""
    title: list[str]
    numbers: list[str]
    at: datetime | None
    """When it was published; None where unknown."""
    founded: datetime
    """When it was first seen: the older-founded of two stories keeps its id."""

    @property
    def order(self) -> tuple[datetime, datetime, str]:
        """Who told first: by first sight; among those seen in one poll, by their own dates."""
        return self.founded, self.at or self.founded, self.article_id


class Told(Record, frozen=True, kw_only=True):
    """What was decided of one text."""

    story_id: str
    copy_of: str | None = None


class Teller(Record, frozen=True, kw_only=True):
    """An article that tells a story, as the ledger keeps it under its article id.

    `story` leads on: to itself for a founder, to the older story for the founder of a merged one.
    """

    story: str
    sketch: Sketch
    told: dict[str, Told] = {}
    """By content hash: a message that comes twice gets the same answer, whatever happened between."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A known article that shares shingles with a new one."""

    sketch: Sketch
    story: str
    """Resolved: the id by which the story goes today."""
    founded: datetime
    """When that story was founded."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Where an article belongs. `merged`: stories that turn out to be this one and lose their name."""

    told: Told
    merged: tuple[str, ...] = ()


def sketch_of(article: Article, fields: Fields) -> Sketch:
    """The sketch of one text of an article.

    Articles given as JSON Lines without a date have none; elsewhere the first sight stands for it.
    """
    runs = {run for part in fields.values() for run in _sampled(part.plain)}
    numbers = {token for part in fields.values() for token in part.plain if token[0].isdigit()}
    return Sketch(
        article_id=article.article_id,
        content_hash=article.content_hash,
        shingles=sorted(runs),
        whole=_whole(fields),
        title=list(fields["title"].plain),
        numbers=sorted(numbers),
        at=article.published_at or (None if article.text_basis == "given" else article.first_seen),
        founded=article.first_seen,
    )


def choose(
    sketch: Sketch,
    neighbours: Sequence[Neighbour],
    boilerplate: Set[int] = frozenset(),
    own_story: str | None = None,
    own_founded: datetime | None = None,
) -> Choice:
    """The story of an article: the oldest-founded that a neighbour tells, else its own.

    `boilerplate`: shingles of too many stories, which count for nothing. `own_story`: the story that an earlier
    text of the same article was given; it is kept or merged, never left. `own_founded`: when that one was founded.
    """
    same = [one for one in neighbours if _tells_the_same(sketch, one.sketch, boilerplate)]
    stories = {one.story: (one.founded, one.story) for one in same}
    if own_story is not None:
        stories.setdefault(own_story, (own_founded or sketch.founded, own_story))
    if not stories:
        return Choice(Told(story_id=sketch.article_id))
    oldest = min(stories.values())[1]
    merged = tuple(sorted(story for story in stories if story != oldest))
    return Choice(Told(story_id=oldest, copy_of=_repeated(sketch, same, boilerplate)), merged)


def current_story(story_id: str, read: Callable[[str], Teller | None]) -> str:
    """The id by which a story goes today; `read` gives the Teller kept for an article id."""
    seen = {story_id}
    while (teller := read(story_id)) is not None and teller.story not in seen:
        story_id = teller.story
        seen.add(story_id)
    return story_id


def _tells_the_same(one: Sketch, other: Sketch, boilerplate: Set[int]) -> bool:
    apart = abs(one.at - other.at) if one.at and other.at else None
    if apart is not None and apart > WINDOW:
        return False
    if one.whole and one.whole == other.whole:
        return True
    shared, shorter = _overlap(one, other, boilerplate)
    share = shared / shorter
    if shared < FEWEST or not _same_figures(one, other, apart, share) or _dated_apart(one.title, other.title):
        return False
    if _wholly_held(one, other, boilerplate):
        return True
    if shorter < SHORT and _title_share(one.title, other.title) < SHORT_TITLE:
        return False
    if share >= COPY:
        return True
    if apart is not None and apart <= SAME_DAYS and share >= SAME_DAYS_SHARE and shared >= SAME_DAYS_FEWEST:
        return True
    return share >= RETOLD and _title_share(one.title, other.title) >= RETOLD_TITLE


def _repeated(sketch: Sketch, same: Sequence[Neighbour], boilerplate: Set[int]) -> str | None:
    """The article whose text this one repeats: the first seen of those that hold most of this text."""
    own = set(sketch.shingles) - set(_sampled(sketch.title)) - boilerplate
    repeated = [
        one.sketch
        for one in same
        if one.sketch.order < sketch.order
        and (
            (sketch.whole and one.sketch.whole == sketch.whole)
            or (len(own) >= FEWEST and len(own & set(one.sketch.shingles)) >= COPY * len(own))
        )
    ]
    if not repeated:
        return None
    return min(repeated, key=lambda one: one.order).article_id


def _overlap(one: Sketch, other: Sketch, boilerplate: Set[int]) -> tuple[int, int]:
    """(shared shingles, those of the shorter text, at least 1)."""
    mine, theirs = set(one.shingles) - boilerplate, set(other.shingles) - boilerplate
    return len(mine & theirs), max(1, min(len(mine), len(theirs)))


def _wholly_held(one: Sketch, other: Sketch, boilerplate: Set[int]) -> bool:
    mine, theirs = (set(sketch.shingles) - set(_sampled(sketch.title)) - boilerplate for sketch in (one, other))
    shared = len(mine & theirs)
    return shared >= WHOLLY_FEWEST and shared >= WHOLLY * min(len(mine), len(theirs))


def _same_figures(one: Sketch, other: Sketch, apart: timedelta | None, share: float) -> bool:
    """Weather, lottery and price tables repeat their words each day, but not their figures."""
    fewer, more = sorted((set(one.numbers), set(other.numbers)), key=len)
    if len(fewer) < NUMBERS_FEWEST:
        return True
    edition = apart is not None and apart > NEXT_DAY and share >= MOSTLY
    needed = NUMBERS_NEXT_DAY if edition else NUMBERS
    return len(fewer & more) / len(fewer) >= needed


def _dated_apart(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether both titles name a day and not the same: "Giá điều hôm nay 17/11" and "... 18/11"."""
    mine, theirs = _days(one), _days(other)
    return bool(mine and theirs) and not mine & theirs


def _days(title: Sequence[str]) -> set[tuple[int, int]]:
    written = " ".join(title)
    days = {(int(found[1]), int(found[2])) for found in _DAY.finditer(written)}
    return {(day, month) for day, month in days if 1 <= day <= 31 and 1 <= month <= 12}


def _title_share(one: Sequence[str], other: Sequence[str]) -> float:
    """Share of the shorter title's pairs of words that the other holds."""
    mine, theirs = (set(itertools.pairwise(title)) for title in (one, other))
    return len(mine & theirs) / max(1, min(len(mine), len(theirs)))


def _sampled(tokens: Sequence[str]) -> Iterator[int]:
    """Hashes of the runs of words that are kept."""
    runs = (_hash(" ".join(tokens[index : index + RUN])) for index in range(len(tokens) - RUN + 1))
    return (one for one in runs if one % SAMPLE == 0)


def _whole(fields: Fields) -> int:
    """A hash of lead and text, or of the title where there is neither; 0 for what is too short to be told apart."""
    tokens = fields["lead"].plain + fields["text"].plain or fields["title"].plain
    return _hash(" ".join(tokens)) if len(tokens) >= SHORTEST else 0


def _hash(words: str) -> int:
    """Stable over processes and machines (Python's own hash is not); fits a signed 64-bit column."""
    return int.from_bytes(hashlib.blake2b(words.encode(), digest_size=8).digest(), "big") >> 1
