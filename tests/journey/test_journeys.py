"""The main job from end to end on three presses: nothing lost, nothing twice, and no kill or delay makes a difference.

(a) "recorded": real feeds of sixteen mornings. (b) "corpus": real articles as a press of our making. (c) "samples".
Each runs in a process of its own under a manual clock; the small ones of (a) and (b) stand in `make test`.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from samples.press.mornings import rules_of
from tests.journey.checks import check_entries, check_windows
from tests.journey.journeys import journey
from tests.journey.outcome import Outcome, outcome_of
from tests.journey.process import Finished, run_killed, run_through

KILLS = 10


WHOLE = [pytest.param("recorded", marks=pytest.mark.full), pytest.param("corpus", marks=pytest.mark.full)]


@pytest.fixture(scope="module", params=["samples", "recorded-few", "corpus-few", *WHOLE])
def finished(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A run of this journey that nobody disturbed."""
    name: str = request.param
    press_data = Path() if name == "samples" else request.getfixturevalue("press_data")
    return run_through(name, tmp_path_factory.mktemp(name), press_data)


@pytest.fixture(scope="module")
def outcome(finished: Finished) -> Outcome:
    return outcome_of(finished.data)


def test_every_entry_of_every_feed_and_day_ends_in_one_outcome(finished: Finished, outcome: Outcome) -> None:
    entries = check_entries(journey(finished.name, finished.press_data), finished.data, outcome)
    assert entries == sum(day.entries for day in outcome.days)
    assert entries >= 60


def test_a_digest_each_working_morning_and_windows_that_sum_and_tile(finished: Finished, outcome: Outcome) -> None:
    ours = journey(finished.name, finished.press_data)
    settings = ours.settings(finished.data, {})
    hours = [step.at.date() for step in ours.plan if step.do == "digest"]
    check_windows(settings, rules_of(settings), outcome, [day for day in hours if day.weekday() < 5])
    assert any(letter.articles for digests in outcome.digests.values() for letter in digests)


def test_all_of_it_once_more_over_the_same_folder_changes_nothing(
    finished: Finished, outcome: Outcome, tmp_path: Path
) -> None:
    data = Path(shutil.copytree(finished.data, tmp_path / "again"))
    run_through(finished.name, data, finished.press_data, "--again")
    assert_same(outcome_of(data), outcome, "again")


def test_the_order_and_the_time_of_answers_change_nothing(finished: Finished, outcome: Outcome, tmp_path: Path) -> None:
    seed = time.time_ns() % 1_000_000
    run_through(finished.name, tmp_path, finished.press_data, "--delays", str(seed))
    assert_same(outcome_of(tmp_path), outcome, f"delays, seed {seed}")


@pytest.mark.timeout(600)
@pytest.mark.full
@pytest.mark.parametrize("finished", ["samples", *WHOLE], indirect=True)
def test_a_run_killed_ten_times_goes_on_to_the_same_archive_and_letters(
    finished: Finished, outcome: Outcome, tmp_path: Path
) -> None:
    seed = time.time_ns() % 1_000_000
    hit = run_killed(finished, tmp_path, KILLS + 2, seed)
    assert len(hit) >= KILLS, f"seed {seed}: {hit}"
    assert_same(outcome_of(tmp_path), outcome, f"killed, seed {seed}: {hit}")


def assert_same(one: Outcome, other: Outcome, how: str) -> None:
    """The same archive, letters and outcomes, byte for byte. `how` is told where they differ."""
    for what, these, those in (("article", one.archive, other.archive), ("letter", one.letters, other.letters)):
        different = [name for name in sorted({*these, *those}) if these.get(name) != those.get(name)]
        assert not different, f"{how}: {what}s differ: {different}"
    assert one.days == other.days, how
