"""check and doctor, through the command line itself."""

import os
import socket
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from services import wiring
from services.adapters.manual_clock import ManualClock
from services.adapters.sqlite_ledger import SqliteLedger
from services.desk.alive import beat
from services.domain.codec import encode
from services.domain.events import DECISIONS, Decision
from services.domain.feed import ARTICLE, ENTRY, ArticleRecord, Entry, EntryRecord
from services.ports.bus import Message
from services.ports.ledger import Put
from services.rulebook.accepted import accept
from services.rulebook.load import load
from services.rulebook.seen import FolderSeen, put_folder
from services.settings import load_settings
from tests.cli.commands import NOW, run, stores
from tests.rulebook.conftest import FACT, SMALL


def test_check_counts_a_valid_set(config: Path) -> None:
    result = run("check", "--config", config)
    assert result.exit_code == 0
    assert "Nguồn tin / feeds: 1 (không tắt nguồn nào); chưa kiểm chứng 1" in result.output
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


def test_doctor_counts_the_sources_that_nobody_classified(config: Path, data: Path) -> None:
    """The most frequent first, so that an operator classifies them; for an aggregator's item, the source it names."""
    now = datetime.now(UTC)

    def kept(number: int, url: str, *, opaque: bool = False, **other: Any) -> None:
        record = ArticleRecord(article_id=f"a{number}", feed="f", entry=f"f|{number}", url=url, first_seen=now)
        entry = EntryRecord(
            feed="f", entry=Entry(key=url, link=url, title="Tin", source_url="https://www.xa.example"), first_seen=now
        )
        whole = msgspec.structs.replace(record, opaque=opaque, **{"outcome": "published", **other})
        ledger.put(Put(ARTICLE, record.article_id, encode(whole)), Put(ENTRY, record.entry, encode(entry)))

    stores(config, data)
    with closing(SqliteLedger(data / "ledger.db")) as ledger:
        kept(1, "https://xa.example/1")
        kept(2, "https://la.example/1")
        kept(3, "https://www.la.example/2")
        kept(4, "https://tim.example/opaque", opaque=True)
        kept(5, "https://la.example/3")
        kept(6, "https://khong-khop.example/1", outcome="unmatched")
        kept(7, "https://bao.example/1", source_class="press")
        kept(8, "https://cu.example/1", first_seen=now - timedelta(days=4000))
    result = run("doctor", "--config", config, "--data", data)
    assert "5 bài trong 30 ngày" in result.output
    assert "la.example 3, xa.example 2. Xếp loại trong outlets.yaml" in result.output


def test_doctor_names_what_is_out_of_reach(config: Path, data: Path) -> None:
    stores(config, data)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        mail = run("doctor", "--config", config, "--data", data, DIEMBAO_MAIL=f"smtp://a:bimat@127.0.0.1:{port}")
    assert mail.exit_code == 3
    assert "không kết nối được" in mail.output
    assert "bimat" not in mail.output


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


def test_health_asks_nothing_of_the_configuration(config: Path, data: Path) -> None:
    beat(data, "enricher")
    (config / "diembao.yaml").write_text("mail: pigeon:1\n", encoding="utf-8")
    for folder in (config, config / "khong-co"):
        assert run("doctor", "--health", "enricher", "--config", folder, "--data", data).exit_code == 0
    environ = {"DIEMBAO_CONFIG": str(config), "DIEMBAO_DATA": str(data)}
    assert run("doctor", "--health", "enricher", **environ).exit_code == 0
    assert run("doctor", "--health", "alerter", **environ).exit_code == 3


def test_check_warns_where_everything_would_be_silent(config: Path) -> None:
    assert "đang bật:" not in run("check", "--config", config).output.replace("đang bật 1:", "")
    for name in ("feeds", "watches"):
        (config / f"{name}.yaml").write_text(f"{name}: []\n", encoding="utf-8")
    result = run("check", "--config", config)
    assert result.exit_code == 0
    assert "CHÚ Ý: feeds.yaml không có nguồn nào" in result.output
    assert "CHÚ Ý: watches.yaml không có điều kiện theo dõi nào" in result.output


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
    accepted = accept(ledger, load(config), "an", NOW)
    fine = run("doctor", "--config", config, "--data", data).output
    assert f"Đang có hiệu lực: bản {load(config).version}" in fine
    assert "chưa có hiệu lực" not in fine
    (config / "topics.yaml").write_text(SMALL["topics.yaml"] + "# sửa\n", encoding="utf-8")
    nobodys = run("doctor", "--config", config, "--data", data)
    assert nobodys.exit_code == 0
    assert "không dịch vụ nào trên máy này dùng" in nobodys.output
    put_folder(ledger, config, FolderSeen(content=accepted.version, taken=True))
    followed = run("doctor", "--config", config, "--data", data)
    assert followed.exit_code == 0
    assert "chưa có hiệu lực: dịch vụ đang chạy nhận trong vài giây" in followed.output
