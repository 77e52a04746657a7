"""Threads that take turns at a ledger: which of them goes on at each of its calls is chosen from outside."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from services.adapters.overlay_ledger import OverlayLedger
from services.ports.ledger import Held, Put

Choose = Callable[[int], int]
"""Given how many may go on: which."""


class Killed(BaseException):
    """The process is gone: nothing in it goes on."""


class Turn:
    """One worker: waits before each of its calls, and dies before its `dies`-th one (0: never)."""

    def __init__(self, work: Callable[[Turn], None], dies: int = 0) -> None:
        self.calls, self.done = 0, False
        self._dies, self._work = dies, work
        self._go, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Called by the work before each of its calls."""
        self._stands.release()
        assert self._go.acquire(timeout=30)
        self.calls += 1
        if self.calls == self._dies:
            raise Killed

    def advance(self) -> None:
        """Let it do one call, up to the next; raises what the work failed with."""
        self._go.release()
        assert self._stands.acquire(timeout=30)
        if self._failed is not None:
            raise self._failed

    def _run(self) -> None:
        try:
            self.wait()
            self._work(self)
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 - told by `advance`, in the thread of the test
            self._failed = error
        self.done = True
        self._stands.release()


def drive(turns: Sequence[Turn], choose: Choose) -> None:
    """Until all have ended. Choice 0 lets the one go on that went last."""
    for turn in turns:
        assert turn._stands.acquire(timeout=30)
    going = list(turns)
    while going:
        chosen = going[choose(len(going)) if len(going) > 1 else 0]
        chosen.advance()
        going = [turn for turn in (chosen, *(one for one in turns if one is not chosen)) if not turn.done]


def every_course(changes: int) -> Iterator[Choose]:
    """All courses in which the turn passes at most so often; each choice differs from all before it."""
    path: list[tuple[int, int]] = []  # (chosen, of how many)
    while True:
        at = 0

        def choose(of: int) -> int:
            nonlocal at
            if at == len(path):
                path.append((0, of))
            at += 1
            return path[at - 1][0]

        yield choose
        while path and (path[-1][0] + 1 == path[-1][1] or sum(chosen > 0 for chosen, _ in path[:-1]) >= changes):
            path.pop()
        if not path:
            return
        path[-1] = (path[-1][0] + 1, path[-1][1])


class InTurn:
    """The ledger as one worker has it. `torn`: each write is a call of its own; -1: those of one call backwards."""

    def __init__(self, ledger: OverlayLedger, turn: Turn, torn: Literal[-1, 0, 1]) -> None:
        self._ledger, self._turn, self._torn = ledger, turn, torn

    def get_many(self, kind: str, keys: list[str]) -> dict[str, Held]:
        self._turn.wait()
        return self._ledger.get_many(kind, keys)

    def put(self, *writes: Put) -> None:
        for some in [[one] for one in writes[:: self._torn]] if self._torn else [writes] if writes else []:
            self._turn.wait()
            self._ledger.put(*some)
