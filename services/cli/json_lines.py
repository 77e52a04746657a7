"""Articles as JSON Lines, in and out (contracts.md, section 3): what `match` and `enrich` share.

Every line gets one answer, in input order: the object with our keys added and author fields dropped, or
`{"error", "line"}` in its place. A line at a time is held in memory.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TextIO
from zoneinfo import ZoneInfo

from services.domain.address import canonical_url, host_of, refused_source
from services.domain.article import Fields, id_of, id_without_url, tokens_of, without_authors
from services.domain.byline import mask_bylines, remove_bylines

_LINE_ENDS = re.compile("[\u0085\u2028\u2029]")
_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


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
    """A line that is one; by-lines in `text` are masked, so that offsets are those of the text as given."""

    line: int
    given: Mapping[str, Any]
    """The input object without author fields and with `text` masked."""
    article_id: str
    url: str | None
    title: str
    lead: str
    text: str
    stored: str
    """The text as the archive keeps it: by-lines removed and not masked."""
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
    """The files, or standard input where none is named. Raises OSError before any line is read."""
    return [stack.enter_context(path.open("rb")) for path in files] if files else [sys.stdin.buffer]


def open_output() -> TextIO:
    """Standard output, in UTF-8 whatever the locale."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    return sys.stdout


def published(value: object) -> datetime | None:
    """A time of RFC 3339 or a date, in Asia/Ho_Chi_Minh where it names no zone; None for everything else."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value.strip())
        return (time if time.tzinfo else time.replace(tzinfo=_ZONE)).astimezone(_ZONE)
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
    refused = refused_source(host_of(url)) if url else None
    if refused is not None:
        raise _NotAnArticle(refused)
    masked = mask_bylines(text)
    return GivenArticle(
        line=line,
        given={**value, "text": masked} if text else value,
        article_id=id_of(canonical_url(url)) if url else id_without_url(title, text),
        url=url,
        title=title,
        lead=_string(value, "lead") or _string(value, "description"),
        text=masked,
        stored=remove_bylines(text),
        published_at=published(value.get("published_at")),
        outlet=_string(value, "outlet").strip(),
        language=_string(value, "language").strip() or None,
    )


def _object(raw: bytes) -> dict[str, Any]:
    try:
        decoded = raw.decode("utf-8-sig")
        value = json.loads(decoded, parse_constant=_no_constant)
        if "\\ud" in decoded.lower():
            json.dumps(value, ensure_ascii=False).encode()
        dropped = without_authors(value)
    except UnicodeError as error:
        raise _NotAnArticle("không phải văn bản UTF-8 hợp lệ / not valid UTF-8 text") from error
    except RecursionError as error:
        raise _NotAnArticle("lồng nhau quá sâu / nested too deep") from error
    except ValueError as error:
        raise _NotAnArticle(f"không phải JSON hợp lệ: {error} / not valid JSON") from error
    if not isinstance(dropped, dict):
        raise _NotAnArticle("dòng phải là một đối tượng JSON / the line must be a JSON object")
    return dropped


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} không thuộc JSON")


def _string(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""
