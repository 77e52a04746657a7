"""A command on a terminal of its own, as a person sits before it."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_CONTROLLED = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.executable, sys.argv[1:])"
)
"""Makes stdin the terminal whose Ctrl+C reaches the command."""
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """`diembao` before a person: stdin and stdout on one terminal; stderr on another, to tell what is written where."""

    def __init__(self, *words: object) -> None:
        self._screens = {"out": b"", "err": b""}
        near, far = zip(pty.openpty(), pty.openpty(), strict=True)
        self._open = dict(zip(near, self._screens, strict=True))
        self._typed = near[0]
        command = [sys.executable, "-m", "services", *map(str, words)]
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-E", "-c", _CONTROLLED, *command],
            stdin=far[0],
            stdout=far[0],
            stderr=far[1],
            cwd=ROOT,
            env={**os.environ, "COLUMNS": "200", "TERM": "xterm"},
            start_new_session=True,
        )
        for end in far:
            os.close(end)

    @property
    def out(self) -> str:
        return self._text("out")

    @property
    def err(self) -> str:
        return self._text("err")

    def answer(self, question: str, typed: str, times: int = 1) -> None:
        """Wait until the question stands there, on either screen, so many times; then type."""
        self._read(lambda: (self.out + self.err).count(question) >= times, question)
        os.write(self._typed, typed.encode())

    def end(self) -> int:
        """The command's status."""
        self._read(lambda: not self._open, "the end")
        return self._process.wait(10)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for end in self._open:
            os.close(end)

    def _text(self, screen: str) -> str:
        return _ESCAPES.sub("", self._screens[screen].decode(errors="replace"))

    def _read(self, met: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 60
        while not met():
            assert self._open, f"ended before {what}: {self.out}{self.err}"
            assert time.monotonic() < deadline, f"no {what}: {self.out}{self.err}"
            for end in select.select(list(self._open), [], [], 1)[0]:
                try:
                    got = os.read(end, 65536)
                except OSError:  # how Linux tells that nobody has the far end open any more
                    got = b""
                if got:
                    self._screens[self._open[end]] += got
                else:
                    del self._open[end]
                    os.close(end)
