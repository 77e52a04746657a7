"""What `run` shows while it works: the feeds after the first poll, then a table that keeps itself up to date."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.live import Live
from rich.table import Table

from services.collector.records import PENDING
from services.domain.codec import decode
from services.domain.events import COLLECTED, ENRICHED, PARKED, UNMATCHED
from services.domain.feed import CURSOR, FeedCursor
from services.domain.feed.words import STATES
from services.ports.errors import PortError
from services.ports.ledger import Ledger
from services.rulebook.book import Rulebook
from services.wiring import Services

FEEDS_NAMED = 10
"""So many silent feeds are named; without a network it is all of them, for one cause."""


def feed_lines(ledger: Ledger, rules: Rulebook) -> Iterator[str]:
    """A line for each of the first enabled feeds that could not be read, with what was met; the others are counted."""
    cursors = (decode(held.value, FeedCursor) for held in ledger.scan(CURSOR))
    silent = [
        cursor
        for cursor in cursors
        if (feed := rules.feeds.get(cursor.feed)) is not None and feed.enabled and cursor.state != "ok"
    ]
    for cursor in silent[:FEEDS_NAMED]:
        said = cursor.detail or rules.feeds[cursor.feed].url
        yield f"  {cursor.feed}: {STATES[cursor.state]} / {cursor.state}: {said}"
    if others := Counter(STATES[cursor.state] for cursor in silent[FEEDS_NAMED:]):
        counts = ", ".join(f"{count} {state}" for state, count in others.most_common())
        yield f"  … và {others.total()} nguồn nữa: {counts}. Xem hết: diembao feeds"


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
    yield "mục chờ đọc trang", sum(1 for _ in services.ledger.scan(PENDING))
    yield "bài về địa phương đã thu", bus.size(COLLECTED)
    yield "bài không liên quan", bus.size(UNMATCHED)
    yield "bài chờ phân tích", bus.lag(COLLECTED, "enricher")
    yield "bài trong kho", services.archive.count()
    yield "bài chờ chọn tin", bus.lag(ENRICHED, "alerter")
    yield "bản ghi lỗi (diembao parked)", bus.size(PARKED)
