"""What SQLite itself brings: kills, full disks, foreign files, newer schemas, several processes."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.adapters.manual_clock import ManualClock
from services.adapters.sqlite.store import Store, translate
from services.adapters.sqlite_bus import SqliteBus
from services.adapters.sqlite_ledger import SqliteLedger
from services.ports.bus import Message
from services.ports.errors import Unavailable, Unprocessable
from services.ports.ledger import Put

NOW = datetime(2026, 11, 23, 6, 30, 0, 123456, tzinfo=UTC)

_WRITER = """
import sys
from pathlib import Path
from services.adapters.sqlite_bus import SqliteBus
from services.adapters.sqlite_ledger import SqliteLedger
from services.adapters.system_clock import SystemClock
from services.ports.bus import Message
from services.ports.ledger import Put

name, folder = sys.argv[1], Path(sys.argv[2])
bus, ledger = SqliteBus(folder / "bus.db", SystemClock()), SqliteLedger(folder / "ledger.db")
for number in range(int(sys.argv[3])):
    bus.publish("t", [Message(name, b"%d" % number), Message(name, b"%d again" % number)])
    ledger.put(Put("k", f"{name}{number}", b""))
    print(number, flush=True)
"""

_FULL_DISK = """
import resource, sys
from pathlib import Path
from services.adapters.sqlite_ledger import SqliteLedger
from services.ports.errors import Unavailable
from services.ports.ledger import Put

ledger = SqliteLedger(Path(sys.argv[1]))
ledger.put(Put("k", "before", b"x"))
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
try:
    ledger.put(Put("k", "small", b"x"), Put("k", "big", b"x" * 1_000_000))
except Unavailable as error:
    print("unavailable", error)
print([held.key for held in ledger.scan("k")])
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
ledger.put(Put("k", "big", b"x" * 1_000_000))
print([held.key for held in ledger.scan("k")])
"""


def test_a_killed_writer_loses_nothing_it_was_told_is_written(tmp_path: Path) -> None:
    for round_ in range(3):
        name = f"w{round_}"
        with subprocess.Popen(
            [sys.executable, "-c", _WRITER, name, str(tmp_path), "1000000"], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            acknowledged = [int(writer.stdout.readline()) for _ in range(25)][-1]
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        bus, ledger = SqliteBus(tmp_path / "bus.db", ManualClock(NOW)), SqliteLedger(tmp_path / "ledger.db")
        said = [found.message.value.decode() for found in bus.scan("t") if found.message.key == name]
        assert len(said) % 2 == 0, "a batch is there whole or not at all"
        assert said[::2] == [str(number) for number in range(len(said) // 2)]
        assert len(said) // 2 > acknowledged
        assert all(ledger.get("k", f"{name}{number}") for number in range(acknowledged + 1))
        bus.close()
        ledger.close()


def test_several_processes_make_and_write_one_file_at_once(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, name, str(tmp_path), "20"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in "abc"
    ]
    for writer in writers:
        _, complaint = writer.communicate(timeout=60)
        assert (writer.returncode, complaint) == (0, "")
    bus = SqliteBus(tmp_path / "bus.db", ManualClock(NOW))
    assert bus.size("t") == 120
    bus.close()


def test_a_disk_that_takes_no_more_is_unavailable_and_loses_nothing(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, str(tmp_path / "ledger.db")], capture_output=True, text=True, check=True
    )
    complaint, held, later = ended.stdout.splitlines()
    assert complaint.startswith("unavailable")
    assert held == "['before']"
    assert later == "['before', 'big']"


def test_full_is_said_in_plain_words(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "full.db")
    connection.execute("create table t (x)")
    connection.execute("pragma max_page_count = 3")
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("insert into t values (zeroblob(100000))")
    connection.close()
    error = translate(caught.value, Path("kho.db"))
    assert isinstance(error, Unavailable)
    assert "kho.db: hết chỗ trên đĩa" in str(error)


def test_a_value_too_large_can_never_be_written(tmp_path: Path) -> None:
    connection = sqlite3.connect(":memory:")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1000)
    with pytest.raises(sqlite3.DataError) as caught:
        connection.execute("select length(?)", ("x" * 2000,))
    connection.close()
    assert isinstance(translate(caught.value, Path("kho.db")), Unprocessable)


def test_a_mistake_in_our_own_statement_is_not_hidden(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.db", "part", [["create table t (x)"]])
    with pytest.raises(sqlite3.OperationalError, match="no such table"), store.write() as connection:
        connection.execute("insert into nowhere values (1)")
    with store.write() as connection:
        connection.execute("insert into t values (1)")
    store.close()


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_text("không phải cơ sở dữ liệu " * 100)
    with pytest.raises(Unavailable, match="không phải tệp SQLite"):
        SqliteLedger(path)
    assert path.read_text().startswith("không phải")


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="không tạo được thư mục"):
        SqliteLedger(tmp_path / "file" / "ledger.db")
    with pytest.raises(Unavailable, match="không mở được"):
        SqliteLedger(tmp_path)


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    steps = [["create table t (x)"], ["alter table t add column y"]]
    Store(path, "part", steps).close()
    with pytest.raises(Unavailable, match="mới hơn"):
        Store(path, "part", steps[:1])
    Store(path, "part", steps).close()


def test_an_older_schema_is_brought_forward_with_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    old = Store(path, "part", [["create table t (x)"]])
    with old.write() as connection:
        connection.execute("insert into t values (1)")
    old.close()
    new = Store(path, "part", [["create table t (x)"], ["alter table t add column y default 2"]])
    with new.read() as connection:
        assert connection.execute("select x, y from t").fetchall() == [(1, 2)]
    new.close()


def test_several_parts_share_a_file(tmp_path: Path) -> None:
    bus, ledger = SqliteBus(tmp_path / "all.db", ManualClock(NOW)), SqliteLedger(tmp_path / "all.db")
    bus.publish("t", [Message("k", b"")])
    ledger.put(Put("k", "a", b""))
    assert (bus.size("t"), len(list(ledger.scan("k")))) == (1, 1)
    bus.close()
    ledger.close()


def test_after_close_every_call_is_unavailable(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.db")
    thread = threading.Thread(target=lambda: ledger.put(Put("k", "a", b"")))
    thread.start()
    thread.join()
    ledger.close()
    ledger.close()
    with pytest.raises(Unavailable, match="đã đóng"):
        ledger.get("k", "a")


def test_every_commit_is_forced_to_the_disk(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.db", "part", [["create table t (x)"]])
    with store.read() as connection:
        assert connection.execute("pragma journal_mode").fetchone() == ("wal",)
        assert connection.execute("pragma synchronous").fetchone() == (2,)
    store.close()
