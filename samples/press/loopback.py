"""One HTTP server on 127.0.0.1 for many newspapers, told apart by the Host header.

What an address answers is the press's to say; answers carry an ETag and become 304 when the reader has them already.
"""

from __future__ import annotations

import hashlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


def at_once() -> None:
    """A server that does not wait."""


class Loopback(ABC):
    """A context manager; `routes` is for the fetcher. `wait` is called before each answer."""

    def __init__(self, hosts: Iterable[str], wait: Callable[[], None] = at_once) -> None:
        self._hosts = tuple(hosts)
        self._server = _Server(("127.0.0.1", 0), _handler(self, wait))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @abstractmethod
    def answer(self, host: str, path: str) -> tuple[int, str, str]:
        """(status, content type, body) of an address now; the path is without its query. Of a redirect (301, 302) the
        body is where it leads.
        """

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def routes(self) -> dict[str, str]:
        return dict.fromkeys(self._hosts, self.origin)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def _handler(press: Loopback, wait: Callable[[], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet: two would wait for each other's acknowledgement.
        wbufsize = 65536
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            wait()
            host = (self.headers.get("Host") or "").partition(":")[0].lower()
            status, kind, text = press.answer(host, self.path.partition("?")[0])
            body = text.encode()
            tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            if status == 200 and self.headers.get("If-None-Match") == tag:
                status, body = 304, b""
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("ETag", tag)
            if status in (301, 302):
                self.send_header("Location", text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
            """Requests are not news."""

    return Handler
