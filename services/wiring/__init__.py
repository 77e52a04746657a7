"""Settings -> adapters -> services: the only importer of adapters, and the only place that puts things together.

openers.py opens each port; here are the services, together and each alone; data_lock.py keeps two from one folder.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

from services.alerter.alert import Alerter
from services.alerter.intake import GROUP as ALERTER
from services.alerter.letter import Sent
from services.collector.collect import Collector
from services.desk.doctor import Reach
from services.domain.events import COLLECTED, DECISIONS, ENRICHED
from services.enricher.enrich import GROUP as ENRICHER
from services.enricher.enrich import Enricher
from services.enricher.sweep import Sweep
from services.ports.archive import Archive
from services.ports.bus import Bus
from services.ports.clock import Clock
from services.ports.extractor import Extractor
from services.ports.fetcher import Fetcher
from services.ports.hosts import Hosts
from services.ports.ledger import Ledger
from services.ports.mailer import Mailer
from services.rulebook.book import Rulebook
from services.settings import Settings
from services.wiring.data_lock import DataInUse, data_lock
from services.wiring.openers import (
    embedded,
    open_archive,
    open_bus,
    open_extractor,
    open_fetcher,
    open_hosts,
    open_ledger,
    open_mailer,
    retention_days,
    scratch_ledger,
    scratch_stores,
    system_clock,
)

__all__ = [
    "GROUPS",
    "DataInUse",
    "Rules",
    "Services",
    "alerting",
    "build",
    "collecting",
    "data_lock",
    "embedded",
    "enriching",
    "make_stores",
    "open_archive",
    "open_bus",
    "open_extractor",
    "open_fetcher",
    "open_hosts",
    "open_ledger",
    "open_mailer",
    "owner",
    "reach",
    "retention_days",
    "scratch_ledger",
    "scratch_stores",
    "system_clock",
]

Rules = Callable[[], Rulebook]
"""The rules in force, asked for at each message."""
GROUPS = ((COLLECTED, ENRICHER), (ENRICHED, ALERTER), (DECISIONS, ALERTER))
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
            enricher=Enricher(rules, bus, archive, ledger, clock, sweep=Sweep(ledger, clock)),
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
        yield Enricher(rules, bus, archive, ledger, clock, sweep=Sweep(ledger, clock))


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
        groups=GROUPS,
    )
