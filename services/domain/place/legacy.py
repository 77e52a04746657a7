"""Old Vietnamese encodings that arrive as mojibake: TCVN3 ("B×nh Ph­íc") and VNI ("Bình Phöôùc").

Only in texts copied from old documents. A text that holds modern Vietnamese letters is never touched.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

Encoding = Literal["TCVN3", "VNI"]
_MODERN = re.compile("[ăđơưĂĐƠƯ\u1ea0-\u1ef9]")

# TCVN3 keeps a letter in one character; read as Latin-1 these stand for:
_TCVN3 = str.maketrans(
    "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\u00adõøö÷ùúýûüþ¡¢§£¤¥¦",
    "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĂÂĐÊÔƠƯ",
)
_TCVN3_SIGN = re.compile("(?<=[A-Za-z])[×\u00adµ¸¶·¹¨»¾¼½©®ª«¬]|[§®](?=[^\\W\\d_])")

# VNI writes the marks as a second character; read as Latin-1. Capitals follow the lower-case pattern.
_TONES = {"ù": "\u0301", "ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ï": "\u0323"}
_HATS = {
    "â": "\u0302", "á": "\u0302\u0301", "à": "\u0302\u0300", "å": "\u0302\u0309", "ã": "\u0302\u0303",
    "ä": "\u0302\u0323", "ê": "\u0306", "é": "\u0306\u0301", "è": "\u0306\u0300", "ú": "\u0306\u0309",
    "ü": "\u0306\u0303", "ë": "\u0306\u0323",
}  # fmt: skip
_ALONE = {"ñ": "đ", "ö": "ư", "ô": "ơ", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}
_VNI = re.compile(f"([aeouyôöAEOUYÔÖ])([{''.join(_TONES)}{''.join(_HATS)}])|([{''.join(_ALONE)}])", re.IGNORECASE)
_VNI_SIGN = re.compile("[aeouAEOU][äåëøûâêÄÅËØÛÂÊ]|[öÖ][ôÔ]")
# French has a few pairs that look like VNI ("Noël", "goûter"), never three of them beside no modern letter.
_ENOUGH, _ENOUGH_VNI = 2, 3


def legacy_encoding(text: str) -> Encoding | None:
    """Which old encoding a whole article is in; None for every modern one."""
    if text.isascii() or _MODERN.search(text):
        return None
    if len(set(_TCVN3_SIGN.findall(text))) >= _ENOUGH:
        return "TCVN3"
    return "VNI" if len(set(_VNI_SIGN.findall(text))) >= _ENOUGH_VNI else None


def decoded(text: str, encoding: Encoding) -> tuple[str, Sequence[int] | None]:
    """The text in Unicode, and where each of its characters begins in the text as given (None: at the same place)."""
    return (text.translate(_TCVN3), None) if encoding == "TCVN3" else _from_vni(text)


def _from_vni(text: str) -> tuple[str, Sequence[int]]:
    said: list[str] = []
    offsets: list[int] = []
    at = 0
    while at < len(text):
        found = _VNI.match(text, at)
        end = found.end() if found else at + 1
        for character in _letter(found) if found else text[at]:
            said.append(character)
            offsets.append(at)
        at = end
    offsets.append(len(text))
    return "".join(said), offsets


def _letter(found: re.Match[str]) -> str:
    base, mark, alone = found.groups()
    if alone is not None:
        letter = _ALONE[alone.lower()]
        return letter.upper() if alone.isupper() else letter
    stem = _ALONE.get(base.lower(), base.lower())
    letter = unicodedata.normalize("NFC", stem + (_TONES.get(mark.lower()) or _HATS[mark.lower()]))
    return letter.upper() if base.isupper() else letter
