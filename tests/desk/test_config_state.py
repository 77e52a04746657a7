"""What is told of the configuration: which services must be started again for diembao.yaml."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.desk.config_state import config_state, state_lines
from services.domain.calendar import ZONE
from services.rulebook.folder import texts_in
from tests.rulebook.installation import Installation, look


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Installation]:
    office = Installation(tmp_path)
    with closing(office.ledger):
        yield office


def restarts(office: Installation) -> tuple[str, ...]:
    return config_state(office.ledger, office.folder).restart


def test_each_service_is_asked_for_until_it_was_started_again(office: Installation) -> None:
    names = ("alerter", "collector", "enricher")
    running = [office.live(service=name) for name in names]
    assert restarts(office) == ()
    office.save(diembao="office: {name: Văn phòng mới}\n")
    look(*running)
    assert restarts(office) == names
    look(*running, office.live(service="collector"))
    assert restarts(office) == ("alerter", "enricher")
    lines = state_lines(config_state(office.ledger, office.folder), ZONE)
    assert any("khởi động lại để nhận (alerter, enricher)" in line for line in lines)
    office.live(service="alerter")
    office.live(service="enricher")
    assert restarts(office) == ()


def test_a_service_that_is_gone_is_not_asked_for_for_ever(office: Installation) -> None:
    office.live(service="run")
    office.save(diembao="office: {name: Văn phòng mới}\n")
    alerter = office.live(service="alerter")
    for _ in range(7):
        assert restarts(office) == ("run",)
        office.pass_days(1)
        look(alerter)
    office.pass_days(0.1)
    look(alerter)
    assert restarts(office) == ()


def test_a_service_takes_nothing_back_that_another_on_its_folder_took(office: Installation) -> None:
    """Which content was taken is known of the folder, whichever service took it."""
    first = office.live(service="collector")
    office.live(service="enricher")
    office.save(topics="topics: []\n")
    look(first)
    other = office.make_folder("may-khac", people="people: []\n# khác\n")
    there = office.live(other)
    assert there().texts == {**texts_in(other), "topics.yaml": "topics: []\n"}, (
        "an older copy takes nothing back either"
    )
    assert office.live(service="enricher")().version == there().version
