"""Journey (b): real articles as a press of our making, in eight papers' feeds and pages over ten working mornings.

The articles are old; here each is given a day of the journey, all of one event within two days. A few claim to be
weeks older than the hour at which they appear, as moved and late items do.
"""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from samples.press.content import Item, local
from samples.press.pages import PAPERS, Paper
from services.domain.text import sentences
from tests.journey.office import shipped_feeds

SEED = 20260706
FEEDS = (
    "vnexpress-tin-moi",
    "tuoi-tre-tin-moi",
    "thanh-nien-trang-chu",
    "dong-nai-bao",
    "tien-phong-trang-chu",
    "sggp-trang-chu",
    "nhan-dan-trang-chu",
    "vietnamplus-trang-chu",
)
"""Shipped feeds; each is written in the manner of one sample paper: seven dialects of dates and descriptions."""
START = local("2026-07-04T06:00")
"""A Saturday: what came out before Monday morning is the first poll's."""
_LEAST_LEAD, _LONGEST_LEAD = 40, 400
_AFTER_HOURS = 36
"""How long papers write about one event."""


def papers() -> tuple[Paper, ...]:
    """Eight papers at the addresses of the shipped feeds."""
    dialects = [paper for paper in PAPERS if paper.outlet not in ("mau-news", "bao-chieu", "bao-toi")]
    rows = shipped_feeds()
    found = []
    for number, feed in enumerate(FEEDS):
        parts = urlsplit(rows[feed]["url"])
        dialect = dialects[number % len(dialects)]
        found.append(replace(dialect, outlet=rows[feed]["outlet"], host=parts.hostname or "", feed_path=parts.path))
    return tuple(found)


def load_corpus(folder: Path, about: int, background: int, days: int) -> list[Item]:
    """So many articles about the place and so many others (a seeded choice), over these days from START."""
    chance = random.Random(SEED)
    rows = _chosen(folder / "binhphuoc.jsonl", about, chance) + _chosen(folder / "background.jsonl", background, chance)
    outlets = [paper.outlet for paper in papers()]
    events: dict[str, float] = {}
    items = []
    for row in rows:
        happened = events.setdefault(row.get("story") or _name(row), chance.uniform(0, days * 24 - _AFTER_HOURS))
        hours = happened + chance.uniform(0, _AFTER_HOURS)
        items.append(_item(row, chance.choice(outlets), START + timedelta(hours=hours), chance))
    return sorted(items, key=lambda item: (item.online, item.id))


def _chosen(path: Path, number: int, chance: random.Random) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return rows if number >= len(rows) else chance.sample(rows, number)


def _item(row: dict[str, Any], outlet: str, online: datetime, chance: random.Random) -> Item:
    online = online.replace(second=0, microsecond=0)
    late = timedelta(days=chance.uniform(3, 25)) if chance.random() < 0.05 else timedelta(minutes=5)
    lead, body = _parted(row["text"])
    return Item(
        id=_name(row),
        outlet=outlet,
        at=_written(online),
        published=_written(online - late),
        title=row["title"],
        lead=lead,
        body=body,
    )


def _name(row: dict[str, Any]) -> str:
    return hashlib.sha256(f"{row['source']}\n{row['title']}\n{row['text']}".encode()).hexdigest()[:12]


def _parted(text: str) -> tuple[str, str]:
    """The first sentences as the lead, the rest as the body; a short text is all body."""
    spans = sentences(text)
    end = spans[0][1] if spans else 0
    if len(spans) < 2 or not _LEAST_LEAD <= end <= _LONGEST_LEAD:
        return "", text
    return text[:end].strip(), text[end:].strip()


def _written(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat()
