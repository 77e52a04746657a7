"""Words that fair coverage keeps out of what operators write (design.md, rules 3, 7; facts: no classified source)."""

from __future__ import annotations

import re
import unicodedata

from services.domain.text import tokenise

JUDGING = ("xuyên tạc", "thù địch", "xấu độc", "phản động", "báo xấu")

# The stamp stands in capitals; in small letters only with a word that makes it one: "mật ong", "mật độ" are none.
_STAMP = re.compile(r"\b(?:TUYỆT MẬT|TỐI MẬT|MẬT)\b(?! (?:ĐỘ|ONG|THIẾT))")
_CALLED = re.compile(r"\b(?:tuyệt mật|tối mật|độ mật|dấu mật|đóng dấu mật|(?:tài liệu|văn bản|hồ sơ) mật)\b")


def judging_word(text: str) -> str | None:
    """The judging word in a name, however it is spaced, joined, capitalised or composed; None where there is none.

    Also without its marks ("xau doc"); a word with other marks is another word ("phần đông").
    """
    said = tokenise(text).marked
    for word in JUDGING:
        sought = tokenise(word)
        for at in range(len(said) - len(sought) + 1):
            asked = zip(said[at : at + len(sought)], sought.marked, sought.plain, strict=True)
            if all(token in written for token, *written in asked):
                return word
    return None


def classified_mark(text: str) -> str | None:
    """The mark of a classified document in the name or number of a source."""
    said = " ".join(unicodedata.normalize("NFC", text).split())
    found = _STAMP.search(said) or _CALLED.search(said.lower())
    return found.group() if found else None
