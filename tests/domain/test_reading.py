"""How much of a reading is told: never so much that a message becomes too large, never less than what decided."""

from __future__ import annotations

from services.domain.place import MOST_TOLD, Mention, Nearness, Reading, Rejected


def mention(place: str, nearness: Nearness, start: int) -> Mention:
    return Mention(
        place=place,
        surface="x",
        field="text",
        start=start,
        end=start + 1,
        class_=nearness,
        confidence=1.0,
        rule="r",
        reason="",
    )


def rejected(place: str, start: int) -> Rejected:
    return Rejected(place=place, surface="x", field="text", start=start, end=start + 1, rule="r", reason="")


def test_an_ordinary_reading_is_told_whole() -> None:
    reading = Reading(mentions=[mention("a", "mention", 0)] * MOST_TOLD, rejected=[rejected("b", 1)] * MOST_TOLD)
    assert reading.told() is reading


def test_the_first_are_told_and_the_first_of_each_place_and_class() -> None:
    many = [mention("a", "mention", at) for at in range(5 * MOST_TOLD)]
    late = [mention("a", "about", 90_000), mention("a", "about", 90_001), mention("b", "mention", 90_002)]
    names = [*(rejected("c", at) for at in range(5 * MOST_TOLD)), rejected("d", 90_000), rejected("d", 90_001)]
    reading = Reading(mentions=[*many, *late], rejected=names, places={"a": "about", "b": "mention"}, verdict="about")
    told = reading.told()
    assert told.mentions == [*many[:MOST_TOLD], late[0], late[2]]
    assert told.rejected == [*names[:MOST_TOLD], names[-2]]
    assert (told.places, told.verdict) == (reading.places, reading.verdict)
