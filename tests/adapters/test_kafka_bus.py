"""What is Kafka's own: a broker that dies, freezes and comes back, readers that die, and settings of topics."""

from __future__ import annotations

import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kafka.admin import ConfigResource, KafkaAdminClient

from services.adapters.kafka import offsets
from services.adapters.kafka.cluster import Cluster, connection_options
from services.adapters.kafka.topics import HOSTS, MAX_MESSAGE_BYTES, topics
from services.adapters.kafka_bus import KafkaBus
from services.adapters.system_clock import SystemClock
from services.domain.events import COLLECTED, ENRICHED
from services.ports.bus import Delivery, Message
from services.ports.errors import Unavailable, Unprocessable
from services.settings import KafkaSettings
from tests.servers.kafka_server import KafkaServer
from tests.servers.topics import own_topics

SETTINGS = KafkaSettings(partitions=3, hosts_partitions=3)
AWAY_SECONDS = 35.0
"""No call may hang longer than this on a broker that is away."""


def open_bus(url: str, *, create: bool = False, **retention: int) -> KafkaBus:
    return KafkaBus(url, SystemClock(), retention, SETTINGS, create=create)


def message(number: int) -> Message:
    return Message(f"key{number}", f"bài {number}".encode())


def take(bus: KafkaBus, count: int, seconds: float = 30) -> list[Delivery]:
    taken: list[Delivery] = []
    deadline = time.monotonic() + seconds
    while len(taken) < count and time.monotonic() < deadline:
        taken += bus.poll(COLLECTED, "g", limit=count - len(taken))
    return taken


@pytest.fixture
def url(kafka: KafkaServer) -> Iterator[str]:
    with own_topics(kafka) as own:
        yield own


def test_topics_are_made_as_the_settings_say_and_kept_so(kafka: KafkaServer, url: str) -> None:
    name = f"{url.rpartition('/')[2]}.{ENRICHED}"
    for days, milliseconds in ((90, 90 * 86_400_000), (30, 30 * 86_400_000), (0, -1)):
        KafkaBus(url, SystemClock(), {ENRICHED: days}, SETTINGS, create=True).close()
        with closing(KafkaAdminClient(bootstrap_servers=kafka.address)) as admin:
            held = admin.describe_configs([ConfigResource("TOPIC", name)], config_filter="all")["topic"][name]
            assert held["retention.ms"]["value"] == str(milliseconds)
            assert held["max.message.bytes"]["value"] == str(MAX_MESSAGE_BYTES)
            assert held["min.insync.replicas"]["value"] == "1"
            (topic,) = admin.describe_topics([name])
            assert len(topic["partitions"]) == 3


def test_one_broker_alone_writes_through_to_its_disk(kafka: KafkaServer, url: str) -> None:
    """Also topics of before: archive and ledger do, and must not know more than the log after a power cut."""
    prefix = url.rpartition("/")[2]

    def flushed() -> dict[str, str]:
        with closing(KafkaAdminClient(bootstrap_servers=kafka.address)) as admin:
            asked = [ConfigResource("TOPIC", f"{prefix}.{name}") for name in (COLLECTED, ENRICHED, HOSTS)]
            held = admin.describe_configs(asked, config_filter="all")["topic"]
            return {name.removeprefix(f"{prefix}."): held[name]["flush.messages"]["value"] for name in held}

    never = str(2**63 - 1)
    for _ in range(2):
        open_bus(url, create=True).close()
        assert flushed() == {COLLECTED: "1", ENRICHED: "1", HOSTS: never}
        with closing(KafkaAdminClient(bootstrap_servers=kafka.address)) as admin:
            as_before = ConfigResource("TOPIC", f"{prefix}.{COLLECTED}", {"flush.messages": never})
            admin.alter_configs([as_before], incremental=True)
    of_a_cluster = topics({}, KafkaSettings(replicas=3))
    assert not [topic for topic in of_a_cluster if "flush.messages" in topic.configs]


def test_topics_that_were_never_made_are_told(url: str) -> None:
    with pytest.raises(Unavailable, match="chưa có"):
        open_bus(url)


