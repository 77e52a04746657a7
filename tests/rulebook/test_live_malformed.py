"""No malformed file touches what runs: version, accepted record and history stay, and the errors are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.rulebook.accepted import current_version, history
from services.rulebook.folder import write_texts
from services.rulebook.live import LiveRules
from services.settings import load_settings
from tests.rulebook.damage import DAMAGE
from tests.rulebook.installation import Installation, look
from tests.rulebook.slips import BASE, SLIPS
from tests.rulebook.test_malformed import FILES, RECORDS, wrong_values

SAMPLE = 12
"""`make test` takes every so manieth of the generated ones."""


class Office:
    """A service that runs, and a person who saves bad files under it."""

    def __init__(self, root: Path) -> None:
        self.installation = Installation(root)
        self.folder = self.installation.folder
        write_texts(self.folder, BASE)
        self.live = LiveRules(
            self.folder,
            self.installation.ledger,
            self.installation.clock,
            "dichvu",
            self.installation.said.append,
            lambda: load_settings(self.folder, environ={}),
            service="run",
        )
        self.first = self.live.start()
        self.record = self.accepted()

    def accepted(self) -> tuple[object, ...]:
        ledger = self.installation.ledger
        return current_version(ledger), history(ledger)

    def refuses(self, name: str, bad: bytes) -> None:
        """The file is saved, waits as bad with its errors, and is mended again."""
        said = self.installation.said
        said.clear()
        (self.folder / name).write_bytes(bad)
        look(self.live)
        assert self.live() is self.first
        assert self.accepted() == self.record
        (pending,) = self.installation.pending()
        assert (pending.state, pending.files) == ("bad", [name])
        assert pending.errors[0].startswith(f"{name}:")
        assert set(pending.errors) <= set(said)
        (self.folder / name).write_text(BASE[name], encoding="utf-8")
        look(self.live)
        assert self.live() is self.first
        assert self.accepted() == self.record
        assert self.installation.pending() == []


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    office = Office(tmp_path_factory.mktemp("office"))
    with closing(office.installation.ledger):
        yield office


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file(office: Office, damage: str) -> None:
    name = FILES[list(DAMAGE).index(damage) % len(FILES)]
    office.refuses(name, DAMAGE[damage][0](BASE[name].encode()))


@pytest.mark.full
@pytest.mark.parametrize("damage", DAMAGE)
def test_every_file_damaged(office: Office, damage: str) -> None:
    for name in FILES:
        office.refuses(name, DAMAGE[damage][0](BASE[name].encode()))


@pytest.mark.parametrize("slip", SLIPS)
def test_a_clerks_slip(office: Office, slip: str) -> None:
    office.refuses(SLIPS[slip].name, SLIPS[slip].text.encode())


def _wrong(name: str, step: int) -> list[bytes]:
    return [f"{RECORDS[name][1]}{key}: {wrong}\n".encode() for key, wrong in wrong_values(name)[::step]]


@pytest.mark.parametrize("name", RECORDS)
def test_a_wrong_value(office: Office, name: str) -> None:
    for bad in _wrong(name, SAMPLE):
        office.refuses(name, bad)


@pytest.mark.full
@pytest.mark.parametrize("name", RECORDS)
def test_every_wrong_value(office: Office, name: str) -> None:
    for bad in _wrong(name, 1):
        office.refuses(name, bad)
