"""What `run` shows while it works: the feeds after the first poll, then a table that keeps itself up to date."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

from rich.console import Console
from rich.live import Live
from rich.table import Table

from services.domain.codec import decode
from services.domain.events import COLLECTED, ENRICHED, PARKED, UNMATCHED
from services.domain.feed import FeedCursor
from services.domain.feed.words import STATES
from services.ports.errors import PortError
from services.ports.ledger import Ledger
from services.rulebook.book import Rulebook
from services.wiring import Services


def feed_lines(ledger: Ledger, rules: Rulebook) -> Iterator[str]:
    """A line for each enabled feed that could not be read, with what was met."""
    for held in ledger.scan("feed"):
        cursor = decode(held.value, FeedCursor)
        feed = rules.feeds.get(cursor.feed)
        if feed is not None and feed.enabled and cursor.state != "ok":
            yield f"  {cursor.feed}: {STATES[cursor.state]} / {cursor.state}: {cursor.detail or feed.url}"


def show(services: Services, stop: threading.Event) -> None:
    """Until `stop`: a live table on a terminal, nothing in a pipe."""
    if not sys.stderr.isatty():
        stop.wait()
        return
    with Live(_table(services), console=Console(stderr=True), refresh_per_second=2) as live:
        while not stop.wait(2):
            live.update(_table(services))


def _table(services: Services) -> Table:
    table = Table(title="Điểm Báo đang chạy (Ctrl+C để dừng)", title_justify="left")
    for heading in ("Việc", "Số"):
        table.add_column(heading)
    try:
        for name, number in _figures(services):
            table.add_row(name, str(number))
    except PortError as error:
        table.add_row("chưa đọc được số liệu", str(error))
    return table


def _figures(services: Services) -> Iterator[tuple[str, int]]:
    bus = services.bus
    yield "mục chờ đọc trang", sum(1 for _ in services.ledger.scan("pending"))
    yield "bài về địa phương đã thu", bus.size(COLLECTED)
    yield "bài không liên quan", bus.size(UNMATCHED)
    yield "bài chờ phân tích", bus.lag(COLLECTED, "enricher")
    yield "bài trong kho", services.archive.count()
    yield "bài chờ chọn tin", bus.lag(ENRICHED, "alerter")
    yield "bản ghi lỗi (diembao parked)", bus.size(PARKED)
