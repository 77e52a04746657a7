"""What `doctor` looks at: each dependency once, with what it found in words and how grave it is."""

from __future__ import annotations

import os
import shutil
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from services import wiring
from services.desk.parked import list_parked
from services.domain.codec import decode
from services.domain.events import COLLECTED, DECISIONS, ENRICHED, TOPICS
from services.domain.feed import FeedCursor
from services.ports.clock import Clock
from services.ports.errors import PortError
from services.ports.ledger import Ledger
from services.rulebook.accepted import current_version
from services.rulebook.book import Rulebook
from services.settings import Settings, without_password

Grade = Literal["ok", "warn", "fail"]
GROUPS = ((COLLECTED, "enricher"), (DECISIONS, "enricher"), (ENRICHED, "alerter"), (DECISIONS, "alerter"))
_LITTLE_SPACE = 1_000_000_000
_MAIL_SECONDS = 5.0
_SILENT_SECONDS = 2 * 3600
_RELEASED = datetime(2026, 1, 1, tzinfo=UTC)
_MAIL_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination. `fail`: a dependency cannot be reached."""

    what: str
    grade: Grade
    words: str


def examine(settings: Settings, rules: Rulebook, clock: Clock) -> Iterator[Finding]:
    """Every check in turn; one that fails does not keep the others from being made."""
    yield _clock(settings, clock)
    yield from _folder(settings.data_dir)
    yield from _guarded("Cấu hình / config", lambda: _config(settings, rules))
    yield from _guarded("Nhật ký tin / bus", lambda: _bus(settings, clock))
    yield from _guarded("Kho tra cứu / archive", lambda: _archive(settings))
    yield from _guarded("Sổ trạng thái / ledger", lambda: _feeds(settings, rules, clock))
    yield from _guarded("Thư / mail", lambda: _mail(settings))


def _guarded(what: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return look()
    except PortError as error:
        return [Finding(what, "fail", str(error))]


def _clock(settings: Settings, clock: Clock) -> Finding:
    now = clock.now()
    local = now.astimezone(settings.digest.zone)
    said = f"{local:%H:%M %d/%m/%Y} {settings.digest.timezone} = {now:%H:%M} UTC; bản tin lúc {settings.digest.at}"
    if now < _RELEASED:
        return Finding("Đồng hồ / clock", "warn", f"{said}. Đồng hồ máy chạy sai: hãy chỉnh lại / the clock is wrong")
    return Finding("Đồng hồ / clock", "ok", said)


def _folder(folder: Path) -> Iterator[Finding]:
    what = "Thư mục dữ liệu / data"
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        yield Finding(what, "fail", f"{folder}: không ghi được vào {existing} / {existing} is not writable")
        return
    free = shutil.disk_usage(existing).free
    said = f"{folder}, còn trống {size(free)} / free"
    if free < _LITTLE_SPACE:
        yield Finding(what, "warn", f"{said}. Sắp hết chỗ: dọn đĩa hoặc giảm retention / little space left")
    else:
        yield Finding(what, "ok", said)


def _config(settings: Settings, rules: Rulebook) -> list[Finding]:
    with closing(wiring.open_ledger(settings)) as ledger:
        current = current_version(ledger)
    said = f"{settings.config_dir}, phiên bản {rules.version}"
    if current is None:
        return [Finding("Cấu hình / config", "ok", f"{said}; chưa chạy lần nào / never started")]
    local = current.at.astimezone(settings.digest.zone)
    if current.version == rules.version:
        return [Finding("Cấu hình / config", "ok", f"{said}, dùng từ {local:%H:%M %d/%m/%Y} / in force since then")]
    return [
        Finding(
            "Cấu hình / config",
            "warn",
            f"{said} CHƯA có hiệu lực; đang dùng {current.version} từ {local:%H:%M %d/%m/%Y}. "
            "Khởi động lại để dùng bản mới / takes effect at restart",
        )
    ]


def _bus(settings: Settings, clock: Clock) -> list[Finding]:
    with closing(wiring.open_bus(settings, clock)) as bus, closing(wiring.open_ledger(settings)) as ledger:
        counts = ", ".join(f"{topic.removeprefix('press.')} {bus.size(topic)}" for topic in TOPICS)
        lags = [(topic, group, bus.lag(topic, group)) for topic, group in GROUPS]
        waiting = sum(item.retried is None for item in list_parked(bus, ledger))
    found = [Finding("Nhật ký tin / bus", "ok", f"{_stored(settings.bus)}; {counts}")]
    late = [f"{group} còn {lag} ở {topic}" for topic, group, lag in lags if lag]
    if late:
        found.append(Finding("Chờ xử lý / lag", "warn", "; ".join(late) + " (bình thường khi đang chạy)"))
    if waiting:
        found.append(
            Finding("Bản ghi hỏng / parked", "warn", f"{waiting} bản ghi chờ xem: `diembao parked` / messages parked")
        )
    return found


def _archive(settings: Settings) -> list[Finding]:
    with closing(wiring.open_archive(settings)) as archive:
        return [
            Finding("Kho tra cứu / archive", "ok", f"{_stored(settings.archive)}; {archive.count()} bài / articles")
        ]


def _feeds(settings: Settings, rules: Rulebook, clock: Clock) -> list[Finding]:
    with closing(wiring.open_ledger(settings)) as ledger:
        cursors = cursors_of(ledger)
    found = [Finding("Sổ trạng thái / ledger", "ok", _stored(settings.ledger))]
    enabled = [feed for feed in rules.feeds.values() if feed.enabled]
    states = Counter(cursors[feed.id].state if feed.id in cursors else "chưa đọc" for feed in enabled)
    off = len(rules.feeds) - len(enabled)
    said = f"{len(enabled)} nguồn bật, {off} tắt: " + ", ".join(
        f"{state} {count}" for state, count in sorted(states.items())
    )
    fine = not enabled or states["ok"] + states["moved"] == len(enabled)
    found.append(Finding("Nguồn tin / feeds", "ok" if fine else "warn", f"{said}. Xem `diembao feeds`"))
    polled = max((cursor.polled_at for cursor in cursors.values()), default=None)
    if polled is not None and (clock.now() - polled).total_seconds() > _SILENT_SECONDS:
        local = polled.astimezone(settings.digest.zone)
        found.append(
            Finding("Thu bài / collector", "warn", f"lần đọc cuối {local:%H:%M %d/%m/%Y}; chương trình có đang chạy?")
        )
    return found


def cursors_of(ledger: Ledger) -> dict[str, FeedCursor]:
    """The state of each feed that was ever polled, by feed id."""
    return {held.key: decode(held.value, FeedCursor) for held in ledger.scan("feed")}


def _mail(settings: Settings) -> list[Finding]:
    what, shown = "Thư / mail", settings.addresses()["mail"]
    scheme, _, place = settings.mail.partition(":")
    if scheme == "folder":
        return [
            Finding(one.what, one.grade, f"{shown}: thư chỉ ghi thành tệp, chưa gửi đi / letters stay in this folder")
            if one.grade == "ok"
            else one
            for one in (Finding(what, found.grade, found.words) for found in _folder(Path(place)))
        ]
    parts = urlsplit(settings.mail)
    host, port = parts.hostname or "", parts.port or _MAIL_PORTS[scheme]
    try:
        socket.create_connection((host, port), _MAIL_SECONDS).close()
    except OSError as error:
        return [Finding(what, "fail", f"{shown}: không kết nối được ({error}) / cannot be reached")]
    return [Finding(what, "ok", f"{shown}: kết nối được (không thử đăng nhập) / reachable, login not tried")]


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