def test_a_partition_that_is_ahead_hides_no_work_of_the_others(url: str) -> None:
    """As it looks when a reader commits between two of the questions of which a lag is made."""
    with closing(open_bus(url, create=True)) as bus, closing(Cluster(url, SETTINGS)) as cluster:
        bus.publish(COLLECTED, [message(number) for number in range(30)])
        parts = offsets.partitions(cluster, cluster.name(COLLECTED))
        first, ends = offsets.begins(cluster, parts), offsets.ends(cluster, parts)
        offsets.commit_for(cluster, cluster.name(f"g.{COLLECTED}"), {parts[0]: ends[parts[0]] + 1000})
        waiting = sum(ends[one] - first[one] for one in parts[1:])
        assert waiting > 0
        assert bus.lag(COLLECTED, "g") == waiting


def test_a_message_that_is_too_large_leaves_none_of_its_batch(url: str) -> None:
    with closing(open_bus(url, create=True)) as bus:
        with pytest.raises(Unprocessable, match="quá lớn"):
            bus.publish(COLLECTED, [message(1), Message("k", bytes(MAX_MESSAGE_BYTES))])
        assert bus.size(COLLECTED) == 0
        bus.publish(COLLECTED, [message(1)])
        assert bus.size(COLLECTED) == 1


def test_the_largest_message_that_is_sent_comes_back(url: str) -> None:
    with closing(open_bus(url, create=True)) as bus:
        # Bytes that do not compress: the broker sees the batch as it is sent.
        value = b"".join(number.to_bytes(4, "big") for number in range(4_190_000))[: MAX_MESSAGE_BYTES - 5_000]
        bus.publish(COLLECTED, [Message("k", value)])
        (delivery,) = take(bus, 1)
        assert delivery.message.value == value


def test_a_scan_of_many_partitions_gives_all_of_it_by_time(url: str) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    with closing(open_bus(url, create=True)) as bus:
        for start in range(0, 6_000, 100):
            numbers = range(start, start + 100)
            at = {number: begin + timedelta(seconds=number) for number in numbers}
            bus.publish(COLLECTED, [Message(f"k{n}", bytes(2_000) + str(n).encode(), at=at[n]) for n in numbers])
        read = [int(delivery.message.value[2_000:]) for delivery in bus.scan(COLLECTED)]
        assert read == list(range(6_000))
        middle = bus.scan(COLLECTED, at[numbers[0]] - timedelta(seconds=900), at[numbers[0]])
        assert [int(delivery.message.value[2_000:]) for delivery in middle] == list(range(5_000, 5_900))


def test_a_commit_passes_nothing_that_was_not_done(url: str) -> None:
    with closing(open_bus(url, create=True)) as bus:
        bus.publish(COLLECTED, [Message("k", str(number).encode()) for number in range(4)])
        taken = take(bus, 4)
        bus.commit(COLLECTED, "g", [taken[0], taken[2]])
        assert bus.lag(COLLECTED, "g") == 3
        bus.commit(COLLECTED, "g", [taken[1]])
        assert bus.lag(COLLECTED, "g") == 1
        bus.rewind(COLLECTED, "g")
        assert [delivery.message.value for delivery in take(bus, 1)] == [b"3"]


def test_skip_to_is_refused_while_another_process_reads(url: str) -> None:
    with closing(open_bus(url, create=True)) as reader, closing(open_bus(url)) as command:
        command.publish(COLLECTED, [message(1)])
        take(reader, 1)
        with pytest.raises(Unavailable):
            command.skip_to(COLLECTED, "g", None)
        reader.close()
        command.skip_to(COLLECTED, "g", None)
        assert command.lag(COLLECTED, "g") == 0


@pytest.mark.full
def test_what_a_killed_reader_held_goes_to_the_other(url: str) -> None:
    with closing(open_bus(url, create=True)) as bus:
        assert bus.poll(COLLECTED, "g") == []
        reader = [sys.executable, "-c", _READER, url, COLLECTED]
        with subprocess.Popen(reader, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()) as other:
            try:
                assert other.stdout is not None
                with ThreadPoolExecutor(1) as pool:
                    said = pool.submit(other.stdout.readline)
                    while not said.done():
                        bus.commit(COLLECTED, "g", bus.poll(COLLECTED, "g"))
                    assert said.result() == "joined\n"
                bus.publish(COLLECTED, [message(number) for number in range(60)])
                mine = take(bus, 60, seconds=3)
                bus.commit(COLLECTED, "g", mine)
                assert 0 < len(mine) < 60
                assert bus.lag(COLLECTED, "g") == 60 - len(mine)
            finally:
                other.kill()
        mine += take(bus, 60 - len(mine), seconds=40)
        assert sorted(one.message.key for one in mine) == sorted(message(number).key for number in range(60))
        bus.commit(COLLECTED, "g", mine)
        assert bus.lag(COLLECTED, "g") == 0


