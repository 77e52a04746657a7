"""The three days of the sample press, as they ended, opened to be replayed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from samples.press.content import local
from services.adapters.sqlite_archive import SqliteArchive
from services.adapters.system_clock import SystemClock
from services.domain.codec import encode
from services.domain.events import TOPICS
from services.ports.archive import Archive
from services.replay.scratch import Installation
from services.rulebook.book import Rulebook
from services.rulebook.load import load
from services.settings import Settings, load_settings
from services.wiring import open_archive, open_bus, open_ledger, scratch_stores
from tests.journey.stores import with_stores

BEGIN, END = local("2026-11-17T00:00"), local("2026-11-20T00:00")
BEFORE_CHANGE, AFTER_CHANGE = local("2026-11-18T12:00"), local("2026-11-18T18:00")
"""Around the reading in which a paper had silently changed a figure; the first text was read on 17/11."""


@dataclass(frozen=True, slots=True)
class Days:
    """An installation over the data folder of a finished journey."""

    installation: Installation
    settings: Settings
    rules: Rulebook

    def state(self) -> dict[str, object]:
        """All that a replay must leave as it is: the ledger, the log, every group's place, the mail folder."""
        bus = self.installation.bus
        mail = self.settings.data_dir / "mail"
        return {
            "ledger": [(kind, held) for kind, held in self.installation.ledger.snapshot()],
            "log": {topic: [one.message for one in bus.scan(topic)] for topic in TOPICS},
            "lag": {(topic, group): bus.lag(topic, group) for topic in TOPICS for group in ("enricher", "alerter")},
            "mail": {path.name: path.read_bytes() for path in mail.glob("*")},
        }


@contextmanager
def opened(data: Path) -> Iterator[Days]:
    settings = with_stores(load_settings(data / "config", data, environ={}), data)
    with (
        closing(open_bus(settings, SystemClock())) as bus,
        closing(open_ledger(settings)) as ledger,
        closing(open_archive(settings)) as archive,
    ):
        yield Days(
            Installation(bus, ledger, archive, scratch_stores(), data),
            settings,
            load(settings.config_dir, samples=False),
        )


@contextmanager
def fresh_archive(path: Path) -> Iterator[Archive]:
    with closing(SqliteArchive(path)) as archive:
        yield archive


def held(archive: Archive) -> dict[str, bytes]:
    """Article id -> its document and all its versions, as bytes."""
    return {
        one.document.article_id: b"\n".join([encode(one.document), *map(encode, one.versions)])
        for one in archive.snapshot()
    }


def documents(archive: Archive) -> dict[str, bytes]:
    """Article id -> its document, as bytes."""
    return {one.document.article_id: encode(one.document) for one in archive.snapshot()}


def at(text: str) -> datetime:
    """A time of the sample days, in the office's zone."""
    return local(text)
