"""What is kept of each article, by its id: the current document, all versions, and the month that it is searched in.

One index of one shard, read by id: so a reader sees every write at once, a write is conditional on what was read, and
a point in time of it is one moment of the whole archive. What is searched (archive.json) is made from this.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

import msgspec
from elasticsearch import Elasticsearch

from services.adapters.elasticsearch.bulk import Write, write_all
from services.adapters.elasticsearch.client import translated
from services.adapters.elasticsearch.pages import existing, refresh, walk
from services.domain.article import Version, version_of
from services.domain.events import Enriched
from services.ports.archive import Kept
from services.ports.errors import PortError, Unavailable

_AT_ONCE = 500
_ATTEMPTS = 20
_PAUSE_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Entry:
    """One article as it is kept. `revision` grows with each change of the document."""

    month: str
    revision: int
    document: Enriched
    versions: tuple[Version, ...]
    """In the order in which they came."""

    def with_(self, kept: Kept) -> Entry:
        """A text seen again keeps its version, with the earliest time at which it was seen."""
        versions = {version.content_hash: version for version in self.versions}
        for version in kept.versions:
            held = versions.setdefault(version.content_hash, version)
            if version.seen_at < held.seen_at:
                versions[version.content_hash] = msgspec.structs.replace(held, seen_at=version.seen_at)
        entry = replace(self, versions=tuple(versions.values()))
        document = kept.document
        if document.article.seen_at < self.document.article.seen_at or document == self.document:
            return entry
        return replace(entry, document=document, revision=self.revision + 1)

    def kept(self) -> Kept:
        return Kept(self.document, sorted(self.versions, key=lambda version: version.seen_at))


def first(kept: Kept) -> Entry:
    """The entry of an article that is new; its month is that of first_seen in UTC, for ever."""
    begun = kept.document.article.first_seen.astimezone(UTC)
    empty = Entry(f"{begun.year:04}.{begun.month:02}", 1, kept.document, ())
    return empty.with_(kept)


def of_document(document: Enriched) -> Kept:
    """A document with the one version that it is."""
    return Kept(document, [version_of(document.article)])


@dataclass(frozen=True, slots=True)
class _Held:
    entry: Entry
    condition: dict[str, int]


class Articles:
    """The entries behind the alias. Every method raises Unavailable."""

    def __init__(self, client: Elasticsearch, alias: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._alias = alias
        self._sleep = sleep

    def document(self, article_id: str) -> Enriched | None:
        found = existing(self._client, self._alias, [article_id], "document")
        return msgspec.convert(found[0]["_source"]["document"], Enriched) if found else None

    def versions(self, article_id: str) -> list[Version]:
        found = existing(self._client, self._alias, [article_id], "versions")
        held = msgspec.convert(found[0]["_source"]["versions"], list[Version]) if found else []
        return sorted(held, key=lambda version: version.seen_at)

    def add(self, kept: Sequence[Kept]) -> tuple[list[Entry], list[PortError]]:
        """Each article's entry after these were added to it, and the errors of those that were refused for good."""
        said: dict[str, list[Kept]] = {}
        for one in kept:
            said.setdefault(one.document.article_id, []).append(one)
        settled: list[Entry] = []
        refused: list[PortError] = []
        waiting = list(said)
        for _ in range(_ATTEMPTS):
            held = self._held(waiting)
            wanted = {article_id: _added(held.get(article_id), said[article_id]) for article_id in waiting}
            changed = [one for one in waiting if one not in held or held[one].entry != wanted[one]]
            settled += [wanted[one] for one in held if held[one].entry == wanted[one]]
            writes = [self._write(one, wanted[one], held.get(one)) for one in changed]
            waiting = []
            for article_id, answer in zip(changed, write_all(self._client, writes, self._sleep), strict=True):
                if answer.done:
                    settled.append(wanted[article_id])
                elif answer.status == 409:
                    # Somebody wrote it since it was read; or this write was done, and its answer was lost.
                    waiting.append(article_id)
                elif isinstance(error := answer.error(), Unavailable):
                    raise error
                else:
                    refused.append(error)
            if not waiting:
                return settled, refused
            self._sleep(_PAUSE_SECONDS)
        raise Unavailable(f"{waiting[0]}: nhiều tiến trình cùng ghi bài này / too many writers of one article")

    def snapshot(self) -> Iterator[Kept]:
        for source in walk(self._client, self._alias):
            yield _entry(source).kept()

    def count(self) -> int:
        refresh(self._client, self._alias)
        with translated():
            return int(self._client.count(index=self._alias)["count"])

    def _held(self, ids: list[str]) -> dict[str, _Held]:
        return {
            found["_id"]: _Held(
                _entry(found["_source"]),
                {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]},
            )
            for begin in range(0, len(ids), _AT_ONCE)
            for found in existing(self._client, self._alias, ids[begin : begin + _AT_ONCE])
        }

    def _write(self, article_id: str, entry: Entry, held: _Held | None) -> Write:
        document = {
            "article_id": article_id,
            "month": entry.month,
            "revision": entry.revision,
            "document": entry.document,
            "versions": entry.versions,
        }
        if held is None:
            return Write(self._alias, article_id, document, "create")
        return Write(self._alias, article_id, document, "index", held.condition)


def _entry(source: Mapping[str, Any]) -> Entry:
    return msgspec.convert({key: source[key] for key in ("month", "revision", "document", "versions")}, Entry)


def _added(held: _Held | None, said: Iterable[Kept]) -> Entry:
    entry = held.entry if held is not None else None
    for one in said:
        entry = entry.with_(one) if entry is not None else first(one)
    assert entry is not None  # nothing is written without something said
    return entry
