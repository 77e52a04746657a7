"""What of the configuration is in force and what waits, for `check`, `doctor` and `config`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from shlex import quote

from services.ports.ledger import Ledger
from services.rulebook.accepted import WATCHES, Current, accepted_set, current_version, hash_of, history
from services.rulebook.folder import texts_in
from services.rulebook.load import SETTINGS, version_of
from services.rulebook.pending import PendingSet, pending_sets, words_of
from services.rulebook.seen import folder_seen, folders_seen, is_followed, place_of, services_seen


@dataclass(frozen=True, slots=True)
class ConfigState:
    """`here`: the version that the folder at hand would be."""

    current: Current | None
    here: str
    folder: Path
    was_in_force: bool
    followed: bool
    """A service of this machine runs, or ran, on the folder."""
    older: tuple[str, ...]
    """Files that are older here than what runs, where nothing else differs."""
    pending: tuple[PendingSet, ...]
    restart: tuple[str, ...]
    """Services on this folder and machine that were started with another diembao.yaml."""


def config_state(ledger: Ledger, config_dir: Path) -> ConfigState:
    """Read from the ledger and the folder. Raises Unavailable."""
    texts = texts_in(config_dir)
    here, settings = version_of(texts), hash_of(texts[SETTINGS])
    seen = folder_seen(ledger, config_dir)
    return ConfigState(
        current=current_version(ledger),
        here=here,
        folder=config_dir,
        was_in_force=any(one.version == here for one in history(ledger)),
        followed=seen is not None,
        older=_older(ledger, texts) if seen is not None and seen.taken and seen.content == here else (),
        pending=tuple(one for one in pending_sets(ledger) if not _is_past(one, here, config_dir)),
        restart=tuple(one.service for one in services_seen(ledger, config_dir) if one.settings != settings),
    )


def not_followed(ledger: Ledger, config_dir: Path) -> str | None:
    """Why nothing may be put into force by way of this folder: no service follows it. Raises Unavailable."""
    here, current = version_of(texts_in(config_dir)), current_version(ledger)
    if is_followed(ledger, config_dir, here) or (current is not None and current.version == here):
        return None
    folders = sorted({place.partition(":")[2] for place in folders_seen(ledger)})
    right = f" Thư mục đang dùng: {', '.join(folders)}; ghi nó sau --config." if folders else ""
    return (
        f"{config_dir} không phải thư mục mà dịch vụ đang dùng, nội dung cũng khác bản đang có hiệu lực: không thay "
        f"đổi gì.{right} / no service follows this folder, nothing is changed"
    )


def _is_past(one: PendingSet, here: str, config_dir: Path) -> bool:
    """It waited in this folder, which holds something else by now; a service takes the record out at its next look."""
    return one.folder == place_of(config_dir) and one.state != "unread" and one.content != here


def state_lines(state: ConfigState, zone: tzinfo, *, valid: bool = True) -> list[str]:
    """For the operator, the most important first. `valid`: whether the folder at hand is; its errors are told apart."""
    if state.current is None:
        return ["Chưa chạy lần nào: bản này có hiệu lực khi chạy `diembao run`. / never started"]
    since = f"{state.current.at.astimezone(zone):%H:%M %d/%m/%Y}"
    lines = [f"Đang có hiệu lực: bản {state.current.version}, từ {since} / in force"]
    if state.here != state.current.version and not any(one.content == state.here for one in state.pending):
        lines.append(_why_not_here(state, valid))
    for one in state.pending:
        lines.append(f"ĐANG CHỜ / pending: {words_of(one, zone)}")
        if valid or one.content != state.here:
            lines += [f"  {error}" for error in one.errors]
    if state.restart:
        services = ", ".join(state.restart)
        lines.append(
            f"{SETTINGS} đã đổi từ lần khởi động gần nhất: khởi động lại để nhận ({services}) / takes effect at restart"
        )
    return lines


def _older(ledger: Ledger, texts: Mapping[str, str]) -> tuple[str, ...]:
    current = current_version(ledger)
    kept = accepted_set(ledger, current.version) if current is not None else None
    running = kept.texts if kept is not None else {}
    return tuple(sorted(name for name in texts.keys() | running.keys() if texts.get(name) != running.get(name)))


def _why_not_here(state: ConfigState, valid: bool) -> str:
    if not valid:
        return (
            "Thư mục này có lỗi nên chưa có hiệu lực; bản trên vẫn chạy "
            "/ the folder is not valid: the version above runs on"
        )
    if state.older and state.current is not None:
        return (
            f"Thư mục này giữ bản cũ của {', '.join(state.older)}; lấy bản đang chạy về: `diembao config rollback "
            f"{state.current.version} --config {quote(str(state.folder))} --reason 'LÝ DO'` / older files than in force"
        )
    if state.was_in_force:
        return (
            f"Thư mục này giữ bản cũ {state.here}; muốn quay lại: `diembao config rollback {state.here}` "
            "/ the folder holds an earlier version"
        )
    if not state.followed:
        return (
            f"Thư mục này là bản {state.here}, không dịch vụ nào trên máy này dùng. Thử: `diembao backtest "
            f"{quote(str(state.folder / WATCHES))} --config {quote(str(state.folder))}` "
            "/ no service of this machine follows this folder"
        )
    return (
        f"Thư mục này là bản {state.here}, chưa có hiệu lực: dịch vụ đang chạy nhận trong vài giây, nếu không thì khi "
        "khởi động / not in force yet: a running service takes it within seconds"
    )
