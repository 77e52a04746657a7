"""The extractor: the article in an HTML page, the items of a feed; both are bytes that a stranger wrote."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ExtractedPage:
    """What a page says of itself; empty where it says nothing. No author is ever read."""

    title: str = ""
    lead: str = ""
    text: str = ""
    published_at: datetime | None = None
    canonical_url: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class RawEntry:
    """One item of a feed as the feed gives it, without markup and appended headlines. No author is ever read."""

    guid: str = ""
    link: str = ""
    title: str = ""
    lead: str = ""
    text: str = ""
    """content:encoded, or Atom's content: one paragraph a line."""
    date: str = ""
    """When it was published, else when it was updated, in the feed's own dialect."""
    source_url: str = ""
    source_name: str = ""


@dataclass(frozen=True, slots=True)
class FeedContent:
    """A feed as it was read: at most so many entries, the rest counted as `cut`."""

    title: str = ""
    language: str = ""
    entries: tuple[RawEntry, ...] = ()
    cut: int = 0


class Extractor(Protocol):
    """Reads hostile input: within its deadline, in bounded memory, whatever the bytes do."""

    def extract(self, html: bytes, url: str) -> ExtractedPage:
        """The article of this page. Raises Unprocessable when there is none or reading took too long."""

    def read_feed(self, body: bytes, content_type: str = "", max_entries: int = 5000) -> FeedContent:
        """The items of this feed. Raises Unprocessable when it is none or reading took too long."""

    def close(self) -> None:
        """End the child process."""
