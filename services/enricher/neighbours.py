"""Who tells the same story: shingles and stories, read and claimed by key.

Kinds in the ledger: SHINGLE (hash -> the articles that hold it) and "story" (article id -> Teller). A write expects
the revision that was read; who comes second meets a Conflict and decides anew. Two that come at once may claim the
same words before either is told: so each looks once more after it is told, and the later one sees the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from services.domain.codec import decode, encode
from services.domain.record import Record
from services.domain.story import FEWEST, Choice, Neighbour, Sketch, Teller, Told, choose, current_story
from services.ports.errors import Conflict, Unavailable
from services.ports.ledger import Held, Put

_R = TypeVar("_R", bound=Record)

SHINGLE = "shingle"
COMMON = 12
"""A shingle of more stories than this is boilerplate ("Theo dự báo của Trung tâm ..."): it glues nothing."""
EACH_STORY = 3
"""Articles remembered for each story under one shingle: 40 copies of one wire report are no boilerplate."""
KEEP = timedelta(days=45)
"""Claims older than this count for nothing: longer than the window of a story and the age of an entry together."""
CLOSEST = 60
"""Articles compared with a new one, those that share most first."""
ATTEMPTS = 20


class Keyed(Protocol):
    """The two methods of a Ledger that stories need."""

    def get_many(self, kind: str, keys: list[str]) -> dict[str, Held]: ...

    def put(self, *writes: Put) -> None: ...


class Claim(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One article that holds a shingle, with the story it was given then."""

    story: str
    article: str
    seen: datetime
    given: datetime | None = None
    """When somebody gave the article, which may be years after it was published; None for one of a feed."""


class Claims(Record, frozen=True, kw_only=True):
    """Who holds a shingle, oldest first."""

    claims: list[Claim] = []

    @property
    def boilerplate(self) -> bool:
        return len({claim.story for claim in self.claims}) > COMMON

    def of(self, sketch: Sketch) -> Claims:
        """Those that count for this text: of an unknown date any may be near."""
        if sketch.at is None:
            return self
        return Claims(claims=[one for one in self.claims if sketch.founded - one.seen <= KEEP])

    def joined(self, claim: Claim) -> Claims:
        """These and one more, where there is room for it."""
        told = sum(one.story == claim.story for one in self.claims)
        if any(one.article == claim.article for one in self.claims) or told >= EACH_STORY or self.boilerplate:
            return self
        return Claims(claims=[*self.claims, claim])


class Neighbours:
    """Joins an article to the story of those before it; the same article again gets the same answer.

    `given`: when somebody gave these articles; None where they come from feeds.
    """

    def __init__(self, keyed: Keyed, given: datetime | None = None) -> None:
        self._keyed, self._given = keyed, given

    def join(self, sketch: Sketch) -> Told:
        """The story of this text. Raises Unavailable when the ledger cannot be reached.

        Whichever of two equal texts is told last finds the other told, its claims before it, and merges the stories.
        Killed between the two, it comes again and looks then.
        """
        told: Told | None = None
        for _ in range(ATTEMPTS):
            try:
                look = self._look(sketch)
                before = look.told(sketch) if told is None else None
                if before is not None:
                    self._merge(look, sketch, before)
                    return before
                told, written = self._tell(look, sketch)
                if not self._came_meanwhile(look, written, sketch):
                    return told
            except Conflict:
                continue
        raise Unavailable(f"story of {sketch.article_id}: claimed by others {ATTEMPTS} times in a row")

    def current(self, story_id: str) -> str:
        """The id by which a story goes today, after the stories that were merged since."""
        return current_story(story_id, _Tellers(self._keyed).get)

    def _look(self, sketch: Sketch) -> _Look:
        held = self._keyed.get_many(SHINGLE, _keys(sketch))
        claims = _claims(held, sketch)
        look = _Look(held, claims, _closest(claims, sketch), _Tellers(self._keyed))
        look.tellers.load([sketch.article_id, *look.near])
        return look

    def _tell(self, look: _Look, sketch: Sketch) -> tuple[Told, dict[str, bytes]]:
        """Tell it, over whatever was told of this text; and what then stands under its shingles."""
        tellers, choice = look.tellers, look.choice(sketch)
        # In this order: who is told last ends the claim, and after it nothing is claimed again.
        mine = Claim(story=choice.told.story_id, article=sketch.article_id, seen=sketch.founded, given=self._given)
        claimed = _shingle_writes(sketch, mine, look.held, look.claims)
        self._keyed.put(*claimed)
        self._keyed.put(*tellers.merged(sketch, choice))
        self._keyed.put(tellers.told(sketch, choice.told.story_id, choice.told))
        return choice.told, {key: one.value for key, one in look.held.items()} | {one.key: one.value for one in claimed}

    def _merge(self, look: _Look, sketch: Sketch, told: Told) -> None:
        """For a text that was told before, perhaps just before a crash: merge what it would have found thereafter."""
        own = look.tellers.get(sketch.article_id)
        if own is None or own.sketch.content_hash != sketch.content_hash:
            return  # a newer text of the article stands for it
        choice = look.choice(sketch)
        if choice.merged:
            self._keyed.put(*look.tellers.merged(sketch, choice))
            self._keyed.put(look.tellers.told(sketch, choice.told.story_id, told))

    def _came_meanwhile(self, look: _Look, written: Mapping[str, bytes], sketch: Sketch) -> bool:
        """Whether somebody near was told, or told anew, since this look; nobody was where one process works alone."""
        held = self._keyed.get_many(SHINGLE, _keys(sketch))
        near = look.near
        if {key: one.value for key, one in held.items()} != written:
            near = _closest(_claims(held, sketch), sketch)
        return look.changed(near, self._keyed.get_many("story", near) if near else {})


