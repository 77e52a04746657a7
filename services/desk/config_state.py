"""What of the configuration is in force and what waits, for `check`, `doctor` and `config`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from services.ports.ledger import Ledger
from services.rulebook.accepted import Current, current_version, hash_of, history
from services.rulebook.folder import folder_seen, texts_in
from services.rulebook.load import SETTINGS, version_of
from services.rulebook.waiting import Waiting, waiting_sets, words_of


@dataclass(frozen=True, slots=True)
class ConfigState:
    """`here`: the version that the folder at hand would be."""

    current: Current | None
    here: str
    was_in_force: bool
    waiting: tuple[Waiting, ...]
    restart: bool
    """diembao.yaml of this folder changed since the service on this machine was started."""


def config_state(ledger: Ledger, config_dir: Path) -> ConfigState:
    """Read from the ledger and the folder. Raises Unavailable."""
    texts, seen = texts_in(config_dir), folder_seen(ledger, config_dir)
    here = version_of(texts)
    return ConfigState(
        current=current_version(ledger),
        here=here,
        was_in_force=any(one.version == here for one in history(ledger)),
        waiting=tuple(waiting_sets(ledger)),
        restart=seen is not None and seen.settings != hash_of(texts[SETTINGS]),
    )


def state_lines(state: ConfigState, zone: tzinfo) -> list[str]:
    """For the operator, the most important first."""
    if state.current is None:
        return ["Chưa chạy lần nào: bản này có hiệu lực khi chạy `diembao run`. / never started"]
    since = f"{state.current.at.astimezone(zone):%H:%M %d/%m/%Y}"
    lines = [f"Đang có hiệu lực: bản {state.current.version}, từ {since} / in force"]
    if state.here != state.current.version and not any(one.content == state.here for one in state.waiting):
        lines.append(_why_not_here(state))
    for one in state.waiting:
        lines.append(f"ĐANG CHỜ / pending: {words_of(one, zone)}")
        lines += [f"  {error}" for error in one.errors]
    if state.restart:
        lines.append(f"{SETTINGS} đã đổi từ lần khởi động gần nhất: khởi động lại để nhận / takes effect at restart")
    return lines


def _why_not_here(state: ConfigState) -> str:
    if state.was_in_force:
        return (
            f"Thư mục này giữ bản cũ {state.here}; muốn quay lại: `diembao config rollback {state.here}` "
            "/ the folder holds an earlier version"
        )
    return (
        f"Thư mục này là bản {state.here}, chưa có hiệu lực: dịch vụ đang chạy nhận trong vài giây, nếu không thì khi "
        "khởi động / not in force yet: a running service takes it within seconds"
    )
