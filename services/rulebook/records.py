"""What one service keeps of its folder in the ledger: the set that is pending there, what was taken, that it runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from services.ports.clock import Clock
from services.ports.ledger import Ledger
from services.rulebook.accepted import KIND, accepted_set, hash_of, history
from services.rulebook.pending import (
    MOST_ERRORS,
    PendingSet,
    State,
    drop_ended,
    drop_outdated,
    pending_key,
    pending_since,
    put_pending,
)
from services.rulebook.seen import (
    CONFIRMED_EVERY,
    FolderSeen,
    ServiceSeen,
    folder_seen,
    place_of,
    put_folder,
    put_service,
)


class Records:
    """`pending`: the set of this folder that is not in force, as this process knows it. Methods raise Unavailable."""

    def __init__(self, ledger: Ledger, folder: Path, clock: Clock, service: str) -> None:
        self._ledger, self._folder, self._clock, self._service = ledger, folder, clock, service
        self._settings = ""
        self._confirmed: datetime | None = None
        self.pending: PendingSet | None = None

    def began(self, settings: str) -> None:
        """This service runs, with the diembao.yaml of this hash until it is started again."""
        self._settings = settings
        self._confirm()

    def wait(self, content: str, state: State, files: list[str], errors: list[str], running: str) -> PendingSet:
        """Note that this content waits, in the place of whatever waited in this folder before; `running` runs on."""
        if len(errors) > MOST_ERRORS:
            more = f"… và {len(errors) - MOST_ERRORS} lỗi nữa: `diembao check` / and more"
            errors = [*errors[:MOST_ERRORS], more]
        now, place = self._clock.now(), place_of(self._folder)
        self.pending = PendingSet(
            content=content,
            folder=place,
            state=state,
            files=files,
            since=pending_since(self._ledger, content) or now,
            confirmed=now,
            errors=errors,
            running=running,
        )
        put_pending(self._ledger, self.pending)
        drop_ended(self._ledger, place, (content,))
        return self.pending

    def forget(self) -> None:
        """Nothing of this folder is pending."""
        if self.pending is not None:
            self._ledger.delete(KIND, pending_key(self.pending.content))
            self.pending = None
        drop_ended(self._ledger, place_of(self._folder), ())

    def keep(self) -> None:
        """What this service left in the ledger still holds: to be called at every look."""
        if self._confirmed is None or self._clock.now() - self._confirmed >= CONFIRMED_EVERY:
            self._confirm()
        elif self.pending is not None and self._ledger.get(KIND, pending_key(self.pending.content)) is None:
            put_pending(self._ledger, self.pending)

    def saw(self, content: str, files: dict[str, str], *, taken: bool) -> None:
        """The folder holds this, and all that was changed came into force or some of it waits; `files`: FolderSeen."""
        put_folder(self._ledger, self._folder, FolderSeen(content=content, taken=taken, files=files))

    def before(self, here: Mapping[str, str], running: Mapping[str, str]) -> Mapping[str, str]:
        """File name -> hash of the text that this folder last agreed on; `here`, `running`: name -> text.

        In a folder that no service ran on, what was in force at any time is a copy left behind, and the rest an edit.
        """
        seen = folder_seen(self._ledger, self._folder)
        if seen is not None and seen.files:
            return seen.files
        kept = accepted_set(self._ledger, seen.content) if seen is not None and seen.taken else None
        if kept is not None:  # noted by the first release, which named the version alone
            return {name: hash_of(text) for name, text in kept.texts.items()}
        once = {pair for one in history(self._ledger) for pair in one.files.items()}
        mine = {name: hash_of(text) for name, text in here.items()}
        runs = {name: hash_of(text) for name, text in running.items() if name in here}
        return runs | {name: one for name, one in mine.items() if (name, one) in once}

    def _confirm(self) -> None:
        self._confirmed = now = self._clock.now()
        mine = ServiceSeen(service=self._service, settings=self._settings, confirmed=now)
        put_service(self._ledger, self._folder, mine)
        if self.pending is not None:
            self.pending = replace(self.pending, confirmed=now)
            put_pending(self._ledger, self.pending)
        drop_outdated(self._ledger, now)
