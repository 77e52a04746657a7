"""A press on loopback for tests: canned feeds and pages, and everything that a hostile or broken server does.

`with PressServer() as press: press.serve("bao.vn", "/rss", feed_xml); HttpFetcher(routes=press.routes, ...)`. Every
host of the test is routed to the one server, which tells them apart by the Host header.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from xml.sax.saxutils import escape

CHALLENGE = (
    "<html><head><title>Just a moment...</title></head><body><script>"
    "document.cookie='D1N=1';window.location.reload(true);</script><noscript>Enable JavaScript</noscript></body></html>"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one address answers. `stream` yields the body piece by piece, for slow and endless ones."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: Callable[[], Iterator[bytes]] | None = None


Route = Answer | Callable[[Mapping[str, str]], Answer]
"""A canned answer, or a function of the request's headers (names in lower case)."""


class PressServer:
    """Threaded HTTP server on 127.0.0.1; `requests` lists (host, path, time) in order of arrival."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, str], Route] = {}
        self.requests: list[tuple[str, str, float]] = []
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.port: int = self._server.server_address[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> PressServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def routes(self) -> dict[str, str]:
        """For the fetcher: each host that serves something, at this server's origin."""
        return {host: self.origin for host, _ in self._routes}

    def serve(
        self, host: str, path: str, body: str | bytes, content_type: str = "text/html; charset=utf-8", **headers: str
    ) -> None:
        """Answer 200 with this body. Header names: `last_modified=` is Last-Modified."""
        data = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-").title(): value for name, value in headers.items()}
        self.answer(host, path, Answer(body=data, headers={"Content-Type": content_type, **named}))

    def serve_feed(self, host: str, path: str, body: str | bytes) -> None:
        self.serve(host, path, body, "application/rss+xml; charset=utf-8")

    def redirect(self, host: str, path: str, target: str, status: int = 302) -> None:
        self.answer(host, path, Answer(status, headers={"Location": target}))

    def answer(self, host: str, path: str, route: Route) -> None:
        """Register, or replace, what this address answers. Other addresses answer 404."""
        self._routes[host.lower(), path] = route

    def find(self, host: str, path: str, headers: Mapping[str, str]) -> Answer:
        self.requests.append((host, path, time.monotonic()))
        route = self._routes.get((host, path)) or self._routes.get((host, path.split("?")[0]))
        if route is None:
            return Answer(404, b"not here", {"Content-Type": "text/plain"})
        return route if isinstance(route, Answer) else route(headers)


def rss(title: str, items: str, extra: str = "") -> str:
    """An RSS 2.0 envelope around `items` (see `item`)."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"{extra}><channel><title>{escape(title)}</title>'
        f"<link>http://bao.example/</link><description>{escape(title)}</description>{items}</channel></rss>"
    )


def item(title: str, link: str, date: str = "", lead: str = "", more: str = "") -> str:
    """One `<item>`; the lead goes into CDATA as it is, markup and all."""
    dated = f"<pubDate>{escape(date)}</pubDate>" if date else ""
    linked = f"<link>{escape(link)}</link><guid>{escape(link)}</guid>" if link else ""
    described = f"<description><![CDATA[{lead}]]></description>"
    return f"<item><title>{escape(title)}</title>{linked}{dated}{described}{more}</item>"


def page(title: str, paragraphs: list[str], lead: str = "", head: str = "") -> str:
    """An article page as newspapers lay them out."""
    body = "\n".join(f"<p>{escape(text)}</p>" for text in paragraphs)
    return (
        f'<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta property="og:title" content="{escape(title)}">'
        f'<meta name="description" content="{escape(lead)}">{head}</head><body><header><nav>Trang chủ</nav></header>'
        f"<article><h1>{escape(title)}</h1><p class='sapo'>{escape(lead)}</p>{body}</article>"
        "<footer>Bản quyền</footer></body></html>"
    )


def drip(seconds: float = 1.0, byte: bytes = b" ") -> Answer:
    """One byte at a time, for ever."""

    def stream() -> Iterator[bytes]:
        while True:
            yield byte
            time.sleep(seconds)

    return Answer(headers={"Content-Type": "application/rss+xml"}, stream=stream)


def gzip_bomb(megabytes: int) -> Answer:
    """A gzip of `megabytes` of spaces, a thousandth of that on the wire."""

    def stream() -> Iterator[bytes]:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        block = b" " * 1_000_000
        for _ in range(megabytes):
            if part := packer.compress(block):
                yield part
        yield packer.flush()

    return Answer(headers={"Content-Type": "application/rss+xml", "Content-Encoding": "gzip"}, stream=stream)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what half of these tests are about."""


def _handler(press: PressServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet: two would wait for each other's acknowledgement.
        wbufsize = 65536
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            host = (self.headers.get("Host") or "").split(":")[0].lower()
            answer = press.find(host, self.path, {name.lower(): value for name, value in self.headers.items()})
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.stream is None:
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
                return
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            for part in answer.stream():
                self.wfile.write(part)
                self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the library's
            pass

    return Handler
