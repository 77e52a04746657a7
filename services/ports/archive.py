"""The archive: every enriched article with its versions, searchable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from services.domain.article import Version
from services.domain.events import Enriched
from services.domain.query import Query, Searchable
from services.domain.query.tree import Value, leaves
from services.ports.errors import Unprocessable


@dataclass(frozen=True, slots=True)
class Page:
    """A page of hits in search order. `next` continues after the last hit, None at the end."""

    hits: list[Enriched]
    total: int
    next: str | None


Facet = Literal["place", "topic", "outlet", "language"]
"""What hits can be counted by. Never tone or issue type (fair coverage, rule 3)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """All that the archive holds of one article."""

    document: Enriched
    versions: list[Version]
    """Oldest first."""


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

    def facet(self, query: Query, by: Facet, limit: int = 20) -> list[tuple[str, int]]:
        """(value, how many hits have it), most first, then by value. A place counts at any nearness.

        Raises Unprocessable for `outlet` where the query asks for a tone (fair coverage, rule 3).
        """

    def timeline(self, query: Query) -> list[tuple[date, int]]:
        """(day in the office's zone, hits of that day), oldest first; days without a hit are left out."""

    def snapshot(self) -> Iterator[Kept]:
        """Everything it holds, by article id, as it stood at one moment."""

    def keep(self, kept: Sequence[Kept]) -> None:
        """Write what a snapshot gave, each article with all its versions. Writing it again changes nothing."""

    def count(self) -> int:
        """How many articles it holds."""

    def close(self) -> None:
        """Release the connection."""


def refuse_tone_by_outlet(query: Query, by: Facet) -> None:
    """Raises Unprocessable for a count by outlet of what a tone selects; every adapter's facet asks here first."""
    if by == "outlet" and any(isinstance(leaf, Value) and leaf.name == "tone" for leaf in leaves(query.tree)):
        raise Unprocessable(
            "không đếm theo báo khi truy vấn có tone: (quy tắc đưa tin công bằng: không đếm, không xếp sắc thái theo "
            "từng báo) / no count by outlet where the query asks for a tone"
        )


def counted(article: Searchable, by: Facet) -> tuple[str, ...]:
    """The values under which a facet counts an article that an adapter has at hand."""
    match by:
        case "place":
            return tuple(article.places)
        case "topic":
            return tuple(article.topics)
        case "outlet":
            return (article.outlet,)
    return (article.language,)
