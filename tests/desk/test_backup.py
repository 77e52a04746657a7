"""Backup, restore and copy: everything comes back, on either size, and a bad file changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.adapters.manual_clock import ManualClock
from services.desk.backup_file import write_file
from services.desk.backup_parts import Stores, read_parts
from services.desk.parked import list_parked, retry
from services.domain.codec import encode
from services.domain.events import COLLECTED, ENRICHED, PARKED, Parked
from services.ports.bus import Message
from services.ports.ledger import Put
from tests.contracts.documents import enriched
from tests.desk.stores import (
    BEGIN,
    GROUPS,
    NOW,
    backup,
    contents,
    copy,
    files,
    fill,
    restore,
    servers,
    silent,
    waiting,
)
from tests.servers.elasticsearch_server import ElasticsearchServer
from tests.servers.kafka_server import KafkaServer
from tests.servers.topics import own_topics


@given(seed=st.integers(0, 2**32), articles=st.integers(0, 40))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_restored_office_holds_what_the_other_held(
    tmp_path_factory: pytest.TempPathFactory, clock: ManualClock, seed: int, articles: int
) -> None:
    folder = tmp_path_factory.mktemp("office")
    with files(folder / "old", clock) as old, files(folder / "new", clock) as new:
        fill(old, seed, articles)
        manifest = backup(old, folder / "b.zip")
        counts = restore(folder / "b.zip", new)
        assert contents(new) == contents(old)
        assert counts == {part.name: part.lines for part in manifest.parts}
        waits, came = waiting(old), waiting(new)
        assert all(waits[topic] <= came[topic] for topic in waits)


def test_what_was_sent_round_again_is_known_by_it_after_a_restore(tmp_path: Path, clock: ManualClock) -> None:
    """Although its place in the log is another one there."""
    with files(tmp_path / "old", clock) as old, files(tmp_path / "new", clock) as new:
        for number in range(4):
            parked = Parked(topic=COLLECTED, key="a", value="{}", reason=f"luật {number}", at=NOW)
            old.bus.publish(ENRICHED, [Message("x", b"between")])
            old.bus.publish(PARKED, [Message("a", encode(parked))])
        retry(old.bus, old.ledger, list_parked(old.bus, old.ledger)[1:3], "vanhanh", NOW)
        copy(old, new)
        assert list_parked(new.bus, new.ledger) == list_parked(old.bus, old.ledger)


def test_what_was_handled_long_before_is_not_delivered_again(tmp_path: Path, clock: ManualClock) -> None:
    with files(tmp_path / "old", clock) as old, files(tmp_path / "new", clock) as new:
        for number in range(100):
            old.bus.publish(COLLECTED, [Message(f"a{number}", b"x", at=BEGIN + timedelta(hours=number))])
        old.bus.commit(COLLECTED, "enricher", old.bus.poll(COLLECTED, "enricher", limit=60))
        copy(old, new)
        assert 40 <= new.bus.lag(COLLECTED, "enricher") <= 41
        old.bus.commit(COLLECTED, "enricher", old.bus.poll(COLLECTED, "enricher", limit=60))
        assert old.bus.lag(COLLECTED, "enricher") == 0
        with files(tmp_path / "third", clock) as third:
            copy(old, third)
            assert third.bus.lag(COLLECTED, "enricher") <= 1


@pytest.mark.kafka
@pytest.mark.parametrize("articles", [30, pytest.param(400, marks=pytest.mark.full)])
def test_from_files_to_servers_and_back_everything_is_equal(
    tmp_path: Path,
    clock: ManualClock,
    kafka: KafkaServer,
    elasticsearch_url: str,
    elasticsearch: ElasticsearchServer,
    articles: int,
) -> None:
    with own_topics(kafka) as url, files(tmp_path / "old", clock) as old, files(tmp_path / "new", clock) as new:
        fill(old, 11, articles)
        with servers(url, elasticsearch_url, clock) as middle:
            copy(old, middle)
            assert contents(middle) == contents(old)
            manifest = backup(middle, tmp_path / "b.zip")
            waits, came = waiting(old), waiting(middle)
        counts = restore(tmp_path / "b.zip", new)
        assert contents(new) == contents(old)
        assert counts == {part.name: part.lines for part in manifest.parts}
        assert all(waits[topic] <= came[topic] <= waiting(new)[topic] for topic in waits)


class Office:
    """Three services in one, each step as the real ones do it: publish, then the ledger; archive, publish, commit."""

    def __init__(self, stores: Stores, clock: ManualClock) -> None:
        self.stores = stores
        self.clock = clock
        self.first = 0
        self.at_once = 3

    def collect(self, until: int) -> None:
        for number in range(self.first, until):
            if self.stores.ledger.get("entry", f"a{number:05d}") is None:
                self.clock.set(self.clock.now() + timedelta(hours=1))
                self.stores.bus.publish(COLLECTED, [Message(f"a{number:05d}", b"article")])
                self.stores.ledger.put(Put("entry", f"a{number:05d}", b"published"))
        self.first = until

    def enrich(self) -> bool:
        polled = self.stores.bus.poll(COLLECTED, "enricher", limit=self.at_once)
        for one in polled:
            self.stores.archive.save([enriched(one.message.key, "tin")])
            self.stores.bus.publish(ENRICHED, [Message(one.message.key, b"enriched")])
        self.stores.bus.commit(COLLECTED, "enricher", polled)
        return bool(polled)

    def alert(self) -> bool:
        polled = self.stores.bus.poll(ENRICHED, "alerter", limit=self.at_once)
        self.stores.ledger.put(*(Put("clipping", one.message.key, b"told") for one in polled))
        self.stores.bus.commit(ENRICHED, "alerter", polled)
        return bool(polled)

    def work_off(self) -> None:
        self.at_once = 200
        while self.enrich() or self.alert():
            pass


@pytest.mark.parametrize("rounds", [3, pytest.param(6, marks=pytest.mark.full)])
def test_a_backup_of_a_running_office_loses_nothing(tmp_path: Path, rounds: int) -> None:
    """The clock goes an hour for each article, so that the margin around the groups' places hides nothing."""
    clock = ManualClock(BEGIN)
    stop = threading.Event()
    done = 0

    def run() -> None:
        nonlocal done
        with files(tmp_path / "old", clock) as own:
            office = Office(own, clock)
            while not stop.is_set():
                office.collect(office.first + 2)
                office.enrich()
                office.alert()
                done = office.first
                stop.wait(0.005)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        with files(tmp_path / "old", clock) as old:
            for number in range(rounds):
                before = done
                while done < before + 30:
                    stop.wait(0.01)
                at_least = done - 1
                slowly = ((name, _slow(lines, stop)) for name, lines in read_parts(old, GROUPS, clock.now))
                write_file(tmp_path / "b.zip", slowly, NOW, silent)
                with files(tmp_path / f"new{number}", clock) as new:
                    restore(tmp_path / "b.zip", new)
                    _nothing_lost(Office(new, clock), at_least)
    finally:
        stop.set()
        thread.join()


def _slow(lines: Iterator[bytes], stop: threading.Event) -> Iterator[bytes]:
    """Gives the services time to go on in the middle of every part."""
    for number, line in enumerate(lines):
        if number % 20 == 0:
            stop.wait(0.005)
        yield line
    stop.wait(0.02)


def _nothing_lost(office: Office, at_least: int) -> None:
    stores = office.stores
    published = [held.key for held in stores.ledger.scan("entry")]
    assert len(published) >= at_least
    office.work_off()
    assert {*published} <= {kept.document.article_id for kept in stores.archive.snapshot()}
    assert {*published} <= {held.key for held in stores.ledger.scan("clipping")}
    office.collect(len(published) + 10)
    office.work_off()
    wanted = {f"a{number:05d}" for number in range(len(published) + 10)}
    assert {kept.document.article_id for kept in stores.archive.snapshot()} >= wanted
    assert {held.key for held in stores.ledger.scan("clipping")} >= wanted
