"""The newspapers of a press as they stand at an hour.

What is served depends on the clock of the run: an item is in its feed from the hour it went online, its text changes
when the newspaper edits it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from samples.press.content import Item
from samples.press.loopback import Loopback, at_once
from samples.press.pages import PAPERS, Paper, article_page


class SamplePress(Loopback):
    """Serves `items` as they stand at `now()`, each in the paper of its outlet."""

    def __init__(
        self,
        items: Sequence[Item],
        now: Callable[[], datetime],
        papers: Sequence[Paper] = PAPERS,
        wait: Callable[[], None] = at_once,
    ) -> None:
        super().__init__((paper.host for paper in papers), wait=wait)
        self._now = now
        self._papers = {paper.host: paper for paper in papers}
        self._items = {paper.outlet: [item for item in items if item.outlet == paper.outlet] for paper in papers}

    def answer(self, host: str, path: str) -> tuple[int, str, str]:
        paper = self._papers.get(host)
        if paper is None:
            return 404, "text/plain; charset=utf-8", "không có báo này"
        now = self._now()
        online = [item for item in self._items[paper.outlet] if item.online <= now]
        if path == paper.feed_path:
            return 200, *paper.render(paper, online[::-1])
        for item in online:
            if path == paper.path(item) and item.page != "missing":
                others = [other for other in online[::-1] if other.id != item.id][:3]
                return 200, "text/html; charset=utf-8", article_page(paper, item, now, others)
        return 404, "text/html; charset=utf-8", "<html><body><h1>404</h1><p>Không tìm thấy trang.</p></body></html>"
