"""One GET through its redirects, on the loop of the fetcher: every hop is judged, paced and routed like the first.

Redirects are followed by hand for that. Bodies are inflated here and not by the library, because a 4 MB gzip can hold
4 GB: inflating stops at the cap.
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver

from services.adapters.http.address_guard import Route, guarded_socket, passage
from services.adapters.http.inflate import Inflater, TooLarge
from services.domain.address import host_of, joined, refused_source, unsafe_address
from services.ports.fetcher import Failure, Request, Response, anywhere

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_ACCEPT = "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/html;q=0.8, */*;q=0.5"


class _Failed(Exception):
    """This GET ends here."""

    def __init__(self, failure: Failure, reason: str) -> None:
        super().__init__(reason)
        self.failure = failure


class _NotAsked(Exception):
    """The host of the request is another collector's by now."""


@dataclass(slots=True)
class _Chain:
    """One request on its way through redirects."""

    request: Request
    url: str
    left: float
    mine: Callable[[str], bool] = anywhere
    moved_to: str = ""
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Hop:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Getter:
    """Keeps the pace of each host and the one session; the options are those of HttpFetcher."""

    def __init__(
        self,
        *,
        user_agent: str,
        host_seconds: float,
        routes: Mapping[str, str],
        proxy: str,
        ca_bundle: str,
        ports: Sequence[int],
        max_redirects: int,
        resolver: AbstractResolver | None,
    ) -> None:
        self._headers = {"User-Agent": user_agent, "Accept": _ACCEPT, "Accept-Encoding": "gzip, deflate"}
        self._host_seconds = host_seconds
        self._routes = {host.lower(): Route.of(origin) for host, origin in routes.items()}
        self._proxy = proxy
        self._tls = ssl.create_default_context(cafile=ca_bundle) if ca_bundle else None
        self._ports = frozenset({80, 443, *ports})
        self._max_redirects = max_redirects
        self._resolver = resolver
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._free_at: dict[str, float] = {}
        self._session: aiohttp.ClientSession | None = None

    async def get(self, request: Request, mine: Callable[[str], bool]) -> Response:
        """The answer, or why there is none; only what nobody foresaw is raised."""
        chain = _Chain(request, request.url, request.deadline_seconds, mine)
        try:
            for _ in range(self._max_redirects + 1):
                hop = await self._hop(chain)
                location = hop.headers.get("location", "")
                if hop.status not in _REDIRECTS or not location:
                    return Response(request, hop.status, chain.url, hop.body, hop.headers, chain.moved_to)
                target = joined(chain.url, location)
                if not target:
                    raise _Failed("unreachable", "chuyển hướng đến địa chỉ hỏng / redirected to a broken address")
                if hop.status in _PERMANENT and chain.url == request.url:
                    chain.moved_to = target
                self._go_on(chain, target)
        except _NotAsked:
            return not_ours(request)
        except _Failed as failed:
            return failed_response(request, failed.failure, str(failed), chain)
        except (aiohttp.ClientError, OSError, ValueError, zlib.error) as error:
            return failed_response(request, "unreachable", words_of(error), chain)
        return failed_response(
            request, "too_many_redirects", f"quá {self._max_redirects} lần chuyển hướng / redirects", chain
        )

    def _go_on(self, chain: _Chain, target: str) -> None:
        """The next hop, unless its host is another's: whoever has it keeps its pace. What is unsafe is told first."""
        chain.url = target
        self._refuse_unsafe(chain)
        self._refuse_foreign(chain)

    def _refuse_foreign(self, chain: _Chain) -> None:
        """Before each GET, for hosts go to others meanwhile. Where the first has gone, all of it is to begin there."""
        host = host_of(chain.url)
        if chain.mine(host):
            return
        if host == host_of(chain.request.url):
            raise _NotAsked
        reason = f"chuyển hướng đến {chain.url}, máy chủ của bộ thu khác / another collector's host"
        raise _Failed("not_ours", reason)

    async def close(self) -> None:
        """End the session, in its loop."""
        if self._session is not None:
            await self._session.close()

    async def _hop(self, chain: _Chain) -> _Hop:
        self._refuse_unsafe(chain)
        async with self._turn(chain):
            started = _now()
            try:
                async with asyncio.timeout(chain.left):
                    return await self._get(chain)
            except TimeoutError:
                limit = chain.request.deadline_seconds
                raise _Failed("timeout", f"không xong trong {limit:g} giây / not done in {limit:g} s") from None
            finally:
                chain.left -= _now() - started

    async def _get(self, chain: _Chain) -> _Hop:
        host = host_of(chain.url)
        route = self._routes.get(host)
        target = route.target(chain.url) if route else chain.url
        proxy = None if route or not self._proxy else self._proxy
        with passage(route.address if route else None, proxied=proxy is not None) as here:
            try:
                async with self._opened().get(
                    target, headers=self._request_headers(chain, host), allow_redirects=False, proxy=proxy
                ) as answer:
                    chain.cookies.setdefault(host, {}).update({name: m.value for name, m in answer.cookies.items()})
                    headers = {name.lower(): value for name, value in answer.headers.items()}
                    body = b"" if answer.status in _REDIRECTS else await _body(answer, chain.request.max_bytes)
                    return _Hop(answer.status, headers, body)
            except TooLarge:
                limit = chain.request.max_bytes
                raise _Failed("too_large", f"lớn hơn {limit} byte / larger than {limit} bytes") from None
            except aiohttp.ClientConnectionError:
                if here.refused:
                    raise _Failed("refused_address", here.refused[0]) from None
                raise

    def _refuse_unsafe(self, chain: _Chain) -> None:
        host = host_of(chain.url)
        if reason := refused_source(host):
            raise _Failed("refused_source", reason)
        if host in self._routes:
            return
        if not host and chain.url == chain.request.url:
            raise _Failed("bad_url", "không phải địa chỉ http hay https / not an http or https address")
        if reason := unsafe_address(chain.url, self._ports):
            raise _Failed("refused_address", reason)

    def _request_headers(self, chain: _Chain, host: str) -> dict[str, str]:
        headers = dict(self._headers)
        if host in self._routes:
            headers["Host"] = urlsplit(chain.url).netloc.rpartition("@")[2]
        if chain.request.etag:
            headers["If-None-Match"] = chain.request.etag
        if chain.request.last_modified:
            headers["If-Modified-Since"] = chain.request.last_modified
        # Some papers answer with a redirect to themselves until their session cookie comes back; it goes to the host
        # that set it and lives as long as this one GET.
        if cookies := chain.cookies.get(host):
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return headers

    @asynccontextmanager
    async def _turn(self, chain: _Chain) -> AsyncIterator[None]:
        """One request at a time for each host, a pause after each. Held for one hop, so that none waits in a ring."""
        host = host_of(chain.url)
        async with self._turns[host]:
            await asyncio.sleep(max(0.0, self._free_at.get(host, 0.0) - _now()))
            self._refuse_foreign(chain)
            asked = True
            try:
                yield
            except aiohttp.ClientConnectorError:
                # Nobody was reached, so nobody is spared by waiting.
                asked = False
                raise
            finally:
                if asked:
                    self._free_at[host] = _now() + self._host_seconds

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                socket_factory=guarded_socket, ssl=self._tls or True, limit=64, resolver=self._resolver
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=20),
            )
        return self._session


