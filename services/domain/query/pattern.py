"""Patterns of `re:/…/`, on RE2: time and memory are bounded whatever an operator writes.

A pattern is sought in a field's *readable* text: normalised (NFC, lower case, one tone placement, no invisible
characters), every white space one plain space. Marks count ("đường" is no "duong"), case never does.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

import re2

from services.domain.text import Tokens, normalise

MAX_PATTERN = 300
"""Characters."""
_MAX_PROGRAM = 10_000
"""Instructions of RE2: `\\pL` takes 1,201, "(\\pL+ ){3}" 3,601, "ĐT\\.?\\s?741" 16."""
_MAX_MEMORY = 4 << 20
"""Bytes for a pattern, taken as needed. With 1 MB "([xa]{1,50}){15}y" falls back to 1.6 s over 200,000 characters."""

# What is no literal: a class, an escape, the opening of a group. Within them nothing is put in lower case ("\\D").
_PIECE = re.compile(r"\[\^?\]?(?:\[:\w*:\]|\\.|[^\]\\])*\]|\\[pP](?:\{[^}]*\}|.)|\\x\{[^}]*\}|\\.|\(\?P?", re.DOTALL)
_ESCAPE = re.compile(r"\\[pP]\{\^?L[ut]\}|\\.", re.DOTALL)
_SPACE = re.compile(r"\s")
_FLAGS = re.compile(r"\(\?(?!P<|<\w|[:=!<])")
_LETTER = r"\pL\pN_"
# What RE2 reads as ASCII only, or what readable text never holds.
_WIDER = {r"\w": f"[{_LETTER}]", r"\W": f"[^{_LETTER}]"} | {rf"\{space}": " " for space in "ntrfv"}
# RE2 takes these in another sense than an operator means.
_REFUSED = {
    r"\b": r"\b và \B chỉ hiểu chữ không dấu; ở ranh giới của từ hãy viết (^|\W) hoặc (\W|$)",
    r"\C": r"\C không dùng được; một ký tự bất kỳ là dấu chấm",
    r"\Q": r"\Q và \E không dùng được; hãy đặt \ trước từng dấu đặc biệt",
    r"\p": r"chữ hoa và chữ thường không được phân biệt; một chữ cái bất kỳ là \pL",
}
_REFUSED |= {r"\B": _REFUSED[r"\b"], r"\E": _REFUSED[r"\Q"], r"\P": _REFUSED[r"\p"]}
_SAID = {
    "missing )": "thiếu dấu ) cho một dấu (",
    "unexpected )": "dấu ) thừa",
    "missing ]": "thiếu dấu ] cho dấu [",
    "invalid repetition size": "số lần lặp trong { } phải tăng dần và cộng lại không quá 1000",
    "bad repetition operator": "hai dấu lặp đứng liền nhau",
    "no argument for repetition operator": "trước dấu lặp (* + ? { }) cần một ký tự hoặc một nhóm",
    "invalid perl operator": "(?= (?! (?<= (?<! không dùng được: mẫu không nhìn trước, nhìn sau",
    "invalid escape sequence": r"dấu \ này không có nghĩa (cuối đoạn là \z; không có \1)",
    "invalid character class range": "khoảng trong [ ] hoặc lớp ký tự này không có",
    "invalid named capture group": "tên nhóm sai hoặc trùng; chỉ cần ( )",
    "pattern too large - compile failed": "mẫu quá lớn; cần bớt số lần lặp hoặc bớt nhóm",
}


class PatternError(ValueError):
    """What is wrong with a pattern, in Vietnamese, and where: `at` counts code points from 0."""

    def __init__(self, at: int, message_vi: str) -> None:
        super().__init__(message_vi)
        self.at = at
        self.message_vi = message_vi


def prepared(written: str) -> str:
    """The pattern as it is sought: normalised like the text, `\\w` any letter or figure. Raises PatternError."""
    if len(written) > MAX_PATTERN:
        raise PatternError(MAX_PATTERN, f"mẫu quá dài; cần tối đa {MAX_PATTERN} ký tự")
    for index, character in enumerate(written):
        if "\ud800" <= character <= "\udfff":
            raise PatternError(index, "ký tự này không phải là chữ")
    if flags := _FLAGS.search(written):
        raise PatternError(flags.start(), "không dùng cờ như (?i): mẫu luôn không phân biệt hoa thường")
    parts: list[str] = []
    at = 0
    for piece in _PIECE.finditer(written):
        parts += [_literal(written[at : piece.start()]), _special(piece[0], piece.start())]
        at = piece.end()
    pattern = "".join([*parts, _literal(written[at:])])
    try:
        program = compiled(pattern)
    except re2.error as error:
        raise _told(error, written) from error
    if program.programsize > _MAX_PROGRAM:
        raise PatternError(0, _SAID["pattern too large - compile failed"])
    if program.search(b"") or program.search(b" "):
        raise PatternError(0, "mẫu này khớp cả với chỗ trống, nên bài nào cũng khớp; cần ít nhất một chữ hoặc số")
    return pattern


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """The RE2 of a prepared pattern; it reads `readable` text."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    options.never_capture = True
    return re2.compile(pattern.encode(), options)


def readable(source: str) -> bytes:
    """A field as patterns read it."""
    return _bytes(_literal(source))


def spans(pattern: str, tokens: Tokens) -> list[tuple[int, int]]:
    """Where the pattern stands in a field: code points of the field as given, end exclusive."""
    normal, offsets = normalise(tokens.source)
    text = _bytes(_SPACE.sub(" ", normal))
    found: list[tuple[int, int]] = []
    characters = bytes_ = 0
    for hit in compiled(pattern).finditer(text):
        begin, end = hit.span()
        characters += len(text[bytes_:begin].decode())
        length = len(text[begin:end].decode())
        start, stop = characters, characters + length
        characters, bytes_ = stop, end
        if length:
            found.append((start, stop) if offsets is None else (offsets[start], offsets[stop]))
    return found


def _literal(text: str) -> str:
    return _SPACE.sub(" ", normalise(text)[0])


def _bytes(text: str) -> bytes:
    # One for one, so that offsets hold: a lone surrogate, which UTF-8 cannot say, is one "?".
    return text.encode("utf-8", "replace")


def _special(piece: str, at: int) -> str:
    """A class or an escape with its Vietnamese letters composed and `\\w` widened beyond ASCII."""
    parts: list[str] = []
    end = 0
    within = piece.startswith("[")
    for escape in _ESCAPE.finditer(piece):
        said = escape[0]
        if said[:2] in _REFUSED and (said[:2] not in (r"\p", r"\P") or len(said) > 2):
            raise PatternError(at + escape.start(), _REFUSED[said[:2]])
        if said == r"\W" and within:
            raise PatternError(at + escape.start(), r"trong [ ] không dùng được \W; hãy viết [^\w…]")
        wider = _LETTER if within and said == r"\w" else _WIDER.get(said, said)
        parts += [unicodedata.normalize("NFC", piece[end : escape.start()]), wider]
        end = escape.end()
    return "".join([*parts, unicodedata.normalize("NFC", piece[end:])])


def _told(error: Exception, written: str) -> PatternError:
    said = error.args[0] if error.args else b""
    message = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    code, _, fragment = message.partition(": ")
    at = written.lower().find(fragment.lower()) if fragment else -1
    return PatternError(max(0, at), _SAID.get(code, f"RE2 không hiểu mẫu này ({message})"))
