"""Settings -> adapters -> services: the only importer of adapters, and the only place that puts things together.

The clients of Kafka and Elasticsearch are imported where they are opened: they would cost every command of an office
with one machine 0.4 s at its start.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.adapters.all_hosts import AllHosts
from services.adapters.folder_mailer import FolderMailer
from services.adapters.http_fetcher import HttpFetcher
from services.adapters.newspaper_extractor import NewspaperExtractor
from services.adapters.overlay_ledger import OverlayLedger
from services.adapters.smtp_mailer import SmtpMailer
from services.adapters.sqlite_archive import SqliteArchive
from services.adapters.sqlite_bus import SqliteBus
from services.adapters.sqlite_ledger import SqliteLedger
from services.adapters.system_clock import SystemClock
from services.adapters.trafilatura_extractor import TrafilaturaExtractor
from services.alerter.alert import Alerter
from services.alerter.intake import GROUP as ALERTER
from services.alerter.letter import Sent
from services.collector.collect import Collector
from services.desk.doctor import Reach
from services.desk.restore import refuse_unfinished
from services.domain.events import COLLECTED, DECISIONS, ENRICHED, PARKED, UNMATCHED
from services.enricher.enrich import GROUP as ENRICHER
from services.enricher.enrich import Enricher
from services.ports.archive import Archive
from services.ports.bus import Bus
from services.ports.clock import Clock
from services.ports.errors import PortError, Unavailable
from services.ports.extractor import Extractor
from services.ports.fetcher import Fetcher
from services.ports.hosts import Hosts
from services.ports.ledger import Ledger
from services.ports.mailer import Mailer
from services.rulebook.book import Rulebook
from services.settings import Settings

Rules = Callable[[], Rulebook]
"""The rules in force, asked for at each message."""
STORIES = ("shingle", "story")
"""Kinds of the ledger that the stories are in."""
READERS = ((COLLECTED, ENRICHER), (ENRICHED, ALERTER), (DECISIONS, ALERTER))
"""Which group reads which topic of the bus."""


@dataclass(frozen=True, slots=True)
class Services:
    """The three services of one machine and the ports they share."""

    collector: Collector
    enricher: Enricher
    alerter: Alerter
    bus: Bus
    archive: Archive
    ledger: Ledger
    mailer: Mailer
    fetcher: Fetcher
    extractor: Extractor
    hosts: Hosts

    def close(self) -> None:
        """Release every port; what was not committed is delivered again at the next start."""
        ports = (self.fetcher, self.extractor, self.hosts, self.mailer, self.bus, self.archive, self.ledger)
        for port in ports:
            port.close()


def build(
    settings: Settings,
    rules: Rules,
    clock: Clock,
    on_sent: Callable[[Sent], None],
) -> Services:
    """All services on this machine, their stores made where there are none. Raises Unavailable."""
    with ExitStack() as opened:
        bus = opened.enter_context(closing(open_bus(settings, clock, create=True)))
        archive = opened.enter_context(closing(open_archive(settings, create=True)))
        ledger = opened.enter_context(closing(open_ledger(settings, create=True)))
        mailer = opened.enter_context(closing(open_mailer(settings)))
        fetcher = opened.enter_context(closing(open_fetcher(settings)))
        extractor = opened.enter_context(closing(open_extractor(settings)))
        hosts = opened.enter_context(closing(open_hosts(settings)))
        services = Services(
            collector=Collector(rules, settings.collector, bus, ledger, fetcher, extractor, clock, hosts=hosts),
            enricher=Enricher(rules, bus, archive, ledger, clock),
            alerter=Alerter(rules, settings, bus, ledger, mailer, clock, on_sent, owner=owner(settings)),
            bus=bus,
            archive=archive,
            ledger=ledger,
            mailer=mailer,
            fetcher=fetcher,
            extractor=extractor,
            hosts=hosts,
        )
        opened.pop_all()  # from here `Services.close` releases them
    return services


@contextmanager
def collecting(settings: Settings, rules: Rules, clock: Clock) -> Iterator[tuple[Collector, Callable[[], None]]]:
    """The collector alone, and what cuts its requests off at once when it must end. Raises Unavailable."""
    with ExitStack() as opened:
        bus = opened.enter_context(closing(open_bus(settings, clock, create=True)))
        ledger = opened.enter_context(closing(open_ledger(settings, create=True)))
        fetcher = opened.enter_context(closing(open_fetcher(settings)))
        extractor = opened.enter_context(closing(open_extractor(settings)))

        def cut_off() -> None:
            fetcher.close()
            extractor.close()

        hosts = opened.enter_context(closing(open_hosts(settings)))
        yield Collector(rules, settings.collector, bus, ledger, fetcher, extractor, clock, hosts=hosts), cut_off


@contextmanager
def enriching(settings: Settings, rules: Rules, clock: Clock) -> Iterator[Enricher]:
    """The enricher alone, with what it needs. Raises Unavailable."""
    with ExitStack() as opened:
        bus = opened.enter_context(closing(open_bus(settings, clock, create=True)))
        archive = opened.enter_context(closing(open_archive(settings, create=True)))
        ledger = opened.enter_context(closing(open_ledger(settings, create=True)))
        yield Enricher(rules, bus, archive, ledger, clock)


@contextmanager
def alerting(settings: Settings, rules: Rules, clock: Clock, on_sent: Callable[[Sent], None]) -> Iterator[Alerter]:
    """The alerter alone, with what it needs. Raises Unavailable."""
    with ExitStack() as opened:
        bus = opened.enter_context(closing(open_bus(settings, clock, create=True)))
        ledger = opened.enter_context(closing(open_ledger(settings, create=True)))
        mailer = opened.enter_context(closing(open_mailer(settings)))
        yield Alerter(rules, settings, bus, ledger, mailer, clock, on_sent, owner=owner(settings))


def make_stores(settings: Settings, clock: Clock) -> None:
    """Bus, archive and ledger as the settings name them, where they are not there yet. Raises Unavailable."""
    open_bus(settings, clock, create=True).close()
    open_archive(settings, create=True).close()
    open_ledger(settings, create=True).close()


def owner(settings: Settings) -> str:
    """Who holds the alerter's lease: this data folder on this machine, so that a restart takes its lease up again at
    once. Another alerter waits until the lease of one that died has run out.
    """
    return "run" if embedded(settings.ledger) else f"{socket.gethostname()}:{settings.data_dir}"


def reach(settings: Settings, clock: Clock) -> Reach:
    """How `doctor` comes to each dependency."""
    return Reach(
        bus=lambda: open_bus(settings, clock),
        archive=lambda: open_archive(settings),
        ledger=lambda: open_ledger(settings),
        mailer=lambda: open_mailer(settings),
        readers=READERS,
    )


def system_clock() -> Clock:
    """The machine's own clock, for commands."""
    return SystemClock()


