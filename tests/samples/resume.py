"""A run of the three mornings that a test may kill and start again: `python resume.py DATA`."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import UTC
from pathlib import Path

from samples.press.content import load_items
from samples.press.mornings import PLAN, drive, rules_of, settings_for
from samples.press.server import SamplePress
from services.adapters.manual_clock import ManualClock
from services.wiring import build

LOGIN = "chuyen-vien-mau"


def main(data: Path) -> None:
    clock = ManualClock(PLAN[0].at.astimezone(UTC))
    with SamplePress(load_items(), clock.now) as press:
        settings = settings_for(data, LOGIN, press.routes)
        rules = rules_of(settings)
        with closing(build(settings, lambda: rules, clock, lambda sent: None)) as services:
            drive(services, rules, clock, data, LOGIN, lambda step: None)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
