"""The two ways a service runs: `consume` what a topic brings, and do work `every` so many seconds.

Both end soon after `stop` is set. A port that is Unavailable is waited for, longer each time; an error that nobody
foresaw is logged whole and the work is tried again: one bad moment must not silence a service.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import schedule
import structlog

from services.ports.errors import PortError

_T = TypeVar("_T")
_log = structlog.get_logger()
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


def consume(name: str, step: Callable[[], int], stop: threading.Event, idle_seconds: float = 1.0) -> None:
    """Call `step` (which returns how many messages it finished) until `stop`; rest when there was nothing."""
    pause = _FIRST_PAUSE
    while not stop.is_set():
        done = _attempt(name, step)
        if done is None:
            stop.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            continue
        pause = _FIRST_PAUSE
        if done == 0:
            stop.wait(idle_seconds)


def every(name: str, seconds: float, work: Callable[[], object], stop: threading.Event) -> None:
    """Do `work` at once and then every so many seconds until `stop`; a late run is not made up for.

    Due times and boundaries live in the ledger, so nothing is lost between two runs or during downtime.
    """
    timer = schedule.Scheduler()
    timer.every(max(1, round(seconds))).seconds.do(_attempt, name, work)
    timer.run_all()
    while not stop.is_set():
        timer.run_pending()
        idle = timer.idle_seconds
        stop.wait(max(0.05, min(1.0, idle if idle is not None else 1.0)))


def _attempt(name: str, work: Callable[[], _T]) -> _T | None:
    try:
        return work()
    except PortError as error:
        _log.warning("unavailable", service=name, error=str(error), hint="waits and tries again")
    except Exception:  # noqa: BLE001 - a service outlives its bugs; the whole trace is logged
        _log.exception("unexpected", service=name, hint="tries again; please report")
    return None
