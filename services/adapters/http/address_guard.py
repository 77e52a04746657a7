"""The guard at the socket: it sees the very address that is connected to, after every redirect and name lookup.

`requests` and feedparser reach loopback through redirects, rebinding names and v4-in-v6; a check of the URL alone
cannot stop a name that resolves to 10.0.0.1, so the decision is made where the connection is.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from services.domain.address import literal_address, refused_address

AddrInfo = tuple[Any, ...]


class RefusedAddress(OSError):
    """The name resolved to an address that is not one of the public internet."""


@dataclass(slots=True)
class Passage:
    """What one hop may connect to, and what was refused to it."""

    allowed: tuple[str, int] | None = None
    """An exact address and port for which the guard is lifted (a route)."""
    proxied: bool = False
    """The connection goes to the operator's own proxy; the guard judges only the address as written."""
    refused: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Route:
    """An exact origin in place of a host; the guard is lifted for its address and port and nothing else."""

    origin: str
    address: tuple[str, int]

    @classmethod
    def of(cls, text: str) -> Route:
        """From `http://127.0.0.1:8080`. Raises ValueError for anything but an origin at a literal address."""
        parts = urlsplit(text)
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https") or literal_address(host) is None or parts.path.strip("/"):
            raise ValueError(f"a route is an origin such as http://127.0.0.1:8080, not {text!r}")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return cls(f"{parts.scheme}://{parts.netloc}", (host, port))

    def target(self, url: str) -> str:
        """Where a request for this address goes."""
        parts = urlsplit(url)
        return self.origin + (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


_PASSAGE: ContextVar[Passage | None] = ContextVar("passage", default=None)


@contextmanager
def passage(allowed: tuple[str, int] | None = None, proxied: bool = False) -> Iterator[Passage]:
    """Connections made inside belong to this hop."""
    here = Passage(allowed, proxied)
    token = _PASSAGE.set(here)
    try:
        yield here
    finally:
        _PASSAGE.reset(token)


def guarded_socket(info: AddrInfo) -> socket.socket:
    """The socket for one resolved address; raises RefusedAddress instead when it is not public."""
    family, kind, proto, _, address = info
    here = _PASSAGE.get() or Passage()
    if not here.proxied and (address[0], address[1]) != here.allowed:
        reason = refused_address(ipaddress.ip_address(address[0].split("%")[0]))
        if reason is not None:
            here.refused.append(reason)
            raise RefusedAddress(reason)
    return socket.socket(family, kind, proto)