def open_bus(settings: Settings, clock: Clock, *, create: bool = False) -> Bus:
    """The bus that `settings.bus` names. Raises Unavailable, also where it does not exist and is not to be made."""
    days = retention_days(settings)
    if not embedded(settings.bus):
        with _installed():
            from services.adapters.kafka_bus import KafkaBus

        return KafkaBus(settings.bus, clock, days, settings.kafka, create=create, alone={ALERTER})
    return SqliteBus(_file(settings.bus, create), clock, days)


def retention_days(settings: Settings) -> dict[str, int]:
    """How long each topic of the bus keeps its messages; 0 is for ever."""
    kept = settings.retention
    return {
        COLLECTED: kept.collected,
        DECISIONS: kept.decisions,
        ENRICHED: kept.enriched,
        UNMATCHED: kept.unmatched,
        PARKED: kept.parked,
    }


def open_hosts(settings: Settings) -> Hosts:
    """Which hosts this collector asks: all, or its share of them on Kafka. Raises Unavailable."""
    if not settings.bus.startswith("kafka:"):
        return AllHosts()
    from services.adapters.kafka_hosts import KafkaHosts

    return KafkaHosts(settings.bus, settings.kafka, settings.collector.host_seconds)


def open_archive(settings: Settings, *, create: bool = False) -> Archive:
    """The archive that `settings.archive` names. Raises Unavailable as `open_bus`."""
    if not embedded(settings.archive):
        with _installed():
            from services.adapters.elasticsearch_archive import ElasticsearchArchive

        return ElasticsearchArchive(settings.archive, settings.elasticsearch, create=create)
    return SqliteArchive(_file(settings.archive, create))


