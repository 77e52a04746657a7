"""The examination: each dependency reached once, with what was found in words and how grave it is."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from services.desk.config_state import config_state, state_lines
from services.desk.parked import list_parked
from services.desk.unclassified import unclassified
from services.domain.codec import decode
from services.domain.events import TOPICS
from services.domain.feed import CURSOR, FeedCursor
from services.ports.archive import Archive
from services.ports.bus import Bus
from services.ports.clock import Clock
from services.ports.errors import PortError
from services.ports.ledger import Ledger
from services.ports.mailer import Mailer
from services.rulebook.book import Rulebook
from services.rulebook.errors import ConfigError
from services.settings import Settings, without_password

Grade = Literal["ok", "warn", "fail"]
_LITTLE_SPACE = 1_000_000_000
_SILENT_SECONDS = 2 * 3600
_UNCLASSIFIED_DAYS, _HOSTS_NAMED = 30, 10
FOLDER = "Tệp cấu hình / files"
"""What the check of the folder is called, the one that fails without anything being out of reach."""
_RELEASED = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reach:
    """How each dependency is opened, anew at each call; every call raises Unavailable where there is none."""

    bus: Callable[[], Bus]
    archive: Callable[[], Archive]
    ledger: Callable[[], Ledger]
    mailer: Callable[[], Mailer]
    groups: Sequence[tuple[str, str]]
    """(topic, group) of each service that reads."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the examination. `fail`: a dependency cannot be reached."""

    what: str
    grade: Grade
    words: str


def examine(
    settings: Settings, rules: Rulebook, reach: Reach, clock: Clock, invalid: Sequence[ConfigError] = ()
) -> Iterator[Check]:
    """Every check in turn; one that fails does not keep the others from being made.

    `invalid`: what is wrong with the folder; `rules` are then those in force.
    """
    yield _clock(settings, clock)
    yield _folder(settings.data_dir)
    if invalid:
        yield _invalid(settings, invalid)
    yield from _config(settings, rules, reach, valid=not invalid)
    yield from _guarded("Nhật ký tin / bus", lambda: _bus(settings, reach))
    yield from _guarded("Kho tra cứu / archive", lambda: _archive(settings, reach))
    yield from _guarded("Sổ trạng thái / ledger", lambda: _feeds(settings, rules, reach, clock))
    yield from _guarded("Thư / mail", lambda: _mail(settings, reach))


def _guarded(what: str, look: Callable[[], list[Check]]) -> list[Check]:
    try:
        return look()
    except PortError as error:
        return [Check(what, "fail", str(error))]


def _clock(settings: Settings, clock: Clock) -> Check:
    now = clock.now()
    local = now.astimezone(settings.digest.zone)
    said = (
        f"{local:%H:%M %d/%m/%Y} {settings.digest.zone} = {now:%H:%M} UTC; "
        f"bản tin lúc {settings.digest.at} ngày làm việc"
    )
    if now < _RELEASED:
        return Check("Đồng hồ / clock", "warn", f"{said}. Đồng hồ máy chạy sai: hãy chỉnh lại / the clock is wrong")
    return Check("Đồng hồ / clock", "ok", said)


def _folder(folder: Path) -> Check:
    what = "Thư mục dữ liệu / data"
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return Check(what, "fail", f"{folder}: không ghi được vào {existing} / {existing} is not writable")
    if existing != folder:
        said = "chưa có thư mục này. Chạy `diembao run` trước, hoặc chỉ đúng chỗ bằng --data / no such folder yet"
        return Check(what, "fail", f"{folder}: {said}")
    free = shutil.disk_usage(existing).free
    said = f"{folder}, còn trống {size(free)} / free"
    if free < _LITTLE_SPACE:
        return Check(what, "warn", f"{said}. Sắp hết chỗ: dọn đĩa hoặc giảm retention / little space left")
    return Check(what, "ok", said)


def _invalid(settings: Settings, errors: Sequence[ConfigError]) -> Check:
    more = f" và {len(errors) - 1} lỗi khác" if len(errors) > 1 else ""
    said = f"{settings.config_dir}: {errors[0]}{more}. Xem `diembao check` / the folder is not valid"
    return Check(FOLDER, "fail", said)


def _config(settings: Settings, rules: Rulebook, reach: Reach, *, valid: bool) -> list[Check]:
    what, said = "Cấu hình / config", f"{settings.config_dir}, phiên bản {rules.version}"
    try:
        with closing(reach.ledger()) as ledger:
            state = config_state(ledger, settings.config_dir)
    except PortError:
        # Why the ledger cannot be read stands in its own line.
        return [Check(what, "ok", f"{said}; không đọc được bản đang dùng / the version in force is not known")]
    first, *others = state_lines(state, settings.digest.zone, valid=valid)
    return [Check(what, "ok", f"{said}. {first}"), *(Check(what, "warn", line) for line in others)]


