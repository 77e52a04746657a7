"""The accepted set is kept whole, with who and when; the same set again changes nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.adapters.sqlite_ledger import SqliteLedger
from services.ports.ledger import Ledger
from services.rulebook.accepted import KIND, accept, accepted_set, current_version
from services.rulebook.load import load
from tests.rulebook.conftest import SMALL, Write

MONDAY = datetime(2026, 11, 23, 6, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 24, 6, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = SqliteLedger(tmp_path / "ledger.db")
    yield ledger
    ledger.close()


def test_a_first_start_keeps_the_files(ledger: Ledger, write: Write) -> None:
    assert current_version(ledger) is None
    rules = load(write())
    taken = accept(ledger, rules, "an", MONDAY)
    assert (taken.version, taken.previous, taken.changed) == (rules.version, "", [])
    kept = accepted_set(ledger, rules.version)
    assert kept is not None
    assert (kept.texts, kept.by, kept.at) == (SMALL, "an", MONDAY)


def test_the_same_set_again_changes_nothing(ledger: Ledger, write: Write) -> None:
    rules = load(write())
    accept(ledger, rules, "an", MONDAY)
    before = list(ledger.scan(KIND))
    again = accept(ledger, rules, "binh", TUESDAY)
    assert again.previous == again.version == rules.version
    assert list(ledger.scan(KIND)) == before


def test_a_changed_set_names_the_files_and_keeps_both(ledger: Ledger, write: Write) -> None:
    first = load(write())
    accept(ledger, first, "an", MONDAY)
    second = load(write(topics=SMALL["topics.yaml"] + "# thêm\n", people="people: []\n# sửa\n"))
    taken = accept(ledger, second, "binh", TUESDAY)
    assert (taken.version, taken.previous) == (second.version, first.version)
    assert taken.changed == ["people.yaml", "topics.yaml"]
    for rules, by in ((first, "an"), (second, "binh")):
        kept = accepted_set(ledger, rules.version)
        assert kept is not None
        assert (kept.texts, kept.by) == (rules.texts, by)
    current = current_version(ledger)
    assert current is not None
    assert (current.version, current.previous, current.at) == (second.version, first.version, TUESDAY)
