"""The operator's commands, through the command line itself."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.adapters.manual_clock import ManualClock
from services.adapters.sqlite_bus import SqliteBus
from services.adapters.sqlite_ledger import SqliteLedger
from services.cli.options import account
from services.collector.records import FeedDayRecord
from services.domain.codec import encode
from services.domain.events import COLLECTED, PARKED, Parked
from services.domain.feed import Entry, EntryRecord, FeedCursor
from services.ports.bus import Message
from services.ports.ledger import Put
from tests.cli.commands import NOW, run
from tests.rulebook.conftest import SMALL


def test_init_copies_what_is_shipped_and_overwrites_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "moi"
    assert run("init", folder).exit_code == 0
    assert {"feeds.yaml", "people.yaml", "lexicon"} <= {path.name for path in folder.iterdir()}
    (folder / "feeds.yaml").write_text("của tôi", encoding="utf-8")
    again = run("init", folder)
    assert again.exit_code == 2
    assert "không ghi đè" in again.output
    assert (folder / "feeds.yaml").read_text(encoding="utf-8") == "của tôi"


def test_init_copies_the_folder_that_config_names_and_not_into_itself(config: Path, tmp_path: Path) -> None:
    copied = run("init", tmp_path / "moi", "--config", config, "--data", tmp_path / "x")
    assert copied.exit_code == 0
    assert f"diembao backtest {tmp_path / 'moi' / 'watches.yaml'} --config {tmp_path / 'moi'}" in copied.stdout
    assert "Điền people.yaml" not in copied.stdout
    assert (tmp_path / "moi" / "topics.yaml").read_text(encoding="utf-8") == SMALL["topics.yaml"]
    assert not (tmp_path / "x").exists()
    # DIEMBAO_CONFIG may name the folder that is only to be made.
    assert run("init", tmp_path / "kem", DIEMBAO_CONFIG=str(tmp_path / "kem")).exit_code == 0
    assert run("init", config / "trong", "--config", config).exit_code == 2
    assert run("init", tmp_path / "nua", "--config", tmp_path / "khong-co").exit_code == 2
    assert not (tmp_path / "nua").exists()


SHARED = {
    "DIEMBAO_BUS": "kafka://127.0.0.1:9",
    "DIEMBAO_ARCHIVE": "http://127.0.0.1:9",
    "DIEMBAO_LEDGER": "http://127.0.0.1:9",
}


@pytest.mark.parametrize(
    ("service", "store"),
    [(service, store) for service in ("collector", "enricher", "alerter") for store in ("bus", "ledger")]
    + [("enricher", "archive")],
)
def test_a_single_service_needs_stores_that_processes_share(service: str, store: str, config: Path, data: Path) -> None:
    """With a ledger of its own each of two alerters would hold the lease and send every letter."""
    environ = SHARED | {f"DIEMBAO_{store.upper()}": f"sqlite:{store}.db"}
    result = run(service, "--config", config, "--data", data, **environ)
    assert result.exit_code == 2
    assert f"{store}: sqlite:" in result.stderr
    assert "dùng `diembao run`" in result.stderr
    assert "needs stores that processes share" in result.stderr
    assert not data.exists()


def test_init_makes_the_stores_once_and_again(config: Path, data: Path) -> None:
    for _ in range(2):
        made = run("init", "--stores", "--config", config, "--data", data)
        assert made.exit_code == 0
        assert made.output.count("Đã có") == 3
    assert {path.name for path in data.iterdir()} >= {"bus.db", "archive.db", "ledger.db"}
    assert run("init").exit_code == 2
    assert run("init", data / "x", "--stores").exit_code == 2


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


@pytest.fixture
def bus(data: Path, ledger: SqliteLedger) -> Iterator[SqliteBus]:
    """With two messages that nobody could process."""
    with closing(SqliteBus(data / "bus.db", ManualClock(NOW))) as bus:
        for key in ("a", "b"):
            parked = Parked(topic=COLLECTED, key=key, value=f'{{"hỏng": "{key}"}}', reason="thiếu trường", at=NOW)
            bus.publish(PARKED, [Message(key, encode(parked))])
        yield bus


def test_parked_messages_are_sent_round_again_by_someone_known(
    config: Path, data: Path, ledger: SqliteLedger, bus: SqliteBus
) -> None:
    where = ("--config", config, "--data", data)
    assert run("parked", *where).output.count("thiếu trường") == 2
    for which in ("all", "khong-co"):
        refused = run("parked", "retry", which, *where)
        assert refused.exit_code == 2
        assert f"- {{login: {account()}," in refused.stderr
    assert (bus.size(COLLECTED), list(ledger.scan("parked"))) == (0, [])


def test_parked_messages_are_listed_and_sent_round_again(config: Path, data: Path, bus: SqliteBus) -> None:
    people = f"people:\n- {{login: {account()}, name: An, email: an@coquan.example, role: operator}}\n"
    (config / "people.yaml").write_text(people, encoding="utf-8")
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
