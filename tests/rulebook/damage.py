"""What can happen to any config file: broken, hostile, in another encoding; and what only looks like it."""

from __future__ import annotations

import base64
from collections.abc import Callable

from services.rulebook.file_bytes import MAX_BYTES

Damage = Callable[[bytes], bytes]
At = tuple[int, int]
"""Line and column."""


def _bomb() -> bytes:
    levels = "".join(
        f"{new}: &{new} [{', '.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    return f"a: &a [x, x, x, x, x, x, x, x, x]\n{levels}".encode()


def _blocks(depth: int) -> bytes:
    return "".join(f"{' ' * level}a:\n" for level in range(depth)).encode()


def _after(lines: int, column: int) -> Callable[[bytes], At]:
    """In what was added to the end of the file."""
    return lambda old: (old.count(b"\n") + lines, column)


def _open_quote(old: bytes) -> At | None:
    """Where it was opened; in a file that holds a quote, that one closes it, and the parser stumbles behind it."""
    return (1, 1) if b'"' not in old else None


def _opened(old: bytes) -> At | None:
    """A list in dashes cannot stand within it; a mapping can up to its first colon that is none of a flow's."""
    if old.startswith(b"- "):
        return (1, 2)
    return (1, 1) if old.count(b"\n") == 1 else None


DAMAGE: dict[str, tuple[Damage, At | Callable[[bytes], At | None]]] = {
    # name: (what happens, line and column of the first error, which may depend on the file)
    "tab": (lambda old: old + b"\n\tx: 1\n", _after(2, 1)),
    "tab first": (lambda old: b"\t" + old, (1, 1)),
    "open quote": (lambda old: b'"' + old, _open_quote),
    "open single quote": (lambda old: old + b"\n'", _after(2, 1)),
    "open bracket": (lambda old: b"[" + old, _opened),
    "open brace": (lambda old: b"{" + old, _opened),
    "closing bracket": (lambda old: b"]\n" + old, (1, 1)),
    "comma first": (lambda old: b", " + old, (1, 1)),
    "at sign": (lambda old: b"@" + old, (1, 1)),
    "backtick": (lambda old: b"`" + old, (1, 1)),
    "percent": (lambda old: b"%x\n" + old, (2, 1)),
    "two colons": (lambda old: b"a: b: c\n", (1, 5)),
    "wrong indent": (lambda old: b"a:\n    b: 1\n  c: 2\n", (3, 3)),
    "bad escape": (lambda old: b'a: "\\q"\n', (1, 6)),
    "NUL": (lambda old: old + b"\x00", _after(1, 1)),
    "NUL first": (lambda old: b"\x00" * 512 + old, (1, 1)),
    "escape character": (lambda old: old + b"# \x1b[31m\n", _after(1, 3)),
    "bell": (lambda old: old + b"# \x07\n", _after(1, 3)),
    "delete": (lambda old: old + b"# \x7f\n", _after(1, 3)),
    "C1 control": (lambda old: old + "# \x80\n".encode(), _after(1, 3)),
    "noncharacter": (lambda old: old + "# \ufffe\n".encode(), _after(1, 3)),
    "cut in a letter": (lambda old: old + "# chữ".encode()[:-1], _after(1, 5)),
    "invalid UTF-8": (lambda old: old + b"# \xff\xfe\n", _after(1, 3)),
    "overlong UTF-8": (lambda old: old + b"# \xc0\xaf\n", _after(1, 3)),
    "surrogate in UTF-8": (lambda old: old + b"# \xed\xa0\x80\n", _after(1, 3)),
    "UTF-16 with its mark": (lambda old: old.decode().encode("utf-16"), (1, 1)),
    "UTF-16 without": (lambda old: old.decode().encode("utf-16-le"), (1, 2)),
    "UTF-16 big-endian": (lambda old: old.decode().encode("utf-16-be"), (1, 1)),
    "UTF-32": (lambda old: old.decode().encode("utf-32"), (1, 1)),
    "windows-1258": (lambda old: old + "# Phuơc".encode("cp1258"), _after(1, 6)),
    "a picture": (lambda old: base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"), (1, 1)),
    "an archive": (lambda old: b"PK\x03\x04" + bytes(range(256)), (1, 3)),
    "anchor": (lambda old: b"&a " + old if old[:1] == b"{" else b"x: &a 1\n" + old, (1, 4)),
    "alias": (lambda old: b"- *a\n", (1, 3)),
    "alias bomb": (lambda old: _bomb(), (1, 4)),
    "merge key": (lambda old: b"a: &a {b: 1}\nc:\n  <<: *a\n", (1, 4)),
    "merge key without alias": (lambda old: b"<<: {id: a}\n", (1, 1)),
    "python object": (lambda old: b"!!python/object/apply:os.system [ls]\n", (1, 1)),
    "python name": (lambda old: b"- !!python/name:os.system\n", (1, 3)),
    "binary tag": (lambda old: b"- !!binary aGVsbG8=\n", (1, 3)),
    "own tag": (lambda old: b"- !secret x\n", (1, 3)),
    "string tag": (lambda old: b"- !!str 5\n", (1, 3)),
    "two documents": (lambda old: old + b"---\n" + old, _after(1, 1)),
    "three documents": (lambda old: b"---\n" + old + b"...\n---\n[]\n---\n[]\n", _after(3, 1)),
    "100,000 brackets": (lambda old: b"[" * 100_000, (1, 13)),
    "100,000 braces": (lambda old: b"{a: " * 100_000, (1, 49)),
    "100,000 dashes": (lambda old: b"- " * 100_000, (1, 25)),
    "deep blocks": (lambda old: _blocks(400), (13, 13)),
    "10 MB": (lambda old: old + b"# " + b"x" * 10_000_000, (1, 1)),
    "10 MB of lines": (lambda old: b"- {id: a}\n" * 1_000_000, (1, 1)),
    "just too large": (lambda old: old + b"#" * (MAX_BYTES + 1 - len(old)), (1, 1)),
    "a list as a key": (lambda old: b"? [a, b]\n: c\n", (1, 3)),
    "a mapping as a key": (lambda old: b"{a: b}: c\n", (1, 1)),
    "no key": (lambda old: b": x\n", (1, 1)),
    "number key": (lambda old: b"5: x\n", (1, 1)),
    "null key": (lambda old: b"~: x\n", (1, 1)),
    "unknown key": (lambda old: b"khong_co_khoa_nay: x\n", (1, 1)),
    "a key twice": (lambda old: b"a: 1\na: 2\n", (1, 1)),
    "a word": (lambda old: "điểm báo\n".encode(), (1, 1)),
    "a number": (lambda old: b"42\n", (1, 1)),
    "a date": (lambda old: b"2026-11-24\n", (1, 1)),
    "quoted nothing": (lambda old: b"''\n", (1, 1)),
    "JSON of a string": (lambda old: b'"{}"\n', (1, 1)),
    "HTML": (lambda old: b"<!DOCTYPE html>\n<html><body>404</body></html>\n", (1, 1)),
    "a conflict of versions": (lambda old: b"<<<<<<< HEAD\n" + old + b"=======\n>>>>>>> x\n", (1, 1)),
}


def place_of(damage: str, old: bytes) -> At | None:
    """Where the first error stands; None where the parser may meet it in several places."""
    at = DAMAGE[damage][1]
    return at(old) if callable(at) else at


VALID: dict[str, Damage] = {
    "as it is": lambda old: old,
    "CRLF": lambda old: old.replace(b"\n", b"\r\n"),
    "with a byte order mark": lambda old: b"\xef\xbb\xbf" + old,
    "one document, opened and closed": lambda old: b"---\n" + old + b"...\n",
    "a comment in any script": lambda old: "# 平福省 빈프억 ទឹក 🐘\n".encode() + old,
    "no last newline": lambda old: old.rstrip(b"\n"),
    "a long comment": lambda old: b"# " + b"x" * 300_000 + b"\n" + old,
    "tabs in a comment": lambda old: b"#\tx\n" + old,
    "trailing spaces": lambda old: old.replace(b"\n", b"   \n"),
}
