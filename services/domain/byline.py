"""By-lines and credits at the head or end of a text: masked before anything is read, removed before the bus.

Nobody's name is matched, quoted or kept (fair coverage, rule 2). Vietnamese papers put the name alone on the last
line, before the captions, or right after the last sentence; the words of the article itself are never touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.domain.place.words import KIND_WORDS, SURNAMES
from services.domain.text import normalise

# A by-line stands within this many lines of an end; after it only captions follow.
_TAIL_LINES = 5
_HEAD_LINES = 3
_LONGEST_NAME = 5
_LONGEST_CREDIT = 70

_ROLE = (
    r"tác giả|bài và ảnh|bài,? ảnh|bài viết|bài|thực hiện|người thực hiện|phóng viên|nhóm phóng viên|nhóm pv|pv|ctv|"
    r"biên tập|btv|biên dịch|dịch|tổng hợp|ghi|by|reported by|story by|written by"
)
_PHOTO = r"ảnh|hình|hình ảnh|đồ họa|đồ hoạ|video|clip|photo|photos|minh họa|minh hoạ"
_CREDIT = re.compile(rf"\s*[(\[]?\s*(?:{_ROLE}|{_PHOTO})\s*[:：](?P<who>[^\n:]*)", re.IGNORECASE)
_BY = re.compile(r"\s*(?:by|theo|pv|phóng viên|ctv)\s+(?=\S)", re.IGNORECASE)
# "... phiên tòa - Ảnh: MINH HÒA." at the end of a caption.
_PHOTO_CREDIT = re.compile(rf"\s*[-–—(]?\s*\b(?:{_PHOTO})\s*[:：](?P<who>[^\n:]{{1,60}})$", re.IGNORECASE)
_AFTER_NAME = re.compile(
    r"\s*[(\[/-]?\s*(?:t/h|t\.h|(?:tổng hợp )?theo [^)\n]{1,60}|tổng hợp|ghi|thực hiện|lược dịch)\s*[)\]]?\s*$",
    re.IGNORECASE,
)
_DATED = re.compile(r"\s*[-–|,•]\s*(?:thứ \S+,?\s*)?\d{1,2}[/.-]\d{1,2}(?:[/.-]\d{2,4})?[^\n]*$", re.IGNORECASE)
_EMAIL = re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
# The last sentence's end, with the name after it: "... xuất viện trong tuần này. A. Thư".
_ABBREVIATED = frozenset({"tp", "tx", "tt"})
_SENTENCE_END = re.compile(r"(?:(?<=[^\W\d_]{2}[.!?…])|(?<=[.!?…][\"”’)])|(?<=[\d)\]%][.!?])|(?<=\./\.))\s+(?=\S)")


def mask_bylines(text: str) -> str:
    """The text, of the same length, with by-lines and credits at its head or end replaced by spaces."""
    spans = list(_spans(text))
    for start, end in spans:
        text = text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + text[end:]
    return text


def mask_title(title: str) -> str:
    """The title, of the same length, without e-mail addresses and what calls itself a credit after its last sentence.

    A bare name there may be what the title is about ("... đi đâu? Bù Gia Mập").
    """
    for found in re.finditer(r"(?<=[.!?…])\s+(?=\S)", title):
        if _is_credit(title[found.end() :]) and "\n" not in title[found.end() :]:
            title = title[: found.end()] + " " * (len(title) - found.end())
            break
    return _EMAIL.sub(lambda found: " " * len(found[0]), title)


def remove_bylines(text: str) -> str:
    """The text without by-lines and credits, and without the lines that they leave empty."""
    masked = mask_bylines(text)
    if masked == text:
        return text
    before, after = text.split("\n"), masked.split("\n")
    kept = [new.rstrip() for old, new in zip(before, after, strict=True) if new.strip() or not old.strip()]
    return "\n".join(kept).strip()


def _spans(text: str) -> Iterator[tuple[int, int]]:
    lines = [(found.start(), found.end()) for found in re.finditer(r"[^\n]*\S[^\n]*", text)]
    for start, end in lines[:_HEAD_LINES]:
        if len(lines) > 1 and _head_line(text[start:end]):
            yield start, end
    tail = lines[max(1, len(lines) - _TAIL_LINES) :]
    named = [span for span in tail if _is_name(text[slice(*span)])]
    # Three and more lines of names in a row are a table, not by-lines.
    if len(named) <= 2:
        yield from named
    for start, end in tail:
        yield from _credits(text, start, end)
    if lines:
        yield from _after_last_sentence(text, *lines[-1])
    for start, end in {*lines[:_HEAD_LINES], *tail}:
        for found in _EMAIL.finditer(text, start, end):
            yield found.span()


def _head_line(line: str) -> bool:
    bare = _DATED.sub("", line)
    if _is_credit(bare):
        return True
    words = _words(bare)
    return _is_name(bare) and len(words) >= 2 and normalise(words[0])[0] in SURNAMES


def _credits(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    line = text[start:end]
    if _is_credit(line):
        yield start, end
        return
    reach = max(0, len(line) - 2 * _LONGEST_CREDIT)
    credit = _PHOTO_CREDIT.search(line, reach)
    if credit is not None and _is_credited(credit["who"]):
        yield start + credit.start(), end


def _is_credit(line: str) -> bool:
    if len(line) > _LONGEST_CREDIT:
        return False
    credit, said = _CREDIT.fullmatch(line), _BY.match(line)
    return (credit is not None and _is_credited(credit["who"])) or (said is not None and _is_name(line[said.end() :]))


def _is_credited(who: str) -> bool:
    """Whether a credit names somebody: "MINH HÒA", "A LỘC"; "Video: Công an kiểm tra" is a caption."""
    words = _words(who)
    return 1 <= len(words) <= _LONGEST_NAME + 1 and all(_first_letter(word).isupper() for word in words)


def _after_last_sentence(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    ends = [
        found.end()
        for found in _SENTENCE_END.finditer(text, max(start, end - 2 * _LONGEST_CREDIT), end)
        if not _abbreviated(text[max(0, found.start() - 4) : found.start()].split()[-1].strip("."))
    ]
    for at in reversed(ends[-2:]):  # "A. Thư" has a point of its own
        rest = text[at:end]
        if _is_name(rest) or _is_credit(rest):
            yield at, end
            return


def _abbreviated(word: str) -> bool:
    """ "TP. Hà Nội", "Tp. Điện Biên Phủ": a point, and no end of a sentence."""
    return word.isupper() or word.lower() in _ABBREVIATED


def _is_name(text: str) -> bool:
    """Whether it is nothing but the name of one or two persons: "Hải Hiếu", "A. Thư", "Minh An - Thu Hà (ghi)"."""
    if len(text) > 2 * _LONGEST_CREDIT:
        return False
    bare = _AFTER_NAME.sub("", _EMAIL.sub("", text)).strip(" .\t()[]*")
    if not bare or bare[-1] in ":;!?" or any(mark in text for mark in ':;!?%“"'):
        return False
    parts = [part for part in re.split(r"\s+[-–&]\s+|\s*[,/]\s*|\s+và\s+", bare) if part]
    return 1 <= len(parts) <= 3 and all(_one_name(_words(part), len(parts)) for part in parts)


def _one_name(words: list[str], names: int) -> bool:
    if not 1 <= len(words) <= _LONGEST_NAME or not all(_first_letter(word).isupper() for word in words):
        return False
    if any(character.isdigit() for word in words for character in word):
        return False
    if words[0].lower() in KIND_WORDS:  # a caption: "Xã Đăk Ơ"
        return False
    # One word is a name only as initials ("N.N", "P.V"), or beside another name.
    return len(words) > 1 or names > 1 or bool(re.fullmatch(r"(?:[^\W\d_]\.){1,3}[^\W\d_]{0,7}\.?", words[0]))


def _first_letter(word: str) -> str:
    return next(character for character in word if character.isalpha())


def _words(text: str) -> list[str]:
    return [word for word in text.split() if any(character.isalpha() for character in word)]
