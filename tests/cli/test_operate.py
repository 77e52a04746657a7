"""The operator's commands, through the command line itself."""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services import wiring
from services.__main__ import assembled
from services.adapters.manual_clock import ManualClock
from services.adapters.sqlite_bus import SqliteBus
from services.adapters.sqlite_ledger import SqliteLedger
from services.cli import operate
from services.collector.records import FeedDayRecord
from services.desk.alive import beat
from services.domain.codec import encode
from services.domain.events import COLLECTED, DECISIONS, PARKED, Decision, Parked
from services.domain.feed import Entry, EntryRecord, FeedCursor
from services.ports.bus import Message
from services.ports.ledger import Put
from services.rulebook.accepted import accept
from services.rulebook.load import load
from services.settings import load_settings
from tests.rulebook.conftest import FACT, SMALL

app = assembled()

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


def stores(config: Path, data: Path) -> None:
    """What a first `diembao run` leaves."""
    settings, clock = load_settings(config, data, {}), ManualClock(NOW)
    for opened in (
        wiring.open_bus(settings, clock, create=True),
        wiring.open_archive(settings, create=True),
        wiring.open_ledger(settings, create=True),
    ):
        opened.close()


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


def test_init_copies_the_folder_that_config_names_and_not_into_itself(config: Path, tmp_path: Path) -> None:
    assert run("init", tmp_path / "moi", "--config", config, "--data", tmp_path / "x").exit_code == 0
    assert (tmp_path / "moi" / "topics.yaml").read_text(encoding="utf-8") == SMALL["topics.yaml"]
    assert not (tmp_path / "x").exists()
    # DIEMBAO_CONFIG may name the folder that is only to be made.
    assert run("init", tmp_path / "kem", DIEMBAO_CONFIG=str(tmp_path / "kem")).exit_code == 0
    assert run("init", config / "trong", "--config", config).exit_code == 2
    assert run("init", tmp_path / "nua", "--config", tmp_path / "khong-co").exit_code == 2
    assert not (tmp_path / "nua").exists()


def test_check_counts_figures_that_no_sentence_can_be_held_against(config: Path) -> None:
    (config / "facts.yaml").write_text(FACT, encoding="utf-8")
    assert "không có words" not in run("check", "--config", config).output
    mute = FACT.replace("  words: [diện tích]\n", "")
    (config / "facts.yaml").write_text(mute, encoding="utf-8")
    assert "1 dữ kiện bằng số không có words nên không câu nào được đối chiếu: dien-tich" in (
        run("check", "--config", config).output
    )
    elsewhere = FACT.replace("dien-tich", "dien-tich-cu").replace("1.234,5", "1.000,5")
    (config / "facts.yaml").write_text(mute + elsewhere, encoding="utf-8")
    assert "không có words" not in run("check", "--config", config).output, "words hold for every row of an attribute"


def test_doctor_says_that_there_is_no_data_and_makes_none(config: Path, data: Path) -> None:
    result = run("doctor", "--config", config, "--data", data)
    assert result.exit_code == 3
    assert f"{data}: chưa có thư mục này" in result.output
    for store in ("bus.db", "archive.db", "ledger.db"):
        assert f"{data / store}: chưa có dữ liệu ở đây. Chạy `diembao run` trước" in result.output
    assert not data.exists()


def test_doctor_finds_everything_in_reach(config: Path, data: Path) -> None:
    stores(config, data)
    result = run("doctor", "--config", config, "--data", data)
    assert result.exit_code == 0
    assert "HỎNG" not in result.output
    for found in ("bus.db", "archive.db (", "0 bài", "ledger.db (", "1 nguồn bật", "Asia/Ho_Chi_Minh", "còn trống"):
        assert found in result.output


def test_doctor_names_what_is_out_of_reach(config: Path, data: Path) -> None:
    stores(config, data)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        mail = run("doctor", "--config", config, "--data", data, DIEMBAO_MAIL=f"smtp://a:bimat@127.0.0.1:{port}")
    assert mail.exit_code == 3
    assert "không kết nối được" in mail.output
    assert "bimat" not in mail.output


@pytest.mark.parametrize("service", ["collector", "enricher", "alerter"])
def test_a_single_service_needs_a_bus_that_processes_share(service: str, config: Path, data: Path) -> None:
    result = run(service, "--config", config, "--data", data)
    assert result.exit_code == 2
    assert "dùng `diembao run`" in result.stderr
    assert not data.exists()


def test_health_is_the_age_of_the_last_sign_of_life(config: Path, data: Path) -> None:
    where = ("--config", config, "--data", data)
    assert run("doctor", "--health", "collector", *where).exit_code == 3
    beat(data, "collector")
    alive = run("doctor", "--health", "collector", *where)
    assert (alive.exit_code, "đang làm việc" in alive.output) == (0, True)
    eleven_minutes_ago = time.time() - 660
    os.utime(data / "alive" / "collector", (eleven_minutes_ago, eleven_minutes_ago))
    assert run("doctor", "--health", "collector", *where).exit_code == 3
    assert run("doctor", "--health", "enricher", *where).exit_code == 3
    assert run("doctor", "--health", "portal", *where).exit_code == 2


