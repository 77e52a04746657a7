"""Killed at any moment and started again: the same letters, the same windows, nothing twice.

A `Life` ends at its n-th effect, just before or just after it; from then on nothing that the process would still do
(a `finally`, a rewind) reaches the outside, as with SIGKILL.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from services.adapters.folder_mailer import FolderMailer
from services.adapters.manual_clock import ManualClock
from services.adapters.sqlite_bus import SqliteBus
from services.adapters.sqlite_ledger import SqliteLedger
from services.alerter.alert import Alerter
from services.desk.review import Review
from services.ports.bus import Delivery, Message
from services.ports.ledger import Held, Put
from tests.alerter.office import ANALYST, START, Press, article, finding, rulebook, settings_of, watch

EFFECTS = 130
"""More than the effects of the scenario: the last lives end by themselves (checked below)."""


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Life:
    """Counts effects; dies at one of them."""

    at: int
    after: bool
    effects: int = 0
    dead: bool = False

    def __enter__(self) -> None:
        self.check()
        self.effects += 1
        if self.effects == self.at and not self.after:
            self.die()

    def __exit__(self, *_: object) -> None:
        if self.effects == self.at and self.after and not self.dead:
            self.die()

    def check(self) -> None:
        if self.dead:
            raise Killed

    def die(self) -> None:
        self.dead = True
        raise Killed


class MortalLedger(SqliteLedger):
    def __init__(self, path: Path, life: Life) -> None:
        super().__init__(path)
        self.life = life
        self.chance = random.Random(life.at)

    def put(self, *writes: Put) -> None:
        # One by one, in any order: what an engine without transactions may leave behind.
        for write in self.chance.sample(writes, len(writes)):
            with self.life:
                super().put(write)

    def delete(self, kind: str, *keys: str | Held) -> None:
        for key in keys:
            with self.life:
                super().delete(kind, key)


class MortalBus(SqliteBus):
    def __init__(self, path: Path, clock: ManualClock, life: Life) -> None:
        super().__init__(path, clock)
        self.life = life

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        with self.life:
            super().publish(topic, messages)

    def commit(self, topic: str, group: str, deliveries: Sequence[Delivery]) -> None:
        with self.life:
            super().commit(topic, group, deliveries)


class MortalMailer(FolderMailer):
    def __init__(self, folder: Path, life: Life) -> None:
        super().__init__(folder)
        self.life = life

    def send(self, message: EmailMessage) -> str:
        with self.life:
            return super().send(message)
        raise AssertionError("unreachable")


KNOWN = finding(4)
RULES = rulebook(
    watches=[
        watch(recipients=["leadership", "analyst"]),
        watch("bien", "topic:bien_gioi", ["analyst"], urgency="urgent"),
    ]
)


def publish(folder: Path) -> None:
    """What the enricher left on the bus."""
    press = Press(folder, RULES)  # accepts the rules, as `run` does
    with closing(press.bus), closing(press.ledger):
        press.feeds({"bao-0": "ok", "bao-1": "ok"})
        press.publish(
            *(article(n) for n in range(3)),
            article(3, topics=("bien_gioi",)),
            article(4, findings=(KNOWN, finding(4, fact_id="khac"))),
        )
        press.publish(article(1, change="number", version=2), article(2))


def live(folder: Path, life: Life) -> None:
    """The whole scenario, doing only what is not done yet: as a service and a person would after a restart."""
    clock = ManualClock(START)
    with (
        closing(MortalLedger(folder / "ledger.db", life)) as ledger,
        closing(MortalBus(folder / "bus.db", clock, life)) as bus,
    ):
        mailer = MortalMailer(folder / "mail", life)
        alerter = Alerter(lambda: RULES, settings_of(folder), bus, ledger, mailer, clock, owner="run")
        while alerter.step(limit=3):
            pass
        clock.set(START + timedelta(minutes=90))
        alerter.send_due_digests()
        clock.set(START + timedelta(hours=3))
        review = Review(RULES, bus, ledger, clock)
        if review.find(KNOWN.finding_id).status == "proposed":
            review.confirm(KNOWN.finding_id, ANALYST, "Đã đối chiếu")
        while alerter.step():
            pass
        clock.set(START + timedelta(days=1, minutes=90))
        alerter.send_due_digests()
        clock.set(START + timedelta(days=1, hours=3))
        if review.find(KNOWN.finding_id).status == "confirmed":
            review.dismiss(KNOWN.finding_id, ANALYST, "Câu nói về đoạn khác")
        while alerter.step():
            pass


def letters(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "mail").iterdir()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("undisturbed")
    publish(folder)
    life = Life(at=0, after=False)
    live(folder, life)
    assert EFFECTS - 20 < life.effects < EFFECTS, life.effects
    return letters(folder)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, EFFECTS, 3))
def test_killed_and_started_again(at: int, after: bool, undisturbed: dict[str, bytes], tmp_path: Path) -> None:
    publish(tmp_path)
    try:
        live(tmp_path, Life(at, after))
    except Killed:
        live(tmp_path, Life(0, after))
    assert letters(tmp_path) == undisturbed
