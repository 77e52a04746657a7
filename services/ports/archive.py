"""The archive: every enriched article with its versions, searchable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.domain.article import Version
from services.domain.events import Enriched
from services.domain.query import Query


@dataclass(frozen=True, slots=True)
class Page:
    """A page of hits in search order. `next` continues after the last hit, None at the end."""

    hits: list[Enriched]
    total: int
    next: str | None


class Archive(Protocol):
    """Articles by id.

    get and versions see every save, of any process, that returned before they were called (an engine that shows
    writes late must refresh first). Every method raises Unavailable when the archive cannot be reached or is full.
    """

    def save(self, documents: Sequence[Enriched]) -> None:
        """Write whole documents over earlier ones of the same id; saving the same again changes nothing.

        A document whose content_hash is new for its id adds a version; old versions are kept. A document older
        (by seen_at) than the newest version does not replace the current text.
        """

    def get(self, article_id: str) -> Enriched | None:
        """The current document."""

    def versions(self, article_id: str) -> list[Version]:
        """Every text that the article had, oldest first."""

    def search(self, query: Query, limit: int = 20, after: str | None = None) -> Page:
        """Hits in search order: those that hold the query's marked form first, then newest, then by id."""

    def count(self) -> int:
        """How many articles it holds."""

    def close(self) -> None:
        """Release the connection."""
