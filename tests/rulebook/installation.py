"""One installation for tests of live rules: a folder or several, one ledger, a clock that a test sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.adapters.manual_clock import ManualClock
from services.adapters.sqlite_ledger import SqliteLedger
from services.ports.ledger import Ledger
from services.rulebook.folder import write_texts
from services.rulebook.live import LiveRules
from services.rulebook.pending import PendingSet, pending_sets
from tests.rulebook.conftest import SMALL

MONDAY = datetime(2026, 11, 23, 6, tzinfo=UTC)
OTHER_WATCHES = SMALL["watches.yaml"].replace("Tỉnh Mẫu Phước", "Tỉnh Mẫu Phước, mọi tin")
MORE_TOPICS = SMALL["topics.yaml"].replace("[phá rừng]", "[phá rừng, chặt cây rừng]")
BROKEN = "- id: [\n"


@dataclass
class Installation:
    """`live` begins a service on a folder, as a new process would."""

    root: Path
    clock: ManualClock = field(default_factory=lambda: ManualClock(MONDAY))
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ledger: Ledger = SqliteLedger(self.root / "ledger.db")
        self.folder = self.make_folder("cau-hinh")

    def make_folder(self, name: str, **files: str) -> Path:
        folder = self.root / name
        write_texts(folder, SMALL)
        self.save(folder, **files)
        return folder

    def save(self, folder: Path | None = None, /, **files: str) -> None:
        """What an operator saves; files are named without .yaml."""
        for name, text in files.items():
            ((folder or self.folder) / f"{name}.yaml").write_text(text, encoding="utf-8")

    def live(self, folder: Path | None = None, service: str = "run") -> LiveRules:
        live = LiveRules(folder or self.folder, self.ledger, self.clock, "dichvu", self.said.append, service=service)
        live.start()
        return live

    def pass_days(self, days: float) -> None:
        self.clock.set(self.clock.now() + timedelta(days=days))

    def pending(self) -> list[PendingSet]:
        return pending_sets(self.ledger)


def look(*services: LiveRules, times: int = 2) -> None:
    """So many looks of each service; two take what was saved before."""
    for _ in range(times):
        for live in services:
            live.refresh()
