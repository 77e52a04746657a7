"""How much the stores carry: articles a second from the bus to the archive, and searches over a large archive.

    python -m benchmarks.throughput [--articles 2000] [--documents 100000] [--lines FILE.jsonl]

Both sizes side by side in one run, so that the ratio holds on a noisy machine. The servers are those of `make
servers`; where they do not run only the embedded size is measured. CPU is that of this process, the client.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec

from benchmarks.articles import from_lines, made_up
from services import resources
from services.adapters.system_clock import SystemClock
from services.collector.judge import judge
from services.domain.article import Article, hash_of
from services.domain.events import COLLECTED, ENRICHED, Enriched
from services.domain.query import parse
from services.domain.tone import DocumentTone, Tone
from services.enricher.enrich import Enricher
from services.ports.archive import Archive
from services.ports.bus import Bus
from services.ports.messages import message_of
from services.rulebook.book import Rulebook
from services.rulebook.load import load
from services.settings import Settings, load_settings
from services.wiring import open_archive, open_bus, open_ledger
from tests.servers.elasticsearch_server import ElasticsearchServer
from tests.servers.home import home_of
from tests.servers.kafka_server import KafkaServer

_T = TypeVar("_T")

BATCH, CHUNK = 50, 500
ROUNDS = 20
QUERIES = (
    '"Bù Gia Mập"',
    "bu gia map",
    "điều OR tiêu",
    '"hồ tiêu" NOT "cà phê"',
    'title:"cao su"',
    "place:bu-gia-map",
    "place:binh-phuoc topic:giao_thong",
    '"trường học" place:bu-gia-map/any',
    "outlet:bao-3 after:2026-09-01",
    '"nhà văn hóa" before:2026-10-01',
    "(cầu OR đường) AND (xã OR phường) -biên",
    "language:vi hồ",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """`count` pieces of work. `cpu`: seconds of this process."""

    count: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        return self.count / self.seconds


@dataclass(frozen=True, slots=True)
class Searched:
    """Milliseconds."""

    p50: float
    p95: float
    searches: int


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--articles", type=int, default=2000)
    arguments.add_argument("--documents", type=int, default=100_000)
    arguments.add_argument("--lines", type=Path)
    given = arguments.parse_args()
    rules = load(resources.config_dir(), samples=False)
    articles = list(from_lines(given.lines, given.articles) if given.lines else made_up(given.articles))
    with tempfile.TemporaryDirectory() as folder:
        sizes = dict(_sizes(Path(folder)))
        carried = {name: carry(settings, rules, articles) for name, settings in sizes.items()}
        _print_carried(carried)
        searched = {name: search(settings, rules, given.documents) for name, settings in sizes.items()}
        _print_searched(searched)


def _sizes(folder: Path) -> Iterator[tuple[str, Settings]]:
    embedded = load_settings(data_dir=folder, environ={})
    yield "embedded", embedded
    home = home_of(os.environ)
    kafka, elasticsearch = KafkaServer(home, "kafka"), ElasticsearchServer(home, "elasticsearch")
    if kafka.pid is None or elasticsearch.pid is None:
        print("Kafka and Elasticsearch do not run here (make servers): the embedded size alone")
        return
    name = f"benchmark-{os.getpid()}"
    store = f"{elasticsearch.url}/{name}"
    yield "servers", replace(embedded, bus=f"{kafka.url}/{name}", archive=store, ledger=store)


def carry(settings: Settings, rules: Rulebook, articles: Sequence[Article]) -> dict[str, Measured]:
    """The way of an article: published, enriched and saved, read by the next service; and the archive alone."""
    clock = SystemClock()
    messages = [message_of(one.article_id, judge(one, rules)[1]) for one in articles]
    with ExitStack() as opened:
        bus = opened.enter_context(closing(open_bus(settings, clock, create=True)))
        archive = opened.enter_context(closing(open_archive(settings, create=True)))
        ledger = opened.enter_context(closing(open_ledger(settings, create=True)))
        enricher = Enricher(lambda: rules, bus, archive, ledger, clock)
        found = {
            "publish": _timed(len(messages), lambda: _each(messages, lambda some: bus.publish(COLLECTED, some))),
            "enrich and save": _timed(len(messages), lambda: _until_all(enricher.step, len(messages))),
            "read and commit": _timed(len(messages), lambda: _until_all(lambda: _read(bus), len(messages))),
        }
        documents = [document for one in articles if (document := archive.get(one.article_id)) is not None]
        assert len(documents) == archive.count() == len(articles), "not all of them are in the archive"
        later = [_a_new_version(document) for document in documents]
        found["save alone"] = _timed(len(later), lambda: _each(later, archive.save))
    return found


def search(settings: Settings, rules: Rulebook, count: int) -> tuple[Measured, Searched]:
    """An archive of so many articles filled, then each query in turn, several times: the first page of 20."""
    settings = replace(settings, archive=_beside(settings.archive))
    with closing(open_archive(settings, create=True)) as archive:
        documents = _documents(rules, count)
        filled = _timed(count, lambda: _fill(archive, documents))
        queries = [parse(text) for text in QUERIES]
        times = []
        for number in range(ROUNDS * len(queries)):
            begun = time.perf_counter()
            archive.search(queries[number % len(queries)])
            times.append(1000 * (time.perf_counter() - begun))
    cut = statistics.quantiles(times, n=20)
    return filled, Searched(cut[9], cut[18], len(times))


def _documents(rules: Rulebook, count: int) -> Iterator[Enriched]:
    """Made-up articles; a thousand others were read by the product's own functions, and these share what was found."""
    read = [judge(one, rules)[1] for one in made_up(1000, seed=2)]
    for number, article in enumerate(made_up(count, seed=3)):
        like = read[number % len(read)]
        yield Enriched(
            article=article,
            reading=like.reading,
            topics=like.topics,
            language="vi",
            tone=Tone(label="none", score=0.0),
            tone_document=DocumentTone(label="neutral", score=0.0),
            story_id=article.article_id,
        )


