"""Query text to syntax tree.

    either = both ("OR" both)*        both = one (["AND"] one)*        one = ("NOT" | "-") one | "(" either ")" | term

Dates are days in Asia/Ho_Chi_Minh, half open: after:D from the first moment of D on, before:D until just before it,
so that "after:2026-11-23 before:2026-11-24" is the 23rd and neighbouring ranges neither overlap nor leave a gap.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from services.domain.article import Field
from services.domain.calendar import ZONE
from services.domain.query.lex import Lexeme, expected, lex
from services.domain.query.tree import (
    Node,
    Place,
    QueryError,
    Since,
    Text,
    Until,
    Value,
    all_of,
    any_of,
    none_of,
    requires,
)
from services.domain.text import tokenise, words

MAX_CHARACTERS = 8000
MAX_TERMS = 500
MAX_DEPTH = 20

_CONDITIONS = (Text, Place, Value, Since, Until)
_TEXT_FIELDS: dict[str, Field] = {"title": "title", "lead": "lead", "body": "text", "text": "text"}
_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")
_DAY = re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})|(?P<d2>\d{1,2})/(?P<m2>\d{1,2})/(?P<y2>\d{4})")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]\d\d:\d\d)?")


def parse_tree(query: str) -> Node:
    """The tree of a query. Raises QueryError."""
    if len(query) > MAX_CHARACTERS:
        raise QueryError(MAX_CHARACTERS + 1, f"truy vấn quá dài; cần tối đa {MAX_CHARACTERS} ký tự")
    reader = _Reader(lex(query))
    if reader.ended():
        raise QueryError(1, "truy vấn trống; cần ít nhất một từ hoặc một điều kiện")
    tree = reader.either()
    if not reader.ended():
        raise QueryError(reader.now.column, "dấu ) này thừa; cần một dấu ( ở trước")
    if not requires(tree, _CONDITIONS):
        raise QueryError(
            reader.first_not,
            "truy vấn chỉ có điều kiện loại trừ (hoặc một vế của OR chỉ có loại trừ); "
            "cần thêm ít nhất một từ hoặc điều kiện phải có",
        )
    return tree


class _Reader:
    """Recursive descent over the lexemes, each rule one method."""

    def __init__(self, lexemes: list[Lexeme]) -> None:
        self._lexemes = lexemes
        self._at = 0
        self._depth = 0
        self._terms = 0
        self.first_not = next((lexeme.column for lexeme in lexemes if lexeme.kind == "not"), 1)

    @property
    def now(self) -> Lexeme:
        return self._lexemes[self._at]

    def ended(self) -> bool:
        return self.now.kind == "end"

    def _next(self) -> Lexeme:
        self._at += 1
        return self._lexemes[self._at - 1]

    def either(self) -> Node:
        nodes = [self._both()]
        while self.now.kind == "or":
            self._next()
            nodes.append(self._both())
        return any_of(nodes)

    def _both(self) -> Node:
        nodes = [self._one()]
        while self.now.kind not in ("or", "close", "end"):
            if self.now.kind == "and":
                self._next()
            nodes.append(self._one())
        return all_of(nodes)

    def _one(self) -> Node:
        lexeme = self._next() if self.now.kind not in ("end", "close", "or", "and") else None
        if lexeme is None:
            raise expected(self.now)
        if lexeme.kind not in ("not", "open"):
            return self._term(lexeme)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise QueryError(lexeme.column, f"lồng quá sâu; cần tối đa {MAX_DEPTH} lớp ngoặc và NOT")
        if lexeme.kind == "not":
            node = none_of(self._one())
        else:
            node = self.either()
            if self.now.kind != "close":
                raise QueryError(lexeme.column, "dấu ( này chưa đóng; cần một dấu ) ở sau")
            self._next()
        self._depth -= 1
        return node

    def _term(self, lexeme: Lexeme) -> Node:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise QueryError(lexeme.column, f"quá nhiều điều kiện; cần tối đa {MAX_TERMS}")
        if lexeme.kind in ("word", "phrase"):
            return Text(tokenise(lexeme.text).marked)
        if lexeme.name in _TEXT_FIELDS:
            written = tokenise(lexeme.text).marked
            if not written:
                raise QueryError(lexeme.value_column, f"sau {lexeme.name}: cần ít nhất một chữ hoặc số")
            return Text(written, _TEXT_FIELDS[lexeme.name])
        return _condition(lexeme)


def _condition(lexeme: Lexeme) -> Node:
    match lexeme.name:
        case "place":
            place, slash, rest = lexeme.text.partition("/")
            if slash and rest.lower() != "any":
                raise QueryError(lexeme.value_column + len(place) + 1, "sau place:…/ chỉ có thể là any")
            return Place(_id(lexeme, place), bool(slash))
        case "topic":
            return Value("topic", _id(lexeme, lexeme.text))
        case "outlet":
            return Value("outlet", lexeme.text.strip().lower())
        case "language":
            language = lexeme.text.strip().lower()
            if not re.fullmatch(r"[a-z]{2}", language):
                raise QueryError(lexeme.value_column, "sau language: cần mã hai chữ cái, ví dụ vi, en, zh")
            return Value("language", language)
        case "after":
            return Since(_instant(lexeme))
    return Until(_instant(lexeme))


def _id(lexeme: Lexeme, text: str) -> str:
    """An id as it stands, or the one that a name written out would have: "Bù Gia Mập" is bu-gia-map."""
    lowered = text.strip().lower()
    named = lowered if _ID.fullmatch(lowered) else "-".join(words(text))
    if not named:
        raise QueryError(lexeme.value_column, f"sau {lexeme.name}: cần một mã, ví dụ {lexeme.name}:bu-gia-map")
    return named


def _instant(lexeme: Lexeme) -> datetime:
    try:
        if day := _DAY.fullmatch(lexeme.text.strip()):
            year, month, number = (int(day[a] or day[b]) for a, b in (("y", "y2"), ("m", "m2"), ("d", "d2")))
            return datetime(year, month, number, tzinfo=ZONE).astimezone(UTC)
        if _MOMENT.fullmatch(lexeme.text.strip()):
            moment = datetime.fromisoformat(lexeme.text.strip().upper())
            return (moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise QueryError(lexeme.value_column, f"“{lexeme.text}” không phải là ngày có thật") from error
    raise QueryError(
        lexeme.value_column,
        f"sau {lexeme.name}: cần một ngày, viết 2026-11-23, 23/11/2026 hoặc 2026-11-23T06:30:00+07:00",
    )
