"""Ctrl+C in the first second, while libraries are still being loaded, ends each program with status 0."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = {
    "run": ["-m", "services", "run"],
    "first run": ["samples/press/first_run.py"],
    "samples": ["samples/press/run.py"],
}


@pytest.mark.parametrize("seconds", [0.6, 1.2])
@pytest.mark.parametrize("name", PROGRAMS)
def test_an_early_interrupt_is_a_clean_end(name: str, seconds: float, tmp_path: Path) -> None:
    command = [sys.executable, *PROGRAMS[name], "--data", str(tmp_path / "data")]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    ) as program:
        time.sleep(seconds)
        os.killpg(program.pid, signal.SIGINT)
        _, said = program.communicate(timeout=60)
    assert b"Traceback" not in said
    assert program.returncode == 0
