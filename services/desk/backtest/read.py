"""The articles of some days under new rules, read from what the log holds of them.

press.collected and press.unmatched say what came and when; press.enriched holds what was read in it, and most of that
still holds (basis.py). Only what is left goes through the enricher's steps.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from services.alerter.clipping import Clipping, clip
from services.desk.backtest.basis import Bases
from services.desk.backtest.forecast import Entry
from services.desk.backtest.pool import Job, opened, read_again
from services.desk.backtest.reasons import exclusions
from services.domain.article import Article, Version, unread, version_of
from services.domain.codec import decode, encode
from services.domain.events import COLLECTED, ENRICHED, UNMATCHED, Collected, Enriched
from services.domain.language import detect
from services.domain.parking import read
from services.domain.query import searchable
from services.domain.record import Record
from services.enricher.change import change_between, previous_version
from services.enricher.neighbours import Neighbours
from services.ports.archive import Archive
from services.ports.bus import Bus, Delivery
from services.ports.ledger import Ledger
from services.rulebook.book import Rulebook

Text = tuple[str, str, datetime]
"""(article id, content hash, when it was read): one reading of one article."""


class _Seen(Record, frozen=True, kw_only=True):
    content_hash: str = ""
    first_seen: datetime
    seen_at: datetime


class _Came(Record, frozen=True, kw_only=True):
    """As much of a Collected as says which text it is: decoding all of it costs ten times as much."""

    article: _Seen
    rules: str = ""


@dataclass(slots=True)
class Event:
    """A message of press.collected or press.unmatched."""

    at: datetime
    text: Text
    collected: bool
    """On press.collected."""
    replayed: bool
    """Put there by a back-test or a replay: in no letter."""
    stays: bool
    """On its topic under these rules too, whatever they say of it: they judged it, or it is a text read anew."""
    wanted: bool = False
    """Unmatched, and these rules would have collected it."""

    @property
    def key(self) -> str:
        return self.text[0]


@dataclass(frozen=True, slots=True)
class Read:
    """One text under the new rules. `gone`: matches of the running rules, by watch."""

    clipping: Clipping
    wanted: bool
    """Whether a collector under these rules publishes it to press.collected."""
    before: frozenset[str]
    """Watches that catch it under the rules that run."""
    excluded: dict[str, tuple[str, ...]]
    """Watch that only its NOT terms keep from it -> those terms."""
    document: Enriched | None
    """Kept whole where it has findings or was read again."""
    again: bool = False
    """Read again: the archive's document, where it holds one, may say something else."""


