"""The archive in Elasticsearch.

NAME-articles keeps each article by id with its versions and is the truth; NAME-archive stands for monthly indices (by
first_seen in UTC) that are made from it and searched, ours by tokens and people's in Kibana by text. A save writes the
truth first, then what is searched, under the entry's revision: whoever comes late with an older one changes nothing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date

from services.adapters.elasticsearch.articles import Articles, Entry, of_document
from services.adapters.elasticsearch.bulk import Write, write_all
from services.adapters.elasticsearch.client import connect
from services.adapters.elasticsearch.indices import behind, ensure, layout, open_index
from services.adapters.elasticsearch.searched import Searched, fields_of
from services.domain.article import Version
from services.domain.calendar import ZONE
from services.domain.events import Enriched
from services.domain.query import Query
from services.ports.archive import Archive, Facet, Kept, Page, counted, refuse_tone_by_outlet
from services.ports.errors import PortError, Unavailable
from services.settings import ElasticsearchSettings


class ElasticsearchArchive(Archive):
    """The documents under NAME of the server at http(s)://host:port[/NAME]."""

    def __init__(
        self,
        url: str,
        settings: ElasticsearchSettings,
        *,
        create: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client, name = connect(url, settings)
        self._archive = f"{name}-archive"
        self._layout = layout("archive", settings.replicas)
        self._sleep = sleep
        try:
            articles = open_index(self._client, f"{name}-articles", "articles", settings.replicas, create=create)
            for index, schema in behind(self._client, self._archive).items():
                if schema != self._layout.schema:
                    self._ensure(index.rpartition("-")[2], create=create)
        except BaseException:
            self._client.close()
            raise
        self._articles = Articles(self._client, articles, sleep)
        self._searched = Searched(self._client, self._archive)

    def save(self, documents: Sequence[Enriched]) -> None:
        self.keep([of_document(document) for document in documents])

    def keep(self, kept: Sequence[Kept]) -> None:
        if not kept:
            return
        entries, refused = self._articles.add(kept)
        refused += self._show(entries)
        for error in refused:
            raise error

    def get(self, article_id: str) -> Enriched | None:
        return self._articles.document(article_id)

    def versions(self, article_id: str) -> list[Version]:
        return self._articles.versions(article_id)

    def search(self, query: Query, limit: int = 20, after: str | None = None) -> Page:
        return self._searched.page(query, limit, after)

    def facet(self, query: Query, by: Facet, limit: int = 20) -> list[tuple[str, int]]:
        refuse_tone_by_outlet(query, by)
        counts: Counter[str] = Counter()
        if query.needs_check:
            for _, asked, _ in self._searched.checked(query):
                counts.update(counted(asked, by))
        else:
            counts.update(dict(self._searched.buckets(query, {"terms": {"field": by}})))
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit]

    def timeline(self, query: Query) -> list[tuple[date, int]]:
        counts: Counter[date] = Counter()
        if query.needs_check:
            counts.update(asked.time.astimezone(ZONE).date() for _, asked, _ in self._searched.checked(query))
        else:
            day = {"field": "date", "calendar_interval": "day", "time_zone": ZONE.key, "format": "yyyy-MM-dd"}
            for said, count in self._searched.buckets(query, {"date_histogram": day}):
                counts[date.fromisoformat(said)] = count
        return sorted(counts.items())

    def snapshot(self) -> Iterator[Kept]:
        return self._articles.snapshot()

    def count(self) -> int:
        return self._articles.count()

    def close(self) -> None:
        self._client.close()

    def _ensure(self, month: str, *, create: bool = True) -> None:
        alias = f"{self._archive}-{month}"
        named = f"{self._archive}-v{{}}-{month}"
        ensure(self._client, alias, self._layout, create=create, named=named, also=(self._archive,))

    def _show(self, entries: Sequence[Entry]) -> list[PortError]:
        """Bring what is searched to these entries; the errors of those that were refused for good."""
        writes = [self._write(entry) for entry in entries]
        answers = write_all(self._client, writes, self._sleep)
        missing = [number for number, answer in enumerate(answers) if answer.status == 404]
        if missing:
            for alias in sorted({writes[number].alias for number in missing}):
                self._ensure(alias.rpartition("-")[2])
            again = write_all(self._client, [writes[number] for number in missing], self._sleep)
            for number, answer in zip(missing, again, strict=True):
                answers[number] = answer
        # 409: a newer revision is there.
        errors = [answer.error() for answer in answers if not answer.done and answer.status != 409]
        for error in errors:
            if isinstance(error, Unavailable):
                raise error
        return errors

    def _write(self, entry: Entry) -> Write:
        return Write(
            f"{self._archive}-{entry.month}",
            entry.document.article_id,
            fields_of(entry.document),
            options={"version": entry.revision, "version_type": "external_gte"},
        )
