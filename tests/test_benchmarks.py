"""The benchmarks run to their end and print figures; how large they are is no matter of a test."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("matching", ["--patterns", "200", "--articles", "20"]),
        ("watches", ["--articles", "20"]),
        ("throughput", ["--articles", "60", "--documents", "400"]),
        ("backtest", ["--articles", "400"]),
    ],
)
def test_a_benchmark_runs(name: str, options: list[str]) -> None:
    command = [sys.executable, "-m", f"benchmarks.{name}", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"\d", done.stdout)
