"""Nodes to the domain's Records: every field is tried, so that one reading shows all errors of a file.

The Record's own annotations are the schema (msgspec reads them); there is no second one.
"""

from __future__ import annotations

import difflib
import math
import types
from datetime import date
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from services.domain.record import Record
from services.rulebook.yaml_source import Node, Source
from services.rulebook.yaml_text import is_broken

_R = TypeVar("_R", bound=Record)
_LARGEST = 2**53
_ONE_LINE = frozenset({"name", "login", "sender_name", "banner"})
"""Fields that stand in the headers of letters, in tables and accounts; ids and addresses have rules of their own."""
_BAD: Any = object()
"""In the place of a value that could not be read; its error is noted."""


def read_list(source: Source, kind: type[_R], key: str) -> list[tuple[_R, Node]]:
    """The Records of a file that is a list, or a mapping with the list under `key`. Bad ones are left out."""
    for name, (at, _value) in ((source.root.entries if source.root is not None else None) or {}).items():
        if name != key:
            source.error(at, _unknown(name, [key]), f"unknown key {_short(name)!r}")
    listed = _listed(source, key)
    if listed is None:
        if not source.errors:
            source.error(source.root, f"tệp trống; không có mục nào thì viết {key}: []", "empty file")
        return []
    if listed.items is None:
        source.error(listed, "chỗ này phải là danh sách (mỗi mục một gạch đầu dòng)", "expected a list")
        return []
    read: list[tuple[_R, Node]] = []
    for item in listed.items:
        if source.full:
            break
        record = read_record(source, item, kind)
        if record is not None:
            read.append((record, item))
    return read


def filled(source: Source) -> Node | None:
    """The root of a file that holds something; None, with an error, for an empty one: it may be half saved."""
    root = source.root
    if root is not None and not root.empty:
        return root
    if not source.errors:
        source.error(root, "tệp trống; nếu chưa có gì để ghi thì viết {}", "empty file")
    return None


def written_ids(source: Source, key: str) -> frozenset[str] | None:
    """The ids of a file's entries as written, also of those that have errors; None where one could not be read."""
    listed = _listed(source, key)
    ids = [item.value("id") for item in (listed.items if listed is not None else None) or []]
    known = [node.text for node in ids if node is not None and node.text is not None]
    if source.errors and (listed is None or listed.items is None or len(known) < len(ids)):
        return None
    return frozenset(known)


def _listed(source: Source, key: str) -> Node | None:
    root = source.root
    if root is None or root.empty:
        return None
    return root.value(key) if root.entries is not None else root


def read_record(source: Source, node: Node, kind: type[_R]) -> _R | None:
    """One Record from a mapping; None when anything in it is wrong, with all its errors noted."""
    if node.entries is None:
        source.error(node, "chỗ này phải là các cặp «khóa: giá trị»", f"expected a mapping ({kind.__name__})")
        return None
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    values: dict[str, Any] = {}
    sound = True
    for name, (at, value) in node.entries.items():
        if source.full:
            return None
        known = fields.get(name)
        if known is None:
            source.error(at, _unknown(name, list(fields)), f"unknown key {_short(name)!r}")
            sound = False
        elif not value.empty:
            values[known.name] = _value(source, value, known.type)
            if name in _ONE_LINE and is_broken(value.text or ""):
                source.error(value, f"«{name}» viết trên một dòng, không có dấu Tab", "one line only, without tabs")
                sound = False
    for name, known in fields.items():
        if known.required and known.name not in values:
            source.error(node, f"thiếu «{name}»", f"missing {name!r}")
            sound = False
    if not sound or any(value is _BAD for value in values.values()):
        return None
    try:
        return kind(**values)
    except (ValueError, TypeError) as error:
        source.error(node, str(error), f"refused by {kind.__name__}")
        return None


def _value(source: Source, node: Node, kind: Any) -> Any:
    """A value of the annotated type, or _BAD."""
    if isinstance(kind, type) and issubclass(kind, Record):
        record = read_record(source, node, kind)
        return _BAD if record is None else record
    origin = get_origin(kind)
    if origin in (list, tuple, set, frozenset):
        return _sequence(source, node, kind, origin)
    if origin is dict:
        return _mapping(source, node, get_args(kind)[1])
    if origin in (Union, types.UnionType):
        return _union(source, node, kind)
    return _leaf(source, node, kind)


