"""Whoever wrote it: no name of theirs reaches the bus or the ledger, wherever a feed or page puts it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.domain.events import COLLECTED, UNMATCHED
from services.ports.extractor import Extractor
from services.rulebook.book import Rulebook
from tests.attacks.test_hostile_feeds import GOOD
from tests.collector.newsroom import Newsroom, newsroom
from tests.collector.test_collect import BODY, DATE, LEAD, PRESS
from tests.press_server import Answer, PressServer, item, page, rss

KINDS = ("entry", "article", "pending", "feed", "feed_day", "later", "alias")
NAMES = st.tuples(
    st.sampled_from(["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Đặng"]),
    st.sampled_from(["Văn", "Thị", "Minh", "Ngọc"]),
    st.sampled_from(["Quýt", "Xoan", "Khế", "Vải", "Ổi"]),
).map(" ".join)
IN_FEED = (
    "<author>{}</author>",
    "<dc:creator>{}</dc:creator>",
    "<DC:Creator>{}</DC:Creator>",
    "<itunes:author>{}</itunes:author>",
    "<atom:author><atom:name>{}</atom:name></atom:author>",
    "<media:credit>{}</media:credit>",
    "<contributor>{}</contributor>",
)
IN_HEAD = (
    '<meta name="author" content="{}">',
    '<meta property="article:author" content="{}">',
    '<meta name="dc.creator" content="{}">',
    '<script type="application/ld+json">{{"@type":"NewsArticle","author":{{"@type":"Person","name":"{}"}}}}</script>',
    '<link rel="author" href="/tac-gia" title="{}">',
)
AT_END = ("{}", "Tác giả: {}", "Bài, ảnh: {}", "")
SPACES = ' xmlns:dc="d" xmlns:DC="D" xmlns:itunes="i" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="m"'


@pytest.fixture
def opened(
    tmp_path_factory: pytest.TempPathFactory, press: PressServer, rules: Rulebook, extractor: Extractor
) -> Callable[[], AbstractContextManager[Newsroom]]:
    press.serve(PRESS, "/1.html", "")
    return lambda: newsroom(tmp_path_factory.mktemp("author"), press, rules, extractor, {"tot": GOOD})


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=NAMES,
    feed=st.sets(st.sampled_from(IN_FEED)),
    head=st.sets(st.sampled_from(IN_HEAD)),
    end=st.sampled_from(AT_END),
    read=st.booleans(),
)
def test_no_author_reaches_bus_or_ledger(
    opened: Callable[[], AbstractContextManager[Newsroom]],
    press: PressServer,
    name: str,
    feed: set[str],
    head: set[str],
    end: str,
    read: bool,
) -> None:
    more = "".join(sorted(feed)).replace("{}", name)
    press.serve_feed(PRESS, "/rss", rss("x", item("Của xã", f"https://{PRESS}/1.html", DATE, LEAD, more), SPACES))
    paragraphs = [*BODY, end.format(name)] if end else BODY
    html = page("Của xã", paragraphs, LEAD, "".join(part.format(name) for part in sorted(head)))
    press.answer(PRESS, "/1.html", Answer(200 if read else 404, html.encode(), {"Content-Type": "text/html"}))
    with opened() as room:
        room.collector.round()
        said = [delivery.message.value for topic in (COLLECTED, UNMATCHED) for delivery in room.bus.scan(topic)]
        kept = [held.value for kind in KINDS for held in room.ledger.scan(kind)]
    assert said
    assert name not in b"\n".join([*said, *kept]).decode()
