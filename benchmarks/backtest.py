"""How long a back-test of 90 days takes: seconds, by what was changed in watches.yaml or places.yaml.

    python -m benchmarks.backtest [--articles 100000] [--archived 0.4] [--lines FILE.jsonl] [--only NAME]

An installation of so many articles is made up first, on files of this machine: a share of them in the archive, the
rest unmatched. A few thousand were really read by the collector and the enricher; the others share what was found.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from benchmarks.articles import from_lines, made_up
from services import resources, wiring
from services.adapters.manual_clock import ManualClock
from services.collector.judge import judge
from services.desk.backtest.trial import backtest, totals
from services.domain.article import Article, hash_of, id_of
from services.domain.codec import encode
from services.domain.events import COLLECTED, ENRICHED, SCHEMA, UNMATCHED, Enriched
from services.enricher.neighbours import Neighbours, Remembered
from services.enricher.steps import enrich
from services.ports.archive import Archive
from services.ports.bus import Bus, Message
from services.ports.ledger import Ledger
from services.rulebook.accepted import WATCHES
from services.rulebook.book import Rulebook
from services.rulebook.load import load, load_texts
from services.settings import Settings, load_settings

DAYS = 90
PLACES = "places.yaml"
UNTIL = datetime(2026, 11, 20, tzinfo=UTC)
_AT_ONCE = 500
_READ = 3000
_WORDS = """
- id: tu-khoa
  name: Từ khóa
  query: '(place:binh-phuoc/any OR topic:nong_nghiep OR topic:ha_tang OR topic:van_hoa OR topic:su_viec)
    ("nhà văn hóa" OR "hồ tiêu" OR "cầu treo" OR "hạn hán" OR "sạt lở")'
  recipients: [leadership, analyst]
"""
_CITY = """
- id: ca-thanh-pho
  name: Cả thành phố
  query: "place:dong-nai"
  recipients: [analyst]
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--articles", type=int, default=100_000)
    arguments.add_argument("--archived", type=float, default=0.4)
    arguments.add_argument("--lines", type=Path)
    arguments.add_argument("--only", default="")
    given = arguments.parse_args()
    running = load(resources.config_dir(), samples=False)
    watches, places = running.texts[WATCHES], running.texts[PLACES]
    changes = {
        "nothing changed": {},
        "NOT-term added": {WATCHES: watches.replace("-topic:nhieu", "-topic:nhieu -topic:van_hoa")},
        "watch of words": {WATCHES: watches + _WORDS},
        "place not recorded": {WATCHES: watches + _CITY},
        "nickname of a place": {PLACES: places.replace("spellings: [Đakia,", "spellings: [Xứ Mưa Rừng, Đakia,")},
    }
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
        settings = load_settings(data_dir=Path(folder), environ={})
        bus = opened.enter_context(closing(wiring.open_bus(settings, ManualClock(UNTIL), create=True)))
        archive = opened.enter_context(closing(wiring.open_archive(settings, create=True)))
        ledger = opened.enter_context(closing(wiring.open_ledger(settings, create=True)))
        begun = time.perf_counter()
        for some in _lots(_made(given.articles, given.archived, given.lines, running)):
            for topic in (COLLECTED, UNMATCHED, ENRICHED):
                bus.publish(topic, [message for to, message, _ in some if to == topic])
            archive.save([document for _, _, document in some if document is not None])
        print(f"{given.articles:,} articles made up in {time.perf_counter() - begun:.0f} s", flush=True)
        for name, changed in changes.items():
            if given.only in name:
                print(f"{name:20} {_timed(bus, archive, ledger, changed, running, settings)}", flush=True)


def _timed(
    bus: Bus, archive: Archive, ledger: Ledger, changed: Mapping[str, str], running: Rulebook, settings: Settings
) -> str:
    rules = load_texts({**running.texts, **changed}, samples=False)
    begun, before = time.perf_counter(), os.times()
    found = backtest(
        bus,
        archive,
        ledger,
        lambda: wiring.scratch_ledger(ledger),
        wiring.scratch_ledger,
        rules,
        running,
        settings,
        UNTIL - timedelta(days=DAYS),
        UNTIL,
    )
    seconds, used = time.perf_counter() - begun, [at - was for at, was in zip(os.times(), before, strict=True)]
    lines = sum(lines for _, lines, _ in totals(found.forecast).values())
    at_work = f"CPU {sum(used[:2]):.1f} + {sum(used[2:4]):.1f} s of its pool, load {os.getloadavg()[0]:.1f}"
    return f"{seconds:6.1f} s ({at_work}); {found.counts()}, {lines} lines"


def _made(
    count: int, archived: float, lines: Path | None, rules: Rulebook
) -> Iterator[tuple[str, Message, Enriched | None]]:
    """Messages in the order of their times; an archived article has one on both topics."""
    chance = random.Random(7)
    given = list(from_lines(lines, _READ) if lines else made_up(_READ, seed=2))
    read = [(one, *judge(one, rules)) for one in given]
    stories = Neighbours(Remembered())
    caught = [enrich(one, rules, stories, also=rules.also) for one, topic, _ in read if topic == COLLECTED]
    if not caught:
        caught = [enrich(one, rules, stories, also=rules.also) for one in made_up(200)]
    missed = [found for _, topic, found in read if topic == UNMATCHED]
    headers = {"schema": str(SCHEMA)}
    for number in range(count):
        at = UNTIL - timedelta(days=DAYS) * ((count - number) / count)
        if chance.random() < archived or not missed:
            like = chance.choice(caught)
            article = _another(like.article, number, at)
            document = msgspec.structs.replace(like, article=article, story_id=article.article_id, copy_of=None)
            collected = msgspec.structs.replace(read[0][2], article=article, reading=like.reading, topics=like.topics)
            yield COLLECTED, Message(article.article_id, encode(collected), headers, at), document
            yield ENRICHED, Message(article.article_id, encode(document), headers, at), None
        else:
            unmatched = chance.choice(missed)
            article = _another(unmatched.article, number, at)
            found = msgspec.structs.replace(unmatched, article=article)
            yield UNMATCHED, Message(article.article_id, encode(found), headers, at), None


def _another(article: Article, number: int, at: datetime) -> Article:
    url = f"https://bao-{number % 40}.example/bai-{number}.html"
    title = f"{article.title} {number}"
    return msgspec.structs.replace(
        article,
        article_id=id_of(url),
        url=url,
        title=title,
        published_at=at,
        first_seen=at,
        seen_at=at,
        content_hash=hash_of(title, article.lead, article.text),
    )


def _lots(
    made: Iterator[tuple[str, Message, Enriched | None]],
) -> Iterator[Sequence[tuple[str, Message, Enriched | None]]]:
    while some := list(itertools.islice(made, _AT_ONCE)):
        yield some


if __name__ == "__main__":
    main()
