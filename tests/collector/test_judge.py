"""The collector knows no tone yet: what a running watch may still catch is collected."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.collector.judge import judge
from services.domain.article import Article
from services.domain.events import COLLECTED, UNMATCHED
from services.rulebook.folder import write_texts
from services.rulebook.load import load
from tests.rulebook.conftest import SMALL

MORNING = datetime(2026, 11, 23, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "topic"),
    [
        ("topic:rung", COLLECTED),
        ("topic:rung tone:critical", COLLECTED),
        ("topic:rung -tone:critical", COLLECTED),
        ("topic:rung (tone:critical OR tone:incident)", COLLECTED),
        ("topic:rung -(tone:critical OR lâm)", COLLECTED),
        ("topic:rung -(tone:critical OR rừng)", UNMATCHED),
        ("place:tinh-mau tone:critical", UNMATCHED),
        ("topic:rung tone:critical cháy", UNMATCHED),
    ],
)
def test_collected_when_a_watch_is_not_surely_false(tmp_path: Path, query: str, topic: str) -> None:
    watches = f"- id: w\n  name: W\n  query: {query}\n  recipients: [analyst]\n"
    write_texts(tmp_path, {**SMALL, "watches.yaml": watches})
    article = Article(
        article_id="a",
        title="Nạn phá rừng, phá rừng",
        source_class="press",
        first_seen=MORNING,
        seen_at=MORNING,
    )
    found, message = judge(article, load(tmp_path))
    assert (found, message.watches) == (topic, ["w"] if topic == COLLECTED else [])
    assert message.reading.verdict == "none"