def _bus(settings: Settings, reach: Reach) -> list[Check]:
    with closing(reach.bus()) as bus:
        counts = ", ".join(f"{topic.removeprefix('press.')} {bus.size(topic)}" for topic in TOPICS)
        lags = [(topic, group, bus.lag(topic, group)) for topic, group in reach.groups]
        waiting = _parked(bus, reach)
    found = [Check("Nhật ký tin / bus", "ok", f"{_stored(settings.bus)}; {counts}")]
    late = [f"{group} còn {lag} ở {topic}" for topic, group, lag in lags if lag]
    if late:
        found.append(Check("Chờ xử lý / lag", "warn", "; ".join(late) + " (bình thường khi đang chạy)"))
    if waiting:
        found.append(
            Check("Bản ghi hỏng / parked", "warn", f"{waiting} bản ghi chờ xem: `diembao parked` / messages parked")
        )
    return found


def _parked(bus: Bus, reach: Reach) -> int:
    try:
        with closing(reach.ledger()) as ledger:
            return sum(item.retried is None for item in list_parked(bus, ledger))
    except PortError:
        return 0  # whichever of the two cannot be read says so in a line of its own


def _archive(settings: Settings, reach: Reach) -> list[Check]:
    with closing(reach.archive()) as archive:
        return [Check("Kho tra cứu / archive", "ok", f"{_stored(settings.archive)}; {archive.count()} bài / articles")]


def _feeds(settings: Settings, rules: Rulebook, reach: Reach, clock: Clock) -> list[Check]:
    with closing(reach.ledger()) as ledger:
        cursors = cursors_of(ledger)
        unnamed = unclassified(ledger, rules.outlets, clock.now() - timedelta(days=_UNCLASSIFIED_DAYS))
    found = [Check("Sổ trạng thái / ledger", "ok", _stored(settings.ledger))]
    enabled = [feed for feed in rules.feeds.values() if feed.enabled]
    states = Counter(cursors[feed.id].state if feed.id in cursors else "chưa đọc" for feed in enabled)
    off = len(rules.feeds) - len(enabled)
    said = f"{len(enabled)} nguồn bật, {off} tắt: " + ", ".join(
        f"{state} {count}" for state, count in sorted(states.items())
    )
    fine = not enabled or states["ok"] + states["moved"] == len(enabled)
    found.append(Check("Nguồn tin / feeds", "ok" if fine else "warn", f"{said}. Xem `diembao feeds`"))
    if unnamed:
        found.append(_unclassified(unnamed))
    polled = max((cursor.polled_at for cursor in cursors.values()), default=None)
    if polled is not None and (clock.now() - polled).total_seconds() > _SILENT_SECONDS:
        local = polled.astimezone(settings.digest.zone)
        found.append(
            Check("Thu bài / collector", "warn", f"lần đọc cuối {local:%H:%M %d/%m/%Y}; chương trình có đang chạy?")
        )
    return found


def _unclassified(hosts: Counter[str]) -> Check:
    named = ", ".join(f"{host} {count}" for host, count in hosts.most_common(_HOSTS_NAMED))
    more = f" và {len(hosts) - _HOSTS_NAMED} nơi khác" if len(hosts) > _HOSTS_NAMED else ""
    said = (
        f"{hosts.total()} bài trong {_UNCLASSIFIED_DAYS} ngày, nằm trong kho, không vào thư: {named}{more}. "
        "Xếp loại trong outlets.yaml / articles of sources that are not classified"
    )
    return Check("Chưa xếp loại / unclassified", "ok", said)


def cursors_of(ledger: Ledger) -> dict[str, FeedCursor]:
    """The state of each feed that was ever polled, by feed id."""
    return {held.key: decode(held.value, FeedCursor) for held in ledger.scan(CURSOR)}


def _mail(settings: Settings, reach: Reach) -> list[Check]:
    with closing(reach.mailer()) as mailer:
        mailer.check()
    if settings.mail.startswith("folder:"):
        said = "thư chỉ ghi thành tệp, chưa gửi đi / letters stay in this folder"
    elif settings.smtp.user:
        said = "kết nối và đăng nhập được / reachable, login accepted"
    else:
        said = "kết nối được, không đăng nhập / reachable, no login"
    return [Check("Thư / mail", "ok", f"{settings.addresses()['mail']}: {said}")]


def _stored(url: str) -> str:
    """The address, and what its files weigh where it is one on this machine."""
    scheme, _, path = url.partition(":")
    if scheme != "sqlite":
        return without_password(url)
    files = [Path(path + ending) for ending in ("", "-wal")]
    return f"{path} ({size(sum(file.stat().st_size for file in files if file.exists()))})"


def size(count: int) -> str:
    """Bytes for people: 1536 -> "1,5 kB"."""
    amount, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1024 or unit == "TB":
            break
        amount /= 1024
    return f"{amount:.1f} {unit}".replace(".", ",").replace(",0 ", " ")
