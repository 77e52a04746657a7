"""Old watches beside new ones: gained, lost and excluded articles of each, with the reason of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from services.desk.backtest.days import Days, Read, Text
from services.desk.backtest.reasons import deciding, lacking
from services.domain.article import unread
from services.domain.calendar import ZONE
from services.domain.events import Enriched
from services.domain.query import Searchable, searchable
from services.domain.topic import Evidence
from services.domain.watch import CompiledWatch
from services.ports.archive import Archive
from services.rulebook.book import Rulebook

State = Literal["new", "changed", "same", "removed"]
MOST_TOLD = 100
"""Articles told of one watch, gained and lost each; all are counted."""
_MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class Told:
    """An article gained or lost."""

    document: Enriched
    archived: bool
    """It stands in the archive; else it was unmatched."""
    terms: tuple[str, ...]
    """Gained: what it has of the query. Lost: what it lacks; behind a minus, what NOT excludes."""
    before: tuple[str, ...]
    """Gained: what it lacked of the query that runs."""
    words: tuple[Evidence, ...]
    """Of the query, in the article."""
    why: str
    """In Vietnamese."""


@dataclass(slots=True)
class OfWatch:
    """What one watch would do. Numbers are articles."""

    watch: CompiledWatch
    state: State
    matched: int = 0
    gained: int = 0
    lost: int = 0
    by_day: Counter[date] = field(default_factory=Counter)
    """Matched, by the day on which they came."""
    gained_told: list[Told] = field(default_factory=list)
    lost_told: list[Told] = field(default_factory=list)
    excluded: int = 0
    """That only its NOT terms keep out."""
    excluded_by: Counter[str] = field(default_factory=Counter)


class Compared:
    """Gained, lost and excluded, by watch: each article once, in its last text of these days."""

    def __init__(self, archive: Archive, rules: Rulebook, running: Rulebook, days: Days) -> None:
        self._archive, self._rules, self._running, self._days = archive, rules, running, days
        self.again: list[Read] = []
        """Archived articles that were read again: their document may say something else."""
        self.gained: list[Read] = []
        """Unmatched articles, as they would enter the archive, in the order in which they came."""
        self.watches = {one.id: OfWatch(one, _state(one, running)) for one in rules.running.values()}
        for one in running.running.values():
            self.watches.setdefault(one.id, OfWatch(one, "removed"))
        self._compare()

    def _compare(self) -> None:
        last = {event.key: event for event in self._days.events if event.text in self._days.reads}
        taken = {event.key for event in self._days.taken}
        archived = {key: key in self._days.archived or self._archive.get(key) is not None for key in last}
        for key, event in last.items():
            known = self._days.reads[event.text]
            now = {match.watch for match in known.clipping.matches} if key in taken else set[str]()
            before = known.before if archived[key] else frozenset[str]()
            self._count(known, now, before, archived[key], event.at)
        self._to_write(archived)
        excluded = {event.key: self._out(event.text) for event in self._days.events}
        for terms in excluded.values():
            for watch, by in terms.items():
                self.watches[watch].excluded += 1
                self.watches[watch].excluded_by.update(by)

    def _to_write(self, archived: dict[str, bool]) -> None:
        written = set()
        for event in self._days.taken:
            known = self._days.reads[event.text]
            if known.again and event.text not in written:
                written.add(event.text)
                (self.again if archived[event.key] else self.gained).append(known)

    def _out(self, text: Text) -> dict[str, tuple[str, ...]]:
        known = self._days.reads.get(text)
        return known.excluded if known is not None else self._days.kept_out.get(text, {})

    def _count(self, known: Read, now: set[str], before: frozenset[str], archived: bool, at: datetime) -> None:
        for name in now:
            self.watches[name].matched += 1
            self.watches[name].by_day[at.astimezone(ZONE).date()] += 1
        for name in now - before:
            one = self.watches[name]
            one.gained += 1
            if len(one.gained_told) < MOST_TOLD:
                one.gained_told += self._told(one, known, archived, _gained)
        for name in before - now:
            one = self.watches[name]
            one.lost += 1
            if len(one.lost_told) < MOST_TOLD:
                one.lost_told += self._told(one, known, archived, _lost)

    def _told(self, one: OfWatch, known: Read, archived: bool, said: _Said) -> Iterator[Told]:
        document = known.document or self._archive.get(known.clipping.article_id)
        if document is not None:
            old = self._running.running.get(one.watch.id)
            new = self._rules.running.get(one.watch.id)
            asked = searchable(
                document.article, document.reading, document.topics, document.language, tone=document.tone
            )
            terms, before, why = said(new, old, asked, lambda: self._as_running(document), archived)
            words = _words((new or old or one.watch), document, asked)
            yield Told(document, archived, terms, before, words, why)

    def _as_running(self, document: Enriched) -> Searchable:
        """The article with the places and topics that the running rules see in it."""
        article, running, fields = document.article, self._running, unread(document.article)
        reading = running.places.read(fields, article.published_at, also=running.also)
        topics = running.topics.find(fields, document.language)
        return searchable(article, reading, topics, document.language, fields, tone=document.tone)


_Said = Callable[
    [CompiledWatch | None, CompiledWatch | None, Searchable, Callable[[], Searchable], bool],
    tuple[tuple[str, ...], tuple[str, ...], str],
]
"""(new, old, the article as the new rules read it, as the running ones do, archived)."""


def _gained(
    new: CompiledWatch | None,
    old: CompiledWatch | None,
    asked: Searchable,
    asked_before: Callable[[], Searchable],
    archived: bool,
) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    terms = deciding(new.query, asked) if new is not None else ()
    # Where the old query holds too, it is places or topics that the running rules do not see there.
    before = (lacking(old.query, asked) or lacking(old.query, asked_before())) if old is not None else ()
    why = f"khớp nhờ {', '.join(terms)}" if terms else "khớp vì không có từ bị loại"
    if old is None:
        return terms, before, f"{why}; điều kiện mới"
    said = [] if archived else ["trước đây chưa vào kho"]
    said += [f"bản đang chạy {_lacks(before)}"] if before else []
    return terms, before, "; ".join([why, *said])


def _lost(
    new: CompiledWatch | None,
    old: CompiledWatch | None,
    asked: Searchable,
    asked_before: Callable[[], Searchable],
    archived: bool,
) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    if new is None:
        return (), (), "điều kiện này không còn, hoặc đã tắt"
    terms = lacking(new.query, asked)
    return terms, (), _lacks(terms) if terms else "không còn khớp"


def _lacks(terms: tuple[str, ...]) -> str:
    out, missing = [one[1:] for one in terms if one.startswith("-")], [one for one in terms if not one.startswith("-")]
    said = [f"loại vì có {', '.join(out)}"] if out else []
    return "; ".join([*said, *([f"không thấy {', '.join(missing)}"] if missing else [])])


def _words(watch: CompiledWatch, document: Enriched, asked: Searchable) -> tuple[Evidence, ...]:
    """The words of the query, then the mentions of the places that it names and the words of its topics."""
    found = watch.query.highlights(asked.fields)
    found += [
        Evidence(surface=one.surface, field=one.field, start=one.start, end=one.end)
        for one in document.reading.mentions
        if not watch.query.places or one.place in watch.query.places
    ]
    found += [said for hit in document.topics if hit.topic in watch.query.topics for said in hit.evidence]
    if not found:  # a commune counts for the place that the query names
        found = [
            Evidence(surface=one.surface, field=one.field, start=one.start, end=one.end)
            for one in document.reading.mentions
        ]
    unique = {(one.field, one.start): one for one in found}
    return tuple(unique.values())[:_MOST_WORDS]


def _state(one: CompiledWatch, running: Rulebook) -> State:
    old = running.running.get(one.id)
    if old is None:
        return "new"
    return "same" if old.watch == one.watch else "changed"
