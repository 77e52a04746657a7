"""A key for a server of the tests, and the certificate by which its clients know it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.servers.machine_cache import java

PASSWORD = "of-the-store"


class KeyPair(NamedTuple):
    """`store` (PKCS #12, under PASSWORD) is the server's; `certificate` (PEM) is its own authority."""

    store: Path
    certificate: Path


def key_pair(folder: Path, address: str) -> KeyPair:
    """For a server at `address`, as `ip:127.0.0.1`; made by Java's keytool."""
    made = KeyPair(folder / "server.p12", folder / "ca.pem")
    tool = [str(java().with_name("keytool")), "-keystore", str(made.store), "-storepass", PASSWORD, "-alias", "server"]
    make = ["-genkeypair", "-keyalg", "EC", "-dname", "CN=server", "-ext", f"san={address}", "-validity", "2"]
    subprocess.run([*tool, *make], check=True, capture_output=True)
    subprocess.run([*tool, "-exportcert", "-rfc", "-file", str(made.certificate)], check=True, capture_output=True)
    return made
