"""The sample press on loopback: one server for all its newspapers, told apart by the Host header.

What it serves depends on the clock of the run: an item is in its feed from the hour it went online, its text changes
when the newspaper edits it. Feeds carry an ETag and answer 304 when nothing is new.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from samples.press.content import Item
from samples.press.pages import PAPERS, Paper, article_page


class SamplePress:
    """Serves `items` as they stand at `now()`. A context manager; `routes` is for the fetcher."""

    def __init__(self, items: Sequence[Item], now: Callable[[], datetime], port: int = 0) -> None:
        self._items = items
        self._now = now
        self._papers = {paper.host: paper for paper in PAPERS}
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def routes(self) -> dict[str, str]:
        return dict.fromkeys(self._papers, self.origin)

    def __enter__(self) -> SamplePress:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, host: str, path: str) -> tuple[int, str, str]:
        """(status, content type, body) of an address at this hour."""
        paper = self._papers.get(host)
        path = path.partition("?")[0]
        if paper is None:
            return 404, "text/plain; charset=utf-8", "không có báo này"
        online = [item for item in self._items if item.outlet == paper.outlet and item.online <= self._now()]
        if path == paper.feed_path:
            return 200, *paper.render(paper, online[::-1])
        for item in online:
            if path == paper.path(item) and item.page != "missing":
                return 200, "text/html; charset=utf-8", self._page(paper, item, online)
        return 404, "text/html; charset=utf-8", "<html><body><h1>404</h1><p>Không tìm thấy trang.</p></body></html>"

    def _page(self, paper: Paper, item: Item, online: Sequence[Item]) -> str:
        others = [other for other in online[::-1] if other.id != item.id][:3]
        return article_page(paper, item, self._now(), others)


def _handler(press: SamplePress) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            host = (self.headers.get("Host") or "").partition(":")[0].lower()
            status, kind, text = press.answer(host, self.path)
            body = text.encode()
            tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            if status == 200 and self.headers.get("If-None-Match") == tag:
                status, body = 304, b""
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("ETag", tag)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
            """Requests are not news."""

    return Handler
