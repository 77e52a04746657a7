"""Patterns of `re:/…/`, on RE2: time and memory are bounded whatever an operator writes.

A pattern is sought in a field's *readable* text: normalised (NFC, lower case, one tone placement, no invisible
characters), every white space one plain space. Marks count ("đường" is no "duong"), case never does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import re2

from services.domain.text import Tokens, normalise

MAX_PATTERN = 300
"""Characters."""
_MAX_PROGRAM = 10_000
"""Instructions of RE2: `\\pL` takes 1,201, "(\\pL+ ){3}" 3,601, "ĐT\\.?\\s?741" 16."""
_MAX_WIDTH = 170
"""Of `_width`: "cháy.{0,50}rừng" has 156. Of 2,037 patterns made up to be dear and allowed at 110, the dearest took
0.23 s over 200,000 characters and 2.6 ms over an article; beyond, "[aeiou].{0,50}rừng" takes 2.2 ms (n = 30)."""
_MAX_MEMORY = 4 << 20
"""Bytes for a pattern, taken as needed."""

# What is no literal: a class, an escape, the opening of a group. Within them nothing is put in lower case ("\\D").
_CLASS = r"\[\^?\]?(?:\[:\w*:\]|\\.|[^\]\\])*\]|\\[pP](?:\{[^}]*\}|.)|\\x(?:\{[^}]*\}|[0-9a-fA-F]{2})|\\."
_PIECE = re.compile(rf"{_CLASS}|\(\?P?", re.DOTALL)
_ESCAPE = re.compile(r"\\[pP]\{\^?L[ut]\}|\\.", re.DOTALL)
_SPACE = re.compile(r"\s")
_GROUP = re.compile(r"\(\?(?:P?<\w+>|:)")
_BY_NUMBER = re.compile(r"\\x\{[^}]*\}")
# What is no literal stays; a run of letters, of which a repetition takes the last, is one of them.
_RUN = re.compile(rf"({_CLASS}|\{{\d+(?:,\d*)?\}}|[$^.|?*+()])|[^\\\[$^.|?*+(){{]+|\{{", re.DOTALL)
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
    if _width(pattern) > _MAX_WIDTH:
        raise PatternError(
            0, "mẫu lặp quá rộng; cần bớt số trong { } hoặc số dấu chấm (hai từ gần nhau thì viết: cháy NEAR/10 rừng)"
        )
    if program.search(b"") or program.search(b" "):
        raise PatternError(0, "mẫu này khớp cả với chỗ trống, nên bài nào cũng khớp; cần ít nhất một chữ hoặc số")
    return pattern


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """The RE2 of a prepared pattern, to ask `readable` text whether it holds it, not where.

    Of the longest match: RE2 then need not tell the orders in which a repetition can be tried from each other, and
    "a(.{1,30})+" costs 0.02 ms on an article and not 1 to 5.
    """
    options = _options()
    options.longest_match = True
    return re2.compile(pattern.encode(), options)


@lru_cache(maxsize=64)
def _leftmost(pattern: str) -> Any:
    """The same for `spans`: what is shown is what the pattern says first."""
    return re2.compile(pattern.encode(), _options())


def _options() -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    options.never_capture = True
    return options


def _width(pattern: str) -> int:
    """How many places of a pattern RE2 may have to follow at once: what repetitions and classes make of it.

    In bytes, so that a class is one place: the number of letters that \\w stands for costs memory but no time. What is
    written out costs little, however long: names of places one beside another are followed along one of them.
    """
    options = _options()
    options.encoding = re2.Options.Encoding.LATIN1
    bare = _BY_NUMBER.sub("ÿ", _GROUP.sub("(", pattern))
    short = _RUN.sub(lambda found: found[1] or "x", bare)
    try:
        narrow, whole = (re2.compile(one.encode(), options).programsize for one in (short, bare))
    except re2.error:  # a range that is none in bytes
        return int(compiled(pattern).programsize)
    return int(max(narrow, whole - len(bare.encode())))


def readable(source: str) -> bytes:
    """A field as patterns read it."""
    return _bytes(_literal(source))


def spans(pattern: str, tokens: Tokens) -> Iterator[tuple[int, int]]:
    """Where the pattern stands in a field: code points of the field as given, end exclusive."""
    normal, offsets = normalise(tokens.source)
    text = _bytes(_SPACE.sub(" ", normal))
    characters = bytes_ = 0
    for hit in _leftmost(pattern).finditer(text):
        begin, end = hit.span()
        characters += len(text[bytes_:begin].decode())
        length = len(text[begin:end].decode())
        start, stop = characters, characters + length
        characters, bytes_ = stop, end
        if length:
            yield (start, stop) if offsets is None else (offsets[start], offsets[stop])


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
