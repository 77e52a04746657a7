"""Articles as JSON Lines, in and out (contracts.md, section 3): what `match` and `enrich` share.

Every line gets one answer, in input order: the object with our keys added and author fields dropped, or
`{"error", "line"}` in its place. A line at a time is held in memory.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TextIO

from services.domain.address import canonical_url, personal_address
from services.domain.article import Fields, id_of, id_without_url, tokens_of, without_authors
from services.domain.byline import mask_bylines, mask_title, remove_bylines
from services.domain.calendar import ZONE

_MASKS = {"title": mask_title, "lead": mask_bylines, "description": mask_bylines, "text": mask_bylines}
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:[Zz]|[+-]\d\d:\d\d)?)?", re.ASCII)
"""Or a date; seconds and zone may be left out. fromisoformat alone also takes week dates and 20261117."""
_LINE_ENDS = re.compile("[\u0085\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is not an article."""

    line: int
    """From 1, within its file."""
    error: str

    def answer(self) -> str:
        return _one_line({"error": self.error, "line": self.line})


@dataclass(frozen=True, slots=True)
class GivenArticle:
    """A line that is one; by-lines are masked, so that offsets are those of the fields as given."""

    line: int
    given: Mapping[str, Any]
    """The input object without author fields and with by-lines masked."""
    article_id: str
    url: str | None
    title: str
    lead: str
    text: str
    stored: tuple[str, str, str]
    """Title, lead and text as the archive keeps them: by-lines removed and not masked."""
    published_at: datetime | None
    outlet: str
    language: str | None

    def fields(self) -> Fields:
        return tokens_of(self.title, self.lead, self.text)

    def answer(self, ours: Mapping[str, Any]) -> str:
        """The line to write: the input with our keys, ours winning."""
        return _one_line({**self.given, **ours})


def read_articles(stream: Iterable[bytes]) -> Iterator[GivenArticle | BadLine]:
    """The lines of one file of JSON Lines (UTF-8), blank ones skipped."""
    for number, raw in enumerate(stream, 1):
        if not raw.strip(b" \t\r\n\xef\xbb\xbf"):
            continue
        try:
            yield _article(number, raw)
        except _NotAnArticle as error:
            yield BadLine(number, str(error))


def open_inputs(files: Sequence[Path], stack: ExitStack) -> list[BinaryIO]:
    """The files, standard input for `-` and where none is named. Raises OSError before any line is read."""
    return [
        sys.stdin.buffer if str(path) == "-" else stack.enter_context(path.open("rb")) for path in files or [Path("-")]
    ]


def open_output() -> TextIO:
    """Standard output, in UTF-8 whatever the locale."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    return sys.stdout


def published(value: object) -> datetime | None:
    """A time of RFC 3339 or a date, in Asia/Ho_Chi_Minh where it names no zone; None for everything else."""
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value.strip()):
        return None
    try:
        time = datetime.fromisoformat(value.strip())
        return (time if time.tzinfo else time.replace(tzinfo=ZONE)).astimezone(ZONE)
    except (ValueError, OverflowError):
        return None


def _one_line(value: Mapping[str, Any]) -> str:
    """JSON on one line for every reader: some take U+2028 and its like for the end of a line."""
    written = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


class _NotAnArticle(Exception):
    """Why, for the error line."""


def _article(line: int, raw: bytes) -> GivenArticle:
    value = _object(raw)
    title, text = _string(value, "title"), _string(value, "text")
    if not title.strip() and not text.strip():
        raise _NotAnArticle("cần “title” hoặc “text” là chuỗi có chữ / a non-empty title or text is needed")
    url = _string(value, "url").strip() or None
    refused = personal_address(url) if url else None
    if refused is not None:
        raise _NotAnArticle(refused)
    given = {**value, **{key: mask(_string(value, key)) for key, mask in _MASKS.items() if _string(value, key)}}
    lead = "lead" if _string(value, "lead") else "description"
    return GivenArticle(
        line=line,
        given=given,
        article_id=id_of(canonical_url(url)) if url else id_without_url(title, text),
        url=url,
        title=_string(given, "title"),
        lead=_string(given, lead),
        text=_string(given, "text"),
        stored=(mask_title(title).rstrip(), remove_bylines(_string(value, lead)), remove_bylines(text)),
        published_at=published(value.get("published_at")),
        outlet=_string(value, "outlet").strip(),
        language=_string(value, "language").strip() or None,
    )


def _object(raw: bytes) -> dict[str, Any]:
    try:
        decoded = raw.decode("utf-8-sig")
        value = json.loads(decoded, parse_constant=_no_constant, parse_float=_finite)
        if "\\ud" in decoded.lower():
            json.dumps(value, ensure_ascii=False).encode()
        dropped = without_authors(value)
    except UnicodeError as error:
        raise _NotAnArticle("không phải văn bản UTF-8 hợp lệ / not valid UTF-8 text") from error
    except RecursionError as error:
        raise _NotAnArticle("lồng nhau quá sâu / nested too deep") from error
    except json.JSONDecodeError as error:
        at = f"sai ở ký tự thứ {error.pos + 1}" if decoded[error.pos :].strip() else "dòng bị cắt giữa chừng"
        raise _NotAnArticle(f"không phải JSON hợp lệ, {at} / not valid JSON: {error.msg}") from error
    except ValueError as error:
        raise _NotAnArticle("có số quá dài hoặc không phải là số / a number that JSON cannot hold") from error
    if not isinstance(dropped, dict):
        raise _NotAnArticle("dòng phải là một đối tượng JSON / the line must be a JSON object")
    return dropped


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(digits: str) -> float:
    """1e999 is JSON by its grammar and infinite in memory: it could not be written again."""
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(digits)
    return number


def _string(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""
