"""A proxy on loopback before a real Elasticsearch: everything passes, but for the faults that a test asks for.

The server behind it really does, or does not do, what the answer then hides: no answer is made up but the refusals.
"""

from __future__ import annotations

import gzip
import http.client
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

import msgspec

ReadFault = Literal["busy", "late", "reset"]
"""What befalls a request that reads."""
Fault = ReadFault | Literal["lost", "partly busy", "partly done, lost"]
"""What befalls a bulk request.

busy: 429, nothing is done. lost: all is done, the connection breaks before the answer. late: all is done, the answer
comes after LATE_SECONDS. reset: nothing is done, the connection breaks. partly busy: every second item is done, the
others are answered 429. partly done, lost: every second item is done, the connection breaks.
"""
LATE_SECONDS = 1.5
_READS = re.compile(r"/_(mget|search|pit|refresh|count)\b")
_BUSY = {"error": {"type": "es_rejected_execution_exception", "reason": "rejected by the test"}, "status": 429}


class FaultyElasticsearch:
    """`url` passes on to the server; each bulk request takes the next of `faults`, each one that reads (also one that
    opens or closes a point in time) the next of `read_faults`; None: it passes.
    """

    def __init__(self, target: str) -> None:
        split = urlsplit(target)
        self.target = (split.hostname or "", split.port or 0)
        self.faults: list[Fault | None] = []
        self.read_faults: list[ReadFault | None] = []
        self.requests: list[str] = []
        """Method and path of each request, in the order of arrival."""
        self._lock = threading.Lock()
        proxy = self

        class Handler(_Handler):
            owner = proxy

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def take(self, method: str, path: str) -> Fault | None:
        with self._lock:
            self.requests.append(f"{method} {path}")
            if "_bulk" in path:
                return self.faults.pop(0) if self.faults else None
            return self.read_faults.pop(0) if self.read_faults and _READS.search(path) else None


@contextmanager
def faulty_elasticsearch(target: str) -> Iterator[FaultyElasticsearch]:
    """A proxy before the server at `target`, until the block ends."""
    proxy = FaultyElasticsearch(target)
    thread = threading.Thread(target=proxy.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.server.shutdown()
        thread.join()
        proxy.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    owner: FaultyElasticsearch
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: two would wait 40 ms for each other's acknowledgement.
    wbufsize = 65536
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        match self.owner.take(self.command, self.path):
            case None:
                self._answer(*self._pass_on(body))
            case "busy":
                self._answer(429, msgspec.json.encode(_BUSY))
            case "lost":
                self._pass_on(body)
                self._break()
            case "late":
                answer = self._pass_on(body)
                time.sleep(LATE_SECONDS)
                self._answer(*answer)
            case "reset":
                self._break()
            case "partly busy":
                self._answer(*self._half(body))
            case "partly done, lost":
                self._half(body)
                self._break()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815  the names that http.server calls

    def _pass_on(self, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(*self.owner.target, timeout=60)
        kept = {name: value for name, value in self.headers.items() if name.lower() in ("content-type", "accept")}
        connection.request(self.command, self.path, body or None, kept)
        answer = connection.getresponse()
        read = answer.read()
        connection.close()
        return answer.status, read

    def _half(self, body: bytes) -> tuple[int, bytes]:
        """Every second item passed on, the others turned away; items as the client sent them."""
        lines = [line for line in body.split(b"\n") if line]
        items: list[list[bytes]] = []
        while lines:
            taken = 1 if "delete" in msgspec.json.decode(lines[0]) else 2
            action = [lines.pop(0) for _ in range(taken)]
            items.append(action)
        passed = b"".join(line + b"\n" for item in items[::2] for line in item)
        status, answer = self._pass_on(passed)
        done = iter(msgspec.json.decode(answer)["items"])
        told = [next(done) if place % 2 == 0 else {"index": _BUSY} for place in range(len(items))]
        return status, msgspec.json.encode({"took": 1, "errors": True, "items": told})

    def _answer(self, status: int, body: bytes) -> None:
        try:
            self.send_response(status)
            self.send_header("content-type", "application/vnd.elasticsearch+json;compatible-with=8")
            self.send_header("x-elastic-product", "Elasticsearch")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True  # the client has given up

    def _break(self) -> None:
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass
