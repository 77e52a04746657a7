"""Which bus, archive and ledger a journey's data folder goes with: files in it, or servers."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import msgspec

from services.settings import Settings

_FILE = "stores.json"


def remember(data: Path, bus: str, store: str, partitions: str) -> None:
    """That this journey runs on this bus, with archive and ledger at `store`, for whoever reads the folder later."""
    data.mkdir(parents=True, exist_ok=True)
    (data / _FILE).write_text(json.dumps([bus, store, int(partitions)]), encoding="utf-8")


def with_stores(settings: Settings, data: Path) -> Settings:
    """The settings with what this folder remembers; the files in it where it remembers nothing."""
    file = data / _FILE
    if not file.exists():
        return settings
    bus, store, partitions = json.loads(file.read_text(encoding="utf-8"))
    kafka = msgspec.structs.replace(settings.kafka, partitions=partitions)
    return dataclasses.replace(settings, bus=bus, archive=store, ledger=store, kafka=kafka)
