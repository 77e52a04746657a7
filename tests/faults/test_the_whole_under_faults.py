"""Two collectors, two enrichers and two alerters on real servers, with pages to read for minutes; everything falls.

What must hold at the end: every published article is in the archive once, in one story with its reprint; every entry
has its outcome; a notice went out once for each wrong figure and a digest once to each reader; no host was asked twice
within its pause, whoever asked; work went on meanwhile; and a backup taken in the midst of it loses nothing either.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from services.adapters.manual_clock import ManualClock
from services.adapters.system_clock import SystemClock
from services.alerter.clipping import Clipping
from services.collector.feed_days import feed_days
from services.domain.address import canonical_url
from services.domain.article import id_of
from services.domain.calendar import ZONE
from services.domain.codec import decode
from services.domain.events import COLLECTED, DECISIONS, ENRICHED, UNMATCHED
from services.domain.feed import EntryRecord
from services.enricher.enrich import GROUP as ENRICHER
from services.ports.archive import Archive
from services.ports.bus import Bus
from services.ports.ledger import Ledger
from services.rulebook.accepted import accept
from services.rulebook.load import load
from services.settings import ElasticsearchSettings, Settings, load_settings
from services.wiring import GROUPS, build, open_archive, open_bus, open_ledger
from tests.faults.office import HOST_SECONDS, Office, office, until, write_config
from tests.faults.press import HOSTS, Press, is_copy
from tests.servers.elasticsearch_server import ElasticsearchServer
from tests.servers.faulty_elasticsearch import FaultyElasticsearch, faulty_elasticsearch
from tests.servers.kafka_server import KafkaServer

pytestmark = [pytest.mark.full, pytest.mark.kafka, pytest.mark.timeout(1200)]
SERVICES = tuple(f"{name}-{number}" for name in ("collector", "enricher", "alerter") for number in (1, 2))
ARTICLES = 1600
"""200 for each host: at its pace more than three minutes of pages, and longer with every fault."""
RECIPIENTS_OF_DIGESTS = 2
MOST_SENT_AGAIN = 10
"""Rather a visible duplicate, under the same Message-ID, than a silent loss: where an alerter is cut off between a mail
and its record, by its own death, a lost answer or a dead server.
"""
_JITTER = 0.1
"""Seconds by which the arrival of two requests may differ from their departure."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The office, its press, and the stores seen past all faults."""

    office: Office
    press: Press
    kafka: KafkaServer
    elasticsearch: ElasticsearchServer
    faulty: FaultyElasticsearch
    bus: Bus
    archive: Archive
    ledger: Ledger

    def collected(self) -> int:
        return self.bus.size(COLLECTED) + self.bus.size(UNMATCHED)

    def goes_on(self, seconds: float, more: int = 3) -> None:
        """Articles get into the archive, whatever was just done to the office."""
        before = self.archive.count()
        until(lambda: self.archive.count() >= before + more, seconds, "more articles in the archive")

    def settled(self) -> bool:
        waiting = any(self.ledger.scan("pending"))
        return not waiting and not any(self.bus.lag(topic, group) for topic, group in GROUPS)


@pytest.fixture
def scene(own_kafka: KafkaServer, own_elasticsearch: ElasticsearchServer, tmp_path: Path) -> Iterator[Scene]:
    with ExitStack() as opened:
        press = opened.enter_context(Press())
        faulty = opened.enter_context(faulty_elasticsearch(own_elasticsearch.url))
        # Shortly before midnight it is an hour of tomorrow, which comes once too.
        at = (datetime.now(ZONE) + timedelta(minutes=3)).strftime("%H:%M")
        config = write_config(tmp_path / "config", press.routes, at)
        stores = {"DIEMBAO_BUS": own_kafka.url, "DIEMBAO_ARCHIVE": faulty.url, "DIEMBAO_LEDGER": faulty.url}
        ours = opened.enter_context(office(tmp_path, config, stores))
        straight = load_settings(config, tmp_path / "looking", {**stores})
        url = own_elasticsearch.url
        straight = replace(straight, archive=url, ledger=url)
        bus = opened.enter_context(closing(open_bus(straight, SystemClock(), create=True)))
        archive = opened.enter_context(closing(open_archive(straight, create=True)))
        ledger = opened.enter_context(closing(open_ledger(straight, create=True)))
        _read_an_hour_ago(straight)
        yield Scene(ours, press, own_kafka, own_elasticsearch, faulty, bus, archive, ledger)