@dataclass(slots=True)
class Days:
    """What the log holds of the days, in the order in which it came."""

    events: list[Event] = field(default_factory=list)
    reads: dict[Text, Read] = field(default_factory=dict)
    taken: list[Event] = field(default_factory=list)
    """Those that the new rules would have had in the archive."""
    archived: set[str] = field(default_factory=set)
    """Ids of articles on press.collected in these days."""
    unread: int = 0
    """Messages that could not be read."""
    undone: set[Text] = field(default_factory=set)
    """Texts that left the log meanwhile."""
    kept_out: dict[Text, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    """Unmatched texts that only the NOT terms of a watch keep out: watch -> those terms."""
    before: dict[Text, frozenset[str]] = field(default_factory=dict)
    """Where other places or words are tried: the watches that catch a text as it was read, for it is read anew."""


@dataclass(frozen=True)
class Reader:
    """`story_ledger`: writes to it must not reach the installation's own ledger."""

    bus: Bus
    archive: Archive
    ledger: Ledger
    story_ledger: Ledger
    rules: Rulebook
    running: Rulebook
    reached: Callable[[str, int], None] = lambda stage, done: None

    def read(self, since: datetime, until: datetime) -> Days:
        """Everything of [since, until) by the times of the bus. Raises Unavailable."""
        days, bases = Days(), Bases(self.ledger, self.rules, self.running)
        self._come(days, bases, since, until)
        self._known(days, bases, since)
        self._take(days)
        self._again(days, bases, since, until)
        self._take(days)
        return days

    def _come(self, days: Days, bases: Bases, since: datetime, until: datetime) -> None:
        judge = _Judge(self.rules, bases)
        merged = heapq.merge(
            *(self.bus.scan(topic, since, until) for topic in (COLLECTED, UNMATCHED)), key=lambda one: one.at
        )
        for number, delivery in enumerate(merged):
            try:
                days.events.append(self._event(delivery, judge, days))
            except ValueError:
                days.unread += 1
            if number % 500 == 0:
                self.reached("Đọc nhật ký thu bài", number)

    def _event(self, delivery: Delivery, judge: _Judge, days: Days) -> Event:
        message = delivery.message
        collected, wanted = delivery.topic == COLLECTED, False
        came = read(message.value, message.headers, _Came)
        seen, same = came.article, came.rules == self.rules.version
        if collected:
            days.archived.add(message.key)
        elif not same:
            found = decode(message.value, Collected)
            wanted, excluded = judge.unmatched(found)
            if excluded:
                days.kept_out[text_of(found.article)] = excluded
        return Event(
            at=delivery.at,
            text=(message.key, seen.content_hash, seen.seen_at),
            collected=collected,
            replayed="replay" in message.headers,
            stays=same or (collected and seen.first_seen < seen.seen_at),
            wanted=wanted,
        )

    def _known(self, days: Days, bases: Bases, since: datetime) -> None:
        """What press.enriched holds of these texts; the last document of each."""
        stale = _Stale()
        for done in read_again(self._enriched(days, bases, since, stale), self.rules):
            document, before = opened(done)[0], stale.before.pop(done.number)
            if stale.last.get(text_of(document.article)) == done.number:
                days.reads[text_of(document.article)] = self._read(document, before, again=True)

    def _enriched(self, days: Days, bases: Bases, since: datetime, stale: _Stale) -> Iterator[Job]:
        """Takes the documents that hold, and gives those whose places are to be read again."""
        wanted = {event.text for event in days.events if event.collected or event.wanted}
        keys = {text[0] for text in wanted}
        for number, delivery in enumerate(self.bus.scan(ENRICHED, since)):
            if number % 200 == 0:
                self.reached("Đọc các bài đã phân tích", number)
            if delivery.message.key not in keys:
                continue
            try:
                document = read(delivery.message.value, delivery.message.headers, Enriched)
            except ValueError:
                continue
            text = text_of(document.article)
            if text not in wanted:
                continue
            stale.last.pop(text, None)
            days.reads.pop(text, None)
            basis = bases.of(document.rules)
            if basis is None:
                if bases.read_otherwise:
                    days.before[text] = self._before(document)
                continue
            if basis.holds(document.article, document.reading):
                days.reads[text] = self._read(self._restamped(document), self._before(document))
            else:
                stale.last[text], stale.before[number] = number, self._before(document)
                yield Job(number, document=delivery.message.value)

    def _restamped(self, document: Enriched) -> Enriched:
        return msgspec.structs.replace(document, rules=self.rules.version)

    def _before(self, document: Enriched) -> frozenset[str]:
        """The watches that catch it now."""
        asked = searchable(document.article, document.reading, document.topics, document.language, tone=document.tone)
        return frozenset(one.id for one in self.running.index.matching(asked))

    def _read(self, document: Enriched, before: frozenset[str], *, again: bool = False) -> Read:
        article, rules, fields = document.article, self.rules, unread(document.article)
        clipping = clip(document, rules, article.first_seen)
        wanted = document.reading.verdict != "none"
        if not wanted:
            untold = searchable(article, document.reading, document.topics, document.language, fields)
            wanted = bool(rules.index.possible(untold))
        out: dict[str, tuple[str, ...]] = {}
        if clipping.excluded:
            asked = searchable(
                article, document.reading, document.topics, document.language, fields, tone=document.tone
            )
            out = {name: exclusions(rules.watches[name].query, asked) for name in clipping.excluded}
        return Read(clipping, wanted, before, out, document if again or document.findings else None, again)

    def _take(self, days: Days) -> None:
        """Those that the new rules would have collected, as the collector judges: what was collected once stays so."""
        caught: set[str] = set()
        days.taken.clear()
        for event in days.events:
            judged = event.collected if event.stays else event.wanted or self._wants(days, event)
            if event.key in caught or judged:
                caught.add(event.key)
                if event.text not in days.undone:
                    days.taken.append(event)

    def _wants(self, days: Days, event: Event) -> bool:
        known = days.reads.get(event.text)
        # What must be read again is judged when it was; until then it counts as it stands.
        return event.collected if known is None else known.wanted

    def _again(self, days: Days, bases: Bases, since: datetime, until: datetime) -> None:
        """Through the enricher's steps: what was not read yet, or says something else under these rules."""
        versions = self._readings(days)
        missing = {event.text for event in days.taken if event.text not in days.reads} | versions
        missing -= set(self._from_archive(days, bases, missing - versions))
        if not missing:
            return
        neighbours = Neighbours(self.story_ledger)
        for done in read_again(self._whole(missing, since, until), self.rules):
            document, sketch = opened(done)
            if sketch is not None:
                told = neighbours.place(sketch)
                document = msgspec.structs.replace(document, story_id=told.story_id, copy_of=told.copy_of)
            text = text_of(document.article)
            before = days.before[text] if text in days.before else self._before(document)
            days.reads[text] = self._read(document, before, again=True)
            if done.number % 20 == 0:
                self.reached("Phân tích lại", done.number)
        days.undone = {event.text for event in days.taken} - days.reads.keys()

    def _whole(self, missing: set[Text], since: datetime, until: datetime) -> Iterator[Job]:
        texts = defaultdict[str, list[Version]](list)
        for number, article in enumerate(self._articles(missing, since, until)):
            earlier = [*self.archive.versions(article.article_id), *texts[article.article_id]]
            previous = previous_version(article, earlier)
            change = change_between(previous, article) if previous is not None else None
            texts[article.article_id].append(version_of(article))
            yield Job(number, article=encode(article), change=change)

    def _readings(self, days: Days) -> set[Text]:
        """All texts of articles of which an unmatched one is taken too: their changes are told anew."""
        taken = defaultdict[str, set[Text]](set)
        gained = set()
        for event in days.taken:
            taken[event.key].add(event.text)
            if not event.collected:
                gained.add(event.key)
        return {text for key in gained if len(taken[key]) > 1 for text in taken[key]}

    def _from_archive(self, days: Days, bases: Bases, texts: Iterable[Text]) -> Iterator[Text]:
        for text in texts:
            held = self.archive.get(text[0])
            if held is None or text_of(held.article) != text:
                continue
            basis = bases.of(held.rules)
            if basis is None and bases.read_otherwise:
                days.before.setdefault(text, self._before(held))
            if basis is not None and basis.holds(held.article, held.reading):
                days.reads[text] = self._read(self._restamped(held), self._before(held))
                yield text

    def _articles(self, texts: set[Text], since: datetime, until: datetime) -> Iterator[Article]:
        """These texts from the log, each once, in the order in which they came."""
        keys, left = {text[0] for text in texts}, set(texts)
        merged = heapq.merge(
            *(self.bus.scan(topic, since, until) for topic in (COLLECTED, UNMATCHED)), key=lambda one: one.at
        )
        for delivery in merged:
            if delivery.message.key in keys:
                try:
                    article = read(delivery.message.value, delivery.message.headers, Collected).article
                except ValueError:
                    continue
                if text_of(article) in left:
                    left.discard(text_of(article))
                    yield article


@dataclass(slots=True)
class _Stale:
    """Documents on their way through the pool, by number."""

    last: dict[Text, int] = field(default_factory=dict)
    """The number that counts: a later document of the text may have come meanwhile."""
    before: dict[int, frozenset[str]] = field(default_factory=dict)


class _Judge:
    """Whether an unmatched article would have been collected under the new rules."""

    def __init__(self, rules: Rulebook, bases: Bases) -> None:
        self._rules, self._bases = rules, bases

    def unmatched(self, found: Collected) -> tuple[bool, dict[str, tuple[str, ...]]]:
        """(whether, the watches that only their NOT terms keep from it, with those terms)."""
        article, reading, topics = found.article, found.reading, found.topics
        basis, fields = self._bases.of(found.rules), unread(article)
        if basis is None or not basis.holds(article, reading):
            reading = self._rules.places.read(fields, article.published_at, also=self._rules.also)
        if basis is None:
            topics = self._rules.topics.find(fields, detect(fields, article.declared_language))
        if reading.verdict != "none":
            return True, {}
        index = self._rules.index
        reach = index.reach(searchable(article, reading, topics, "", fields).facts)
        if reach == "none":
            return False, {}
        language = detect(fields, article.declared_language) if reach == "language" else ""
        document = searchable(article, reading, topics, language, fields)
        if index.possible(document):
            return True, {}
        return False, {one.id: exclusions(one.query, document) for one in index.excluded(document)}


def text_of(article: Article) -> Text:
    return article.article_id, article.content_hash, article.seen_at


def entries(days: Days) -> Iterator[Entry]:
    """The days as the alerter meets them."""
    for event in days.taken:
        if event.replayed:
            continue
        known = days.reads[event.text]
        document = known.document if known.document is not None and known.document.findings else None
        yield Entry(event.at, msgspec.structs.replace(known.clipping, entered_at=event.at), document)