def open_ledger(settings: Settings, *, create: bool = False, unfinished: bool = False) -> Ledger:
    """The ledger that `settings.ledger` names. Raises Unavailable as `open_bus`, and where a restore was cut off in
    the middle of these data; `unfinished`: not then, for it is to be finished.
    """
    ledger = _ledger(settings, create)
    if not unfinished:
        try:
            refuse_unfinished(ledger)
        except PortError:
            ledger.close()
            raise
    return ledger


def _ledger(settings: Settings, create: bool) -> Ledger:
    if not embedded(settings.ledger):
        with _installed():
            from services.adapters.elasticsearch_ledger import ElasticsearchLedger

        return ElasticsearchLedger(settings.ledger, settings.elasticsearch, create=create)
    return SqliteLedger(_file(settings.ledger, create))


def scratch_ledger(under: Ledger | None = None) -> Ledger:
    """A ledger in memory; over another one it reads stories through to it, and what is written stays in memory."""
    return OverlayLedger(under, STORIES)


def open_mailer(settings: Settings) -> Mailer:
    """Letters to a folder, or to an SMTP server."""
    scheme, _, place = settings.mail.partition(":")
    if scheme == "folder":
        return FolderMailer(Path(place))
    return SmtpMailer(settings.mail, settings.smtp)


def open_fetcher(settings: Settings) -> Fetcher:
    """HTTP as the collector's settings say."""
    ours = settings.collector
    return HttpFetcher(
        user_agent=ours.identity,
        host_seconds=ours.host_seconds,
        routes=ours.routes,
        proxy=ours.proxy,
        ca_bundle=ours.ca_bundle,
    )


def open_extractor(settings: Settings) -> Extractor:
    """The library that the settings name, in a child process. Raises Unavailable when it is not installed."""
    if settings.collector.extractor == "newspaper":
        return NewspaperExtractor()
    return TrafilaturaExtractor()


@contextmanager
def _installed() -> Iterator[None]:
    """The clients of the servers are an extra of the distribution; without it they are out of reach."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise Unavailable(
            f"thiếu thư viện {error.name}: pip install 'diembao[scale-out]' / install the extra scale-out"
        ) from error


def embedded(url: str) -> bool:
    """Whether this is a file on this machine, not a server that several machines share."""
    return url.startswith("sqlite:")


def _file(url: str, create: bool) -> Path:
    path = Path(url.partition(":")[2])
    try:
        # A command that only reads makes nothing: a mistyped folder would look like a press without news.
        if not create and not path.exists():
            raise Unavailable(
                f"{path}: chưa có dữ liệu ở đây. Chạy `diembao run` trước, hoặc chỉ đúng thư mục bằng --data "
                "/ no data here yet: start `diembao run` first, or name the right folder with --data"
            )
    except OSError as error:
        raise Unavailable(f"{path}: không mở được / cannot be opened ({error})") from error
    return path


class DataInUse(Exception):
    """Another service process holds this data folder."""


@contextmanager
def data_lock(folder: Path, name: str = "lock") -> Iterator[None]:
    """Hold the data folder for one service process; the lock ends with the process, however it ends.

    `name`: of the lock's file, where services of several kinds share a folder that holds no store.

    Raises DataInUse, and Unavailable when the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        opened = (folder / name).open("a+")
    except OSError as error:
        raise Unavailable(
            f"không ghi được vào thư mục dữ liệu {folder}: {error} / cannot make or write the data folder"
        ) from error
    with opened as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            held.seek(0)
            owner = held.read().strip() or "?"
            raise DataInUse(
                f"Thư mục dữ liệu {folder} đang được tiến trình {owner} dùng. "
                "Dừng tiến trình đó, hoặc chọn --data khác. "
                f"/ the data folder is in use by process {owner}"
            ) from error
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        yield
