"""Settings -> adapters -> services: the only importer of adapters, and the only place that puts things together."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.adapters.folder_mailer import FolderMailer
from services.adapters.http_fetcher import HttpFetcher
from services.adapters.newspaper_extractor import NewspaperExtractor
from services.adapters.smtp_mailer import SmtpMailer
from services.adapters.sqlite_archive import SqliteArchive
from services.adapters.sqlite_bus import SqliteBus
from services.adapters.sqlite_ledger import SqliteLedger
from services.adapters.system_clock import SystemClock
from services.adapters.trafilatura_extractor import TrafilaturaExtractor
from services.alerter.alert import Alerter
from services.alerter.letter import Sent
from services.collector.collect import Collector
from services.domain.events import COLLECTED, DECISIONS, ENRICHED, PARKED, UNMATCHED
from services.enricher.enrich import Enricher
from services.ports.archive import Archive
from services.ports.bus import Bus
from services.ports.clock import Clock
from services.ports.errors import Unavailable
from services.ports.extractor import Extractor
from services.ports.fetcher import Fetcher
from services.ports.ledger import Ledger
from services.ports.mailer import Mailer
from services.rulebook.book import Rulebook
from services.settings import Settings


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

    def close(self) -> None:
        """Release every port; what was not committed is delivered again at the next start."""
        for port in (self.fetcher, self.extractor, self.mailer, self.bus, self.archive, self.ledger):
            port.close()


def build(
    settings: Settings,
    rules: Callable[[], Rulebook],
    clock: Clock,
    on_sent: Callable[[Sent], None],
) -> Services:
    """All services on this machine. Raises Unavailable when a store cannot be opened."""
    bus, archive, ledger = open_bus(settings, clock), open_archive(settings), open_ledger(settings)
    mailer, fetcher, extractor = open_mailer(settings), open_fetcher(settings), open_extractor(settings)
    return Services(
        collector=Collector(rules, settings.collector, bus, ledger, fetcher, extractor, clock),
        enricher=Enricher(rules, bus, archive, ledger, clock),
        alerter=Alerter(rules, settings, bus, archive, ledger, mailer, clock, on_sent=on_sent),
        bus=bus,
        archive=archive,
        ledger=ledger,
        mailer=mailer,
        fetcher=fetcher,
        extractor=extractor,
    )


def system_clock() -> Clock:
    """The machine's own clock, for commands."""
    return SystemClock()


def open_bus(settings: Settings, clock: Clock) -> Bus:
    """The bus that `settings.bus` names. Raises Unavailable."""
    kept = settings.retention
    days = {
        COLLECTED: kept.collected,
        DECISIONS: kept.decisions,
        ENRICHED: kept.enriched,
        UNMATCHED: kept.unmatched,
        PARKED: kept.parked,
    }
    return SqliteBus(_file(settings.bus, "bus"), clock, days)


def open_archive(settings: Settings) -> Archive:
    """The archive that `settings.archive` names. Raises Unavailable."""
    return SqliteArchive(_file(settings.archive, "archive"))


def open_ledger(settings: Settings) -> Ledger:
    """The ledger that `settings.ledger` names. Raises Unavailable."""
    return SqliteLedger(_file(settings.ledger, "ledger"))


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


def _file(url: str, what: str) -> Path:
    scheme, _, path = url.partition(":")
    if scheme != "sqlite":
        raise Unavailable(
            f"{what}: {scheme}:// cần bản cài nhiều máy, chưa có trong phiên bản này; "
            f"đặt {what}: sqlite:{what}.db / the scale-out adapters are not part of this version"
        )
    return Path(path)


class DataInUse(Exception):
    """Another service process holds this data folder."""


@contextmanager
def data_lock(folder: Path) -> Iterator[None]:
    """Hold the data folder for one service process; the lock ends with the process, however it ends.

    Raises DataInUse, and Unavailable when the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"không tạo được thư mục dữ liệu {folder}: {error} / cannot make the data folder") from error
    with (folder / "lock").open("a+") as held:
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
