"""What a digest shows and counts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerter.choose import FIRST, LINES, Selection, choose, place_rank
from services.alerter.clipping import Clipping, clip
from services.domain.events import Enriched
from services.domain.place import Nearness
from tests.alerter.office import START, TOPICS, article, rulebook, watch

WEIGHTS = {topic.id: topic.weight for topic in TOPICS}
RULES = rulebook(watches=[watch("dia-ban", "place:binh-phuoc/any -topic:nhieu"), watch("bien", "topic:bien_gioi")])


def clippings(articles: Sequence[Enriched]) -> list[Clipping]:
    return [
        msgspec.structs.replace(clip(one, RULES, START), number=number) for number, one in enumerate(articles, start=1)
    ]


def selected(*articles: Enriched, told: dict[str, list[str]] | None = None) -> Selection:
    return choose(clippings(articles), {"dia-ban", "bien"}, WEIGHTS, str, told or {})


def titles(selection: Selection) -> list[str]:
    return [line.head.title for line in selection.first]


NEAR: st.SearchStrategy[Nearness] = st.sampled_from(["about", "part", "mention"])
PLACES = st.dictionaries(st.sampled_from(["bu-gia-map", "binh-phuoc", "dong-nai"]), NEAR, max_size=3)


@st.composite
def windows(draw: st.DrawFn) -> list[Enriched]:
    count = draw(st.integers(0, 60))
    seed = draw(st.integers(0, 10**6))
    places = draw(st.lists(PLACES, min_size=1, max_size=5))
    rng = random.Random(seed)
    return [
        article(
            rng.randint(0, 40),
            places=rng.choice(places),
            topics=tuple(rng.sample(["bien_gioi", "nong_nghiep", "nhieu"], rng.randint(0, 2))),
            story=rng.randint(0, 30),
            copy_of=rng.choice([None, None, 1]),
            change=rng.choice([None, None, None, "number"]),
            first_poll=rng.random() < 0.2,
            source_class=rng.choice(["press", "press", "press", "official", "mt_copy", "unclassified"]),
            published_at=START - timedelta(hours=rng.randint(0, 120)),
            version=rng.randint(1, 3),
        )
        for _ in range(count)
    ]


@settings(max_examples=60, deadline=None)
@given(windows())
def test_every_press_article_of_the_window_is_exactly_one_of_four(articles: list[Enriched]) -> None:
    selection = selected(*articles)
    caught = {
        one.article_id
        for one in clippings(articles)
        if one.matches and _last(articles, one.article_id).article.source_class == "press"
    }
    caught = {one for one in caught if clip(_last(articles, one), RULES, START).matches}
    assert selection.articles == len(caught)
    counted = sum(selection.counted.values())
    assert selection.shown + counted + selection.mentions + selection.fill == selection.articles
    shown = [one.article_id for line in selection.lines for one in line.clippings]
    assert len(shown) == len(set(shown))


def _last(articles: list[Enriched], article_id: str) -> Enriched:
    """The last of an article that some watch caught: a later one that none catches does not take its place."""
    caught = [one for one in articles if one.article_id == article_id and clip(one, RULES, START).matches]
    return caught[-1] if caught else [one for one in articles if one.article_id == article_id][-1]


@settings(max_examples=60, deadline=None)
@given(windows())
def test_a_digest_is_short(articles: list[Enriched]) -> None:
    selection = selected(*articles)
    assert len(selection.first) <= FIRST
    assert len(selection.lines) - len(selection.first) <= LINES
    assert not any(line.head.old for line in selection.first)


@settings(max_examples=40, deadline=None)
@given(windows(), st.randoms(use_true_random=False))
def test_tone_and_issue_type_change_nothing(articles: list[Enriched], rng: random.Random) -> None:
    def otherwise(one: Enriched) -> Enriched:
        tone = msgspec.structs.replace(one.tone, label=rng.choice(["positive", "critical", "incident", "neutral"]))
        issue = rng.choice(["achievement", "shortcoming", "direct_criticism", None])
        return msgspec.structs.replace(one, tone=tone, issue_type=issue)

    def order(selection: Selection) -> list[list[str]]:
        return [[one.article_id for one in line.clippings] for line in selection.lines]

    one, other = selected(*articles), selected(*map(otherwise, articles))
    assert order(one) == order(other)
    assert (one.counted, one.mentions, one.fill) == (other.counted, other.mentions, other.fill)


def test_bu_gia_map_comes_before_the_rest_of_the_province_whatever_else() -> None:
    province = [article(n, f"Tỉnh {n}", places={"binh-phuoc": "about"}, story=1) for n in range(1, 5)]
    home = article(9, "Bù Gia Mập", places={"bu-gia-map": "part", "binh-phuoc": "part"}, topics=())
    assert titles(selected(*province, home)) == ["Bù Gia Mập", "Tỉnh 1"]


def test_more_independent_outlets_come_first_and_copies_count_once() -> None:
    copied = [article(n, "Chép", story=1, copy_of=None if n == 1 else 1) for n in range(1, 5)]
    written = [article(n, "Viết", story=10) for n in (10, 11)]
    selection = selected(*copied, *written)
    assert titles(selection) == ["Viết", "Chép"]
    assert [(len(line.outlets), line.copies) for line in selection.first] == [(2, 0), (1, 3)]


def test_then_the_weight_of_the_topic_then_newness() -> None:
    early = START - timedelta(hours=9)
    heavy = article(1, "Biên giới", topics=("bien_gioi",), published_at=early)
    older = article(2, "Điều, hôm qua", published_at=early)
    newer = article(3, "Điều, hôm nay")
    assert titles(selected(older, newer, heavy)) == ["Biên giới", "Điều, hôm nay", "Điều, hôm qua"]


def test_five_first_twenty_lines_and_the_rest_counted_under_their_topic() -> None:
    selection = selected(*(article(n) for n in range(30)))
    assert (len(selection.first), selection.shown, selection.counted) == (5, 25, {"nong_nghiep": 5})
    assert selection.news == 30


def test_what_has_no_heading_comes_last() -> None:
    near = [article(n, topics=(), places={"bu-gia-map": "about", "binh-phuoc": "about"}) for n in range(10)]
    farther = [article(n, topics=("nong_nghiep",), places={"binh-phuoc": "about"}) for n in range(10, 15)]
    headings = [heading for heading, _ in selected(*near, *farther).topics]
    assert headings == ["nong_nghiep", ""]


def test_an_old_item_is_never_among_the_first() -> None:
    old = article(1, "Cũ", published_at=START - timedelta(days=4))
    selection = selected(old)
    assert (selection.first, [line.head.title for line in selection.old], selection.news) == ((), ["Cũ"], 0)


def test_a_told_change_of_an_old_item_is_news() -> None:
    changed = article(1, "Đính chính", published_at=START - timedelta(days=4), change="correction", version=2)
    assert titles(selected(changed)) == ["Đính chính"]


def test_an_item_of_the_same_day_read_twice_counts_once_with_its_last_text() -> None:
    selection = selected(article(1, "Bản đầu"), article(1, "Bản sau", change="number", version=2))
    assert (titles(selection), selection.articles) == (["Bản sau"], 1)


def test_passing_mentions_fill_and_other_classes_are_counted_apart() -> None:
    selection = selected(
        article(1, places={"binh-phuoc": "mention"}),
        article(2, first_poll=True),
        article(3, source_class="official"),
        article(4, source_class="mt_copy"),
        article(5, source_class="unclassified"),
    )
    found = (selection.articles, selection.mentions, selection.fill, selection.official, selection.mt_copy)
    assert found == (2, 1, 1, 1, 1)
    assert selection.lines == ()


def test_a_topic_of_weight_zero_is_counted_and_not_shown() -> None:
    noise = article(1, topics=("nhieu",))
    one = msgspec.structs.replace(
        clippings([noise])[0], matches=clippings([article(1)])[0].matches, topics=["nhieu"], number=1
    )
    selection = choose([one], {"dia-ban"}, WEIGHTS, str, {})
    assert (selection.lines, selection.counted, selection.news) == ((), {"nhieu": 1}, 0)


def test_a_story_told_before_says_how_many_outlets_are_new() -> None:
    again = [article(n, story=1) for n in (1, 2, 3)]
    (line,) = selected(*again, told={"a00001": ["bao-1"]}).first
    assert (line.told_before, line.new_outlets) == (True, 2)


def test_merged_stories_are_one_line() -> None:
    merged = choose(clippings([article(1), article(2)]), {"dia-ban"}, WEIGHTS, lambda story: "a00001", {})
    assert [len(line.clippings) for line in merged.first] == [2]


def test_a_section_is_the_heading_of_what_its_watch_caught_and_orders_nothing() -> None:
    articles = [article(n, topics=("bien_gioi",) if n % 2 else ("nong_nghiep",)) for n in range(30)]
    plain = selected(*articles)
    given = choose(clippings(articles), {"dia-ban", "bien"}, WEIGHTS, str, {}, {"bien": "Việc gấp"})
    assert [line.story_id for line in given.first] == [line.story_id for line in plain.first]
    assert sorted(heading for heading, _ in given.topics) == ["Việc gấp", "nong_nghiep"]
    under = dict(given.topics)["Việc gấp"]
    assert under == tuple(line for line in given.lines[FIRST:] if line.topic == "bien_gioi")
    assert given.shown + sum(given.counted.values()) == 30


def test_the_section_of_the_first_watch_wins_and_a_passing_mention_asks_for_none() -> None:
    both = [article(1, topics=("bien_gioi",))]
    sections = {"dia-ban": "Địa bàn", "bien": "Biên giới"}
    assert choose(clippings(both), set(sections), WEIGHTS, str, {}, sections).first[0].section == "Địa bàn"
    assert choose(clippings(both), {"bien"}, WEIGHTS, str, {}, sections).first[0].section == "Biên giới"
    passing = [article(1, topics=("bien_gioi",), places={"binh-phuoc": "mention", "dong-nai": "about"})]
    chosen = choose(clippings(passing), set(sections), WEIGHTS, str, {}, {"dia-ban": "Địa bàn"})
    assert [line.section for line in chosen.first] == [""]


def test_place_rank_puts_home_first() -> None:
    ranks: list[dict[str, Nearness]] = [
        {"bu-gia-map": "about"},
        {"bu-gia-map": "part", "binh-phuoc": "about"},
        {"bu-gia-map": "mention", "binh-phuoc": "about"},
        {"binh-phuoc": "part"},
        {"dong-nai": "about"},
        {"dong-nai": "part"},
    ]
    assert [place_rank(one) for one in ranks] == sorted({place_rank(one) for one in ranks})