def _fill(archive: Archive, documents: Iterator[Enriched]) -> None:
    while some := list(islice(documents, CHUNK)):
        archive.save(some)


def _beside(archive: str) -> str:
    """Another archive of the same kind."""
    return archive.replace("archive.db", "large.db") if archive.startswith("sqlite:") else f"{archive}-large"


def _a_new_version(document: Enriched) -> Enriched:
    article = document.article
    title = f"{article.title} (sửa)"
    changed = msgspec.structs.replace(
        article,
        title=title,
        content_hash=hash_of(title, article.lead, article.text),
        seen_at=article.seen_at + timedelta(hours=1),
    )
    return msgspec.structs.replace(document, article=changed)


def _timed(count: int, work: Callable[[], None]) -> Measured:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Measured(count, time.perf_counter() - wall, time.process_time() - cpu)


def _each(some: Sequence[_T], work: Callable[[Sequence[_T]], None]) -> None:
    for begin in range(0, len(some), BATCH):
        work(some[begin : begin + BATCH])


def _until_all(step: Callable[[], int], count: int) -> None:
    deadline = time.monotonic() + 600
    while count > 0:
        count -= step()
        assert time.monotonic() < deadline, f"{count} messages did not come"


def _read(bus: Bus) -> int:
    deliveries = bus.poll(ENRICHED, "benchmark", BATCH)
    bus.commit(ENRICHED, "benchmark", deliveries)
    return len(deliveries)


def _print_carried(carried: Mapping[str, Mapping[str, Measured]]) -> None:
    print(f"\n{'articles a second':24}" + "".join(f"{name:>28}" for name in carried))
    for work in next(iter(carried.values())):
        cells = [
            f"{one[work].rate:,.0f} (client CPU {one[work].cpu / one[work].seconds:.0%})" for one in carried.values()
        ]
        print(f"{work:24}" + "".join(f"{cell:>28}" for cell in cells))


def _print_searched(searched: Mapping[str, tuple[Measured, Searched]]) -> None:
    for name, (filled, found) in searched.items():
        print(
            f"\n{name}: {filled.count:,} documents saved at {filled.rate:,.0f}/s "
            f"(client CPU {filled.cpu / filled.seconds:.0%}); "
            f"search p50 {found.p50:.1f} ms, p95 {found.p95:.1f} ms (n = {found.searches}, {len(QUERIES)} queries)"
        )


if __name__ == "__main__":
    main()