def _read_an_hour_ago(settings: Settings) -> None:
    """The feeds were known and empty: what they bring now is news, and is told."""
    rules = load(settings.config_dir)
    clock = ManualClock(SystemClock().now() - timedelta(hours=1))
    with closing(build(settings, lambda: rules, clock, lambda sent: None)) as services:
        accept(services.ledger, rules, "test", clock.now())
        until(
            lambda: services.collector.round().polled == 0 and _cursors(services.ledger) == 2 * len(HOSTS), 60, "read"
        )


def _cursors(ledger: Ledger) -> int:
    return sum(1 for _ in ledger.scan("feed"))


def test_nothing_is_lost_or_doubled_and_work_goes_on(scene: Scene, tmp_path: Path) -> None:
    ours, press = scene.office, scene.press
    press.publish(ARTICLES)
    for name in SERVICES:
        ours.start(name)
    scene.goes_on(120)
    _kill_both_enrichers(scene)
    _kill_services(scene)
    backup = tmp_path / "office.zip"
    ours.back_up(backup)
    _let_a_collector_sleep(scene)
    _kill_the_broker(scene)
    _let_elasticsearch_fail(scene)
    _kill_both_servers(scene)
    until(lambda: _entries(scene) == ARTICLES + len(HOSTS), 240, "all entries known")
    until(scene.settled, 400, "nothing waits any more")
    until(lambda: len(_digests(scene)) == RECIPIENTS_OF_DIGESTS, 120, "the digests are sent")
    assert ours.alive() == sorted(SERVICES), {name: ours.log(name)[-2000:] for name in SERVICES}
    _check_archive(scene)
    _check_letters(scene)
    assert _sent_again(scene) <= MOST_SENT_AGAIN
    closest, host = press.closest()
    print(
        f"\n{ARTICLES} articles, {len(press.requests)} requests, closest {closest:.2f} s; "
        f"{scene.bus.size(ENRICHED)} messages enriched, {len(ours.letters())} letters, {_sent_again(scene)} sent again"
    )
    assert closest >= HOST_SECONDS - _JITTER, f"{host} was asked twice within {closest:.2f} s"
    for name in SERVICES:
        assert ours.stop(name) == 0, ours.log(name)[-2000:]
    _check_backup(ours.restored(backup))


def _kill_both_enrichers(scene: Scene) -> None:
    """What is collected meanwhile waits, and an operator sees how much."""
    for name in ("enricher-1", "enricher-2"):
        scene.office.kill(name)
    until(lambda: scene.bus.lag(COLLECTED, ENRICHER) >= 20, 60, "articles that wait for an enricher")
    told = re.search(rf"{ENRICHER} còn (\d+) ở {re.escape(COLLECTED)}", scene.office.doctor())
    assert told is not None
    assert int(told[1]) >= 20
    for name in ("enricher-1", "enricher-2"):
        scene.office.start(name)
    scene.goes_on(150)


def _kill_services(scene: Scene) -> None:
    """One of each is killed in its work; the others go on with their share."""
    for name in ("collector-1", "enricher-1", "alerter-1"):
        scene.office.kill(name)
    # A killed collector's hosts are given out when its session has run out, and polled when they are due.
    scene.goes_on(150)
    for name in ("collector-1", "enricher-1", "alerter-1"):
        scene.office.start(name)
    scene.goes_on(150)


def _let_a_collector_sleep(scene: Scene) -> None:
    """Longer than a session: its hosts are another's when it wakes, and it must not ask them on."""
    scene.office.stand_still("collector-2", 20)
    scene.goes_on(150)


def _kill_the_broker(scene: Scene) -> None:
    """For longer than any client waits for an answer."""
    before = scene.collected()
    scene.kafka.kill()
    time.sleep(25)
    scene.kafka.launch()
    assert scene.collected() >= before
    scene.goes_on(150)


def _let_elasticsearch_fail(scene: Scene) -> None:
    faulty = scene.faulty
    faulty.faults += ["busy", "lost", "partly busy", "reset", None, "late", "partly done, lost"] * 5
    faulty.read_faults += ["busy", None, "reset", "late", None, "busy", "busy"] * 10
    until(lambda: not faulty.faults and not faulty.read_faults, 150, "all faults met")
    scene.goes_on(150)
    before = scene.archive.count()
    scene.elasticsearch.pause()
    time.sleep(ElasticsearchSettings().timeout_seconds + 5)
    scene.elasticsearch.resume()
    assert scene.archive.count() >= before
    scene.goes_on(150)


