"""The two loops of a service: neither an outage nor a bug ends them, and an outage does not fill the log."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from services import loops
from services.loops import consume, every
from services.ports.errors import Conflict, PortError, Unavailable


class Steps:
    """Meets these one after the other, then stops the loop."""

    def __init__(self, *met: Exception | int) -> None:
        self.met = list(met)
        self.stop = threading.Event()

    def __call__(self) -> int:
        one = self.met.pop(0)
        if not self.met:
            self.stop.set()
        if isinstance(one, Exception):
            raise one
        return one


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "_FIRST_PAUSE", 0.001)


def run(steps: Steps, how: Callable[[Steps], None]) -> list[tuple[str, str]]:
    with capture_logs() as logged:
        how(steps)
    assert not steps.met
    return [(str(one["event"]), str(one.get("kind", ""))) for one in logged]


def test_an_outage_and_a_bug_end_nothing() -> None:
    steps = Steps(Unavailable("away"), 3, ValueError("a bug"), 0, 1)
    told = run(steps, lambda steps: consume("enricher", steps, steps.stop, 0.001))
    assert told == [("unavailable", "Unavailable"), ("unexpected", "")]


@pytest.mark.parametrize("other", [Conflict, Unavailable])
def test_an_outage_is_told_once_until_it_changes_or_ends(other: type[PortError]) -> None:
    away = [Unavailable("away")] * 5
    steps = Steps(*away, Conflict("another"), 1, other("again"), *away, 1)
    told = run(steps, lambda steps: consume("enricher", steps, steps.stop, 0.001))
    again = [("unavailable", other.__name__)] + [("unavailable", "Unavailable")] * (other is Conflict)
    assert told == [("unavailable", "Unavailable"), ("unavailable", "Conflict"), *again]


def test_an_outage_that_lasts_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "_LONGEST_PAUSE", 0.0)
    steps = Steps(Unavailable("away"), Unavailable("away"), 1)
    assert len(run(steps, lambda steps: consume("enricher", steps, steps.stop, 0.001))) == 2


def test_what_is_done_every_so_often_goes_on_after_an_outage() -> None:
    steps = Steps(Unavailable("away"), 1)
    assert run(steps, lambda steps: every("rules", 1, steps, steps.stop)) == [("unavailable", "Unavailable")]
