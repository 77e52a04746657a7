"""The two ways a service runs: `consume` what a topic brings, and do work `every` so many seconds.

Both end soon after `stop` is set. A port that is Unavailable is waited for: `consume` pauses longer each time, `every`
keeps its pace. An error that nobody foresaw is logged whole and the work is tried again: one bad moment must not
silence a service.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import schedule
import structlog

from services.ports.errors import PortError

_T = TypeVar("_T")
_log = structlog.get_logger()
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


def consume(name: str, step: Callable[[], int], stop: threading.Event, idle_seconds: float = 1.0) -> None:
    """Call `step` (which returns how many messages it finished) until `stop`; rest when there was nothing."""
    work = _Work(name, step)
    pause = _FIRST_PAUSE
    while not stop.is_set():
        done = work.attempt()
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
    timer.every(max(1, round(seconds))).seconds.do(_Work(name, work).attempt)
    timer.run_all()
    while not stop.is_set():
        timer.run_pending()
        idle = timer.idle_seconds
        stop.wait(max(0.05, min(1.0, idle if idle is not None else 1.0)))


class _Work(Generic[_T]):
    """Work that is tried again and again; what keeps it from being done is logged, an outage not at every try."""

    def __init__(self, name: str, work: Callable[[], _T]) -> None:
        self._name, self._work = name, work
        self._logged = ""
        self._silent_until = 0.0

    def attempt(self) -> _T | None:
        """None where it could not be done."""
        try:
            done = self._work()
        except PortError as error:
            self._log_outage(error)
        except Exception:  # noqa: BLE001 - a service outlives its bugs; the whole trace is logged
            _log.exception("unexpected", service=self._name, hint="tries again; please report")
        else:
            self._logged = ""
            return done
        return None

    def _log_outage(self, error: PortError) -> None:
        kind = type(error).__name__
        if kind == self._logged and time.monotonic() < self._silent_until:
            return
        self._logged, self._silent_until = kind, time.monotonic() + _LONGEST_PAUSE
        _log.warning("unavailable", service=self._name, kind=kind, error=str(error), hint="waits and tries again")
