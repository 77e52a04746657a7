"""Who reads what: the watches of a recipient, and what one digest shows of a recipient's window.

Pure, so that a back-test chooses with the very functions that the letters are made by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.alerter.choose import Selection, choose
from services.alerter.clipping import Clipping
from services.alerter.window import ToldStory, Window, remembered
from services.domain.watch import CompiledWatch, Person
from services.rulebook.book import Rulebook


@dataclass(frozen=True, slots=True)
class Share:
    """What a recipient is shown of a window, and the window that follows it."""

    watches: tuple[CompiledWatch, ...]
    selection: Selection
    after: Window


def recipients(rules: Rulebook) -> list[Person]:
    """Everyone who receives a digest, each address once."""
    found: dict[str, Person] = {}
    for compiled in rules.running.values():
        for person in rules.people.recipients(compiled.watch):
            found.setdefault(person.email, person)
    return list(found.values())


def watches_of(person: Person, rules: Rulebook) -> list[CompiledWatch]:
    """The running watches whose catch this person receives."""
    return [
        compiled
        for compiled in rules.running.values()
        if any(one.email == person.email for one in rules.people.recipients(compiled.watch))
    ]


def share_of(
    person: Person,
    window: Window,
    clippings: Sequence[Clipping],
    rules: Rulebook,
    story_of: Callable[[str], str],
    at: datetime,
    due: date | None,
) -> Share:
    """Of all clippings after window.boundary, in order of their numbers; `after.cases` is the caller's to fill.

    `due`: the working morning whose digest it is; None moves no morning.
    """
    watches = watches_of(person, rules)
    told = {story_of(one.story_id): one.outlets for one in window.told}
    weights = {topic.id: topic.weight for topic in rules.topics.topics.values()}
    selection = choose(clippings, {one.id for one in watches}, weights, story_of, told, _sections(watches, rules))
    shown = [
        ToldStory(story_id=line.story_id, outlets=sorted({one.outlet for one in line.clippings}), at=at)
        for line in selection.lines
    ]
    after = Window(
        boundary=clippings[-1].number if clippings else window.boundary,
        serial=window.serial + 1,
        due=due if due is not None else window.due,
        drawn_at=at,
        since=window.since,
        told=remembered(window, shown, at, story_of),
    )
    return Share(tuple(watches), selection, after)


def _sections(watches: Sequence[CompiledWatch], rules: Rulebook) -> dict[str, str]:
    """Watch -> the heading that it asks for, in the order of the file; a topic's name stands for that topic."""
    topics = {topic.name: topic.id for topic in rules.topics.topics.values()}
    said = {one.id: " ".join(one.watch.section.split()) for one in watches}
    return {watch: topics.get(section, section) for watch, section in said.items() if section}