_READER = """
import sys, time
from services.adapters.kafka_bus import KafkaBus
from services.adapters.system_clock import SystemClock
from services.settings import KafkaSettings
bus = KafkaBus(sys.argv[1], SystemClock(), {}, KafkaSettings(partitions=3, hosts_partitions=3))
bus.poll(sys.argv[2], "g")
deadline = time.monotonic() + 8
while time.monotonic() < deadline:
    bus.poll(sys.argv[2], "g")
print("joined", flush=True)
while True:
    bus.poll(sys.argv[2], "g")
"""


@pytest.mark.full
def test_a_rebalance_between_poll_and_commit_gives_nothing_twice_to_who_keeps_it(url: str) -> None:
    with closing(open_bus(url, create=True)) as first, closing(open_bus(url)) as second:
        first.publish(COLLECTED, [message(number) for number in range(30)])
        held = take(first, 30)
        with ThreadPoolExecutor(1) as pool:
            # The second asks to join; the first, which works at its messages, hears of it and shares out anew.
            joining = pool.submit(take, second, 30, 12)
            deadline = time.monotonic() + 8
            again: list[Delivery] = []
            while time.monotonic() < deadline:
                again += first.poll(COLLECTED, "g")
            first.commit(COLLECTED, "g", held)
            elsewhere = joining.result()
        assert again == []
        moved = {delivery.position.partition(":")[0] for delivery in elsewhere}
        assert {delivery.position for delivery in elsewhere} == {
            delivery.position for delivery in held if delivery.position.partition(":")[0] in moved
        }
        assert elsewhere
        assert first.lag(COLLECTED, "g") == len(elsewhere)
        second.commit(COLLECTED, "g", elsewhere)
        assert first.lag(COLLECTED, "g") == 0


@pytest.mark.full
def test_a_broker_that_never_was_is_told_and_leaves_no_thread(kafka: KafkaServer) -> None:
    before = set(threading.enumerate())
    started = time.monotonic()
    with pytest.raises(Unavailable, match=r"không tới được Kafka tại 127\.0\.0\.1:9"):
        open_bus("kafka://127.0.0.1:9")
    assert time.monotonic() - started < AWAY_SECONDS
    assert set(threading.enumerate()) <= before


