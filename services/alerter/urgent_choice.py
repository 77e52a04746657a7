"""Whom an urgent watch tells at once of an article: once for each story and occasion. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.alerter.choose import announced
from services.alerter.clipping import Clipping
from services.alerter.window import TOLD_FOR
from services.domain.watch import Person, Watch
from services.rulebook.book import Rulebook

UrgentOccasion = Literal["new", "changed"]


@dataclass(frozen=True, slots=True)
class NoticeWritten:
    """A notice that was written: its story under the id of then, and who was told when."""

    story: str
    occasion: str
    recipient: str
    at: datetime
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class NoticeToWrite:
    """One that is to be written. `answers`: what this recipient was told of the story before, the oldest first."""

    story: str
    occasion: UrgentOccasion
    person: Person
    watches: tuple[Watch, ...]
    answers: tuple[str, ...]


def notices_to_write(
    clipping: Clipping, rules: Rulebook, story_of: Callable[[str], str], told: Callable[[], Iterable[NoticeWritten]]
) -> list[NoticeToWrite]:
    """For everyone who receives one of the urgent watches, and was not told of this story on this occasion.

    `told`, asked only where a watch announces it: all notices so far, in any order.
    """
    watches = [rules.watches[one].watch for one in announced(clipping) if one in rules.watches]
    if not watches:
        return []
    story = story_of(clipping.story_id)
    occasion: UrgentOccasion = "changed" if clipping.change else "new"
    same = [one for one in told() if clipping.entered_at - one.at <= TOLD_FOR and story_of(one.story) == story]
    return list(_unsaid(story, occasion, _readers(watches, rules), same))


def _unsaid(
    story: str, occasion: UrgentOccasion, readers: list[tuple[Person, list[Watch]]], same: list[NoticeWritten]
) -> Iterator[NoticeToWrite]:
    for person, theirs in readers:
        before = sorted((one for one in same if one.recipient == person.email), key=lambda one: one.at)
        if not any(one.occasion == occasion for one in before):
            yield NoticeToWrite(story, occasion, person, tuple(theirs), tuple(one.message_id for one in before))


def _readers(watches: Iterable[Watch], rules: Rulebook) -> list[tuple[Person, list[Watch]]]:
    """Each recipient once, with those of the watches that are theirs."""
    found: dict[str, tuple[Person, list[Watch]]] = {}
    for watch in watches:
        for person in rules.people.recipients(watch):
            found.setdefault(person.email, (person, []))[1].append(watch)
    return list(found.values())
