"""What services leave in the ledger about a folder: which content was taken, which diembao.yaml each was started with.

Each service confirms its own now and then; what nobody confirms for long belongs to a machine that is gone.
"""

from __future__ import annotations

import platform
from datetime import datetime, timedelta
from pathlib import Path

from services.domain.codec import decode, encode
from services.domain.record import Record
from services.ports.ledger import Ledger, Put
from services.rulebook.accepted import KIND

CONFIRMED_EVERY = timedelta(hours=1)
FORGOTTEN_AFTER = timedelta(days=7)
"""Longer than a machine is off over a weekend with a holiday."""


class FolderSeen(Record, frozen=True, kw_only=True):
    """What a service last did with a folder, kept in the ledger under the folder's place."""

    content: str
    """Version of the texts that stood there (`load.version_of`)."""
    taken: bool
    """Whether all that was changed there came into force; otherwise some of it waits."""
    files: dict[str, str] = {}
    """File name -> hash of its text when it last came into force from there, or was found older than what ran."""


class ServiceSeen(Record, frozen=True, kw_only=True):
    """What a service on a folder runs with until it is started again; under the folder's place and its own name."""

    service: str
    """"run", "collector", "enricher" or "alerter"."""
    settings: str
    """Hash of the diembao.yaml that it was started with."""
    confirmed: datetime


def place_of(folder: Path) -> str:
    """MACHINE:FOLDER, which names a folder among all machines of an installation."""
    return f"{platform.node()}:{folder.absolute()}"


def folder_seen(ledger: Ledger, folder: Path) -> FolderSeen | None:
    """What a service last did with this folder; None where none ever ran on it. Raises Unavailable."""
    held = ledger.get(KIND, f"folder|{place_of(folder)}")
    return None if held is None else decode(held.value, FolderSeen)


def is_followed(ledger: Ledger, folder: Path, content: str) -> bool:
    """Whether a service ran on this folder, or found this very content in one: a container that is made for a single
    command sees the services' folder under a name of its own. Raises Unavailable.
    """
    if folder_seen(ledger, folder) is not None:
        return True
    return any(decode(held.value, FolderSeen).content == content for held in ledger.scan(KIND, prefix="folder|"))


def folders_seen(ledger: Ledger) -> list[str]:
    """MACHINE:FOLDER of every folder that a service ran on, of this machine where there are any. Raises Unavailable."""
    found = [held.key.removeprefix("folder|") for held in ledger.scan(KIND, prefix="folder|")]
    mine = [place for place in found if place.partition(":")[0] == platform.node()]
    return mine or found


def put_folder(ledger: Ledger, folder: Path, seen: FolderSeen) -> None:
    """Write that down. Raises Unavailable."""
    ledger.put(Put(KIND, f"folder|{place_of(folder)}", encode(seen)))


def services_seen(ledger: Ledger, folder: Path) -> list[ServiceSeen]:
    """Every service of this folder, by name. Raises Unavailable."""
    return [decode(held.value, ServiceSeen) for held in ledger.scan(KIND, prefix=f"service|{place_of(folder)}|")]


def put_service(ledger: Ledger, folder: Path, seen: ServiceSeen) -> None:
    """Write it down over its earlier one, and take out those of any folder that are gone. Raises Unavailable."""
    ledger.put(Put(KIND, f"service|{place_of(folder)}|{seen.service}", encode(seen)))
    for held in list(ledger.scan(KIND, prefix="service|")):
        if seen.confirmed - decode(held.value, ServiceSeen).confirmed > FORGOTTEN_AFTER:
            ledger.delete(KIND, held.key)
