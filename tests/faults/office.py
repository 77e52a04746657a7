"""The services of an office as processes of their own, on servers of their own names, to be started and killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from services import resources
from services.settings import Settings, load_settings
from tests.faults.press import HOSTS

ROOT = Path(__file__).resolve().parents[2]
HOST_SECONDS = 1.0
_SETTINGS = """
office: {{name: Văn phòng thử}}
collector:
  host_seconds: {pause}
  routes: {{{routes}}}
digest: {{working_days: [T2, T3, T4, T5, T6, T7, CN], at: "{at}"}}
kafka: {{partitions: 4, hosts_partitions: 16}}
"""
_PEOPLE = """
people:
  - {login: chuyen-vien, name: Chuyên viên, email: chuyen-vien@thu.example, role: analyst}
  - {login: lanh-dao, name: Lãnh đạo, email: lanh-dao@thu.example, role: leadership}
  - {login: van-hanh, name: Vận hành, email: van-hanh@thu.example, role: operator}
"""


def write_config(folder: Path, routes: Mapping[str, str], at: str) -> Path:
    """The shipped configuration with the test's press as its feeds; the digest at this hour of Vietnam."""
    shutil.copytree(resources.config_dir(), folder)
    said = ", ".join(f'{host}: "{origin}"' for host, origin in routes.items())
    (folder / "diembao.yaml").write_text(_SETTINGS.format(pause=HOST_SECONDS, routes=said, at=at), encoding="utf-8")
    (folder / "people.yaml").write_text(_PEOPLE, encoding="utf-8")
    names = [(host.partition(".")[0], host) for host in HOSTS]
    (folder / "outlets.yaml").write_text(
        "".join(f"- {{id: {name}, name: {name}, hosts: [{host}], class: press}}\n" for name, host in names),
        encoding="utf-8",
    )
    feeds = [(f"{name}{feed}", f"https://{host}/{path}", name) for name, host in names for feed, path in _FEEDS]
    (folder / "feeds.yaml").write_text(
        "".join(f'- {{id: {id_}, url: "{url}", outlet: {name}, every_minutes: 10}}\n' for id_, url, name in feeds),
        encoding="utf-8",
    )
    return folder


_FEEDS = (("", "rss"), ("-khac", "rss-khac"))


class Office:
    """Services by name ("collector-1", "enricher-2"), each with a data folder of its own under `folder`."""

    def __init__(self, folder: Path, config: Path, stores: Mapping[str, str]) -> None:
        self._folder, self._config, self._stores = folder, config, dict(stores)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        data = self._folder / name
        data.mkdir(parents=True, exist_ok=True)
        service = name.partition("-")[0]
        command = [sys.executable, "-m", "services", service, "--config", str(self._config), "--data", str(data)]
        mail = {"DIEMBAO_MAIL": f"folder:{self._folder / 'mail'}"}
        with (data / "log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **self._stores, **mail}, stdout=log, stderr=log
            )

    def kill(self, name: str) -> None:
        """SIGKILL, in the middle of whatever it does."""
        self._processes[name].kill()
        self._processes[name].wait()

    def stop(self, name: str) -> int:
        """SIGTERM; returns the exit status."""
        self._processes[name].send_signal(signal.SIGTERM)
        return self._processes[name].wait(60)

    def stand_still(self, name: str, seconds: float) -> None:
        """SIGSTOP and, so much later, SIGCONT: a machine that slept, and does not know it."""
        self._processes[name].send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self._processes[name].send_signal(signal.SIGCONT)

    def doctor(self) -> str:
        """What `diembao doctor` says of the stores, asked from a machine that runs none of the services."""
        return self._command("doctor", self._stores, self._folder / "operator").stdout

    def back_up(self, file: Path) -> None:
        """`diembao backup FILE` of the stores as they are at work."""
        done = self._command("backup", self._stores, self._folder / "operator", str(file))
        assert done.returncode == 0, done.stderr

    def restored(self, file: Path) -> Settings:
        """That file restored into a folder of its own, without any server; the settings of that office."""
        data = self._folder / "restored"
        done = self._command("restore", {}, data, str(file))
        assert done.returncode == 0, done.stderr
        return load_settings(self._config, data, {})

    def _command(
        self, name: str, stores: Mapping[str, str], data: Path, *more: str
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "services", name, *more, "--config", str(self._config), "--data", str(data)]
        env = {**os.environ, **stores, "DIEMBAO_MAIL": f"folder:{self._folder / 'mail'}", "COLUMNS": "500"}
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)

    def alive(self) -> list[str]:
        return sorted(name for name, process in self._processes.items() if process.poll() is None)

    def log(self, name: str) -> str:
        return (self._folder / name / "log").read_text(encoding="utf-8", errors="replace")

    def letters(self) -> list[Path]:
        return sorted((self._folder / "mail").glob("*.eml"))

    def close(self) -> None:
        for process in self._processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()


@contextmanager
def office(folder: Path, config: Path, stores: Mapping[str, str]) -> Iterator[Office]:
    """Whatever still runs at the end is killed."""
    ours = Office(folder, config, stores)
    try:
        yield ours
    finally:
        ours.close()


def until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for it. Fails with `what` when it does not come to hold in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.5)
