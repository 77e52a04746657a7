"""Settings -> adapters -> services: the only importer of adapters, and the only place that puts things together."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
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
from services.alerter.intake import GROUP as ALERTER
from services.alerter.letter import Sent
from services.collector.collect import Collector
from services.desk.doctor import Reach
from services.domain.events import COLLECTED, DECISIONS, ENRICHED, PARKED, UNMATCHED
from services.enricher.enrich import GROUP as ENRICHER
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
    """All services on this machine, their stores made where there are none. Raises Unavailable."""
    with ExitStack() as opened:
        bus = opened.enter_context(closing(open_bus(settings, clock, create=True)))
        archive = opened.enter_context(closing(open_archive(settings, create=True)))
        ledger = opened.enter_context(closing(open_ledger(settings, create=True)))
        mailer = opened.enter_context(closing(open_mailer(settings)))
        fetcher = opened.enter_context(closing(open_fetcher(settings)))
        extractor = opened.enter_context(closing(open_extractor(settings)))
        services = Services(
            collector=Collector(rules, settings.collector, bus, ledger, fetcher, extractor, clock),
            enricher=Enricher(rules, bus, archive, ledger, clock),
            alerter=Alerter(rules, settings, bus, ledger, mailer, clock, on_sent, owner="run"),
            bus=bus,
            archive=archive,
            ledger=ledger,
            mailer=mailer,
            fetcher=fetcher,
            extractor=extractor,
        )
        opened.pop_all()  # from here `Services.close` releases them
    return services


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
    kept = settings.retention
    days = {
        COLLECTED: kept.collected,
        DECISIONS: kept.decisions,
        ENRICHED: kept.enriched,
        UNMATCHED: kept.unmatched,
        PARKED: kept.parked,
    }
    return SqliteBus(_file(settings.bus, "bus", create), clock, days)


def open_archive(settings: Settings, *, create: bool = False) -> Archive:
    """The archive that `settings.archive` names. Raises Unavailable as `open_bus`."""
    return SqliteArchive(_file(settings.archive, "archive", create))


def open_ledger(settings: Settings, *, create: bool = False) -> Ledger:
    """The ledger that `settings.ledger` names. Raises Unavailable as `open_bus`."""
    return SqliteLedger(_file(settings.ledger, "ledger", create))


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


def _file(url: str, what: str, create: bool) -> Path:
    scheme, _, path = url.partition(":")
    if scheme != "sqlite":
        raise Unavailable(
            f"{what}: {scheme}:// cần bản cài nhiều máy, chưa có trong phiên bản này; "
            f"đặt {what}: sqlite:{what}.db / the scale-out adapters are not part of this version"
        )
    try:
        # A command that only reads makes nothing: a mistyped folder would look like a press without news.
        if not create and not Path(path).exists():
            raise Unavailable(
                f"{path}: chưa có dữ liệu ở đây. Chạy `diembao run` trước, hoặc chỉ đúng thư mục bằng --data "
                f"/ no {what} here yet: start `diembao run` first, or name the right folder with --data"
            )
    except OSError as error:
        raise Unavailable(f"{path}: không mở được / cannot be opened ({error})") from error
    return Path(path)


class DataInUse(Exception):
    """Another service process holds this data folder."""


@contextmanager
def data_lock(folder: Path) -> Iterator[None]:
    """Hold the data folder for one service process; the lock ends with the process, however it ends.

    Raises DataInUse, and Unavailable when the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        opened = (folder / "lock").open("a+")
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
