"""One journey in a process that a test may kill: `python -m tests.journey.run NAME DATA [PRESS_DATA]`.

stdout: `STEP n ...` as each step begins. Started again on the same folder it goes on. `--delays SEED`: the press
answers after random pauses, so that answers come in another order each time. `--again`: all steps once more from the
first morning on, and a last reading two hours after the end. `--on BUS STORE PARTITIONS`: on servers.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

from samples.press.loopback import at_once
from samples.press.mornings import PROGRESS, Step, drive, rules_of
from services.adapters.manual_clock import ManualClock
from services.wiring import Services, build
from tests.journey.journeys import LOGIN, Journey, Wait, journey
from tests.journey.stores import remember, with_stores

_LONGEST_DELAY = 0.02


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("name")
    arguments.add_argument("data", type=Path)
    arguments.add_argument("press_data", type=Path, nargs="?", default=Path())
    arguments.add_argument("--delays", type=int)
    arguments.add_argument("--again", action="store_true")
    arguments.add_argument("--on", nargs=3, metavar=("BUS", "STORE", "PARTITIONS"))
    given = arguments.parse_args()
    if given.on:
        remember(given.data, *given.on)
    ours = journey(given.name, given.press_data)
    if given.again:
        (given.data / PROGRESS).unlink(missing_ok=True)
        later = Step(ours.plan[-1].at + timedelta(hours=2), "read", "Đọc lại tất cả")
        ours = replace(ours, plan=[*ours.plan, later])
    run(ours, given.data, given.delays)


def run(ours: Journey, data: Path, delays: int | None) -> None:
    """Drive the journey to its end."""
    clock = ManualClock(ours.plan[0].at.astimezone(UTC))
    data.mkdir(parents=True, exist_ok=True)
    with ours.press(clock.now, at_once if delays is None else _pauses(delays)) as press:
        settings = with_stores(ours.settings(data, press.routes), data)
        rules = rules_of(settings)
        with closing(build(settings, lambda: rules, clock, lambda sent: None)) as services:
            _wait_for_hosts(services, press.routes)
            drive(services, rules, clock, data, LOGIN, lambda step: _tell(step, ours.plan), ours.plan)


def _wait_for_hosts(services: Services, hosts: Iterable[str]) -> None:
    """A group of collectors takes some seconds to be shared out; a step of a journey is one moment."""
    deadline = time.monotonic() + 60
    while not all(map(services.hosts.mine, hosts)):
        assert time.monotonic() < deadline, "the hosts were not assigned within 60 s"
        time.sleep(0.1)
        services.hosts.refresh()


def _tell(step: Step, plan: Sequence[Step]) -> None:
    print("STEP", plan.index(step), step.words, flush=True)


def _pauses(seed: int) -> Wait:
    chance = random.Random(seed)
    return lambda: time.sleep(chance.uniform(0, _LONGEST_DELAY))


if __name__ == "__main__":
    main()
