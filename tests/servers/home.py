"""Where the servers live on this machine: the fetched programs, and a folder for each server that runs.

Outside the repository, so that `make clean` and a fresh checkout keep it. Elasticsearch refuses to run as root; then
both servers run as a system user of their own, and the folder must not lie in root's home, which nobody else enters.
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SYSTEM_USER = "diembao-servers"


class NotPossible(Exception):
    """This machine lacks something; the text says in plain words what to do."""


@dataclass(frozen=True, slots=True)
class Home:
    folder: Path

    @property
    def running(self) -> Path:
        """One folder for each server: its settings, data, log and process number."""
        return self.folder / "run"

    @property
    def addresses(self) -> Path:
        """JSON: {"kafka": "kafka://127.0.0.1:PORT", "elasticsearch": "http://127.0.0.1:PORT"}, for any program."""
        return self.folder / "servers.json"

    def make(self) -> None:
        """Raises NotPossible when root names a folder that the servers' own account could not enter."""
        self.running.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        closed = [parent for parent in self.folder.parents if not parent.stat().st_mode & 0o001]
        if os.geteuid() == 0 and closed:
            raise NotPossible(
                f"DIEMBAO_SERVERS_HOME: tài khoản {SYSTEM_USER} không vào được {closed[0]}, hãy chọn thư mục khác."
                f" / {SYSTEM_USER} cannot enter {closed[0]}; name another folder."
            )

    def write_addresses(self, addresses: Mapping[str, str]) -> None:
        new = self.addresses.with_suffix(".new")
        new.write_text(json.dumps(addresses, indent=2) + "\n", encoding="utf-8")
        new.replace(self.addresses)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Two `make servers` at the same time: the second waits and finds the work done."""
        with (self.folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def home_of(environ: Mapping[str, str]) -> Home:
    """DIEMBAO_SERVERS_HOME, else /var/cache for root and the user's own cache for others."""
    if named := environ.get("DIEMBAO_SERVERS_HOME"):
        return Home(Path(named).expanduser().absolute())
    if os.geteuid() == 0:
        return Home(Path("/var/cache/diembao-servers"))
    cache = environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Home(Path(cache).expanduser().absolute() / "diembao-servers")


def user_of_servers() -> pwd.struct_passwd | None:
    """The account that the servers run as; None = the one that runs this. Root makes it at first use."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        useradd = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        subprocess.run([*useradd, SYSTEM_USER], check=True)
        return pwd.getpwnam(SYSTEM_USER)


def give_to(user: pwd.struct_passwd | None, folder: Path) -> None:
    """Let the servers' account own `folder` and all that is in it."""
    if user is not None:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, user.pw_uid, user.pw_gid)
