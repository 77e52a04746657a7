"""The commands backup, restore and copy, as an operator meets them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.__main__ import assembled
from services.adapters.manual_clock import ManualClock
from services.domain.events import COLLECTED
from services.ports.ledger import Put
from services.wiring import data_lock
from tests.contracts.documents import enriched
from tests.desk.stores import BEGIN, contents, files, fill, servers
from tests.servers.kafka_server import KafkaServer
from tests.servers.topics import own_topics

CLOCK = ManualClock(BEGIN)


def run(*words: object) -> Result:
    return CliRunner().invoke(assembled(), [str(word) for word in words])


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A data folder with something in it."""
    with files(tmp_path / "data", CLOCK) as stores:
        fill(stores, 7, 12)
    return tmp_path / "data"


def equal(one: Path, other: Path) -> bool:
    with files(one, CLOCK) as first, files(other, CLOCK) as second:
        return contents(first) == contents(second)


def test_a_backup_is_restored_into_a_new_folder_with_its_counts(office: Path, tmp_path: Path) -> None:
    done = run("backup", tmp_path / "b.zip", "--data", office)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "bài trong kho / articles\t12\n" in done.stdout
    restored = run("restore", tmp_path / "b.zip", "--data", tmp_path / "new")
    assert (restored.exit_code, restored.stderr) == (0, "")
    assert restored.stdout.splitlines()[1:] == done.stdout.splitlines()[1:]
    assert COLLECTED in restored.stdout
    assert equal(office, tmp_path / "new")
    again = run("restore", tmp_path / "b.zip", "--data", tmp_path / "new")
    assert again.exit_code == 2
    assert "already holds data" in again.stderr


def test_a_restore_that_is_killed_is_finished_by_the_next(tmp_path: Path) -> None:
    with files(tmp_path / "data", CLOCK) as stores:
        fill(stores, 8, 150)
    assert run("backup", tmp_path / "b.zip", "--data", tmp_path / "data").exit_code == 0
    new = tmp_path / "new"
    command = [sys.executable, "-m", "services", "restore", str(tmp_path / "b.zip"), "--data", str(new)]
    ended: list[int | None] = []
    for pause in (0.0, 0.8, 0.9):  # from the second start on the file is there at once
        with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE) as process:
            while process.poll() is None and not (new / "ledger.db").exists():
                time.sleep(0.005)
            time.sleep(pause)
            process.kill()
        ended.append(process.returncode)
        if process.returncode == 0:
            break
    assert ended[0] == -signal.SIGKILL
    if ended[-1] != 0:
        done = run("restore", tmp_path / "b.zip", "--data", new)
        # 2: it was killed between its last write and its end; then nothing may be missing either.
        assert (done.exit_code, done.stderr) == (0, "") or "already holds data" in done.stderr
    assert equal(tmp_path / "data", new)


def test_a_backup_is_taken_while_the_services_hold_the_folder_and_no_restore_is(office: Path, tmp_path: Path) -> None:
    with data_lock(office):
        assert run("backup", tmp_path / "b.zip", "--data", office).exit_code == 0
    with data_lock(tmp_path / "new"):
        refused = run("restore", tmp_path / "b.zip", "--data", tmp_path / "new")
        assert refused.exit_code == 2
        assert "in use by process" in refused.stderr


def test_a_bad_file_makes_nothing(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04 cut")
    for name in ("b.zip", "none.zip"):
        refused = run("restore", tmp_path / name, "--data", tmp_path / "new")
        assert refused.exit_code == 2
        assert name in refused.stderr
    assert not (tmp_path / "new").exists()


def test_nothing_to_back_up_is_said_and_makes_nothing(tmp_path: Path) -> None:
    refused = run("backup", tmp_path / "b.zip", "--data", tmp_path / "data")
    assert refused.exit_code == 3
    assert [*tmp_path.iterdir()] == []


def test_where_the_file_cannot_be_written_it_is_said(office: Path, tmp_path: Path) -> None:
    refused = run("backup", tmp_path / "no" / "b.zip", "--data", office)
    assert refused.exit_code == 3
    assert "the backup cannot be written" in refused.stderr


@pytest.mark.parametrize("command", [["feeds"], ["backup", "x.zip"], ["why", "https://a.example/1"], ["parked"]])
def test_no_command_takes_half_restored_data_for_whole(office: Path, command: list[str]) -> None:
    with files(office, CLOCK) as stores:
        stores.ledger.put(Put("restore", "unfinished", b'{"source":"s","told":"b.zip","at":"2026-11-24T00:00:00Z"}'))
    refused = run(*command, "--data", office)
    assert refused.exit_code == 3
    assert "half restored" in refused.stderr


def test_a_copy_between_two_folders(office: Path, tmp_path: Path) -> None:
    done = run("copy", "--from", office, "--to", tmp_path / "new")
    assert (done.exit_code, done.stderr) == (0, "")
    assert equal(office, tmp_path / "new")
    same = run("copy", "--from", office, "--to", office)
    assert same.exit_code == 2


@pytest.mark.kafka
def test_a_copy_to_servers_and_back(office: Path, tmp_path: Path, kafka: KafkaServer, elasticsearch_url: str) -> None:
    with own_topics(kafka) as bus:
        urls = f"bus={bus} archive={elasticsearch_url} ledger={elasticsearch_url}"
        there = run("copy", "--from", office, "--to", urls)
        assert (there.exit_code, there.stderr) == (0, "")
        back = run("copy", "--from", urls, "--to", tmp_path / "new")
        assert (back.exit_code, back.stderr) == (0, "")
        with servers(bus, elasticsearch_url, CLOCK) as stores:
            stores.archive.save([enriched("later")])
        again = run("copy", "--from", office, "--to", urls)
        assert again.exit_code == 2
        assert "already holds data" in again.stderr
    assert equal(office, tmp_path / "new")


@pytest.mark.parametrize(
    "text",
    [
        "bus=kafka://k:9092 archive=http://e:9200",
        "bus=http://k:9092 archive=http://e:9200 ledger=http://e:9200",
        "bus=kafka://k:9092 archive=http://u:secret@e:9200 ledger=http://e:9200",
        "bus=kafka://k:9092 archive=http://e:9200 ledger=http://e:9200 mail=smtp://m",
    ],
)
def test_a_wrong_place_is_refused_before_anything_is_made(office: Path, tmp_path: Path, text: str) -> None:
    refused = run("copy", "--from", office, "--to", text)
    assert refused.exit_code == 2
    assert "--to" in refused.stderr
    assert "secret" not in refused.output
