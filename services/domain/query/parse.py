"""Query text to syntax tree.

    either = both ("OR" both)*        both = one (["AND"] one)*        one = ("NOT" | "-") one | "(" either ")" | term
    term = side ["NEAR/n" side] | pattern | condition

Dates are days in Asia/Ho_Chi_Minh, half open: after:D from the first moment of D on, before:D until just before it,
so that "after:2026-11-23 before:2026-11-24" is the 23rd and neighbouring ranges neither overlap nor leave a gap.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from services.domain.calendar import ZONE
from services.domain.query.lex import SIDE, TEXT_FIELDS, Lexeme, expected, lex
from services.domain.query.pattern import PatternError, prepared
from services.domain.query.tree import (
    Near,
    Node,
    Place,
    QueryError,
    Regex,
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
from services.domain.tone import ToneLabel

MAX_CHARACTERS = 8000
MAX_TERMS = 500
MAX_DEPTH = 20

TONES: dict[str, ToneLabel] = {
    "positive": "positive",
    "tich cuc": "positive",
    "neutral": "neutral",
    "trung tinh": "neutral",
    "critical": "critical",
    "phan anh han che": "critical",
    "phe binh": "critical",
    "incident": "incident",
    "su co": "incident",
    "unclear": "unclear",
    "khong ro": "unclear",
    "none": "none",
    "khong co": "none",
}
"""By the plain words of their codes and of their Vietnamese names."""
TONES_SAID = (
    'positive "tích cực", neutral "trung tính", critical "phản ánh hạn chế", incident "sự cố", unclear "không rõ", '
    'none "không có"'
)

_POSITIVE = (Text, Near, Regex, Place, Value, Since, Until)
# What chooses few enough articles for a pattern to be sought in each of them.
_CHOOSING = (Text, Near, Place, Value, Since)
_CHOOSING_VALUES = ("topic", "outlet")
_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")
# What a command line makes of bytes that are no UTF-8; no engine takes it.
_NO_CHARACTER = re.compile("[\ud800-\udfff]")
_DAY = re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})|(?P<d2>\d{1,2})/(?P<m2>\d{1,2})/(?P<y2>\d{4})")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]\d\d:\d\d)?")


def parse_tree(query: str) -> Node:
    """The tree of a query. Raises QueryError."""
    if len(query) > MAX_CHARACTERS:
        raise QueryError(MAX_CHARACTERS + 1, f"truy vấn quá dài; cần tối đa {MAX_CHARACTERS} ký tự")
    if odd := _NO_CHARACTER.search(query):
        raise QueryError(odd.start() + 1, "ở đây có một byte không phải là chữ UTF-8; cần xóa đi rồi viết lại")
    reader = _Reader(lex(query))
    if reader.ended():
        raise QueryError(1, "truy vấn trống; cần ít nhất một từ hoặc một điều kiện")
    tree = reader.either()
    if not reader.ended():
        raise QueryError(reader.now.column, "dấu ) này thừa; cần một dấu ( ở trước")
    if not requires(tree, _POSITIVE):
        raise QueryError(
            reader.first_not,
            "truy vấn chỉ có điều kiện loại trừ (hoặc một vế của OR chỉ có loại trừ); "
            "cần thêm ít nhất một từ hoặc điều kiện phải có",
        )
    if reader.first_pattern and not requires(tree, _CHOOSING, _CHOOSING_VALUES):
        raise QueryError(
            reader.first_pattern,
            "re: đọc từng bài nên chỉ tìm trong những bài mà phần còn lại của truy vấn chọn ra; cần thêm (ở mỗi vế của "
            "OR) một từ, place:, topic:, outlet: hoặc after:",
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
        self.first_pattern = next((lexeme.column for lexeme in lexemes if lexeme.kind == "pattern"), 0)

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
        lexeme = self._next() if self.now.kind not in ("end", "close", "or", "and", "near") else None
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
        self._count(lexeme)
        if lexeme.kind == "pattern":
            return _regex(lexeme)
        text = _text(lexeme)
        if text is None:
            return _condition(lexeme)
        return self._near(lexeme, text) if self.now.kind == "near" else text

    def _count(self, lexeme: Lexeme) -> None:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise QueryError(lexeme.column, f"quá nhiều điều kiện; cần tối đa {MAX_TERMS}")

    def _near(self, first: Lexeme, left: Text) -> Near:
        """The reader stands at NEAR/n, its left side was just read."""
        self._refuse_loose_words(first, self._at - 2)
        near, second = self._next(), self.now
        right = _text(second)
        if right is None:
            raise QueryError(second.column, f"sau NEAR/{near.text} cần {SIDE}")
        self._count(self._next())
        self._refuse_loose_words(second, self._at)
        if self.now.kind == "near":
            raise QueryError(self.now.column, "NEAR/n chỉ nối hai vế; cần viết (a NEAR/5 b) AND (b NEAR/5 c)")
        if left.field and right.field and left.field != right.field:
            raise QueryError(second.column, "NEAR/n tìm trong cùng một trường; hai vế cần cùng một tên trường")
        # A field before one side holds for both: near each other is within one field.
        where = left.field or right.field
        return Near(Text(left.written, where, left.exact), Text(right.written, where, right.exact), int(near.text))

    def _refuse_loose_words(self, side: Lexeme, beside: int) -> None:
        """A row of words beside NEAR: only the nearest would count, which nobody means by it."""
        if side.kind == "word" and beside >= 0 and self._lexemes[beside].kind == "word":
            column = min(side.column, self._lexemes[beside].column)
            raise QueryError(
                column, 'nhiều từ ở một bên NEAR: cần đặt cụm từ trong ngoặc kép, như "bù gia mập" NEAR/5 cháy'
            )


def _text(lexeme: Lexeme) -> Text | None:
    """None where the lexeme is no word, phrase or text field."""
    if lexeme.kind in ("word", "phrase"):
        return Text(tokenise(lexeme.text).marked, exact=lexeme.exact)
    if lexeme.kind != "field" or lexeme.name not in TEXT_FIELDS:
        return None
    written = tokenise(lexeme.text).marked
    if not written:
        raise QueryError(lexeme.value_column, f"sau {lexeme.name}: cần ít nhất một chữ hoặc số")
    return Text(written, TEXT_FIELDS[lexeme.name], lexeme.exact)


def _regex(lexeme: Lexeme) -> Regex:
    try:
        return Regex(prepared(lexeme.text), TEXT_FIELDS.get(lexeme.name))
    except PatternError as error:
        raise QueryError(lexeme.value_column + error.at, error.message_vi) from error


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
        case "tone":
            tone = TONES.get(" ".join(words(lexeme.text)))
            if tone is None:
                raise QueryError(lexeme.value_column, f"sau tone: cần một trong: {TONES_SAID}")
            return Value("tone", tone)
        case "after":
            return Since(_instant(lexeme))
    return Until(_instant(lexeme))


def _id(lexeme: Lexeme, text: str) -> str:
    """An id as it stands, or the one that a name written out would have: bu-gia-map, and of a topic bien_gioi."""
    lowered = text.strip().lower()
    named = lowered if _ID.fullmatch(lowered) else ("_" if lexeme.name == "topic" else "-").join(words(text))
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