def test_init_makes_the_stores_once_and_again(config: Path, data: Path) -> None:
    for _ in range(2):
        made = run("init", "--stores", "--config", config, "--data", data)
        assert made.exit_code == 0
        assert made.output.count("Đã có") == 3
    assert {path.name for path in data.iterdir()} >= {"bus.db", "archive.db", "ledger.db"}
    assert run("init").exit_code == 2
    assert run("init", data / "x", "--stores").exit_code == 2


def test_check_warns_where_everything_would_be_silent(config: Path) -> None:
    assert "đang bật:" not in run("check", "--config", config).output.replace("đang bật 1:", "")
    for name in ("feeds", "watches"):
        (config / f"{name}.yaml").write_text(f"{name}: []\n", encoding="utf-8")
    result = run("check", "--config", config)
    assert result.exit_code == 0
    assert "CHÚ Ý: feeds.yaml không có nguồn nào" in result.output
    assert "CHÚ Ý: watches.yaml không có điều kiện theo dõi nào" in result.output


def test_a_missing_folder_is_told_once_and_named(tmp_path: Path) -> None:
    missing = tmp_path / "khong-co"
    for words in (("check",), ("match",), ("feeds",)):
        result = run(*words, "--config", missing)
        assert result.exit_code == 2
        assert result.output.count("\n") == 1
        assert str(missing) in result.output


def test_feeds_in_a_pipe_is_a_line_for_each_feed(config: Path, data: Path, ledger: SqliteLedger) -> None:
    detail = "máy chủ trả lời rất dài\n" * 30
    cursor = FeedCursor(
        feed="bao-mau-moi", url="x", state="blocked", detail=detail, since=NOW, polled_at=NOW, due_at=NOW
    )
    ledger.put(Put("feed", "bao-mau-moi", encode(cursor)))
    result = run("feeds", "--config", config, "--data", data)
    heading, row = result.stdout.splitlines()
    assert heading.count("\t") == row.count("\t") == 3
    assert row.count("máy chủ trả lời") == 30


def test_doctor_in_a_folder_that_cannot_be(config: Path, tmp_path: Path) -> None:
    (tmp_path / "tep").write_text("", encoding="utf-8")
    result = run("doctor", "--config", config, "--data", tmp_path / "tep" / "du-lieu")
    assert result.exit_code == 3
    assert "không ghi được" in result.output


def test_doctor_knows_no_lag_of_what_nobody_reads(config: Path, data: Path) -> None:
    settings, rules, clock = load_settings(config, data, {}), load(config), ManualClock(NOW)
    with closing(wiring.build(settings, lambda: rules, clock, lambda sent: None)) as services:
        decision = Decision(decision="confirm", subject="f", by="an", at=NOW, reason="đối chiếu")
        services.bus.publish(DECISIONS, [Message("f", encode(decision))])
        assert "alerter còn 1 ở press.decisions" in run("doctor", "--config", config, "--data", data).output
        while services.enricher.step() + services.alerter.step():
            pass
        assert "còn 1 ở" not in run("doctor", "--config", config, "--data", data).output


def test_doctor_says_that_a_changed_configuration_waits(config: Path, data: Path, ledger: SqliteLedger) -> None:
    stores(config, data)
    accept(ledger, load(config), "an", NOW)
    fine = run("doctor", "--config", config, "--data", data).output
    assert f"Đang có hiệu lực: bản {load(config).version}" in fine
    assert "chưa có hiệu lực" not in fine
    (config / "topics.yaml").write_text(SMALL["topics.yaml"] + "# sửa\n", encoding="utf-8")
    changed = run("doctor", "--config", config, "--data", data)
    assert changed.exit_code == 0
    assert "chưa có hiệu lực" in changed.output


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
    ledger.put(Put("feed_day", "bao-mau-moi|2026-11-23", encode(FeedDayRecord(state="stale"))))
    (line,) = run("feeds", "--json", "--config", config, "--data", data).output.splitlines()
    assert json.loads(line) == {
        "feed": "bao-mau-moi",
        "day": "2026-11-23",
        "state": "stale",
        "entries": 1,
        "outcomes": {"unmatched": 1},
    }


def test_parked_messages_are_listed_and_sent_round_again(config: Path, data: Path, ledger: SqliteLedger) -> None:
    bus = SqliteBus(data / "bus.db", ManualClock(NOW))
    for key in ("a", "b"):
        parked = Parked(topic=COLLECTED, key=key, value=f'{{"hỏng": "{key}"}}', reason="thiếu trường", at=NOW)
        bus.publish(PARKED, [Message(key, encode(parked))])
    where = ("--config", config, "--data", data)
    listed = run("parked", *where).output
    assert listed.count("thiếu trường") == 2
    first, second = (line.partition("\t")[0] for line in listed.splitlines()[1:])
    assert "1 bản ghi" in run("parked", "retry", first, *where).output
    assert [(one.message.key, one.message.value.decode()) for one in bus.scan(COLLECTED)] == [("a", '{"hỏng": "a"}')]
    assert "1 bản ghi" in run("parked", "retry", "all", *where).output
    assert [one.message.key for one in bus.scan(COLLECTED)] == ["a", "b"]
    assert "0 bản ghi" in run("parked", "retry", "all", *where).output
    unknown = run("parked", "retry", f"{second}9", *where)
    assert (unknown.exit_code, "Không có bản ghi" in unknown.output) == (2, True)
    assert run("parked", "retry", *where).exit_code == 2
    bus.close()
