"""The items of a feed, read with feedparser: slow, and the only one that repairs mislabelled encodings.

Its sanitiser and link resolution are off: both cost more than parsing, and all markup is removed here anyway.
"""

from __future__ import annotations

import io
import re
from typing import Any

import feedparser

from services.adapters.extraction.markup import lead_of, one_line, paragraphs
from services.ports.errors import Unprocessable
from services.ports.extractor import FeedContent, RawEntry

_ITEM = re.compile(rb"<(item|entry)[\s>]", re.IGNORECASE)
_ROOT = re.compile(rb"<\s*(rss|feed|rdf:RDF)\b", re.IGNORECASE)
_CLOSINGS = {b"rss": b"</channel></rss>", b"feed": b"</feed>", b"rdf:rdf": b"</rdf:RDF>"}
_PROLOG_16 = re.compile(rb"""(<\?xml[^>]{0,200}encoding=["'])utf-?16[a-z]*(["'])""", re.IGNORECASE)

# Caps on one field, in characters: a lead is a paragraph, an article fits in half a million.
_SHORT, _LONG = 4_000, 500_000


def read_feed(body: bytes, content_type: str, max_entries: int) -> FeedContent:
    """At most `max_entries` items; those beyond are cut off unread and counted. Raises Unprocessable."""
    kept, cut = _cut(_honest_prolog(body), max_entries)
    headers = {"content-type": content_type or "application/xml"}
    # A file object: given bytes or text, feedparser first tries them as an address and as a file's name.
    parsed: Any = feedparser.parse(
        io.BytesIO(kept), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )
    entries = tuple(_entry(item) for item in parsed.entries[:max_entries])
    if not parsed.version and not entries:
        reason = str(parsed.get("bozo_exception", "no feed in it"))
        raise Unprocessable(f"không đọc được như một nguồn RSS/Atom / not a feed: {reason}"[:300])
    return FeedContent(
        title=one_line(_text(parsed.feed, "title")),
        language=_text(parsed.feed, "language")[:20],
        entries=entries,
        cut=cut,
    )


def _honest_prolog(body: bytes) -> bytes:
    """Some papers declare utf-16 over a body that is plainly not: every other byte of UTF-16 markup is zero."""
    return body if b"\0" in body[:200] else _PROLOG_16.sub(rb"\1utf-8\2", body, count=1)


def _cut(body: bytes, max_entries: int) -> tuple[bytes, int]:
    """The body up to the last item allowed, closed again; how many items were beyond."""
    starts = [found.start() for found in _ITEM.finditer(body)]
    if len(starts) <= max_entries:
        return body, 0
    root = _ROOT.search(body)
    closing = _CLOSINGS.get(root[1].lower(), b"") if root else b""
    return body[: starts[max_entries]] + closing, len(starts) - max_entries


def _entry(item: Any) -> RawEntry:
    source = item.get("source") or {}
    contents = item.get("content") or []
    content = max((str(part.get("value") or "") for part in contents), key=len, default="")
    summary = _text(item, "summary", _LONG)
    return RawEntry(
        guid=_text(item, "id").strip(),
        link=_text(item, "link").strip(),
        title=one_line(_text(item, "title")),
        lead=lead_of(summary)[:_SHORT],
        text="" if content == summary else paragraphs(content[:_LONG]),
        date=(_text(item, "published") or _text(item, "updated") or _text(item, "created"))[:100],
        source_url=str(source.get("href") or source.get("link") or "")[:_SHORT],
        source_name=one_line(str(source.get("title") or "")[:200]),
    )


def _text(values: Any, name: str, limit: int = _SHORT) -> str:
    # feedparser falls back from one key to another (updated -> published, with a warning); `dict.get` does not.
    return str(dict.get(values, name) or "")[:limit]
