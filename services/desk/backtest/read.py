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

from services.alerter.clipping import clip
from services.desk.backtest.basis import Bases
from services.desk.backtest.days import Days, Event, Read, Text, text_of
from services.desk.backtest.judge import Verdict, judge_unmatched
from services.desk.backtest.pool import Job, Pool, opened
from services.desk.backtest.reasons import exclusions
from services.domain.article import Article, Version, unread, version_of
from services.domain.codec import decode, encode
from services.domain.events import COLLECTED, ENRICHED, UNMATCHED, Collected, Enriched
from services.domain.query import searchable
from services.domain.record import Record
from services.enricher.change import change_between, previous_version
from services.enricher.neighbours import Neighbours
from services.ports.archive import Archive
from services.ports.bus import Bus, Delivery
from services.ports.ledger import Ledger
from services.ports.messages import is_replay, read
from services.rulebook.book import Rulebook


class _Seen(Record, frozen=True, kw_only=True):
    content_hash: str = ""
    first_seen: datetime
    seen_at: datetime


class _Came(Record, frozen=True, kw_only=True):
    """As much of a Collected as says which text it is: decoding all of it costs ten times as much."""

    article: _Seen
    rules: str = ""


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
        with Pool(self.rules) as pool:
            self._come(days, bases, pool, since, until)
            self._known(days, bases, pool, since)
            self._take(days)
            self._again(days, bases, pool, since, until)
        self._take(days)
        return days

    def _come(self, days: Days, bases: Bases, pool: Pool, since: datetime, until: datetime) -> None:
        for done in pool.read(self._events(days, bases, since, until)):
            _judged(days, done.number, done.verdict)

    def _events(self, days: Days, bases: Bases, since: datetime, until: datetime) -> Iterator[Job]:
        """Takes what came, and gives the unmatched articles that are to be read again to be judged."""
        merged = heapq.merge(
            *(self.bus.scan(topic, since, until) for topic in (COLLECTED, UNMATCHED)), key=lambda one: one.at
        )
        for number, delivery in enumerate(merged):
            if number % 500 == 0:
                self.reached("Đọc nhật ký thu bài", number)
            try:
                event = self._event(delivery, days)
                # Judged before by these very rules, it stays unmatched.
                found = None if event.collected or event.stays else decode(delivery.message.value, Collected)
            except ValueError:
                days.unread += 1
                continue
            days.events.append(event)
            if found is None:
                continue
            place, basis = len(days.events) - 1, bases.of(found.rules)
            if basis is not None and basis.holds(found.article, found.reading):
                _judged(days, place, judge_unmatched(found, self.rules))
            else:
                yield Job(place, unmatched=delivery.message.value, other_topics=basis is None)

    def _event(self, delivery: Delivery, days: Days) -> Event:
        message = delivery.message
        collected = delivery.topic == COLLECTED
        came = read(message, _Came)
        seen, same = came.article, came.rules == self.rules.version
        if collected:
            days.archived.add(message.key)
        return Event(
            at=delivery.at,
            text=(message.key, seen.content_hash, seen.seen_at),
            collected=collected,
            replayed=is_replay(message),
            stays=same or (collected and seen.first_seen < seen.seen_at),
        )

    def _known(self, days: Days, bases: Bases, pool: Pool, since: datetime) -> None:
        """What press.enriched holds of these texts; the last document of each."""
        stale = _Stale()
        for done in pool.read(self._enriched(days, bases, since, stale)):
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
                document = read(delivery.message, Enriched)
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

    def _again(self, days: Days, bases: Bases, pool: Pool, since: datetime, until: datetime) -> None:
        """Through the enricher's steps: what was not read yet, or says something else under these rules."""
        versions = self._readings(days)
        missing = {event.text for event in days.taken if event.text not in days.reads} | versions
        missing -= set(self._from_archive(days, bases, missing - versions))
        if not missing:
            return
        neighbours = Neighbours(self.story_ledger)
        for done in pool.read(self._whole(missing, since, until)):
            document, sketch = opened(done)
            if sketch is not None:
                told = neighbours.join(sketch)
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
                    article = read(delivery.message, Collected).article
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


def _judged(days: Days, number: int, verdict: Verdict) -> None:
    event = days.events[number]
    event.wanted, excluded = verdict
    if excluded:
        days.kept_out[event.text] = excluded
