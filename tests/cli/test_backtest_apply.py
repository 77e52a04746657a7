"""Between trial and apply other rules may come into force: old articles are judged only by what was tried."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer

from services.cli.backtest_apply import Stores, apply
from services.domain.events import TOPICS
from services.rulebook.accepted import WATCHES, accept, current_version
from services.rulebook.book import Rulebook
from services.rulebook.load import load_texts
from services.rulebook.proof import BacktestRun, record_backtest
from tests.desk.backtest.office import WIDER, tried, with_watches
from tests.journey.process import run_through
from tests.replay.days import Days, documents, opened

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_through("samples", tmp_path_factory.mktemp("samples"), Path()).data


@pytest.fixture
def days(finished: Path, tmp_path: Path) -> Iterator[Days]:
    with opened(Path(shutil.copytree(finished, tmp_path / "data"))) as found:
        yield found


def apply_after(days: Days, meanwhile: Rulebook) -> None:
    """A trial of wider watches, other rules that come into force then, and its --apply."""
    ours, text = days.installation, days.rules.texts[WATCHES] + WIDER
    accept(ours.ledger, days.rules, "an", NOW)
    trial, person = tried(days, with_watches(days, text)), days.rules.people.by_role["analyst"][0]
    record_backtest(ours.ledger, text, BacktestRun(by=person.login, at=NOW, days=3, counts=trial.counts()))
    accept(ours.ledger, meanwhile, "binh", NOW)
    apply(Stores(ours.bus, ours.archive, ours.ledger), days.settings, text, trial, person, ask=False)


def state(days: Days) -> dict[str, object]:
    ours = days.installation
    return {
        "archive": documents(ours.archive),
        "log": {topic: ours.bus.size(topic) for topic in TOPICS},
        "watches": (days.settings.config_dir / WATCHES).read_bytes(),
    }


def in_force(days: Days) -> str:
    current = current_version(days.installation.ledger)
    assert current is not None
    return current.version


@pytest.mark.parametrize("file", ["places.yaml", "topics.yaml", WATCHES])
def test_what_was_tried_beside_other_files_is_not_applied(
    days: Days, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    other = load_texts({**days.rules.texts, file: days.rules.texts[file] + "\n# sửa\n"}, samples=False)
    before = state(days)
    with pytest.raises(typer.Exit) as ended:
        apply_after(days, other)
    assert ended.value.exit_code == 2
    said = capsys.readouterr().err
    assert f"bản {other.version} có hiệu lực thay bản {days.rules.version}" in said
    assert "không thay đổi gì; chạy lại lệnh" in said
    assert (state(days), in_force(days)) == (before, other.version)


def test_what_a_service_took_by_itself_meanwhile_is_judged_again(days: Days) -> None:
    """The very watches that were tried, saved in the folder before --apply was confirmed."""
    before = days.installation.archive.count()
    tested = with_watches(days, days.rules.texts[WATCHES] + WIDER)
    apply_after(days, tested)
    assert in_force(days) == tested.version
    assert days.installation.archive.count() == before + 1