def _sequence(source: Source, node: Node, kind: Any, origin: Any) -> Any:
    if node.items is None:
        source.error(node, "chỗ này phải là danh sách, ví dụ [a, b]", "expected a list")
        return _BAD
    inner = get_args(kind)
    if origin is tuple and Ellipsis not in inner:
        if len(inner) != len(node.items):
            source.error(node, f"danh sách này phải có đúng {len(inner)} mục", f"expected {len(inner)} items")
            return _BAD
        values = [_value(source, item, one) for item, one in zip(node.items, inner, strict=True)]
    else:
        values = [_value(source, item, inner[0]) for item in node.items]
    return _BAD if any(value is _BAD for value in values) else origin(values)


def _mapping(source: Source, node: Node, kind: Any) -> Any:
    if node.entries is None:
        source.error(node, "chỗ này phải là các cặp «khóa: giá trị»", "expected a mapping")
        return _BAD
    values = {name: _value(source, value, kind) for name, (_at, value) in node.entries.items()}
    return _BAD if any(value is _BAD for value in values.values()) else values


def _union(source: Source, node: Node, kind: Any) -> Any:
    """The member of the shape that was written: a list, a mapping, or a scalar."""
    members = [member for member in get_args(kind) if member is not type(None)]
    shaped = [member for member in members if _shape(member) == _shape_of(node)]
    if len(shaped) == 1:
        return _value(source, node, shaped[0])
    if len(members) == 1:
        return _value(source, node, members[0])
    return _leaf(source, node, kind)


def _shape(kind: Any) -> str:
    origin = get_origin(kind)
    if origin in (list, tuple, set, frozenset):
        return "list"
    if origin is dict or (isinstance(kind, type) and issubclass(kind, Record)):
        return "mapping"
    return "scalar"


def _shape_of(node: Node) -> str:
    return "list" if node.items is not None else "mapping" if node.entries is not None else "scalar"


def _leaf(source: Source, node: Node, kind: Any) -> Any:
    if node.text is None:
        colon = "; câu có dấu hai chấm thì đặt cả câu trong ngoặc kép" if node.entries and kind is str else ""
        source.error(node, f"chỗ này phải là {_expected(kind)}{colon}", "expected a single value")
        return _BAD
    try:
        # strict=False reads the text of a plain scalar by the field's type: no "NO" becomes false on the way.
        value = msgspec.convert(node.text, kind, strict=False)
        if isinstance(value, float) and not math.isfinite(value):
            raise msgspec.ValidationError("Expected a finite number")
        if isinstance(value, int) and abs(value) > _LARGEST:
            raise msgspec.ValidationError(f"Expected a number of at most {_LARGEST}")
        return value
    except (msgspec.ValidationError, ValueError) as error:
        english = _short(str(error).splitlines()[0], 120)
        source.error(node, f"«{_short(node.text)}» không hợp: chỗ này phải là {_expected(kind)}", english)
        return _BAD


_EXPECTED: dict[Any, str] = {
    str: "chữ",
    int: "số nguyên",
    float: "số (dùng dấu chấm thập phân)",
    bool: "true hoặc false",
    date: "ngày dạng 2026-11-24",
}


def _expected(kind: Any) -> str:
    origin = get_origin(kind)
    if origin is Literal:
        return "một trong: " + ", ".join(str(choice) for choice in get_args(kind))
    if origin in (Union, types.UnionType):
        return " hoặc ".join(_expected(member) for member in get_args(kind) if member is not type(None))
    return _EXPECTED.get(kind, "một giá trị")


def _unknown(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(_short(name), known, n=1)
    hint = f"; có phải «{close[0]}»?" if close else f"; các khóa dùng được: {', '.join(known)}"
    return f"không có khóa «{_short(name)}»{hint}"


def _short(text: str, length: int = 40) -> str:
    return text if len(text) <= length else text[: length - 3] + "..."
