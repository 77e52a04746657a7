"""Stories among many articles, in a ledger and in memory."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.adapters.sqlite_ledger import SqliteLedger
from services.domain.article import Article, hash_of, tokens_of
from services.domain.codec import decode
from services.domain.story import Sketch, Teller, current_story, sketch_of
from services.enricher.neighbours import COMMON, Keyed, Neighbours, Remembered
from services.ports.errors import Conflict, Unavailable
from services.ports.ledger import Held, Put

START = datetime(2026, 11, 17, tzinfo=UTC)


@pytest.fixture(params=["ledger", "memory"])
def keyed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keyed]:
    if request.param == "memory":
        yield Remembered()
        return
    ledger = SqliteLedger(tmp_path / "ledger.db")
    yield ledger
    ledger.close()


def prose(name: str, length: int = 240) -> str:
    """Words that no other name's prose shares: every run of four is its own."""
    return " ".join(f"{name}{index}" for index in range(length))


def sketch(name: str, text: str, minutes: int = 0, title: str = "") -> Sketch:
    seen = START + timedelta(minutes=minutes)
    article = Article(
        article_id=name,
        source_class="press",
        title=title or f"Tin {name}",
        text=text,
        published_at=seen,
        first_seen=seen,
        seen_at=seen,
        content_hash=hash_of(title, "", text),
    )
    return sketch_of(article, tokens_of(article.title, article.lead, article.text))


def test_forty_copies_of_one_report_are_one_story(keyed: Keyed) -> None:
    neighbours = Neighbours(keyed)
    wire = prose("ttx")
    told = [neighbours.join(sketch(f"a{n:02}", wire if n % 3 else wire[: len(wire) // 2], n)) for n in range(40)]
    assert {one.story_id for one in told} == {"a00"}
    assert all(one.copy_of for one in told[1:])


def test_a_paragraph_of_too_many_stories_glues_nothing(keyed: Keyed) -> None:
    neighbours = Neighbours(keyed)
    notice = prose("banquyen", 120)
    told = [neighbours.join(sketch(f"a{n:02}", f"{prose(f's{n}x')} {notice}", n * 60 * 49)) for n in range(COMMON + 4)]
    assert len({one.story_id for one in told}) == COMMON + 4
    quoting = neighbours.join(sketch("q", notice + " " + prose("quote", 16), 60 * 49 * (COMMON + 3)))
    assert quoting.story_id == "q", "what is left of it beside the boilerplate is no reprint of anything"


def test_the_same_message_again_gets_the_same_answer_whatever_came_between(keyed: Keyed) -> None:
    neighbours = Neighbours(keyed)
    fire, road = prose("chay"), prose("duong")
    texts = {"f": fire, "r": road, "both": f"{fire} {road}", "copy": road}
    sketches = [sketch(name, text, n) for n, (name, text) in enumerate(texts.items())]
    first = [neighbours.join(one) for one in sketches]
    assert first[1].story_id == "r", "two stories at first"
    assert first[2].story_id == "f", "merged under the older one"
    assert first[3].story_id == "f", "a later copy of the merged story goes by the older name"
    again = [Neighbours(keyed).join(one) for one in sketches]
    assert again == first


def test_a_merged_story_leads_to_the_older_one(keyed: Keyed) -> None:
    neighbours = Neighbours(keyed)
    for n, (name, text) in enumerate({"f": prose("chay"), "r": prose("duong")}.items()):
        neighbours.join(sketch(name, text, n))
    neighbours.join(sketch("both", f"{prose('chay')} {prose('duong')}", 9))

    def read(article_id: str) -> Teller | None:
        held = keyed.get_many("story", [article_id]).get(article_id)
        return decode(held.value, Teller) if held else None

    assert current_story("r", read) == "f"


def test_a_text_read_later_in_full_joins_the_story_it_repeats(keyed: Keyed) -> None:
    neighbours = Neighbours(keyed)
    neighbours.join(sketch("a", prose("chay"), 0))
    assert neighbours.join(sketch("b", "", 5, title="Cháy")).story_id == "b", "the page could not be read"
    assert neighbours.join(sketch("b", prose("chay"), 5)).story_id == "a"


def test_an_article_told_anew_merges_under_the_older_of_the_stories(keyed: Keyed) -> None:
    """Not under the older of the newer story and the article itself, which founded neither."""
    neighbours = Neighbours(keyed)
    neighbours.join(sketch("s", prose("chay"), 0))
    neighbours.join(sketch("q", prose("duong"), 5))
    assert neighbours.join(sketch("b", prose("chay"), 9)).story_id == "s"
    assert neighbours.join(sketch("b", prose("duong"), 9)).story_id == "s"
    assert neighbours.current("q") == "s"


class Contested(Keyed):
    """A ledger in which somebody else is first, so many times."""

    def __init__(self, times: int) -> None:
        self._left = times
        self._kept = Remembered()

    def get_many(self, kind: str, keys: list[str]) -> dict[str, Held]:
        return self._kept.get_many(kind, keys)

    def put(self, *writes: Put) -> None:
        if self._left:
            self._left -= 1
            Neighbours(self._kept).join(sketch("first", prose("chay"), 0))
            raise Conflict("somebody was first")
        self._kept.put(*writes)


def test_who_comes_second_decides_anew() -> None:
    assert Neighbours(Contested(1)).join(sketch("second", prose("chay"), 1)).story_id == "first"


def test_a_claim_that_never_succeeds_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        Neighbours(Contested(1000)).join(sketch("second", prose("chay"), 1))


class Torn(Remembered):
    """Does some of the writes of a call, in any order, then dies; at its `at`-th write."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.left, self.chance = at, random.Random(at)

    def put(self, *writes: Put) -> None:
        for write in self.chance.sample(writes, len(writes)):
            self.left -= 1
            if self.left == 0:
                raise Unavailable("tắt máy")
            super().put(write)


@pytest.mark.parametrize("at", range(1, 80, 6))
def test_whatever_part_of_the_writes_happened_the_same_is_told_again(at: int) -> None:
    """Two stories that a third article shows to be one, cut short anywhere and done again."""
    first, second = prose("mot"), prose("hai")
    articles = [sketch("a", first), sketch("b", second, 1), sketch("c", f"{first} {second}", 2)]

    def stories(keyed: Keyed) -> list[str]:
        neighbours = Neighbours(keyed)
        for one in articles:
            try:
                neighbours.join(one)
            except Unavailable:
                neighbours.join(one)
        return [neighbours.current(one.article_id) for one in articles]

    assert stories(Torn(at)) == stories(Remembered()) == ["a", "a", "a"]
