"""The accepted set is kept whole, with who and when; the same set again changes nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.adapters.sqlite_ledger import SqliteLedger
from services.domain.codec import encode
from services.ports.errors import Conflict
from services.ports.ledger import Ledger, Put
from services.rulebook.accepted import (
    KIND,
    AcceptedSet,
    Current,
    NotInForce,
    accept,
    accepted_set,
    current_version,
    history,
    in_force,
    require_in_force,
)
from services.rulebook.changes import changes_between, unified
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


def test_a_text_is_kept_once_however_many_sets_hold_it(ledger: Ledger, write: Write) -> None:
    accept(ledger, load(write()), "an", MONDAY)
    before = len(list(ledger.scan(KIND, prefix="text|")))
    accept(ledger, load(write(topics=SMALL["topics.yaml"] + "# thêm\n")), "an", TUESDAY)
    assert len(list(ledger.scan(KIND, prefix="text|"))) == before + 1
    assert all(len(held.value) < 2000 for held in ledger.scan(KIND, prefix="set|"))


def test_history_leaves_out_what_was_never_current(ledger: Ledger, write: Write) -> None:
    """A set that was kept while another process was first, or killed right after."""
    first, second = load(write()), load(write(topics=SMALL["topics.yaml"] + "# thêm\n"))
    accept(ledger, first, "an", TUESDAY)
    lost = AcceptedSet(version="lost", files={}, by="binh", at=TUESDAY, previous=first.version, number=2)
    ledger.put(Put(KIND, f"set|lost|{2:08}|x", encode(lost)))
    accept(ledger, second, "an", MONDAY, note="đồng hồ chạy lùi")
    assert [(one.version, one.number) for one in history(ledger)] == [(first.version, 1), (second.version, 2)]
    accept(ledger, first, "an", MONDAY, note="quay lại")
    assert [one.version for one in history(ledger)] == [first.version, second.version, first.version]
    kept = accepted_set(ledger, first.version)
    assert kept is not None
    assert (kept.note, kept.texts) == ("quay lại", SMALL)


def test_history_leaves_out_who_lost_the_first_start(ledger: Ledger, write: Write) -> None:
    lost = AcceptedSet(version="lost", files={}, by="binh", at=MONDAY, number=1)
    ledger.put(Put(KIND, f"set|lost|{1:08}|x", encode(lost)))
    assert history(ledger) == []
    rules = load(write())
    accept(ledger, rules, "an", TUESDAY)
    assert [one.version for one in history(ledger)] == [rules.version]


def test_a_basis_that_is_no_longer_in_force_is_a_conflict(ledger: Ledger, write: Write) -> None:
    first, second = load(write()), load(write(topics=SMALL["topics.yaml"] + "# thêm\n"))
    accept(ledger, first, "an", MONDAY, basis="")
    for basis in ("", "khac"):
        with pytest.raises(Conflict):
            accept(ledger, second, "an", MONDAY, basis=basis)
    assert accept(ledger, first, "an", MONDAY, basis="khac").changed == [], "it is in force already"
    assert accept(ledger, second, "an", MONDAY, basis=first.version).changed == ["topics.yaml"]


def test_sets_of_the_first_release_are_read(ledger: Ledger, write: Write) -> None:
    """They held the texts themselves, and neither number nor previous version."""
    rules = load(write())
    old = AcceptedSet(version=rules.version, texts=SMALL, by="an", at=MONDAY)
    ledger.put(Put(KIND, f"set|{rules.version}|{MONDAY.isoformat()}", encode(old)))
    ledger.put(Put(KIND, "current", encode(Current(version=rules.version, at=MONDAY))))
    found = in_force(ledger)
    assert found is not None
    assert found.version == rules.version
    accept(ledger, load(write(topics=SMALL["topics.yaml"] + "# thêm\n")), "an", TUESDAY)
    assert [one.by for one in history(ledger)] == ["an", "an"]


def test_only_the_rules_in_force_may_write(ledger: Ledger, write: Write) -> None:
    rules = load(write())
    assert in_force(ledger) is None
    with pytest.raises(NotInForce, match="diembao run"):
        require_in_force(ledger, rules)
    accept(ledger, rules, "an", MONDAY)
    require_in_force(ledger, rules)
    with pytest.raises(NotInForce, match=rules.version):
        require_in_force(ledger, load(write(people="people: []\n# của tôi\n")))


def test_changes_are_told_by_file_and_line() -> None:
    before, after = {"a": "1\n2\n", "b": "x\n", "c": "--- a\n"}, {"a": "1\n3\n4\n", "b": "x\n", "d": "y\n"}
    assert [str(one) for one in changes_between(before, after)] == ["a (+2 −1)", "c (+0 −1)", "d (+1 −0)"]
    assert unified(before, after).splitlines()[:6] == ["--- a", "+++ a", "@@ -1,2 +1,3 @@", " 1", "-2", "+3"]
    assert unified(before, before) == ""
