"""Feeds: what is polled, the nine states of a feed, what became of each entry, and whose article it is.

Kept in the ledger by the collector, and read by others too:

CURSOR   feed id                         FeedCursor
ENTRY    feed id|hash of the key         EntryRecord
ARTICLE  article id                      ArticleRecord: claimed before it is published
ALIAS    id of a link                    article id, where the page named another canonical address, or where the
                                         article had come from an aggregator before
         source and title                article id of the paper's own entry (collector/claim.py)
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.domain.article import SourceClass
from services.domain.record import Record

CURSOR, ENTRY, ARTICLE, ALIAS = "feed", "entry", "article", "alias"

FeedState = Literal["ok", "http_error", "blocked", "empty", "stale", "moved", "wrong_section", "parse_error", "refused"]
Outcome = Literal[
    "published",
    "unmatched",
    "already_known",
    "too_old",
    "no_link",
    "refused_source",
    "refused_address",
    "pending",
    "quarantined",
]


class Feed(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One address to poll, from feeds.yaml."""

    id: str
    url: str
    outlet: str = ""
    """Id in outlets.yaml; empty for an aggregator, whose items each name their own source."""
    language: str = "vi"
    enabled: bool = True
    every_minutes: int = 15
    max_age_days: int | None = None
    """Older items are only counted; None is `collector.too_old_days` of diembao.yaml."""
    section: str = ""
    """Words that titles of the right section hold; a feed without any of them is `wrong_section`."""
    aggregator: bool = False
    timezone: str = "Asia/Ho_Chi_Minh"
    """Zone of dates that name none."""
    verified: bool = False
    note: str = ""


class Entry(Record, frozen=True, kw_only=True):
    """One item of a feed, as the feed gives it, cleaned of markup and furniture."""

    key: str
    """guid, else link."""
    link: str
    title: str
    lead: str = ""
    text: str = ""
    """content:encoded where the feed carries it."""
    published_at: datetime | None = None
    source_url: str = ""
    """`<source url>` of an aggregator's item."""
    source_name: str = ""


class EntryRecord(Record, frozen=True, kw_only=True):
    """What became of an entry, kept in the ledger under (feed, key)."""

    feed: str
    entry: Entry
    first_seen: datetime
    outcome: Outcome = "pending"
    reason: str = ""
    article_id: str = ""
    first_poll: bool = False


class ArticleRecord(Record, frozen=True, kw_only=True):
    """An article that was claimed by one entry; with a content_hash it was also published."""

    article_id: str
    feed: str
    entry: str
    """Ledger key of the entry that it belongs to."""
    url: str
    first_seen: datetime
    first_poll: bool = False
    source_class: SourceClass = "unclassified"
    outcome: Outcome = "pending"
    content_hash: str = ""
    text_basis: Literal["page", "feed", "given"] = "feed"
    published_at: datetime | None = None
    opaque: bool = False
    """An aggregator's item of which only the source and the title are known: the paper's own entry takes it over."""


class Alias(Record, frozen=True, kw_only=True):
    """Another id of an article."""

    article_id: str


class Handover(Record, frozen=True, kw_only=True):
    """Where a GET goes on: redirects led to a host that another collector asks."""

    address: str
    hops: int
    """How often it was handed on since it began at its own address."""
    at: datetime


class FeedCursor(Record, frozen=True, kw_only=True):
    """Where polling of a feed stands, kept in the ledger under the feed's id; `state` is what operators see."""

    feed: str
    url: str
    """The address it was polled at: a changed feeds.yaml asks anew, without validators."""
    state: FeedState
    detail: str = ""
    """What was met, in words, Vietnamese / English."""
    since: datetime
    """When the feed came into this state."""
    polled_at: datetime
    due_at: datetime
    read_state: FeedState | None = None
    """The state that the last body gave; a 304 returns to it."""
    first_read_at: datetime | None = None
    read_at: datetime | None = None
    """The last answer that could be read, changed or not."""
    full_at: datetime | None = None
    """The last GET without validators: now and then one is made, because some servers lie."""
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    newest_at: datetime | None = None
    stale_after_hours: float = 0.0
    failures: int = 0
    """Polls in a row that could not be read."""
    entries: int = 0
    cut: int = 0
    moved_to: str = ""
    handed: Handover | None = None
    """Where polls begin, and so whose feed it is, while several collectors share the hosts."""


class FeedDay(Record, frozen=True, kw_only=True):
    """`feeds --json`: one line for each feed and local day."""

    feed: str
    day: str
    state: FeedState
    entries: int
    outcomes: dict[str, int]
