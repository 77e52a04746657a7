"""Whether a text holds one of some names at all; for most texts at a tenth of what their tokens cost.

Letters and digits alone are compared first, without marks, case, spaces and signs: whatever the tokeniser would find
is found, and now and then something across words, which the tokens then tell.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from ahocorasick_rs import AhoCorasick

from services.domain.text import fold, tokenise

_OTHERS = bytes(code for code in range(256) if not chr(code).isalnum() or code > 127)
_LOWER = bytes(code + 32 if 65 <= code <= 90 else code for code in range(256))


class Naming:
    """`names` as tokens without marks."""

    def __init__(self, names: Iterable[tuple[str, ...]]) -> None:
        given = set(names)
        joined = {"".join(name) for name in given}
        self._exact = AhoCorasick([f" {' '.join(name)} " for name in sorted(given)])
        ascii_only = {_letters(name) for name in joined if name.isascii()} - {""}
        self._latin = AhoCorasick(sorted(ascii_only)) if ascii_only else None
        self._others = tuple(sorted(name for name in joined if not name.isascii()))

    def may_name(self, text: str) -> bool:
        """False only where no name stands in the text."""
        return self._has_letters(text) and bool(self._exact.find_matches_as_indexes(tokenise(text).joined))

    def _has_letters(self, text: str) -> bool:
        if self._latin is not None and self._latin.find_matches_as_indexes(_letters(text)):
            return True
        if not self._others or text.isascii():
            return False
        bare = "".join(filter(str.isalnum, fold(unicodedata.normalize("NFC", text.lower()))))
        return any("".join(filter(str.isalnum, name)) in bare for name in self._others)


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return plain.encode("ascii", "ignore").translate(_LOWER, _OTHERS).decode("ascii")