async def _body(answer: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """The body, inflated. Raises TooLarge as soon as it is known to pass the cap."""
    if (answer.content_length or 0) > max_bytes:
        raise TooLarge
    inflater = Inflater(answer.headers.get("Content-Encoding", ""), max_bytes)
    parts = [inflater.feed(chunk) async for chunk in answer.content.iter_chunked(65536)]
    return b"".join(parts)


def _now() -> float:
    return asyncio.get_running_loop().time()


# From the special to the general; the first that fits is told.
_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (aiohttp.ClientConnectorDNSError, "không tìm thấy tên máy chủ / unknown host"),
    (aiohttp.ClientConnectorCertificateError, "chứng chỉ bảo mật không hợp lệ / invalid certificate"),
    (aiohttp.ClientSSLError, "không lập được kết nối bảo mật / TLS failed"),
    (aiohttp.ClientConnectorError, "không kết nối được máy chủ / cannot connect"),
    (aiohttp.ServerDisconnectedError, "máy chủ ngắt kết nối / the server hung up"),
    (aiohttp.ClientPayloadError, "nội dung đứt giữa chừng / the body was cut off"),
    (zlib.error, "nội dung nén bị hỏng / broken compression"),
)


def words_of(error: BaseException) -> str:
    """What went wrong, for the operator."""
    told = next((words for kind, words in _WORDS if isinstance(error, kind)), "lỗi khi tải / failed")
    return f"{told} ({type(error).__name__}: {error})"[:300]


def not_ours(request: Request) -> Response:
    """Of a request that was not made."""
    return failed_response(request, "not_ours", "máy chủ nay do bộ thu khác hỏi / another collector has the host now")


def failed_response(request: Request, failure: Failure, reason: str, chain: _Chain | None = None) -> Response:
    """Why there is no answer, and how far the request came."""
    return Response(
        request,
        final_url=chain.url if chain else request.url,
        moved_to=chain.moved_to if chain else "",
        failure=failure,
        reason=reason,
    )
