"""The operator's commands, through the command line itself."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.adapters.manual_clock import ManualClock
from services.adapters.sqlite_bus import SqliteBus
from services.adapters.sqlite_ledger import SqliteLedger
from services.cli import app, operate
from services.domain.codec import encode
from services.domain.events import COLLECTED, PARKED, Parked
from services.domain.feed import Entry, EntryRecord, FeedCursor
from services.ports.bus import Message
from services.ports.ledger import Put
from services.rulebook.accepted import accept
from services.rulebook.load import load
from tests.rulebook.conftest import SMALL

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "cau-hinh"
    for name, text in SMALL.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "du-lieu"


@pytest.fixture
def ledger(data: Path) -> Iterator[SqliteLedger]:
    data.mkdir()
    ledger = SqliteLedger(data / "ledger.db")
    yield ledger
    ledger.close()


def run(*words: object, **environ: str) -> Result:
    assert app.registered_commands, operate
    return CliRunner().invoke(app, [str(word) for word in words], env=environ)


def test_init_copies_what_is_shipped_and_overwrites_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "moi"
    assert run("init", folder).exit_code == 0
    assert {"feeds.yaml", "people.yaml", "lexicon"} <= {path.name for path in folder.iterdir()}
    (folder / "feeds.yaml").write_text("của tôi", encoding="utf-8")
    again = run("init", folder)
    assert again.exit_code == 2
    assert "không ghi đè" in again.output
    assert (folder / "feeds.yaml").read_text(encoding="utf-8") == "của tôi"


def test_check_counts_a_valid_set(config: Path) -> None:
    result = run("check", "--config", config)
    assert result.exit_code == 0
    assert "Nguồn tin / feeds: 1 (0 tắt: không); chưa kiểm chứng 1" in result.output
    assert "people.yaml chưa có ai" in result.output


def test_check_tells_the_errors_of_settings_and_rules_together(config: Path) -> None:
    (config / "diembao.yaml").write_text("mail: pigeon:1\n", encoding="utf-8")
    (config / "topics.yaml").write_text("- {id: rung}\n", encoding="utf-8")
    for result in (run("check", "--config", config), run("check", DIEMBAO_CONFIG=str(config))):
        assert result.exit_code == 2
        assert [line.partition(": ")[0] for line in result.output.splitlines()] == [
            "diembao.yaml:1:7",
            "topics.yaml:1:3",
        ]


def test_doctor_finds_everything_in_reach(config: Path, data: Path) -> None:
    result = run("doctor", "--config", config, "--data", data)
    assert result.exit_code == 0
    assert "HỎNG" not in result.output
    for found in ("bus.db", "archive.db (", "0 bài", "ledger.db (", "1 nguồn bật", "Asia/Ho_Chi_Minh", "còn trống"):
        assert found in result.output


def test_doctor_names_what_is_out_of_reach(config: Path, data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        mail = run("doctor", "--config", config, "--data", data, DIEMBAO_MAIL=f"smtp://a:bimat@127.0.0.1:{port}")
    assert mail.exit_code == 3
    assert "không kết nối được" in mail.output
    assert "bimat" not in mail.output
    elsewhere = run("doctor", "--config", config, "--data", data, DIEMBAO_ARCHIVE="http://es.example:9200")
    assert elsewhere.exit_code == 3
    assert "scale-out" in elsewhere.output
    assert "bus.db" in elsewhere.output


def test_doctor_in_a_folder_that_cannot_be(config: Path, tmp_path: Path) -> None:
    (tmp_path / "tep").write_text("", encoding="utf-8")
    result = run("doctor", "--config", config, "--data", tmp_path / "tep" / "du-lieu")
    assert result.exit_code == 3
    assert "không ghi được" in result.output


def test_doctor_says_that_a_changed_configuration_waits(config: Path, data: Path, ledger: SqliteLedger) -> None:
    accept(ledger, load(config), "an", NOW)
    assert "in force since then" in run("doctor", "--config", config, "--data", data).output
    (config / "topics.yaml").write_text(SMALL["topics.yaml"] + "# sửa\n", encoding="utf-8")
    changed = run("doctor", "--config", config, "--data", data)
    assert changed.exit_code == 0
    assert "CHƯA có hiệu lực" in changed.output


def test_an_invalid_configuration_ends_with_2(config: Path, data: Path) -> None:
    (config / "watches.yaml").write_text("- {id: w, name: W, query: điều, recipients: [analyst]}\n", encoding="utf-8")
    for command in ("doctor", "feeds"):
        result = run(command, "--config", config, "--data", data)
        assert result.exit_code == 2
        assert "watches.yaml:1:27: điều kiện phải bắt buộc một địa danh" in result.output
    assert not data.exists()


def test_feeds_shows_state_and_advice(config: Path, data: Path, ledger: SqliteLedger) -> None:
    assert "chưa đọc" in run("feeds", "--config", config, "--data", data).output
    url = "https://baomau.example.vn/rss/home.rss"
    cursor = FeedCursor(
        feed="bao-mau-moi", url=url, state="blocked", detail="403", since=NOW, polled_at=NOW, due_at=NOW
    )
    ledger.put(Put("feed", "bao-mau-moi", encode(cursor)))
    blocked = run("feeds", "--config", config, "--data", data).output
    assert "bị chặn / blocked từ 23/11 09:00" in blocked
    assert "Không vượt" in blocked


def test_feeds_json_is_a_line_for_each_feed_and_day(config: Path, data: Path, ledger: SqliteLedger) -> None:
    entry = Entry(key="1", link="https://baomau.example.vn/1", title="Một")
    record = EntryRecord(feed="bao-mau-moi", entry=entry, first_seen=NOW, outcome="unmatched")
    ledger.put(Put("entry", "bao-mau-moi|1", encode(record)))
    (line,) = run("feeds", "--json", "--config", config, "--data", data).output.splitlines()
    assert json.loads(line) == {
        "feed": "bao-mau-moi",
        "day": "2026-11-23",
        "state": "not_polled",
        "entries": 1,
        "outcomes": {"unmatched": 1},
    }


def test_parked_messages_are_listed_and_sent_round_again(config: Path, data: Path, ledger: SqliteLedger) -> None:
    bus = SqliteBus(data / "bus.db", ManualClock(NOW))
    for key in ("a", "b"):
        parked = Parked(topic=COLLECTED, key=key, value=f'{{"hỏng": "{key}"}}', reason="thiếu trường", at=NOW)
        bus.publish(PARKED, [Message(key, encode(parked))])
    where = ("--config", config, "--data", data)
    first, second = (delivery.position for delivery in bus.scan(PARKED))
    assert run("parked", *where).output.count("thiếu trường") == 2
    assert "1 bản ghi" in run("parked", "retry", first, *where).output
    assert [(one.message.key, one.message.value.decode()) for one in bus.scan(COLLECTED)] == [("a", '{"hỏng": "a"}')]
    assert "1 bản ghi" in run("parked", "retry", "all", *where).output
    assert [one.message.key for one in bus.scan(COLLECTED)] == ["a", "b"]
    assert "0 bản ghi" in run("parked", "retry", "all", *where).output
    unknown = run("parked", "retry", f"{second}9", *where)
    assert (unknown.exit_code, "Không có bản ghi" in unknown.output) == (2, True)
    assert run("parked", "retry", *where).exit_code == 2
    bus.close()
