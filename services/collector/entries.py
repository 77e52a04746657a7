"""The items of a feed as entries: absolute links, one key each, dates read in the feed's own zone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from services.domain.address import canonical_url, joined, unwrapped
from services.domain.byline import remove_bylines
from services.domain.feed import Entry, Feed
from services.domain.feed.dates import parse_date, plausible
from services.ports.extractor import RawEntry


def entries_of(items: Iterable[RawEntry], feed: Feed, base_url: str, seen_at: datetime) -> list[Entry]:
    """One entry for each key, in the order of the feed; the first wins where a feed repeats itself."""
    zone = ZoneInfo(feed.timezone)
    found: dict[str, Entry] = {}
    for item in items:
        link = unwrapped(joined(base_url, item.link)) if item.link else ""
        title = _without_source(item.title, item.source_name)
        key = item.guid or link or "title:" + title
        if key in found or not (link or title):
            continue
        lead = "" if _says_only(item.lead, title, item.source_name) else remove_bylines(item.lead)
        found[key] = Entry(
            key=key,
            link=link,
            title=title,
            lead=lead,
            text=remove_bylines(item.text),
            published_at=plausible(parse_date(item.date, zone), seen_at),
            source_url=item.source_url,
            source_name=item.source_name,
        )
    return list(found.values())


def entry_key(feed: str, key: str) -> str:
    """The ledger's key of an entry."""
    return f"{feed}|{hashlib.sha256(key.encode(errors='surrogatepass')).hexdigest()[:24]}"


def link_of(entry: Entry) -> str:
    """The entry's link in its one form, "" where it has none."""
    return canonical_url(entry.link) if entry.link else ""


def _without_source(title: str, source: str) -> str:
    """Aggregators write "Title - Paper"."""
    tail = f" - {source}"
    return title[: -len(tail)].rstrip() if source and title.endswith(tail) and title != tail else title


def _says_only(lead: str, title: str, source: str) -> bool:
    """Whether a description only repeats the title, and the source's name behind it."""
    return lead.removesuffix(source).strip(" -–|\u00a0") == title
