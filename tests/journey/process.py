"""Journeys in processes of their own: to the end, or killed on the way."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_IN_START_UP = 0.1
"""Share of the kills that come before a process has begun its first step."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that came to its end. Seconds: to its first step, and from there to each step and to the end."""

    name: str
    data: Path
    press_data: Path
    start_up: float
    steps: tuple[float, ...]
    seconds: float


def run_through(name: str, data: Path, press_data: Path, *options: str) -> Finished:
    """One process from the first step, or the one it was killed in, to the last."""
    started = time.monotonic()
    begun: list[float] = []
    with _process(name, data, press_data, *options) as process:
        begun = [time.monotonic() for _ in _steps(process)]
        assert process.wait() == 0, f"{name} ended with status {process.returncode}"
    first = begun[0] if begun else time.monotonic()
    return Finished(
        name, data, press_data, first - started, tuple(at - first for at in begun), time.monotonic() - first
    )


def run_killed(finished: Finished, data: Path, kills: int, seed: int) -> list[str]:
    """The same journey in another folder, killed so often at random moments, then to its end; what was hit.

    Moments are drawn from the course of the undisturbed run and met by its steps, so that a machine that is slower or
    faster now is killed in the same places. One aimed at the very end may come too late and hit nothing.
    """
    chance = random.Random(seed)
    moments = sorted(chance.uniform(0, finished.seconds) for _ in range(kills))
    hit: list[str] = []
    last_step, last_pause = -1, 0.0
    for moment in moments:
        step = sum(begun <= moment for begun in finished.steps) - 1
        pause = moment - finished.steps[step]
        with _process(finished.name, data, finished.press_data) as process:
            if chance.random() < _IN_START_UP:
                time.sleep(chance.uniform(0, finished.start_up))
                where = "start-up"
            else:
                reached = next((number for number in _steps(process) if number >= step), -1)
                # What a kill before this one left of the step is already done.
                time.sleep(pause - last_pause if step == last_step else pause)
                where = f"step {reached}"
                last_step, last_pause = step, pause
            if process.poll() is None:
                process.kill()
                hit.append(where)
    run_through(finished.name, data, finished.press_data)
    return hit


def _process(name: str, data: Path, press_data: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.journey.run", name, str(data), str(press_data), *options]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def _steps(process: subprocess.Popen[str]) -> Iterator[int]:
    """Numbers of the steps as they begin."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("STEP"):
            yield int(line.split()[1])