@dataclass(frozen=True, slots=True)
class _Look:
    """What stood in the ledger of the words of one text: who holds them, and what is told of the nearest."""

    held: Mapping[str, Held]
    claims: Mapping[str, Claims]
    near: list[str]
    tellers: _Tellers

    def told(self, sketch: Sketch) -> Told | None:
        """What was decided of this very text."""
        own = self.tellers.get(sketch.article_id)
        return own.told.get(sketch.content_hash) if own is not None else None

    def changed(self, near: Iterable[str], held: Mapping[str, Held]) -> bool:
        """Whether what is told of one of these is other than what was compared; that stories merged is no change."""
        compared = set(self.near)
        for one in near:
            found, revision = held.get(one), self.tellers.revision(one) if one in compared else 0
            if revision != (found.revision if found is not None else 0):
                told = decode(found.value, Teller).sketch if found is not None else None
                if told != (self.tellers.sketch_of(one) if one in compared else None):
                    return True
        return False

    def choice(self, sketch: Sketch) -> Choice:
        tellers = self.tellers
        tellers.load(teller.story for teller in map(tellers.get, self.near) if teller is not None)
        neighbours = [
            Neighbour(one, story, tellers.founded(story))
            for one in map(tellers.sketch_of, self.near)
            if one is not None
            for story in [current_story(one.article_id, tellers.get)]
        ]
        own = tellers.get(sketch.article_id)
        own_story = current_story(own.story, tellers.get) if own is not None else None
        founder = tellers.get(own_story) if own_story is not None else None
        boilerplate = frozenset(int(key, 16) for key, one in self.claims.items() if one.boilerplate)
        return choose(sketch, neighbours, boilerplate, own_story, founder.sketch.founded if founder else None)


class _Tellers:
    """The tellers of one attempt, each read once, with the revision it was read at."""

    def __init__(self, keyed: Keyed) -> None:
        self._keyed = keyed
        self._known: dict[str, tuple[Teller | None, int]] = {}

    def load(self, article_ids: Iterable[str]) -> None:
        missing = [one for one in dict.fromkeys(article_ids) if one not in self._known]
        held = self._keyed.get_many("story", missing) if missing else {}
        for one in missing:
            found = held.get(one)
            self._known[one] = (decode(found.value, Teller), found.revision) if found else (None, 0)

    def get(self, article_id: str) -> Teller | None:
        self.load([article_id])
        return self._known[article_id][0]

    def sketch_of(self, article_id: str) -> Sketch | None:
        """None for one that was not loaded: it is not read for this."""
        teller, _ = self._known.get(article_id, (None, 0))
        return teller.sketch if teller is not None else None

    def revision(self, article_id: str) -> int:
        """0 for one that is not told, or was not loaded."""
        return self._known.get(article_id, (None, 0))[1]

    def founded(self, story: str) -> datetime:
        teller = self.get(story)
        if teller is None:
            raise Conflict(f"story {story} is claimed but not founded yet")
        return teller.sketch.founded

    def merged(self, sketch: Sketch, choice: Choice) -> list[Put]:
        """The merged stories' founders, leading to the older one."""
        founders = [self.get(story) for story in choice.merged if story != sketch.article_id]
        return [
            self._put(Teller(story=choice.told.story_id, sketch=founder.sketch, told=founder.told))
            for founder in founders
            if founder is not None
        ]

    def told(self, sketch: Sketch, story: str, told: Told) -> Put:
        """The article itself, and what is told of this text of it."""
        own = self.get(sketch.article_id)
        every = {**(own.told if own else {}), sketch.content_hash: told}
        return self._put(Teller(story=story, sketch=sketch, told=every))

    def _put(self, teller: Teller) -> Put:
        key = teller.sketch.article_id
        return Put("story", key, encode(teller), self._known[key][1])


class Remembered(Keyed):
    """Keys in memory, for one reader: what `diembao enrich` uses in place of a ledger."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], Held] = {}

    def get_many(self, kind: str, keys: list[str]) -> dict[str, Held]:
        return {key: self._held[kind, key] for key in keys if (kind, key) in self._held}

    def put(self, *writes: Put) -> None:
        for write in writes:
            before = self._held.get((write.kind, write.key))
            self._held[write.kind, write.key] = Held(write.key, write.value, before.revision + 1 if before else 1)


def _keys(sketch: Sketch) -> list[str]:
    hashes = {*sketch.shingles, *([sketch.whole] if sketch.whole else [])}
    return [f"{one:016x}" for one in sorted(hashes)]


def _claims(held: Mapping[str, Held], sketch: Sketch) -> dict[str, Claims]:
    return {key: decode(one.value, Claims).of(sketch) for key, one in held.items()}


def _closest(claims: Mapping[str, Claims], sketch: Sketch) -> list[str]:
    """Ids of the articles that share most with the sketch; the same whole text is enough alone."""
    shared: Counter[str] = Counter()
    for key, one in claims.items():
        weight = FEWEST if int(key, 16) == sketch.whole else 1
        if not one.boilerplate:
            shared.update({claim.article: weight for claim in one.claims if claim.article != sketch.article_id})
    ranked = sorted((-count, article) for article, count in shared.items() if count >= FEWEST)
    return [article for _, article in ranked[:CLOSEST]]


def _shingle_writes(sketch: Sketch, mine: Claim, held: Mapping[str, Held], claims: Mapping[str, Claims]) -> list[Put]:
    puts = []
    for key in _keys(sketch):
        before = claims.get(key, Claims())
        after = before.joined(mine)
        if after != before:
            puts.append(Put(SHINGLE, key, encode(after), held[key].revision if key in held else 0))
    return puts
