"""What no value of a configuration file may hold, whichever way YAML lets it be written.

Double quotes take escapes for what a file itself may not hold: half characters that nothing can encode afterwards, NUL
and other controls. What is kept here is only about characters; what a value means is told by the other rooms.
"""

from __future__ import annotations

import re
import unicodedata

_HALF = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_LINE_BREAK = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")
_BEYOND = re.compile(r"\\U(?!00(?:0[0-9A-Fa-f]|10))[0-9A-Fa-f]{8}")
_LONG_TAG = re.compile(r"!\S{500}")
_CONFLICT = re.compile("^<{7} ", re.MULTILINE)
_MOST_MARKS = 30
"""On one letter; the most in any living script is below ten."""

Wrong = tuple[str, str] | None
"""What is wrong, in Vietnamese and in English."""


def with_whole_characters(text: str) -> str:
    """Pairs of halves joined: JSON's ASCII form writes an emoji as two escapes, and JSON is YAML."""
    if not _HALF.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def unfit_character(text: str) -> Wrong:
    """A half character or a control in a value; line breaks and tabs are fine, for samples run over lines."""
    half = _HALF.search(text)
    if half is not None:
        code = f"{ord(half[0]):04X}"
        return f"mã \\u{code} chỉ là nửa ký tự; hãy gõ thẳng ký tự ấy vào", f"U+{code} is half a character"
    control = _CONTROL.search(text)
    if control is not None:
        code = f"{ord(control[0]):04X}"
        return f"có ký tự điều khiển (mã {code}); hãy xóa đi", f"control character U+{code}"
    return None


def control_at(text: str) -> int | None:
    """Where the first control stands that no text holds; None where there is none."""
    found = _CONTROL.search(text)
    return found.start() if found is not None else None


def conflict_at(text: str) -> int | None:
    """Where a tool that could not merge two versions left both, between marks that YAML reads as words."""
    found = _CONFLICT.search(text)
    return found.start() if found is not None else None


def is_broken(text: str) -> bool:
    """Whether it runs over lines, or holds a tab: a name does neither, for it goes into the headers of letters."""
    return _LINE_BREAK.search(text) is not None


def unreadable_at(text: str) -> int | None:
    """Where an escape stands that names no character, which the parser cannot tell; None where there is none."""
    found = _BEYOND.search(text)
    return found.start() if found is not None else None


def endless_tag_at(text: str) -> int | None:
    """Where a tag stands that the parser, whose time grows by the square of its length, must not be given."""
    found = _LONG_TAG.search(text)
    return found.start() if found is not None else None


def heap_of_marks_at(text: str) -> int | None:
    """Where marks are heaped on one letter: composing 400 kB of them takes 20 s, in which no other thread runs."""
    if text.isascii():
        return None
    marks = 0
    for index, letter in enumerate(text):
        marks = marks + 1 if letter > "\u02ff" and unicodedata.combining(letter) else 0
        if marks > _MOST_MARKS:
            return index - marks
    return None
