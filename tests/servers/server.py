"""One server process that outlives the command that started it: its folder, ports, life and death.

What a fault test does to a server is here: kill it in the middle of its work, launch it again on the same data, stop
it for a while, freeze it. Each call returns when the state that it names is reached.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import ClassVar

from tests.servers.home import Home, give_to, user_of_servers

READY_SECONDS = 180
"""Elasticsearch takes 11 s on two idle cores; a loaded machine gets far more before it counts as failed."""

STOP_SECONDS = 60
_GONE_SECONDS = 2.0


class DidNotStart(Exception):
    """The server ended or did not answer in time; the text holds the end of its log."""


class Server(ABC):
    """A server in HOME/run/NAME. `settings` are added to the file of settings and win over it."""

    template: ClassVar[str]
    """The file of settings in this folder: `key=value` or `key: value` lines with $names."""

    separator: ClassVar[str]

    def __init__(self, home: Home, name: str, settings: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.name = name
        self.folder = home.running / name
        self._settings = dict(settings or {})

    @property
    @abstractmethod
    def url(self) -> str:
        """The address as diembao's settings take it."""

    @abstractmethod
    def _command(self) -> Sequence[str]: ...

    @abstractmethod
    def _answers(self) -> bool:
        """Does it do real work, not only listen?"""

    @abstractmethod
    def _lay_out(self) -> None:
        """Write what the server needs in its empty folder; the settings are written for every launch."""

    def start(self) -> None:
        """Begin with empty data."""
        self.prepare()
        self.launch()

    def prepare(self) -> None:
        """An empty folder, laid out; a test may add files to it before `launch`."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        (self.folder / "ports").write_text(" ".join(str(port) for port in _free_ports(2)))
        self._lay_out()

    def launch(self) -> None:
        """Start on the data that is there, on the same ports, and wait until it answers."""
        if self.log.exists():
            self.log.replace(self.log.with_name("output.before.log"))
        user = user_of_servers()
        give_to(user, self.folder)
        # The shell leaves at once and says the number: no child of ours is left that a test would have to wait for.
        shell = ["sh", "-c", 'exec 3>&1 >>"$0" 2>&1 </dev/null; "$@" 3>&- & echo $! >&3', str(self.log)]
        started = subprocess.run(
            [*shell, *self._command()],
            cwd=self._working_folder,
            env={**os.environ, **self._environment()},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            start_new_session=True,
            user=None if user is None else user.pw_uid,
            group=None if user is None else user.pw_gid,
            extra_groups=None if user is None else [],
        )
        self._wait_until_ready(int(started.stdout))

    def stop(self) -> None:
        """End it as an operator would; nothing happens when it does not run."""
        if (pid := self.pid) is not None:
            _send(pid, signal.SIGTERM)
            _send(pid, signal.SIGCONT)  # a frozen process takes its end only when it moves again
            if not self._gone(pid, STOP_SECONDS):
                self.kill()

    def kill(self) -> None:
        """SIGKILL: what a power cut or the kernel's memory killer does."""
        if (pid := self.pid) is not None:
            _send(pid, signal.SIGKILL)
            self._gone(pid, STOP_SECONDS)

    def restart(self) -> None:
        """Stop and start again on the same data and ports."""
        self.stop()
        self.launch()

    def pause(self) -> None:
        """Freeze: connections stay open and nothing answers."""
        if (pid := self.pid) is not None:
            _send(pid, signal.SIGSTOP)

    def resume(self) -> None:
        if (pid := self.pid) is not None:
            _send(pid, signal.SIGCONT)
            self._wait_until_ready(pid)

    def remove(self) -> None:
        """End it and forget its data."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pid(self) -> int | None:
        """The process that runs from this folder; None when there is none, also after a reboot of the machine."""
        try:
            pid = int((self.folder / "pid").read_text())
        except (FileNotFoundError, ValueError):
            return None
        return pid if self._runs(pid) else None

    @property
    def memory(self) -> int:
        """Resident bytes, 0 when it does not run."""
        status = Path(f"/proc/{self.pid}/status")
        if not status.exists():
            return 0
        return sum(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmRSS"))

    @property
    def ports(self) -> tuple[int, int]:
        """The clients' port and the one that the server speaks to itself on."""
        clients, own = (self.folder / "ports").read_text().split()
        return int(clients), int(own)

    @property
    def log(self) -> Path:
        """What it has said since it was launched."""
        return self.folder / "output.log"

    @property
    def _mark(self) -> str:
        """Stands in the process's command line, so that another process with a reused number is not taken for it."""
        return f"-Ddiembao.server={self.folder}"

    @property
    def _working_folder(self) -> Path:
        return self.folder

    def _environment(self) -> Mapping[str, str]:
        return {}

    def _write_settings(self, target: Path, **names: str | int) -> None:
        text = (Path(__file__).parent / self.template).read_text(encoding="utf-8")
        lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
        filled = Template(lines).substitute(names, folder=self.folder)
        settings = dict(line.split(self.separator, 1) for line in filled.splitlines()) | self._settings
        body = "".join(f"{key}{self.separator}{value}\n" for key, value in settings.items())
        target.write_text(body, encoding="utf-8")

    def _runs(self, pid: int) -> bool:
        """An ended process keeps its number until its parent has asked for it, but has no command line any more."""
        try:
            return self._mark.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return False

    def _gone(self, pid: int, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._runs(pid):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def _wait_until_ready(self, first: int) -> None:
        """`first`: the process that was started, which may hand over to the one in the file `pid`."""
        seen = time.monotonic()
        deadline = seen + READY_SECONDS
        while not self._answers():
            # Between fork and exec a process has no command line for a moment: one look is no proof of its end.
            if self._runs(first) or self.pid is not None:
                seen = time.monotonic()
            if time.monotonic() > min(deadline, seen + _GONE_SECONDS):
                tail = "".join(f"  {line}\n" for line in self.log.read_text(errors="replace").splitlines()[-30:])
                raise DidNotStart(f"{self.name} did not start; {self.log} ends:\n{tail}")
            time.sleep(0.1)


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _free_ports(count: int) -> list[int]:
    """Loopback ports below the kernel's range for outgoing connections.

    From that range, a client's connection could sit on the port while a killed server waits to be started again.
    """
    ports: list[int] = []
    while len(ports) < count:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            ports.append(port)
    return list(dict.fromkeys(ports)) if len(set(ports)) == count else _free_ports(count)
