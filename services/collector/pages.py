"""Article pages: fetched with hosts in parallel, read by the extractor as they arrive.

A host that hangs costs one deadline, not one for each page: a call ends when every host has had the time for one
page, and a host that twice did not answer is left in peace for a while.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from services.collector.build import PageRead, Refused
from services.domain.address import host_of
from services.ports.clock import Clock
from services.ports.errors import PortError, Unprocessable
from services.ports.extractor import ExtractedPage, Extractor
from services.ports.fetcher import Fetcher, Request, Response, was_not_asked
from services.ports.hosts import Hosts
from services.settings import CollectorSettings

_log = structlog.get_logger()

# A page with fewer characters than this and no lead is a wall, a login or an empty frame.
_LEAST_TEXT = 80
_SILENCES = 2
_PEACE = timedelta(minutes=5)


class Pages:
    """What each address gave; a page that cannot be read is an answer too."""

    def __init__(
        self, settings: CollectorSettings, fetcher: Fetcher, extractor: Extractor, clock: Clock, hosts: Hosts
    ) -> None:
        self._hosts = hosts
        self._settings = settings
        self._fetcher = fetcher
        self._extractor = extractor
        self._clock = clock
        self._silences: Counter[str] = Counter()
        self._silent_since: dict[str, datetime] = {}

    def read(self, links: Sequence[str]) -> dict[str, PageRead]:
        """By link; a link is missing where its host was too slow for this call, or is another's by now: ask again.

        Bodies are dropped as soon as they are read: only their text is held. Raises Unavailable.
        """
        reads: dict[str, PageRead] = {}
        requests: list[Request] = []
        for link in dict.fromkeys(links):
            if self._is_silent(host_of(link)):
                reads[link] = PageRead(link)
            else:
                requests.append(self._request(link))
        # Each host's first page has its whole deadline in it, so that every call brings something.
        seconds = self._settings.page_deadline_seconds + self._settings.host_seconds + 1
        for response in self._fetcher.fetch(requests, seconds, self._hosts.mine):
            if was_not_asked(response):
                continue
            self._listen(response)
            reads[response.request.url] = self._page(response)
        return reads

    def _request(self, link: str) -> Request:
        settings = self._settings
        return Request(link, max_bytes=settings.max_page_bytes, deadline_seconds=settings.page_deadline_seconds)

    def _is_silent(self, host: str) -> bool:
        since = self._silent_since.get(host)
        return since is not None and abs(self._clock.now() - since) < _PEACE

    def _listen(self, response: Response) -> None:
        host = host_of(response.request.url)
        if response.failure not in ("unreachable", "timeout"):
            self._silences.pop(host, None)
            self._silent_since.pop(host, None)
            return
        self._silences[host] += 1
        if self._silences[host] >= _SILENCES:
            self._silent_since[host] = self._clock.now()

    def _page(self, response: Response) -> PageRead:
        # Also of a GET that failed: whose article it is was decided by the redirects before.
        final_url = response.final_url or response.request.url
        if response.failure in ("refused_address", "refused_source"):
            return PageRead(final_url, refused=Refused(response.failure, response.reason))
        if response.failure == "not_ours":
            return PageRead(final_url, elsewhere=final_url)
        kind = response.headers.get("content-type", "text/html").lower()
        readable = "html" in kind or "text/plain" in kind or "xml" in kind
        if response.failure is not None or response.status != 200 or not readable:
            return PageRead(final_url)
        return PageRead(final_url, self._text(response, final_url))

    def _text(self, response: Response, final_url: str) -> ExtractedPage | None:
        try:
            page = self._extractor.extract(response.body, final_url)
        except Unprocessable:
            return None
        except PortError:
            raise
        except Exception:  # noqa: BLE001  the whole trace is logged; the article is built from its feed
            _log.exception("unexpected", page=final_url, hint="the page counts as unreadable; please report")
            return None
        return page if len(page.text) >= _LEAST_TEXT or (page.text and page.lead) else None
