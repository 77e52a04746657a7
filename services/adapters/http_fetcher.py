"""HTTP GET with aiohttp on a loop of its own: guarded addresses, one pace for each host, hard limits on time and size.

Here: many requests at once, host beside host, until their time is over. http/getter.py: one of them.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue

from aiohttp.abc import AbstractResolver

from services.adapters.http.getter import Getter, failed_response, not_ours, words_of
from services.domain.address import host_of
from services.ports.errors import Unavailable
from services.ports.fetcher import Fetcher, Request, Response, anywhere, was_not_asked

# A host that did not answer so often in a row is not asked again in this round: 30 pages of a dead host, each with
# its deadline, would hold the round up for a quarter of an hour.
_SILENCES = 2


class HttpFetcher(Fetcher):
    """`routes` gives an exact origin for a host (`{"bao.vn": "http://127.0.0.1:8080"}`): tests and the sample press.

    `ports`: those allowed beside 80 and 443. `proxy`: all but routed requests go there; then the guard can judge
    only addresses as they are written, and names are the proxy's to resolve. `host_seconds`: least time between the
    end of one request to a host and the start of the next. `resolver`: in place of the system's.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        host_seconds: float = 1.0,
        routes: Mapping[str, str] | None = None,
        proxy: str = "",
        ca_bundle: str = "",
        ports: Sequence[int] = (),
        max_redirects: int = 8,
        parallel_hosts: int = 32,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._getter = Getter(
            user_agent=user_agent,
            host_seconds=host_seconds,
            routes=routes or {},
            proxy=proxy,
            ca_bundle=ca_bundle,
            ports=ports,
            max_redirects=max_redirects,
            resolver=resolver,
        )
        self._parallel_hosts = parallel_hosts
        self._closed = False
        self._closing = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fetcher", daemon=True)
        self._thread.start()

    def fetch(
        self,
        requests: Sequence[Request],
        within_seconds: float | None = None,
        mine: Callable[[str], bool] = anywhere,
    ) -> Iterator[Response]:
        answers: SimpleQueue[Response | None] = SimpleQueue()
        end = None if within_seconds is None else time.monotonic() + within_seconds
        # A loop that is about to stop would never run what is handed to it now.
        with self._closing:
            if self._closed:
                raise Unavailable("bộ tải trang đã đóng / the fetcher is closed")
            work = asyncio.run_coroutine_threadsafe(self._fetch_until(end, requests, mine, answers.put), self._loop)
        work.add_done_callback(lambda _: answers.put(None))
        try:
            for _ in requests:
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    return
                try:
                    answer = answers.get(timeout=left)
                except Empty:
                    return
                if answer is None:
                    if _ended_in_time(work):
                        return
                    raise Unavailable("bộ tải trang đã đóng / the fetcher is closed")
                yield answer
        finally:
            if not work.done():
                work.cancel()

    def close(self) -> None:
        """Also from another thread: a `fetch` that runs ends with Unavailable, so that a service can stop at once."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._getter.close()

    async def _fetch_until(
        self,
        end: float | None,
        requests: Sequence[Request],
        mine: Callable[[str], bool],
        emit: Callable[[Response], None],
    ) -> None:
        """Ends by itself at `end` (monotonic, which is the loop's time): the caller may be busy with an answer then."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(end):
                await self._fetch_all(requests, mine, emit)

    async def _fetch_all(
        self, requests: Sequence[Request], mine: Callable[[str], bool], emit: Callable[[Response], None]
    ) -> None:
        by_host: dict[str, list[Request]] = {}
        for request in requests:
            by_host.setdefault(host_of(request.url), []).append(request)
        places = asyncio.Semaphore(self._parallel_hosts)
        async with asyncio.TaskGroup() as group:
            for of_one_host in by_host.values():
                group.create_task(self._fetch_host(of_one_host, places, mine, emit))

    async def _fetch_host(
        self,
        requests: list[Request],
        places: asyncio.Semaphore,
        mine: Callable[[str], bool],
        emit: Callable[[Response], None],
    ) -> None:
        async with places:
            silences, lost = 0, False
            for request in requests:
                if lost:
                    emit(not_ours(request))
                    continue
                if silences >= _SILENCES:
                    emit(failed_response(request, "unreachable", "máy chủ không trả lời / the host does not answer"))
                    continue
                # gather turns whatever went wrong into a value: a failed GET is an answer, never an exception.
                [result] = await asyncio.gather(self._getter.get(request, mine), return_exceptions=True)
                if isinstance(result, BaseException):
                    result = failed_response(request, "unreachable", words_of(result))
                silences = silences + 1 if result.failure in ("unreachable", "timeout") else 0
                lost = was_not_asked(result)
                emit(result)


def _ended_in_time(work: Future[None]) -> bool:
    """Not closed in the middle, and nothing went wrong."""
    return work.done() and not work.cancelled() and work.exception() is None
