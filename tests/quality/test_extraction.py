"""Real feeds and pages: what the extractor must not fall below; measured in November 2026, figures at each test."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.adapters.trafilatura_extractor import TrafilaturaExtractor
from services.collector.entries import entries_of
from services.domain.feed import Feed
from services.ports.errors import Unprocessable
from services.ports.extractor import Extractor


@pytest.fixture(scope="module")
def extractor() -> Iterator[Extractor]:
    opened = TrafilaturaExtractor()
    yield opened
    opened.close()


def test_every_vietnamese_feed_is_read_clean(press_data: Path, extractor: Extractor) -> None:
    """6,784 items of 238 files: no date lost, no markup left, no headline of another article in a lead."""
    feed = Feed(id="f", url="https://bao.vn/rss")
    items, wrong = 0, Counter[str]()
    for path in sorted((press_data / "feeds" / "vn").rglob("*.xml")):
        morning = datetime.fromisoformat(path.stem).replace(tzinfo=UTC)
        content = extractor.read_feed(path.read_bytes())
        for entry in entries_of(content.entries, feed, feed.url, morning):
            items += 1
            said = entry.title + " " + entry.lead
            wrong["no date"] += entry.published_at is None
            wrong["wrong date"] += entry.published_at is not None and not (
                timedelta(0) <= morning - entry.published_at + timedelta(hours=2) < timedelta(days=30)
            )
            wrong["no title"] += not entry.title
            wrong["markup"] += bool(re.search(r"</?[a-zA-Z]|&[a-z]{2,8};|&#\d+;", said))
    assert items == 6_784
    assert +wrong == Counter()


def test_every_odd_feed_is_answered(press_data: Path, extractor: Extractor) -> None:
    """feedparser's own 1,746 cases, ill-formed ones and strange encodings included: read or refused, never a crash."""
    read = refused = 0
    for path in sorted((press_data / "feeds" / "feedparser").rglob("*.xml")):
        try:
            extractor.read_feed(path.read_bytes())
            read += 1
        except Unprocessable:
            refused += 1
    assert read + refused > 1_700
    assert refused <= 10


def test_vietnamese_pages(press_data: Path, extractor: Extractor) -> None:
    """5 pages: every lead, and every time that the gold names; F1 of the words .99."""
    folder = press_data / "pages" / "vn"
    scores: list[float] = []
    for gold in json.loads((folder / "gold.json").read_text()):
        page = extractor.extract((folder / gold["file"]).read_bytes(), gold["url"])
        assert page.lead == gold["sapo"]
        assert (page.published_at is not None) or not gold["published"]
        scores.append(_f1(page.text, " ".join(gold["paragraphs"]), 1))
    assert sum(scores) / len(scores) >= 0.99


def test_pages_of_the_extraction_benchmark(press_data: Path, extractor: Extractor) -> None:
    """65 pages: mean F1 over runs of four words .957."""
    folder = press_data / "pages" / "aeb"
    scores: list[float] = []
    for name, gold in json.loads((folder / "ground-truth.json").read_text()).items():
        path = next((folder / "html").glob(name + "*"))
        body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        page = extractor.extract(body, gold.get("url", "https://example.com/x"))
        scores.append(_f1(page.text, gold["articleBody"], 4))
    assert len(scores) == 65
    assert sum(scores) / len(scores) >= 0.95


def _f1(found: str, gold: str, run: int) -> float:
    a, b = _runs(found, run), _runs(gold, run)
    both = (a & b).total()
    return 2 * both / (a.total() + b.total()) if both else 0.0


def _runs(text: str, run: int) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return Counter(tuple(words[start : start + run]) for start in range(len(words) - run + 1))
