"""Stores of an office for tests: on files and on real servers, with contents at random, and what they hold."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from services.adapters.elasticsearch_archive import ElasticsearchArchive
from services.adapters.elasticsearch_ledger import ElasticsearchLedger
from services.adapters.kafka_bus import KafkaBus
from services.adapters.sqlite_archive import SqliteArchive
from services.adapters.sqlite_bus import SqliteBus
from services.adapters.sqlite_ledger import SqliteLedger
from services.desk.backup_file import Manifest, read_file, verify, write_file
from services.desk.backup_parts import Part, Stores, read_parts
from services.desk.restore import write_parts
from services.domain.events import COLLECTED, DECISIONS, ENRICHED, TOPICS, Enriched
from services.domain.query import parse
from services.ports.bus import Message
from services.ports.clock import Clock
from services.ports.ledger import Put
from services.settings import ElasticsearchSettings, KafkaSettings
from tests.contracts.documents import enriched

GROUPS = ((COLLECTED, "enricher"), (ENRICHED, "alerter"), (DECISIONS, "alerter"))
NOW = datetime(2026, 11, 24, tzinfo=UTC)
BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
_WORDS = ["cháy", "rừng", "Bù", "Gia", "Mập", "S'tiêng", "ĐT.741", "1.061,16", "📰", "khánh", "thành", "cầu"]


@contextmanager
def files(folder: Path, clock: Clock) -> Iterator[Stores]:
    with ExitStack() as opened:
        yield Stores(
            opened.enter_context(closing(SqliteBus(folder / "bus.db", clock))),
            opened.enter_context(closing(SqliteArchive(folder / "archive.db"))),
            opened.enter_context(closing(SqliteLedger(folder / "ledger.db"))),
        )


@contextmanager
def servers(bus: str, elasticsearch: str, clock: Clock) -> Iterator[Stores]:
    access = ElasticsearchSettings()
    with ExitStack() as opened:
        kafka = KafkaBus(bus, clock, {}, KafkaSettings(partitions=3, hosts_partitions=3), create=True)
        opened.enter_context(closing(kafka))
        archive = opened.enter_context(closing(ElasticsearchArchive(elasticsearch, access, create=True)))
        ledger = opened.enter_context(closing(ElasticsearchLedger(elasticsearch, access, create=True)))
        yield Stores(kafka, archive, ledger)


def fill(stores: Stores, seed: int, articles: int) -> None:
    """Articles with up to three versions over ten weeks, a ledger of any bytes, a log that groups have read in part."""
    chance = random.Random(seed)

    def some() -> str:
        return " ".join(chance.choices(_WORDS, k=chance.randint(1, 12)))

    versions: list[list[Enriched]] = [[], [], []]
    for number in range(articles):
        first = BEGIN + timedelta(minutes=chance.randrange(100_000))
        for version in range(chance.randint(1, 3)):
            seen = first + timedelta(hours=version)
            text = (some(), some(), some())
            document = enriched(f"a{number:05d}", *text, first_seen=first, seen_at=seen, published_at=first)
            versions[version].append(document)
    for some_of_them in versions:
        stores.archive.save(some_of_them)
    for kind in ("entry", "feed", "feed_day", "rules"):
        keys = {some() + str(chance.random()) for _ in range(articles)} | {"x" * 600, f"{kind}|\U0001f4f0"}
        stores.ledger.put(*(Put(kind, key, chance.choice([chance.randbytes(20), some().encode()])) for key in keys))
    for topic in TOPICS:
        at = BEGIN
        messages = []
        for number in range(chance.randint(0, articles)):
            at += timedelta(milliseconds=chance.randrange(1, 7_200_000))
            value = chance.choice([some().encode(), b"\xff\x00"])
            messages.append(Message(f"a{number % 50}", value, {"schema": "1", "replay": some()}, at))
        stores.bus.publish(topic, messages)
    for topic, group in GROUPS[:2]:
        stores.bus.commit(topic, group, stores.bus.poll(topic, group, limit=max(1, articles // 3)))


def contents(stores: Stores) -> dict[str, Any]:
    """All that is held; a topic as what each key was told in its order, for that is all that every bus keeps."""
    told: dict[str, dict[str, list[Any]]] = {}
    for topic in TOPICS:
        for one in stores.bus.scan(topic):
            message = (one.message.value, dict(one.message.headers), one.at)
            told.setdefault(topic, {}).setdefault(one.message.key, []).append(message)
    return {
        "ledger": {(kind, held.key): held.value for kind, held in stores.ledger.snapshot()},
        "archive": [(kept.document, kept.versions) for kept in stores.archive.snapshot()],
        "searched": [hit.article_id for hit in stores.archive.search(parse("chay rung"), limit=50).hits],
        "bus": told,
    }


def waiting(stores: Stores) -> dict[str, set[tuple[str, bytes]]]:
    """What each group has still to be told."""
    found: dict[str, set[tuple[str, bytes]]] = {}
    for topic, group in GROUPS:
        lag = stores.bus.lag(topic, group)
        count = 0
        found[topic] = set()
        while count < lag:
            polled = stores.bus.poll(topic, group, limit=500)
            count += len(polled)
            if not polled:
                break
            found[topic] |= {(one.message.key, one.message.value + str(one.at).encode()) for one in polled}
        stores.bus.rewind(topic, group)
    return found


def silent(part: str, count: int) -> None:
    """No terminal."""


def backup(stores: Stores, path: Path) -> Manifest:
    return write_file(path, read_parts(stores, GROUPS, lambda: NOW), NOW, silent)


def restore(path: Path, target: Stores, parts: Iterator[Part] | None = None, **more: Any) -> dict[str, int]:
    manifest = verify(path, silent)
    given = {"retention": {}, "now": NOW, "progress": silent, **more}
    return write_parts(target, parts or read_file(path), source=manifest.identity, told=path.name, **given)


def copy(origin: Stores, target: Stores) -> dict[str, int]:
    parts = read_parts(origin, GROUPS, lambda: NOW)
    return write_parts(target, parts, source="copy", told="copy", retention={}, now=NOW, progress=silent)
