"""Three mornings of the sample press through the real collector, bus, enricher, archive and alerter.

Each step has its hour, to which the clock is set. The number of a step is on disk before it begins, so a run that is
killed goes on with that very step at that very hour: every step may be done twice with the same result.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from samples.press.content import HERE, local
from services import resources
from services.adapters.manual_clock import ManualClock
from services.desk.review import Review
from services.rulebook.accepted import accept
from services.rulebook.book import Rulebook
from services.rulebook.load import load
from services.settings import Settings, load_settings
from services.wiring import GROUPS, Services

SHARED = ("places.yaml", "topics.yaml", "lexicon")
"""What the samples take from the shipped configuration as it is."""
SAMPLE_FACT = "mau-duong-bien-gioi"
PROGRESS = "mornings.step"


@dataclass(frozen=True, slots=True)
class Step:
    """What happens at an hour. `read`: poll and finish everything; `digest`: the hour of the digest; `confirm`: the
    sample analyst confirms the sample finding."""

    at: datetime
    do: Literal["read", "digest", "confirm"]
    words: str


PLAN: Sequence[Step] = (
    Step(local("2026-11-17T05:45"), "read", "Lần đọc đầu tiên: bài cũ của các báo vào kho, không vào bản tin"),
    Step(local("2026-11-17T06:30"), "digest", "Bản điểm báo sáng thứ nhất"),
    Step(local("2026-11-17T13:00"), "read", "Trưa 17/11: vụ cháy kho điều, một bài gốc và các bài đăng lại"),
    Step(local("2026-11-17T20:45"), "read", "Tối 17/11: một số liệu trái với dữ kiện MẪU, chuyên viên được báo ngay"),
    Step(local("2026-11-18T05:45"), "read", "Sáng sớm 18/11"),
    Step(local("2026-11-18T06:30"), "digest", "Bản điểm báo sáng thứ hai"),
    Step(local("2026-11-18T08:05"), "confirm", "Chuyên viên MẪU xác nhận phát hiện, lãnh đạo nhận thông báo"),
    Step(local("2026-11-18T13:15"), "read", "Trưa 18/11: đọc lại các trang, một báo đã lặng lẽ sửa số liệu"),
    Step(local("2026-11-18T20:45"), "read", "Tối 18/11: một bài viết «UBND huyện Bù Gia Mập» như còn hoạt động"),
    Step(local("2026-11-19T05:45"), "read", "Sáng sớm 19/11"),
    Step(local("2026-11-19T06:30"), "digest", "Bản điểm báo sáng thứ ba"),
)  # fmt: skip


def settings_for(data: Path, login: str, routes: dict[str, str]) -> Settings:
    """The samples' own settings: a copy of their config folder under `data`, with this analyst and these routes.

    The environment is left out: a mail server set there must never receive a sample letter.
    """
    config = data / "config"
    shutil.rmtree(config, ignore_errors=True)
    shutil.copytree(HERE / "config", config)
    for name in SHARED:
        source = resources.config_dir() / name
        if source.is_dir():
            shutil.copytree(source, config / name)
        else:
            shutil.copy(source, config / name)
    people = config / "people.yaml"
    people.write_text(people.read_text(encoding="utf-8").replace("{LOGIN}", login), encoding="utf-8")
    settings = load_settings(config, data, environ={})
    return replace(settings, collector=msgspec.structs.replace(settings.collector, routes=routes))


def write_routes(path: Path, routes: dict[str, str]) -> None:
    """So that `diembao run` on this folder reads the sample press too, as long as that runs."""
    lines = "".join(f'    {host}: "{origin}"\n' for host, origin in routes.items())
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}  routes:                     # các báo mẫu, khi cửa sổ báo mẫu còn mở\n{lines}", "utf-8")


def rules_of(settings: Settings) -> Rulebook:
    """The samples' rulebook. Raises ConfigErrors."""
    return load(settings.config_dir)


def drive(
    services: Services,
    rules: Rulebook,
    clock: ManualClock,
    data: Path,
    login: str,
    tell: Callable[[Step], None],
    plan: Sequence[Step] = PLAN,
) -> None:
    """Do the steps that are not done yet. Raises what a service raises; call again to go on."""
    progress = data / PROGRESS
    begun = int(progress.read_text()) if progress.exists() else 0
    for number, step in enumerate(plan):
        if number < begun:
            continue
        _write(progress, number)
        clock.set(step.at)
        tell(step)
        accept(services.ledger, rules, login, clock.now())
        _do(step, services, rules, clock, login)
    _write(progress, len(plan))


def _do(step: Step, services: Services, rules: Rulebook, clock: ManualClock, login: str) -> None:
    if step.do == "read":
        services.collector.round()
    elif step.do == "confirm":
        _confirm(Review(rules, services.bus, services.ledger, clock), login)
    _settle(services)
    if step.do == "digest":
        services.alerter.send_due_digests()


def _settle(services: Services) -> None:
    """Until nothing is on its way: a killed step may have left work at any place.

    One service after the other, as if each was an hour ahead of the next: what a letter says must not hang on how far
    the enricher was when a process was killed. A step that did nothing may have found its group being shared out anew:
    only the lag says that nothing is left.
    """
    while services.collector.finish_pending():
        pass
    for step, group in ((services.enricher.step, "enricher"), (services.alerter.step, "alerter")):
        topics = [topic for topic, reader in GROUPS if reader == group]
        while step() or any(services.bus.lag(topic, group) for topic in topics):
            pass


def _confirm(review: Review, login: str) -> None:
    analyst = review.analyst(login)
    for one in review.all():
        if one.case.finding.fact_id == SAMPLE_FACT and one.status == "proposed":
            review.confirm(one.case.finding_id, analyst, "Đã đối chiếu với văn bản MẪU số 01/MẪU.")


def _write(progress: Path, number: int) -> None:
    """Whole or not at all, and on disk before the step begins."""
    written = progress.with_suffix(".new")
    with written.open("w") as file:
        file.write(str(number))
        file.flush()
        os.fsync(file.fileno())
    written.replace(progress)
