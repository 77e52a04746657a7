"""Each port opened as the settings name it. Stores that are shared by several machines, or files on this one.

The clients of Kafka and Elasticsearch are imported where they are opened: they would cost every command of an office
with one machine 0.4 s at its start.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.adapters.all_hosts import AllHosts
from services.adapters.folder_mailer import FolderMailer
from services.adapters.http_fetcher import HttpFetcher
from services.adapters.manual_clock import ManualClock
from services.adapters.newspaper_extractor import NewspaperExtractor
from services.adapters.overlay_ledger import OverlayLedger
from services.adapters.smtp_mailer import SmtpMailer
from services.adapters.sqlite_archive import SqliteArchive
from services.adapters.sqlite_bus import SqliteBus
from services.adapters.sqlite_ledger import SqliteLedger
from services.adapters.system_clock import SystemClock
from services.adapters.trafilatura_extractor import TrafilaturaExtractor
from services.alerter.intake import GROUP as ALERTER
from services.desk.restore import refuse_unfinished
from services.domain.events import COLLECTED, DECISIONS, ENRICHED, PARKED, UNMATCHED
from services.domain.feed import CURSOR
from services.ports.archive import Archive
from services.ports.bus import Bus
from services.ports.clock import Clock
from services.ports.errors import PortError, Unavailable
from services.ports.extractor import Extractor
from services.ports.fetcher import Fetcher
from services.ports.hosts import Hosts
from services.ports.ledger import Ledger
from services.ports.mailer import Mailer
from services.replay.scratch import Scratch
from services.settings import Settings

READ_THROUGH = ("shingle", "story", CURSOR)
"""Kinds of the ledger that are seen from a scratch ledger over it. Stories: an article that was told its story is told
it again, so its document is the same. Feeds: the sources line of a digest. All else (windows, numbers, letters, cases,
the lease) belongs to what was really sent."""


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
    """A ledger in memory; over another one it reads READ_THROUGH of it, and what is written stays in memory."""
    return OverlayLedger(under, READ_THROUGH)


def scratch_stores() -> Scratch:
    """What a replay writes to: files in a folder of its own, a ledger in memory, a clock that it sets."""
    return Scratch(
        bus=lambda folder, clock: SqliteBus(folder / "bus.db", clock),
        archive=lambda folder: SqliteArchive(folder / "archive.db"),
        ledger=scratch_ledger,
        mailer=FolderMailer,
        clock=ManualClock,
    )


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
