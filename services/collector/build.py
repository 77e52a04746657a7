"""An entry and what its page gave -> an article, or the reason why there is none. Decided by data alone.

The class of a source is that of the final host, whatever feed or aggregator named it. A page that cannot be read
loses no article: it is built from the feed's own title and lead.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.collector.entries import link_of
from services.domain.address import (
    canonical_url,
    clean_url,
    host_of,
    refused_source,
    same_owner,
    same_site,
    site_of,
    unsafe_address,
)
from services.domain.article import Article, hash_of, id_of
from services.domain.byline import remove_bylines
from services.domain.feed import Entry, EntryRecord, Feed, Outcome
from services.domain.feed.dates import plausible
from services.domain.outlet import OutletDirectory
from services.domain.text import words
from services.ports.extractor import ExtractedPage

# A page whose own date is a day older than the feed's was published again (a moved site lists 2009 as new).
_REPUBLISHED = timedelta(hours=24)
# Shares of words in common.
_SAME_TITLE, _SAME_LEAD = 0.5, 0.3


@dataclass(frozen=True, slots=True)
class Refused:
    """The entry ends here."""

    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class PageRead:
    """What became of the GET for an entry's page: `page` where it could be read, `refused` where it must not be.

    `elsewhere`: the address where it goes on, of a host that another collector asks.
    """

    final_url: str
    page: ExtractedPage | None = None
    refused: Refused | None = None
    elsewhere: str = ""


def before_reading(record: EntryRecord, feed: Feed, too_old_days: int) -> Refused | None:
    """Why this entry's page is not fetched at all; None when it is."""
    entry = record.entry
    if not entry.link:
        return Refused("no_link", "mục tin không có liên kết / the item has no link")
    for address in (entry.link, entry.source_url):
        if address and (reason := refused_source(host_of(address))):
            return Refused("refused_source", reason)
    if reason := unsafe_address(entry.link):
        return Refused("refused_address", reason)
    return _too_old(entry.published_at, record.first_seen, feed.max_age_days or too_old_days)


def build(
    record: EntryRecord, feed: Feed, read: PageRead, outlets: OutletDirectory, now: datetime, too_old_days: int
) -> Article | Refused:
    """The article of this entry. `now` is when its page was read, `too_old_days` for a feed without a limit."""
    if read.refused is not None:
        return read.refused
    entry = record.entry
    unresolved = of_aggregator(read.final_url, feed)
    host = host_of(entry.source_url if unresolved else read.final_url)
    if host and (reason := refused_source(host)):
        return Refused("refused_source", reason)
    page = None if unresolved else read.page
    published_at, date_basis = _date(entry, page, record.first_seen)
    if refusal := _too_old(published_at, record.first_seen, feed.max_age_days or too_old_days):
        return refusal
    title, lead, text = _words_of(entry, page)
    url, identity = _identity(entry, feed, read, page, host, unresolved)
    outlet = outlets.of_host(host, published_at.date() if published_at else None) if host else None
    return Article(
        article_id=id_of(identity),
        url=url,
        title=title,
        lead=lead,
        text=text,
        published_at=published_at,
        date_basis=date_basis,
        first_seen=record.first_seen,
        seen_at=now,
        outlet=outlet.id if outlet else site_of(host),
        outlet_name=outlet.name if outlet else (entry.source_name or site_of(host)),
        source_class=outlet.class_ if outlet else "unclassified",
        declared_language=feed.language,
        text_basis="page" if page else "feed",
        content_hash=hash_of(title, lead, text),
        feed=feed.id,
        first_poll=record.first_poll,
    )


def of_aggregator(address: str, feed: Feed) -> bool:
    """Whether the address is the aggregator's own: it says nothing of the paper's."""
    return feed.aggregator and same_owner(host_of(address), host_of(feed.url))


def _too_old(published_at: datetime | None, first_seen: datetime, days: int) -> Refused | None:
    if published_at is None or first_seen - published_at <= timedelta(days=days):
        return None
    return Refused("too_old", f"đăng ngày {published_at:%d/%m/%Y}, quá {days} ngày / too old")


def _identity(
    entry: Entry, feed: Feed, read: PageRead, page: ExtractedPage | None, host: str, unresolved: bool
) -> tuple[str, str]:
    """The link to open, and what the id is a hash of."""
    if page is None and of_aggregator(entry.link, feed):
        # Google's links are opaque and change with each query; Bing's carry the paper's own (entries.py).
        url = clean_url(entry.link if unresolved else read.final_url)
        return url, _source_and_title(site_of(host), entry.title)
    stated = page.canonical_url if page and same_site(host_of(page.canonical_url), host) else ""
    url = clean_url(stated or read.final_url)
    # Where the page was not read, a redirect to a front page or a login would be no identity: the link is.
    return url, canonical_url(url) if page else link_of(entry)


def source_id(site: str, title: str) -> str:
    """The article id of an aggregator's item that leads nowhere."""
    return id_of(_source_and_title(site, title))


def _source_and_title(site: str, title: str) -> str:
    return f"source:{site}\n{' '.join(words(title))}"


def _words_of(entry: Entry, page: ExtractedPage | None) -> tuple[str, str, str]:
    """Title, lead and text: the page's where they are this article's, else the feed's.

    A page's og:title may be the site's name and its description the site's slogan; those share no words.
    """
    if page is None:
        return entry.title, entry.lead, entry.text
    text = remove_bylines(page.text)
    title = page.title if not entry.title or _shared(entry.title, page.title) >= _SAME_TITLE else entry.title
    told = entry.lead or f"{title} {text[:2000]}"
    lead = page.lead if page.lead and _shared(page.lead, told) >= _SAME_LEAD else entry.lead
    return title, remove_bylines(lead), text


def _date(
    entry: Entry, page: ExtractedPage | None, seen_at: datetime
) -> tuple[datetime | None, Literal["feed", "page", "unknown"]]:
    of_page = plausible(page.published_at, seen_at) if page else None
    of_feed = entry.published_at
    if of_page is not None and (of_feed is None or of_feed - of_page > _REPUBLISHED):
        return of_page, "page"
    return (of_feed, "feed") if of_feed else (None, "unknown")


def _shared(one: str, other: str) -> float:
    """The share of the first text's words that the other holds, 0..1."""
    wanted, held = set(words(one)), set(words(other))
    return len(wanted & held) / len(wanted) if wanted else 0.0
