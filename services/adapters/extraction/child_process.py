"""A child process that does one task at a time and may be killed: for C libraries that a page can stall.

One tag with 200,000 attributes keeps an HTML parser in C for 100 s, where no Python timeout reaches it; and
trafilatura's memory grows with every page. So the child is killed at its deadline and replaced after so many tasks.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import msgspec

import services
from services.adapters.extraction.child_messages import HEAD, Job, Reply, read_frame
from services.ports.errors import Unavailable

_ROOT = Path(services.__file__).parent.parent


class ChildDied(Exception):
    """The child was killed at its deadline, or died of the task."""


class ChildProcess:
    """Starts `python -m MODULE ARGUMENTS` on the first task. Calls from several threads take turns."""

    def __init__(
        self, module: str, arguments: Sequence[str] = (), *, deadline_seconds: float = 20.0, tasks_each: int = 300
    ) -> None:
        self._command = [sys.executable, "-W", "ignore", "-m", module, *arguments]
        self._deadline_seconds = deadline_seconds
        self._tasks_each = tasks_each
        self._process: subprocess.Popen[bytes] | None = None
        self._tasks = 0
        self._closed = False
        self._turn = threading.Lock()

    def ask(self, job: Job) -> Reply:
        """The child's reply. Raises ChildDied when there is none within the deadline, Unavailable when none starts."""
        with self._turn:
            process = self._running()
            killer = threading.Timer(self._deadline_seconds, process.kill)
            killer.start()
            try:
                reply = _exchange(process, job)
            except (OSError, EOFError, ValueError) as error:
                raise self._death(process) from error
            finally:
                killer.cancel()
            if reply.last:
                self._end()
            return reply

    def close(self) -> None:
        """End the child; a task that runs ends with Unavailable."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()
        with self._turn:
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._closed:
            raise Unavailable("tiến trình đọc trang đã đóng / the reader is closed")
        self._tasks += 1
        if self._process is not None and (self._tasks > self._tasks_each or self._process.poll() is not None):
            self._end()
        if self._process is None:
            self._tasks = 1
            # The folder that holds `services`, so that `-m` finds it in a checkout and in an installation alike.
            self._process = subprocess.Popen(
                self._command,
                cwd=_ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self._process

    def _death(self, process: subprocess.Popen[bytes]) -> Exception:
        """What to raise: a first task that ends in an ordinary exit means that children cannot start here."""
        if self._closed:
            self._end()
            return Unavailable("tiến trình đọc trang đã đóng / the reader is closed")
        first = self._tasks == 1
        self._end()
        if first and process.returncode > 0:
            command = " ".join(self._command[-3:])
            return Unavailable(f"không khởi động được tiến trình đọc trang / cannot start the reader: {command}")
        limit = self._deadline_seconds
        if process.returncode in (-signal.SIGKILL, -signal.SIGALRM):
            return ChildDied(f"không đọc xong trong {limit:g} giây / not read within {limit:g} s")
        return ChildDied(f"tiến trình đọc trang hỏng ở trang này ({process.returncode}) / the reader died of this page")

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            _close(pipe)
        process.wait()


def _exchange(process: subprocess.Popen[bytes], job: Job) -> Reply:
    if process.stdin is None or process.stdout is None:
        raise EOFError("the child has no pipes")
    body = msgspec.msgpack.encode(job)
    process.stdin.write(HEAD.pack(len(body)) + body)
    process.stdin.flush()
    return msgspec.msgpack.decode(read_frame(process.stdout), type=Reply)


def _close(pipe: IO[bytes] | None) -> None:
    try:
        if pipe is not None:
            pipe.close()
    except OSError:
        # What was left in the buffer has nobody to go to.
        return
