"""The words of a query, each with its column; what is refused by name is refused here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from services.domain.query.tree import QueryError
from services.domain.text import fold, normalise, words

FIELDS = ("title", "lead", "body", "text", "outlet", "language", "place", "topic", "after", "before")
FAIR_COVERAGE = "quy tắc đưa tin công bằng"

_QUOTES = '"“”„«»'
_WORD = re.compile(rf"[^\s(){_QUOTES}]+")
_NEAR = re.compile(r"NEAR(/\d*)?")
# By-lines are neither stored nor searched, whatever the field is called; folded.
_PEOPLE = {
    *("author", "authors", "byline", "creator", "dc:creator", "article:author", "reporter", "journalist", "writer"),
    *("tac gia", "tacgia", "phong vien", "nha bao", "but danh", "nguoi viet"),
}
_SAMPLE = "một từ, một cụm trong ngoặc kép hoặc một điều kiện như place:bu-gia-map"


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A word of the query. `column` counts code points from 1; `value_column` that of a field's value."""

    kind: Literal["word", "phrase", "field", "and", "or", "not", "open", "close", "end"]
    column: int
    text: str = ""
    name: str = ""
    value_column: int = 0


def lex(query: str) -> list[Lexeme]:
    """The lexemes, "end" last. Raises QueryError."""
    found: list[Lexeme] = []
    at = 0
    while at < len(query):
        character, column = query[at], at + 1
        if character.isspace():
            at += 1
        elif character in "()":
            found.append(Lexeme("open" if character == "(" else "close", column))
            at += 1
        elif character in _QUOTES:
            text, at = _phrase(query, at)
            found.append(Lexeme("phrase", column, text))
        elif character == "-" and at + 1 < len(query) and not query[at + 1].isspace():
            found.append(Lexeme("not", column))
            at += 1
        else:
            lexeme, at = _word(query, at, found[-1] if found else None)
            if lexeme is not None:
                found.append(lexeme)
    found.append(Lexeme("end", len(query) + 1))
    _refuse_tone(found)
    return found


def _phrase(query: str, begin: int) -> tuple[str, int]:
    end = next((index for index in range(begin + 1, len(query)) if query[index] in _QUOTES), None)
    if end is None:
        raise QueryError(begin + 1, 'ngoặc kép này chưa đóng; cần một dấu " ở cuối cụm từ')
    text = query[begin + 1 : end]
    if not words(text):
        raise QueryError(begin + 1, "trong ngoặc kép cần ít nhất một chữ hoặc số")
    return text, end + 1


def _word(query: str, begin: int, before: Lexeme | None) -> tuple[Lexeme | None, int]:
    found = _WORD.match(query, begin)
    assert found is not None  # the caller has seen a character that is none of the others
    text, end, column = found[0], found.end(), begin + 1
    if text in ("AND", "OR", "NOT"):
        kinds: dict[str, Literal["and", "or", "not"]] = {"AND": "and", "OR": "or", "NOT": "not"}
        return Lexeme(kinds[text], column), end
    if _NEAR.fullmatch(text):
        raise QueryError(column, "NEAR/n sẽ có ở bản sau; hiện dùng AND hoặc cụm từ trong ngoặc kép")
    if text.startswith("="):
        raise QueryError(column, "dấu = (đúng dấu thanh) sẽ có ở bản sau; hiện bỏ dấu = đi")
    name, colon, rest = text.partition(":")
    if colon and re.search(r"[^\W\d_]", name):
        return _field(query, begin, fold(normalise(name)[0]), rest, before)
    if "*" in text and words(text):
        raise QueryError(column + text.index("*"), "chưa có dấu * (tìm theo phần đầu của từ); cần viết đủ từ")
    # A dash or bullet between words of a pasted title is no word.
    return (Lexeme("word", column, text) if words(text) else None), end


def _field(query: str, begin: int, name: str, rest: str, before: Lexeme | None) -> tuple[Lexeme, int]:
    column = begin + 1
    if _names_people(name, fold(normalise(rest)[0]), before):
        raise QueryError(
            column, f"Điểm Báo không lưu và không tra theo tên người viết ({FAIR_COVERAGE}: không lập hồ sơ về cá nhân)"
        )
    if name == "re":
        raise QueryError(column, "re:/…/ sẽ có ở bản sau; hiện dùng từ hoặc cụm từ")
    if name not in FIELDS and name != "tone":
        known = " ".join(f"{field}:" for field in FIELDS if field != "text")
        raise QueryError(
            column, f"không có trường “{name}:”; cần một trong: {known} (chữ có dấu hai chấm thì đặt trong ngoặc kép)"
        )
    at = query.index(":", begin) + 1
    while at < len(query) and query[at].isspace():
        at += 1
    if at < len(query) and query[at] in _QUOTES:
        text, end = _phrase(query, at)
    else:
        found = _WORD.match(query, at)
        if found is None or found[0] in ("AND", "OR", "NOT"):
            raise QueryError(at + 1, f"sau {name}: cần một giá trị hoặc một cụm trong ngoặc kép")
        text, end = found[0], found.end()
    return Lexeme("field", column, text, name, at + 1), end


def _names_people(name: str, rest: str, before: Lexeme | None) -> bool:
    """`rest` follows the colon ("dc:creator"); the word before may be the name's first half ("tác giả:")."""
    said = name.replace("_", " ").replace("-", " ")
    first = words(before.text) if before is not None and before.kind == "word" else ()
    return bool({said, f"{name}:{rest.partition(':')[0]}", " ".join((*first, said))} & _PEOPLE)


def _refuse_tone(found: list[Lexeme]) -> None:
    tones = [lexeme for lexeme in found if lexeme.name == "tone"]
    if not tones:
        return
    if any(lexeme.name == "outlet" for lexeme in found):
        raise QueryError(
            tones[0].column,
            f"không được dùng outlet: cùng với tone: ({FAIR_COVERAGE}: không đếm, không xếp sắc thái theo từng báo)",
        )
    raise QueryError(tones[0].column, f"tone: sẽ có ở bản sau; cần {_SAMPLE}")


def expected(lexeme: Lexeme) -> QueryError:
    """The error for a place where a condition should stand."""
    return QueryError(lexeme.column, f"ở đây cần {_SAMPLE}")
