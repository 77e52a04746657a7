"""`make run DEMO=1` as a user meets it: its lines on stdout, and a clean end."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUN = ROOT / "samples" / "press" / "run.py"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_letters_then_ready_then_a_clean_end(tmp_path: Path, number: signal.Signals) -> None:
    data = tmp_path / "data-mau"
    process = subprocess.Popen(
        [sys.executable, str(RUN), "--data", str(data)],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if lines[-1] == "READY":
            break
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert lines[-1] == "READY"
    for kind, least in (("DIGEST", 2), ("NOTICE", 2)):
        paths = [Path(line.removeprefix(f"{kind} ")) for line in lines if line.startswith(f"{kind} ")]
        assert len(paths) >= least
        assert all(path.is_absolute() and path.is_file() for path in paths)
    assert all(line == "READY" or line.startswith(("DIGEST /", "NOTICE /")) for line in lines)
    assert "DỮ LIỆU MẪU" in said


def test_a_folder_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "quan-trong.txt"
    kept.write_text("giữ")
    done = subprocess.run(
        [sys.executable, str(RUN), "--data", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert kept.read_text() == "giữ"
    assert "READY" not in done.stdout