def _kill_both_servers(scene: Scene) -> None:
    """What was begun can then be taken back nowhere: each service must find its own way again."""
    before = scene.archive.count()
    scene.elasticsearch.kill()
    time.sleep(2)
    scene.kafka.kill()
    time.sleep(25)
    scene.kafka.launch()
    scene.elasticsearch.launch()
    assert scene.archive.count() >= before
    scene.goes_on(150)


def _entries(scene: Scene) -> int:
    return sum(day.entries for day in feed_days(scene.ledger))


def _digests(scene: Scene) -> list[str]:
    return [text for path in scene.office.letters() if (text := _text(path)).startswith("Điểm báo")]


def _check_archive(scene: Scene) -> None:
    expected = {id_of(canonical_url(one.url)) for one in scene.press.stories}
    held = {kept.document.article_id: kept for kept in scene.archive.snapshot()}
    assert held.keys() == expected
    assert all(len(kept.versions) == 1 for kept in held.values())
    stories = {one.number: held[id_of(canonical_url(one.url))].document.story_id for one in scene.press.stories}
    split = [number for number in stories if is_copy(number) and stories[number] != stories[number - 1]]
    assert split == [], "one text in two stories"
    numbers = [decode(one.value, Clipping) for one in scene.ledger.scan("clipping")]
    assert Counter(one.article_id for one in numbers) == Counter(expected)
    assert [one.number for one in numbers] == list(range(1, len(numbers) + 1))
    outcomes: Counter[str] = sum((Counter(day.outcomes) for day in feed_days(scene.ledger)), Counter())
    assert outcomes == {"published": len(expected), "unmatched": len(HOSTS)}
    published = Counter(one.message.key for one in scene.bus.scan(COLLECTED))
    assert published.keys() == expected
    assert scene.bus.size(DECISIONS) == 0


def _check_letters(scene: Scene) -> None:
    """One notice for each article with a wrong figure; one digest for each reader."""
    wrong = [one for one in scene.press.stories if one.wrong]
    notices = [text for path in scene.office.letters() if (text := _text(path)).startswith("Cần kiểm tra")]
    told: Mapping[int, int] = {one.number: sum(one.url in text for text in notices) for one in wrong}
    assert set(told.values()) == {1}, told
    assert len(notices) == len(wrong)
    assert len(_digests(scene)) == RECIPIENTS_OF_DIGESTS


def _sent_again(scene: Scene) -> int:
    """Sendings beyond the first of a letter. The folder of mails holds a letter once however often it is sent."""
    said = "\n".join(scene.office.log(name) for name in SERVICES if name.startswith("alerter"))
    sent = Counter(re.findall(r"^(?:DIGEST|NOTICE) (\S+)$", said, re.MULTILINE))
    assert set(sent) <= {str(path) for path in scene.office.letters()}
    assert len(sent) > len(scene.office.letters()) / 2  # only who is killed between two lines says nothing
    return sent.total() - len(sent)


def _check_backup(settings: Settings) -> None:
    """What the ledger of that moment calls published is on its log, and goes to its end on files."""
    rules = load(settings.config_dir)
    with closing(build(settings, lambda: rules, SystemClock(), lambda sent: None)) as services:
        records = [decode(one.value, EntryRecord) for one in services.ledger.scan("entry")]
        published = {one.article_id for one in records if one.outcome == "published"}
        collected = {one.message.key for one in services.bus.scan(COLLECTED)}
        assert len(published) > 50
        assert published <= collected
        before = {kept.document.article_id for kept in services.archive.snapshot()}
        assert {decode(one.value, Clipping).article_id for one in services.ledger.scan("clipping")} <= before
        while services.enricher.step() + services.alerter.step():
            pass
        assert {kept.document.article_id for kept in services.archive.snapshot()} == collected
        entered = Counter(decode(one.value, Clipping).article_id for one in services.ledger.scan("clipping"))
        assert entered == Counter(collected)


def _text(path: Path) -> str:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return f"{message['Subject']}\n{body.get_content()}"
