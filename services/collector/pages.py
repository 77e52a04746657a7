"""Article pages: fetched with hosts in parallel, read by the extractor as they arrive."""

from __future__ import annotations

from collections.abc import Sequence

from services.collector.build import PageRead
from services.ports.errors import Unprocessable
from services.ports.extractor import Extractor
from services.ports.fetcher import Fetcher, Request, Response
from services.settings import CollectorSettings

# A page with fewer characters than this and no lead is a wall, a login or an empty frame.
_LEAST_TEXT = 80


class Pages:
    """What each address gave; a page that cannot be read is an answer too."""

    def __init__(self, settings: CollectorSettings, fetcher: Fetcher, extractor: Extractor) -> None:
        self._settings = settings
        self._fetcher = fetcher
        self._extractor = extractor

    def read(self, links: Sequence[str]) -> dict[str, PageRead]:
        """By link. Bodies are dropped as soon as they are read: only their text is held."""
        requests = [
            Request(
                link,
                max_bytes=self._settings.max_page_bytes,
                deadline_seconds=self._settings.page_deadline_seconds,
            )
            for link in dict.fromkeys(links)
        ]
        return {response.request.url: self._page(response) for response in self._fetcher.fetch(requests)}

    def _page(self, response: Response) -> PageRead:
        link = response.request.url
        if response.failure == "refused_address":
            return PageRead(link, refused_address=response.reason)
        if response.failure is not None:
            return PageRead(link)
        kind = response.headers.get("content-type", "text/html").lower()
        if response.status != 200 or not ("html" in kind or "text/plain" in kind or "xml" in kind):
            return PageRead(response.final_url)
        try:
            page = self._extractor.extract(response.body, response.final_url)
        except Unprocessable:
            return PageRead(response.final_url)
        readable = len(page.text) >= _LEAST_TEXT or (page.text and page.lead)
        return PageRead(response.final_url, page if readable else None)
