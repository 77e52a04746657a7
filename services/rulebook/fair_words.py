"""Words that fair coverage keeps out of what operators write (design.md, rules 3, 7; facts: no classified source)."""

from __future__ import annotations

import re
import unicodedata

JUDGING = ("xuyên tạc", "thù địch", "xấu độc", "phản động", "báo xấu")

# The stamp stands in capitals; in small letters only with a word that makes it one: "mật ong", "mật độ" are none.
_STAMP = re.compile(r"\b(?:TUYỆT MẬT|TỐI MẬT|MẬT)\b(?! (?:ĐỘ|ONG|THIẾT))")
_CALLED = re.compile(r"\b(?:tuyệt mật|tối mật|độ mật|dấu mật|đóng dấu mật|(?:tài liệu|văn bản|hồ sơ) mật)\b")


def judging_word(text: str) -> str | None:
    """The judging word in a name, however it is spaced, capitalised or composed; None where there is none."""
    said = " ".join(unicodedata.normalize("NFC", text).lower().split())
    return next((word for word in JUDGING if word in said), None)


def classified_mark(text: str) -> str | None:
    """The mark of a classified document in the name or number of a source."""
    said = " ".join(unicodedata.normalize("NFC", text).split())
    found = _STAMP.search(said) or _CALLED.search(said.lower())
    return found.group() if found else None
