"""What the types of diembao.yaml cannot say: schemes, hours, and that no password stands in a file.

Reads the nodes, for only what was written can be wrong; the defaults are right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from services.rulebook.errors import ConfigError
from services.rulebook.yaml_source import Node, Source

SCHEMES: dict[str, tuple[str, ...]] = {
    "bus": ("sqlite", "kafka"),
    "archive": ("sqlite", "http", "https"),
    "ledger": ("sqlite", "http", "https"),
    "mail": ("folder", "smtp", "smtps"),
}
_MOST_HOURS = 24 * 365
_MOST = {"seconds": 86_400, "days": 36_500, "bytes": 1_000_000_000}
_MOST_OF_ANYTHING = 1_000_000
_HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_ROUTE = re.compile(r"http://127\.0\.0\.1:\d{1,5}/?")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
MAILBOX = re.compile(rf"{_ATOM}(\.{_ATOM})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
"""RFC 5322 dot-atoms in ASCII: what else it allows, a letter's header or a relay refuses."""


def check_settings(source: Source, root: Node, environment: Mapping[str, str]) -> None:
    """Note what is wrong in the file and in the four addresses (bus, archive, ledger, mail) of the environment."""
    for name, schemes in SCHEMES.items():
        node = root.value(name)
        if node is not None and node.text is not None:
            for vietnamese, english in _wrong_address(node.text, schemes, in_file=True):
                source.error(node, f"{name}: {vietnamese}", english)
        for vietnamese, english in _wrong_address(environment.get(name, ""), schemes, in_file=False):
            source.errors.append(ConfigError(f"DIEMBAO_{name.upper()}", 1, 1, vietnamese, english))
    _check_url(source, root.value("public_url"))
    _check_collector(source, root.value("collector"))
    _check_digest(source, root.value("digest"))
    _check_smtp(source, root.value("smtp"))
    for name in ("smtp", "kafka", "elasticsearch"):
        _check_login(source, root.value(name), name.upper())
    _check_stores(source, root)
    _check_most(source, root)
    for _name, node, number in _numbers(root.value("retention")):
        if number < 0:
            source.error(node, "số ngày không được âm (0 là giữ mãi)", "must not be negative")


def _wrong_address(url: str, schemes: tuple[str, ...], *, in_file: bool) -> Iterator[tuple[str, str]]:
    if not url:
        return
    scheme, colon, rest = url.partition(":")
    if not colon or scheme not in schemes or not rest.strip("/"):
        forms = ", ".join(f"{one}:ĐƯỜNG_DẪN" if one in ("sqlite", "folder") else f"{one}://MÁY" for one in schemes)
        yield f"địa chỉ phải có dạng {forms}", f"expected one of the schemes {', '.join(schemes)}"
    elif scheme not in ("sqlite", "folder"):
        parts = _split(url)
        if parts is None or not parts.netloc.rpartition("@")[2]:
            yield f"địa chỉ phải có dạng {scheme}://MÁY:CỔNG", "host is missing or the port is no number"
        elif in_file and _holds_login(parts):
            yield (
                "không viết tên và mật khẩu vào địa chỉ; dùng biến môi trường hoặc tệp mật khẩu riêng",
                "no login in a URL of a file: use the environment or a *_file setting",
            )


def _split(url: str) -> SplitResult | None:
    """None where the port is no number: urlsplit says so only when it is asked for it."""
    try:
        parts = urlsplit(url)
        if "," not in parts.netloc:
            _ = parts.port
    except ValueError:
        return None
    return parts


def _holds_login(parts: SplitResult) -> bool:
    return "@" in parts.netloc


def _check_url(source: Source, node: Node | None) -> None:
    if node is None or not node.text:
        return
    parts = _split(node.text)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        source.error(node, "phải là địa chỉ http:// hoặc https://, hoặc để trống", "expected an http(s) URL")
    elif _holds_login(parts):
        source.error(node, "không viết tên và mật khẩu vào địa chỉ", "no login in a URL of a file")


def _check_collector(source: Source, part: Node | None) -> None:
    if part is None:
        return
    for name, node, number in _numbers(part):
        if number <= 0 and not (name == "host_seconds" and number == 0):
            source.error(node, f"«{name}» phải lớn hơn 0", "must be above 0")
    for item in (part.value("revisit_hours") or Node(1, 1)).items or []:
        hours = _number(item)
        if hours is not None and not 0 < hours <= _MOST_HOURS:
            source.error(item, f"số giờ phải lớn hơn 0 và không quá {_MOST_HOURS}", f"0 to {_MOST_HOURS}")
    for host, (_at, origin) in ((part.value("routes") or Node(1, 1)).entries or {}).items():
        if not _ROUTE.fullmatch(origin.text or ""):
            source.error(
                origin, f"đường riêng của «{host}» chỉ được là http://127.0.0.1:CỔNG", "a route must be on loopback"
            )
    _check_url(source, part.value("proxy"))
    for name in ("user_agent", "contact"):
        header = part.value(name)
        if header is not None and not (header.text or "").isprintable():
            source.error(header, f"«{name}» chỉ được một dòng", "one line only")


def _check_digest(source: Source, part: Node | None) -> None:
    if part is None:
        return
    at = part.value("at")
    if at is not None and not _HOUR.fullmatch(at.text or ""):
        source.error(at, "giờ phải viết dạng 06:30", "expected HH:MM")


def is_zone(name: str) -> bool:
    """Whether the time zone is known (zoneinfo raises a KeyError, a ValueError or an OSError by what is wrong)."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _check_smtp(source: Source, part: Node | None) -> None:
    sender = part.value("sender") if part is not None else None
    if sender is not None and not MAILBOX.fullmatch(sender.text or ""):
        source.error(sender, "không phải địa chỉ thư", "not a mail address")
    for name, node, number in _numbers(part):
        if number <= 0:
            source.error(node, f"«{name}» phải lớn hơn 0", "must be above 0")


def _check_login(source: Source, part: Node | None, name: str) -> None:
    password = part.value("password") if part is not None else None
    if password is not None:
        source.error(
            password,
            f"không viết mật khẩu vào tệp này; đặt DIEMBAO_{name}_PASSWORD hoặc password_file",
            f"no password in this file: set DIEMBAO_{name}_PASSWORD or password_file",
        )


def _check_stores(source: Source, root: Node) -> None:
    """Counts of kafka: and elasticsearch: that no server takes."""
    for part, least in (("kafka", 1), ("elasticsearch", 0)):
        for name, node, number in _numbers(root.value(part)):
            lowest = 1 if name == "timeout_seconds" else least
            if name not in ("user", "password_file") and number < lowest:
                source.error(node, f"«{name}» phải từ {lowest} trở lên", f"must be at least {lowest}")


def _check_most(source: Source, root: Node) -> None:
    """What is larger is a slip of the pen, and would be a date or a wait that no machine can hold."""
    for part, (_at, value) in (root.entries or {}).items():
        for name, node, number in _numbers(value):
            kind = "days" if part == "retention" else name.rpartition("_")[2]
            most = _MOST.get(kind, _MOST_OF_ANYTHING)
            if number > most and name not in ("user", "password_file"):
                source.error(node, f"«{name}» không được quá {most}", f"must be at most {most}")


def _numbers(part: Node | None) -> Iterator[tuple[str, Node, float]]:
    for name, (_at, node) in ((part.entries if part is not None else None) or {}).items():
        number = _number(node)
        if number is not None:
            yield name, node, number


def _number(node: Node) -> float | None:
    try:
        return float(node.text or "")
    except ValueError:
        return None
