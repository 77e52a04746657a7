"""What must hold of every finished journey (design.md, section 4)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date
from pathlib import Path

from samples.press.loopback import at_once
from samples.press.mornings import rules_of
from services.adapters.manual_clock import ManualClock
from services.alerter.clipping import Clipping
from services.alerter.records import Letter
from services.domain.query import searchable
from services.domain.watch import CompiledWatch, Person
from services.rulebook.book import Rulebook
from services.settings import Settings
from tests.journey.journeys import Journey
from tests.journey.outcome import Outcome, served_entries, told_in


def check_entries(journey: Journey, data: Path, outcome: Outcome) -> int:
    """Every entry that was served ends in one final outcome, on its feed and day; returns how many there were."""
    clock = ManualClock(journey.plan[0].at.astimezone(UTC))
    with journey.press(clock.now, at_once) as press:
        settings = journey.settings(data, press.routes)
        feeds = {feed.id: feed.url for feed in rules_of(settings).feeds.values()}
        new, beyond = served_entries(journey.plan, press, clock, feeds, settings.collector.max_entries)
    for day in outcome.days:
        assert sum(day.outcomes.values()) == day.entries, day
        assert not {"pending", "quarantined"} & set(day.outcomes), day
    counted = {(day.feed, day.day): day.entries - day.outcomes.get("cut", 0) for day in outcome.days}
    assert {key: number for key, number in counted.items() if number} == new
    cut = {(day.feed, day.day): day.outcomes["cut"] for day in outcome.days if "cut" in day.outcomes}
    assert cut == beyond
    outcomes: Counter[str] = sum((Counter(day.outcomes) for day in outcome.days), Counter())
    assert outcomes["published"] == len(outcome.documents)
    return new.total() + beyond.total()


def check_windows(settings: Settings, rules: Rulebook, outcome: Outcome, mornings: list[date]) -> None:
    """A digest for everyone on each of these mornings; its numbers sum; windows tile and lose no archived article."""
    entered = {clipping.article_id for clipping in outcome.clippings}
    assert entered == {document.article_id for document in outcome.documents}
    for person, watches in _readers(rules).items():
        digests = outcome.digests[person.email]
        assert [letter.at.astimezone(settings.digest.zone).date() for letter in digests] == mornings
        assert [letter.start for letter in digests] == [0, *(letter.end for letter in digests[:-1])]
        assert digests[-1].end == max((clipping.number for clipping in outcome.clippings), default=0)
        windows: Counter[str] = Counter()
        for letter in digests:
            window = _press_of(outcome, letter, watches)
            windows.update(window)
            told = told_in(letter)
            assert set(letter.articles) <= window
            assert len(set(letter.articles)) == len(letter.articles)
            assert told.articles == len(window), letter.subject
            assert len(letter.articles) + told.counted + told.mentions + told.fill == len(window), letter.subject
        again = {clipping.article_id for clipping in outcome.clippings if clipping.change is not None}
        assert {name for name, times in windows.items() if times > 1} <= again
        assert set(windows) ^ _matching(outcome, watches) <= again


def _readers(rules: Rulebook) -> dict[Person, list[CompiledWatch]]:
    found: dict[Person, list[CompiledWatch]] = {}
    for watch in rules.running.values():
        for person in rules.people.recipients(watch.watch):
            found.setdefault(person, []).append(watch)
    return found


def _press_of(outcome: Outcome, letter: Letter, watches: list[CompiledWatch]) -> set[str]:
    """Ids of the press articles with a number in the letter's window that one of the watches caught."""
    ids = {watch.id for watch in watches}

    def caught(clipping: Clipping) -> bool:
        return clipping.source_class == "press" and any(match.watch in ids for match in clipping.matches)

    return {one.article_id for one in outcome.clippings if letter.start < one.number <= letter.end and caught(one)}


def _matching(outcome: Outcome, watches: list[CompiledWatch]) -> set[str]:
    """Ids of the press articles of the archive that match, asked anew."""
    found = set()
    for one in outcome.documents:
        document = searchable(one.article, one.reading, one.topics, one.language, tone=one.tone)
        if one.article.source_class == "press" and any(watch.query.matches(document) for watch in watches):
            found.add(one.article_id)
    return found
