"""What a back-test finds in past days; above all, that its forecast is what a replay of those days then writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from samples.press.content import local
from services.desk.backtest.trial import Trial
from services.domain.events import COLLECTED, UNMATCHED
from services.rulebook.accepted import WATCHES
from services.rulebook.book import Rulebook
from services.rulebook.load import load_texts
from tests.desk.backtest.office import (
    ALL,
    CITY,
    PLANTED_WATCH,
    URGENT,
    WIDER,
    forecast_of,
    of,
    plant,
    replayed,
    tried,
    with_watches,
)
from tests.journey.process import run_through
from tests.replay.days import END, Days, documents, opened

CHANGES: dict[str, Callable[[str], str]] = {
    "same": lambda text: text,
    "place not recorded": lambda text: text + CITY,
    "wider": lambda text: text + WIDER,
    "urgent": lambda text: text + URGENT,
    "all": lambda text: text + ALL + CITY + URGENT,
    "removed": lambda text: WIDER,
    "narrower": lambda text: text.replace("NOT topic:nhieu", "NOT topic:nhieu -topic:ha_tang -trường"),
    "recipients": lambda text: text.replace("[leadership, analyst]", "[operator]"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_forecast_is_what_a_replay_writes(days: Days, tmp_path: Path, change: str) -> None:
    rules = with_watches(days, CHANGES[change](days.rules.texts[WATCHES]))
    before, archive = days.state(), documents(days.installation.archive)
    trial = tried(days, rules)
    assert days.state() == before
    assert documents(days.installation.archive) == archive
    assert forecast_of(trial) == replayed(days, rules, tmp_path / "letters")
    assert sum(one.lines for one in trial.forecast.values()) > 0
    differs = forecast_of(trial) != forecast_of(tried(days, days.rules))
    assert differs == (change not in ("same", "place not recorded"))


def test_the_days_may_begin_and_end_anywhere(days: Days, tmp_path: Path) -> None:
    rules = with_watches(days, days.rules.texts[WATCHES] + ALL + URGENT)
    since, until = local("2026-11-17T06:30"), local("2026-11-18T17:00")
    trial = tried(days, rules, since, until)
    assert forecast_of(trial) == replayed(days, rules, tmp_path / "letters", since, until)


def test_each_article_gained_says_why_and_with_which_words(days: Days) -> None:
    trial = tried(days, with_watches(days, days.rules.texts[WATCHES] + WIDER))
    one = of(trial, "ca-phe")
    assert (one.state, one.gained, one.lost) == ("new", 1, 0)
    told = one.gained_told[0]
    assert not told.archived
    assert told.terms == ("topic:nong_nghiep", '"cà phê"')
    assert "điều kiện mới" in told.why
    for word in told.words:
        assert told.document.article.field(word.field)[word.start : word.end] == word.surface
    assert "cà phê" in [word.surface.lower() for word in told.words]
    assert {other.state for other in trial.watches} == {"new", "same"}
    assert trial.counts()["from_unmatched"] == 1


def test_each_article_lost_says_which_term_excluded_it(days: Days) -> None:
    text = days.rules.texts[WATCHES].replace("binh-phuoc NOT topic:nhieu", "binh-phuoc NOT topic:nhieu -topic:ha_tang")
    one = of(tried(days, with_watches(days, text)), "binh-phuoc-cu")
    assert one.state == "changed"
    assert one.gained == 0
    assert one.lost == len(one.lost_told) > 0
    assert all(told.terms == ("-topic:ha_tang",) for told in one.lost_told)
    assert all(told.why == "loại vì có topic:ha_tang" for told in one.lost_told)
    assert one.excluded_by["-topic:ha_tang"] == one.lost
    back = of(tried_against(days, text, days.rules.texts[WATCHES]), "binh-phuoc-cu")
    assert {told.before for told in back.gained_told} == {("-topic:ha_tang",)}
    assert (back.gained, back.lost) == (one.lost, 0)


def tried_against(days: Days, running: str, text: str) -> Trial:
    """As if the watches of `running` were in force."""
    other = Days(days.installation, days.settings, with_watches(days, running))
    return tried(other, with_watches(days, text))


def test_a_watch_that_is_gone_loses_all_it_caught(days: Days) -> None:
    trial = tried(days, with_watches(days, WIDER))
    one = of(trial, "bu-gia-map")
    assert (one.state, one.matched, one.gained) == ("removed", 0, 0)
    assert one.lost == of(tried(days, days.rules), "bu-gia-map").matched > 0
    assert "không còn" in one.lost_told[0].why


def test_fifty_planted_articles_are_gained_by_the_watch_that_names_them(days: Days, tmp_path: Path) -> None:
    planted = plant(days, 50)
    rules = with_watches(days, days.rules.texts[WATCHES] + PLANTED_WATCH)
    trial = tried(days, rules)
    one = of(trial, "trong")
    assert one.gained == 50
    assert {told.document.article_id for told in one.gained_told} == planted
    assert not any(other.gained for other in trial.watches if other is not one)
    assert forecast_of(trial) == replayed(days, rules, tmp_path / "letters")


def test_with_few_days_it_says_how_far_it_saw(days: Days) -> None:
    trial = tried(days, days.rules, local("2026-08-22T00:00"))
    assert trial.reach.collected_from == trial.reach.unmatched_from
    assert trial.reach.full_from(trial.since) == trial.reach.collected_from
    assert (END - trial.reach.full_from(trial.since)).days == 2  # type: ignore[operator]  # there are articles


@pytest.mark.full
@pytest.mark.parametrize("name", ["recorded", "corpus", "corpus-few"])
@pytest.mark.timeout(900)
def test_real_press_is_forecast_as_a_replay_writes_it(name: str, press_data: Path, tmp_path: Path) -> None:
    _real(name, press_data, tmp_path)


def test_some_real_press_is_forecast_as_a_replay_writes_it(press_data: Path, tmp_path: Path) -> None:
    _real("recorded-few", press_data, tmp_path)


def _real(name: str, press_data: Path, tmp_path: Path) -> None:
    data = run_through(name, tmp_path / "data", press_data).data
    with opened(data) as days:
        bus = days.installation.bus
        times = [one.at for topic in (COLLECTED, UNMATCHED) for one in bus.scan(topic)]
        since, until = min(times), max(times) + timedelta(days=1)
        text = days.rules.texts[WATCHES]
        narrower = text.replace("-topic:nhieu", "-topic:nhieu -topic:van_hoa")
        for number, changed in enumerate((text + ALL + CITY + URGENT, narrower)):
            rules = with_watches(days, changed)
            trial = tried(days, rules, since, until)
            assert forecast_of(trial) == replayed(days, rules, tmp_path / f"letters-{number}", since, until)
            assert sum(one.lines for one in trial.forecast.values()) > 0


def with_places(days: Days, change: Callable[[str], str]) -> Rulebook:
    places = days.rules.texts["places.yaml"]
    assert change(places) != places
    return load_texts({**days.rules.texts, "places.yaml": change(places)}, samples=False)


def nicknamed(places: str) -> str:
    """A name of Đăk Ơ that an unmatched article and none of those in the archive bears."""
    return places.replace("spellings: [Đắk Ơ,", "spellings: [Bắc Âu, Đắk Ơ,")


def test_a_nickname_is_tried_before_it_is_in_force(days: Days, tmp_path: Path) -> None:
    before, rules = days.state(), with_places(days, nicknamed)
    trial = tried(days, rules)
    assert days.state() == before
    found = of(trial, "bu-gia-map")
    (article,) = found.gained_told
    assert (found.state, found.gained, found.lost) == ("same", 1, 0)
    assert "Bắc Âu" in article.document.article.title
    assert (article.archived, article.before) == (False, ("place:bu-gia-map",))
    assert article.why.endswith("; trước đây chưa vào kho; bản đang chạy không thấy place:bu-gia-map")
    assert forecast_of(trial) == replayed(days, rules, tmp_path / "letters")


def test_a_name_that_is_taken_out_is_tried_too(days: Days, tmp_path: Path) -> None:
    rules = with_places(
        days, lambda places: places.replace("Đăk Ơ", "Đăk Xx").replace("Đắk Ơ, ", "").replace("Dak O, ", "")
    )
    trial = tried(days, rules)
    found = of(trial, "bu-gia-map")
    assert found.lost
    assert not found.gained
    assert any("Đăk Ơ" in told.document.article.title for told in found.lost_told)
    assert all("không thấy place:bu-gia-map" in told.why for told in found.lost_told)
    assert forecast_of(trial) == replayed(days, rules, tmp_path / "letters")


def test_what_the_running_rules_see_is_not_said_to_be_missing(days: Days) -> None:
    """A nickname that is in force since: the article was unmatched when it came, and would be none now."""
    rules = with_places(days, nicknamed)
    trial = tried(replace(days, rules=rules), rules)
    told = [article for one in trial.watches for article in one.gained_told]
    assert len(told) == len(days.rules.running)
    assert {article.why.partition("; ")[2] for article in told} == {"trước đây chưa vào kho"}
    assert {article.before for article in told} == {()}
