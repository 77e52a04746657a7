"""`diembao backtest` before a person: progress, articles ticked right or wrong, the question before it is applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services import wiring
from services.adapters.manual_clock import ManualClock
from services.adapters.sqlite_bus import SqliteBus
from services.cli.options import account
from services.collector.judge import judge
from services.domain.article import Article, hash_of
from services.domain.events import COLLECTED, UNMATCHED
from services.ports.messages import message_of
from services.rulebook.accepted import WATCHES, accept, current_version
from services.rulebook.load import load, load_texts
from services.rulebook.proof import BacktestRun, proofs_of
from services.settings import Settings, load_settings
from tests.cli.commands import stores
from tests.cli.terminal import Terminal
from tests.rulebook.conftest import SMALL

NEW = """\
# Cả ngoài tỉnh
- id: rung
  name: Phá rừng
  query: topic:rung
  recipients: [analyst]
"""
TICK, APPLY = "Nên bắt bài này", "Áp dụng? (c/k)"
STOPPED, KEPT = "Đã dừng; chưa ghi lần thử", "Chưa áp dụng, không ghi lần thử"
STOPPED = "Đã dừng; chưa ghi lần thử"

Sit = Callable[..., Terminal]


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """The watches that run, and one more."""
    path = tmp_path / "moi.yaml"
    path.write_text(SMALL[WATCHES] + NEW, encoding="utf-8")
    return path


@pytest.fixture
def office(config: Path, data: Path) -> Settings:
    """A service ran here; in it are three articles that no watch wanted."""
    people = f"people:\n- {{login: {account()}, name: An, email: an@coquan.example, role: operator}}\n"
    (config / "people.yaml").write_text(people, encoding="utf-8")
    stores(config, data)
    settings, rules = load_settings(config, data, {}), load(config)
    with closing(wiring.open_ledger(settings)) as ledger:
        accept(ledger, rules, account(), datetime.now(UTC) - timedelta(days=30))
    with closing(SqliteBus(data / "bus.db", ManualClock(datetime.now(UTC) - timedelta(days=1)))) as bus:
        for number in range(3):
            _, found = judge(_article(number), rules)
            bus.publish(UNMATCHED, [message_of(found.article.article_id, found)])
    return settings


def _article(number: int) -> Article:
    at, title = datetime.now(UTC) - timedelta(days=1, minutes=number), f"Vụ phá rừng thứ {number}"
    text = f"Kiểm lâm ở tỉnh khác phát hiện vụ phá rừng thứ {number}."
    return Article(
        article_id=f"a{number}",
        url=f"https://baomau.example.vn/{number}.html",
        title=title,
        text=text,
        published_at=at,
        first_seen=at,
        seen_at=at,
        outlet="bao-mau",
        source_class="press",
        content_hash=hash_of(title, "", text),
    )


@pytest.fixture
def sit(office: Settings, new: Path) -> Iterator[Sit]:
    """Begin the command on a terminal."""
    opened: list[Terminal] = []

    def begun(*more: str) -> Terminal:
        options = ("--config", office.config_dir, "--data", office.data_dir, "--days", "7")
        opened.append(Terminal("backtest", new, *more, *options))
        return opened[-1]

    yield begun
    for terminal in opened:
        terminal.close()


def held(settings: Settings, new: Path) -> dict[str, object]:
    with (
        closing(wiring.open_ledger(settings)) as ledger,
        closing(wiring.open_archive(settings)) as archive,
        closing(wiring.open_bus(settings, wiring.system_clock())) as bus,
    ):
        return {
            "version": current_version(ledger),
            "watches": (settings.config_dir / WATCHES).read_bytes(),
            "file": {path.name: path.read_bytes() for path in new.parent.glob("moi.yaml*")},
            "archive": archive.count(),
            "collected": bus.size(COLLECTED),
        }


def runs(settings: Settings, new: Path) -> list[BacktestRun]:
    with closing(wiring.open_ledger(settings)) as ledger:
        return proofs_of(ledger, new.read_text(encoding="utf-8")).runs


def test_what_is_ticked_becomes_samples_and_yes_applies_after_the_count(sit: Sit, office: Settings, new: Path) -> None:
    terminal = sit("--apply")
    for times, said in enumerate(("c\n", "\n", "x\n"), 1):
        terminal.answer(TICK, said, times)
    terminal.answer(APPLY, "c\n")
    assert terminal.end() == 0
    assert terminal.err.index("Áp dụng sẽ xét lại 3 bài cũ") < terminal.err.index(APPLY)
    assert "Đang thử" in terminal.err
    assert "Đang thử" not in terminal.out
    text = new.read_text(encoding="utf-8")
    watch = load_texts({**SMALL, WATCHES: text}).watches["rung"].watch
    assert len(watch.match) == 1
    assert watch.match[0].startswith("Vụ phá rừng thứ ")
    assert watch.refuse == []
    assert "# Cả ngoài tỉnh" in text
    assert new.with_name("moi.yaml~").read_text(encoding="utf-8") == SMALL[WATCHES] + NEW
    after = held(office, new)
    assert (after["watches"], after["archive"]) == (text.encode(), 3)
    assert len(runs(office, new)) == 1


def test_no_applies_and_records_nothing(sit: Sit, office: Settings, new: Path) -> None:
    before = held(office, new)
    terminal = sit("--apply")
    terminal.answer(TICK, "x\n")
    terminal.answer(APPLY, "k\n")
    assert terminal.end() == 1
    assert KEPT in terminal.err
    assert held(office, new) == before
    assert runs(office, new) == []  # in watches.yaml already, the record alone would put it into force


def test_what_is_ticked_wrong_is_a_sample_that_the_query_must_be_mended_for(
    sit: Sit, office: Settings, new: Path
) -> None:
    before = held(office, new)
    terminal = sit("--apply")
    terminal.answer(TICK, "k\n")
    terminal.answer(TICK, "x\n", times=2)
    assert terminal.end() == 1
    assert f"{new}:" in terminal.err
    assert "Sửa truy vấn" in terminal.err
    assert new.read_text(encoding="utf-8").count("refuse:") == 1
    after = held(office, new)
    assert {**after, "file": None} == {**before, "file": None}
    assert runs(office, new) == []


@pytest.mark.parametrize("while_", ["ticking", "asked"])
def test_ctrl_c_leaves_everything_as_it_was(sit: Sit, office: Settings, new: Path, while_: str) -> None:
    before = held(office, new)
    terminal = sit("--apply")
    if while_ == "ticking":
        terminal.answer(TICK, "c\n")
        terminal.answer(TICK, "\x03", times=2)
    else:
        terminal.answer(TICK, "x\n")
        terminal.answer(APPLY, "\x03")
    assert terminal.end() == 130
    assert (STOPPED if while_ == "ticking" else KEPT) in terminal.err
    assert "Traceback" not in terminal.out + terminal.err
    assert held(office, new) == before
    assert runs(office, new) == []


def test_ctrl_c_while_it_reads_leaves_everything_as_it_was(sit: Sit, office: Settings, new: Path) -> None:
    before = held(office, new)
    terminal = sit()
    terminal.answer("Đang thử", "\x03")
    assert terminal.end() == 130
    assert STOPPED in terminal.err
    assert "Traceback" not in terminal.out + terminal.err
    assert held(office, new) == before
    assert runs(office, new) == []
