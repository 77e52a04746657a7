"""The words of a query, each with its column; what is refused by name is refused here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from services.domain.article import Field
from services.domain.query.tree import QueryError
from services.domain.text import fold, normalise, words

TEXT_FIELDS: dict[str, Field] = {"title": "title", "lead": "lead", "body": "text", "text": "text"}
FIELDS = (*TEXT_FIELDS, "outlet", "language", "place", "topic", "tone", "after", "before", "re")
MAX_NEAR = 50
FAIR_COVERAGE = "quy tắc đưa tin công bằng"

_QUOTES = '"“”„«»'
_WORD = re.compile(rf"[^\s(){_QUOTES}]+")
_PATTERN = re.compile(r"/((?:\\.|[^\\/])*)/", re.DOTALL)
# By-lines are neither stored nor searched, whatever the field is called; folded.
_PEOPLE = {
    *("author", "authors", "byline", "creator", "dc:creator", "article:author", "reporter", "journalist", "writer"),
    *("tac gia", "tacgia", "phong vien", "nha bao", "but danh", "nguoi viet"),
}
SIDE = "một từ hoặc một cụm trong ngoặc kép"
_SAMPLE = "một từ, một cụm trong ngoặc kép hoặc một điều kiện như place:bu-gia-map"


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A word of the query. `column` counts code points from 1; `value_column` that of a field's value."""

    kind: Literal["word", "phrase", "pattern", "field", "near", "and", "or", "not", "open", "close", "end"]
    column: int
    text: str = ""
    """A word, a phrase or a field's value without quotation marks; of NEAR/n the n."""
    name: str = ""
    """The field before it; of a pattern the text field, if one is named."""
    value_column: int = 0
    exact: bool = False


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
        elif character == "=":
            text, at = _exact(query, at)
            found.append(Lexeme("phrase" if query[column] in _QUOTES else "word", column, text, exact=True))
        else:
            lexeme, at = _word(query, at, found[-1] if found else None)
            if lexeme is not None:
                found.append(lexeme)
    found.append(Lexeme("end", len(query) + 1))
    _refuse_tone_by_outlet(found)
    return found


def _phrase(query: str, begin: int) -> tuple[str, int]:
    end = next((index for index in range(begin + 1, len(query)) if query[index] in _QUOTES), None)
    if end is None:
        raise QueryError(begin + 1, 'ngoặc kép này chưa đóng; cần một dấu " ở cuối cụm từ')
    text = query[begin + 1 : end]
    if not words(text):
        raise QueryError(begin + 1, "trong ngoặc kép cần ít nhất một chữ hoặc số")
    return text, end + 1


def _exact(query: str, begin: int) -> tuple[str, int]:
    """What follows the = at `begin`."""
    at = begin + 1
    if at < len(query) and query[at] in _QUOTES:
        return _phrase(query, at)
    found = _WORD.match(query, at)
    if found is None or not words(found[0]):
        raise QueryError(begin + 1, "ngay sau dấu = cần một từ hoặc một cụm trong ngoặc kép, viết đúng dấu thanh")
    if ":" in found[0] and re.match(r"[^\W\d_]+:", found[0]):
        raise QueryError(begin + 1, "dấu = đặt ngay trước từ, sau tên trường: title:=đường")
    return _whole(found[0], at + 1), found.end()


def _whole(text: str, column: int) -> str:
    if "*" in text:
        raise QueryError(column + text.index("*"), "chưa có dấu * (tìm theo phần đầu của từ); cần viết đủ từ")
    return text


def _word(query: str, begin: int, before: Lexeme | None) -> tuple[Lexeme | None, int]:
    found = _WORD.match(query, begin)
    assert found is not None  # the caller has seen a character that is none of the others
    text, end, column = found[0], found.end(), begin + 1
    if text in ("AND", "OR", "NOT"):
        kinds: dict[str, Literal["and", "or", "not"]] = {"AND": "and", "OR": "or", "NOT": "not"}
        return Lexeme(kinds[text], column), end
    if text == "NEAR" or text.startswith("NEAR/"):
        return _near(text, column), end
    name, colon, rest = text.partition(":")
    if colon and re.search(r"[^\W\d_]", name):
        return _field(query, begin, fold(normalise(name)[0]), rest, before)
    # A dash or bullet between words of a pasted title is no word.
    return (Lexeme("word", column, _whole(text, column)) if words(text) else None), end


