"""What a replay writes for itself lies in the data folder, and is gone afterwards, whatever happened."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from services.ports.errors import Unavailable
from services.replay.fill import fill
from services.replay.letters import replay_letters
from services.replay.scratch import scratch_folder
from tests.replay.days import BEGIN, END, Days, fresh_archive

_REPLAY = """
import sys, time
from pathlib import Path
from services.replay.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "bus.db").write_bytes(b"x" * 1000)
    print(folder, flush=True)
    time.sleep(600)
"""


def test_a_replay_keeps_its_log_in_the_data_folder_and_takes_it_away(days: Days, tmp_path: Path) -> None:
    data = days.settings.data_dir
    before = {path.name for path in data.iterdir()}
    seen: list[list[str]] = []

    def reached(_: datetime) -> None:
        new = [path for path in data.iterdir() if path.name not in before]
        seen.append(sorted(file.name for folder in new for file in folder.glob("*.db")))

    with fresh_archive(tmp_path / "fresh.db") as fresh:
        fill(days.installation, days.rules, BEGIN, END, fresh, reached)
    assert seen
    assert all(names == ["bus.db"] for names in seen)
    seen.clear()
    replay_letters(days.installation, days.rules, days.settings, BEGIN, END, tmp_path / "letters", reached=reached)
    assert all(names == ["archive.db", "bus.db"] for names in seen)
    assert {path.name for path in data.iterdir()} == before


def test_what_a_killed_replay_left_goes_at_the_next_one_and_what_a_living_one_uses_stays(tmp_path: Path) -> None:
    data = tmp_path / "data"
    mine = data / "replay-of-mine"
    mine.mkdir(parents=True)
    command = [sys.executable, "-c", _REPLAY, str(data)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as living,
    ):
        assert killed.stdout is not None
        assert living.stdout is not None
        left, used = Path(killed.stdout.readline().strip()), Path(living.stdout.readline().strip())
        killed.kill()
        killed.wait()
        assert left.exists()
        with scratch_folder(data) as own:
            assert sorted(data.iterdir()) == sorted([own, used, mine])
        assert (used / "bus.db").exists()
        living.kill()
    with scratch_folder(data):
        assert not used.exists()
    assert list(data.iterdir()) == [mine]


def test_a_data_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(Unavailable, match="không tạo được thư mục tạm"), scratch_folder(tmp_path / "data"):
        pass