class Load:
    """One thread publishes numbered messages, one reads and commits them, each repeating what was Unavailable."""

    def __init__(self, bus: KafkaBus) -> None:
        self.bus = bus
        self.published = 0
        self.read: list[bytes] = []
        self.unavailable = 0
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(2)
        self._publishing = self._pool.submit(self._publish)
        self._reading = self._pool.submit(self._read)

    def _publish(self) -> None:
        while not self._stop.is_set():
            batch = [message(number) for number in range(self.published, self.published + 10)]
            while not self._sent(batch):
                self.unavailable += 1
            self.published += len(batch)

    def _sent(self, batch: list[Message]) -> bool:
        """What was not acknowledged is published again, as the collector does."""
        try:
            self.bus.publish(COLLECTED, batch)
        except Unavailable:
            return False
        return True

    def _read(self) -> None:
        while not self._publishing.done() or len(set(self.read)) < self.published:
            try:
                deliveries = self.bus.poll(COLLECTED, "g")
                self.bus.commit(COLLECTED, "g", deliveries)
            except Unavailable:
                self.unavailable += 1
                self.bus.rewind(COLLECTED, "g")
                continue
            self.read += [delivery.message.value for delivery in deliveries]

    def until(self, published: int, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while self.published < published:
            assert time.monotonic() < deadline, f"only {self.published} published in {seconds} s"
            time.sleep(0.05)

    def finish(self) -> None:
        self._stop.set()
        self._publishing.result(timeout=90)
        self._reading.result(timeout=90)
        self._pool.shutdown()

    def check(self) -> None:
        assert set(self.read) == {message(number).value for number in range(self.published)}
        assert self.bus.lag(COLLECTED, "g") == 0


@pytest.mark.full
@pytest.mark.timeout(600)
def test_nothing_is_lost_when_the_broker_is_killed_under_load(own_kafka: KafkaServer) -> None:
    with closing(open_bus(f"{own_kafka.url}/kill", create=True)) as bus:
        load = Load(bus)
        for _ in range(3):
            load.until(load.published + 500)
            own_kafka.kill()
            own_kafka.launch()
        load.until(load.published + 500)
        load.finish()
        load.check()


@pytest.mark.full
@pytest.mark.timeout(600)
def test_a_broker_that_freezes_is_waited_for(own_kafka: KafkaServer) -> None:
    with closing(open_bus(f"{own_kafka.url}/freeze", create=True)) as bus:
        load = Load(bus)
        for seconds in (3, 15):  # shorter and longer than a session
            load.until(load.published + 300)
            own_kafka.pause()
            time.sleep(seconds)
            own_kafka.resume()
        load.until(load.published + 300)
        load.finish()
        load.check()


@pytest.mark.full
@pytest.mark.timeout(600)
def test_a_broker_that_is_away_is_told_soon_and_found_again(own_kafka: KafkaServer) -> None:
    with closing(open_bus(f"{own_kafka.url}/away", create=True)) as bus:
        bus.publish(COLLECTED, [message(1), message(2)])
        bus.commit(COLLECTED, "g", take(bus, 2)[:1])
        own_kafka.kill()
        calls: dict[str, Callable[[], object]] = {
            "publish": lambda: bus.publish(COLLECTED, [message(3)]),
            "poll": lambda: take(bus, 100, seconds=AWAY_SECONDS),
            "lag": lambda: bus.lag(COLLECTED, "g"),
            "scan": lambda: list(bus.scan(COLLECTED)),
        }
        for name, call in calls.items():
            started = time.monotonic()
            with pytest.raises(Unavailable, match="không tới được Kafka"):
                call()
            assert time.monotonic() - started < AWAY_SECONDS, name
        own_kafka.launch()
        bus.publish(COLLECTED, [message(3)])
        assert bus.size(COLLECTED) == 3
        bus.rewind(COLLECTED, "g")
        assert len(take(bus, 2)) == 2
        own_kafka.kill()
        started = time.monotonic()
        bus.close()
        assert time.monotonic() - started < AWAY_SECONDS
        own_kafka.launch()


def test_tls_and_login_reach_the_client_as_they_stand_in_the_settings() -> None:
    plain = connection_options(("a:9092",), KafkaSettings())
    assert (plain["security_protocol"], plain["bootstrap_servers"]) == ("PLAINTEXT", ["a:9092"])
    assert not {"ssl_context", "sasl_mechanism", "sasl_plain_password"} & plain.keys()
    settings = KafkaSettings(security_protocol="SASL_SSL", sasl_mechanism="SCRAM-SHA-256", user="u", password="bí mật")
    secure = connection_options(("a:9092",), settings)
    assert (secure["sasl_mechanism"], secure["sasl_plain_username"]) == ("SCRAM-SHA-256", "u")
    assert secure["sasl_plain_password"] == "bí mật"
    assert secure["ssl_context"].check_hostname
    assert secure["ssl_context"].verify_mode is ssl.CERT_REQUIRED


def test_certificates_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    settings = KafkaSettings(security_protocol="SSL", ca_bundle=str(tmp_path / "ca.pem"))
    with pytest.raises(Unavailable, match=r"ca\.pem"):
        open_bus_with("kafka://127.0.0.1:9", settings)


@pytest.mark.parametrize(
    "url", ["kafka://", "kafka://u:secret@a:9092", "kafka://a b:1", "http://a:9092", "kafka://a/x y"]
)
def test_an_address_that_is_none_is_told_without_showing_it(url: str) -> None:
    with pytest.raises(Unavailable, match="kafka://máy:9092") as told:
        open_bus_with(url, KafkaSettings())
    assert "secret" not in str(told.value)


def open_bus_with(url: str, settings: KafkaSettings) -> KafkaBus:
    return KafkaBus(url, SystemClock(), {}, settings)