def _near(text: str, column: int) -> Lexeme:
    number = text[5:]
    if not re.fullmatch(r"[0-9]{1,9}", number):
        raise QueryError(
            column + (5 if number else 0),
            "cần viết NEAR/n, n là số từ nhiều nhất ở giữa, ví dụ: cháy NEAR/5 rừng (tìm chính chữ NEAR thì đặt nó "
            "trong ngoặc kép)",
        )
    if int(number) > MAX_NEAR:
        raise QueryError(column + 5, f"NEAR/{int(number)} quá xa; cần một số từ 0 đến {MAX_NEAR}")
    return Lexeme("near", column, number)


def _field(query: str, begin: int, name: str, rest: str, before: Lexeme | None) -> tuple[Lexeme, int]:
    column = begin + 1
    if _names_people(name, fold(normalise(rest)[0]), before):
        raise QueryError(
            column, f"Điểm Báo không lưu và không tra theo tên người viết ({FAIR_COVERAGE}: không lập hồ sơ về cá nhân)"
        )
    if name not in FIELDS:
        known = " ".join(f"{field}:" for field in FIELDS if field != "text")
        raise QueryError(
            column, f"không có trường “{name}:”; cần một trong: {known} (chữ có dấu hai chấm thì đặt trong ngoặc kép)"
        )
    at = _after_space(query, query.index(":", begin) + 1)
    if name == "re":
        return _pattern(query, column, at, "")
    if name in TEXT_FIELDS and query[at : at + 3].lower() == "re:":
        return _pattern(query, column, _after_space(query, at + 3), name)
    if query[at : at + 1] == "=":
        if name not in TEXT_FIELDS:
            raise QueryError(at + 1, "dấu = chỉ đứng trước một từ hoặc một cụm trong ngoặc kép")
        text, end = _exact(query, at)
        return Lexeme("field", column, text, name, at + 2, exact=True), end
    if at < len(query) and query[at] in _QUOTES:
        text, end = _phrase(query, at)
    else:
        found = _WORD.match(query, at)
        if found is None or found[0] in ("AND", "OR", "NOT"):
            raise QueryError(at + 1, f"sau {name}: cần một giá trị hoặc một cụm trong ngoặc kép")
        text, end = found[0], found.end()
    return Lexeme("field", column, text, name, at + 1), end


def _after_space(query: str, at: int) -> int:
    while at < len(query) and query[at].isspace():
        at += 1
    return at


def _pattern(query: str, column: int, at: int, field: str) -> tuple[Lexeme, int]:
    """`re:` was read; at `at` its pattern begins. Spaces and brackets within it end nothing."""
    if query[at : at + 1] != "/":
        raise QueryError(at + 1, r"sau re: cần một mẫu giữa hai dấu /, ví dụ re:/ĐT\.?\s?741/")
    found = _PATTERN.match(query, at)
    if found is None:
        raise QueryError(at + 1, r"mẫu này chưa đóng; cần một dấu / ở cuối (dấu / ở trong mẫu viết là \/)")
    end = found.end()
    if end < len(query) and not query[end].isspace() and query[end] != ")":
        raise QueryError(
            end + 1, "sau dấu / đóng mẫu cần một khoảng trắng (không có cờ: mẫu luôn không phân biệt hoa thường)"
        )
    return Lexeme("pattern", column, found[1], field, at + 2), end


def _names_people(name: str, rest: str, before: Lexeme | None) -> bool:
    """`rest` follows the colon ("dc:creator"); the word before may be the name's first half ("tác giả:")."""
    said = name.replace("_", " ").replace("-", " ")
    first = words(before.text) if before is not None and before.kind == "word" else ()
    return bool({said, f"{name}:{rest.partition(':')[0]}", " ".join((*first, said))} & _PEOPLE)


def _refuse_tone_by_outlet(found: list[Lexeme]) -> None:
    tones = [lexeme for lexeme in found if lexeme.name == "tone"]
    if tones and any(lexeme.name == "outlet" for lexeme in found):
        raise QueryError(
            tones[0].column,
            f"không được dùng outlet: cùng với tone: ({FAIR_COVERAGE}: không đếm, không xếp sắc thái theo từng báo)",
        )


def expected(lexeme: Lexeme) -> QueryError:
    """The error for a place where a condition should stand."""
    if lexeme.kind == "near":
        return QueryError(lexeme.column, f"hai bên NEAR/{lexeme.text} cần {SIDE}, không phải nhóm hay điều kiện khác")
    return QueryError(lexeme.column, f"ở đây cần {_SAMPLE}")
