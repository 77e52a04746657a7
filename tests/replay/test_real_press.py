"""Real feeds and real articles replayed whole: the archive byte for byte, and the letters that were sent.

Stories are those known today: two that have turned out to be one are told of once.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from services.alerter.cases import FINDING
from services.alerter.records import LETTER, Letter
from services.alerter.stories import stories
from services.domain.case import Case
from services.domain.codec import decode
from services.domain.events import COLLECTED
from services.ports.ledger import Ledger
from services.replay.fill import fill
from services.replay.letters import replay_letters
from tests.journey.process import run_through
from tests.replay.days import fresh_archive, held, opened


@pytest.mark.parametrize(
    "name",
    [
        "recorded-few",
        "corpus-few",
        pytest.param("recorded", marks=pytest.mark.full),
        pytest.param("corpus", marks=pytest.mark.full),
    ],
)
@pytest.mark.timeout(600)
def test_a_whole_journey_replayed_is_equal(name: str, press_data: Path, tmp_path: Path) -> None:
    data = run_through(name, tmp_path / "data", press_data).data
    with opened(data) as days, fresh_archive(tmp_path / "fresh.db") as fresh:
        times = [one.at for one in days.installation.bus.scan(COLLECTED)]
        begin, end = min(times), max(times) + timedelta(days=1)
        done = fill(days.installation, days.rules, begin, end, fresh)
        assert held(fresh) == held(days.installation.archive)
        assert done.equal == done.articles == len(held(fresh)) > 0
        _, sent = replay_letters(days.installation, days.rules, days.settings, begin, end, tmp_path / "letters")
        # A journey ends with a last reading; the replay goes on for a day, and has the digests of its mornings too.
        missing = _names(data / "mail") - _names(tmp_path / "letters")
        assert missing <= _told_of_merged_stories(days.installation.ledger)
    assert sum(one.lines for one in sent) > 0


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _told_of_merged_stories(ledger: Ledger) -> set[str]:
    """File names of notices whose story turned out to be one that another notice had told of before."""
    story_of, again = stories(ledger), set()
    letters = sorted((decode(one.value, Letter) for one in ledger.scan(LETTER, "notice|new|")), key=lambda one: one.at)
    told: dict[tuple[str, str], str] = {}
    for letter in letters:
        for held_case in ledger.get_many(FINDING, letter.findings).values():
            thread = decode(held_case.value, Case).thread
            story, _, fact = thread.partition("|")
            if told.setdefault((story_of(story), fact), thread) != thread:
                again.add(Path(letter.where).name)
    return again
