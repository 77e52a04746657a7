"""What is searched of the archive: one document for each article in archive.json's fields, and how it is asked."""

from __future__ import annotations

import contextlib
import heapq
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from threading import Lock
from typing import Any

import msgspec
from elasticsearch import Elasticsearch, NotFoundError

from services.adapters.elasticsearch.client import translated
from services.adapters.elasticsearch.condition import MARKED, PLAIN, condition
from services.adapters.elasticsearch.pages import answer_at, close_moment, open_moment, walk
from services.domain.article import FIELDS
from services.domain.events import Enriched
from services.domain.instants import micros, millis
from services.domain.query import Query, Searchable, searchable
from services.ports.archive import Page
from services.ports.errors import Unavailable, Unprocessable

_ORDER = [{"_score": "desc"}, {"time": "desc"}, {"article_id": "asc"}]
_MOST_AT_ONCE = 500
_BUCKETS = 1000
_MOST_WALKS = 64

Key = tuple[int, int, str]
"""(rank, -time in microseconds, article id): the search order, ascending; also the cursor after a hit."""


def fields_of(document: Enriched) -> dict[str, Any]:
    """The document of archive.json: ours by token and value, and beside them what people read in Kibana."""
    article, asked = document.article, as_asked(document)
    fields: dict[str, Any] = {
        "article_id": article.article_id,
        "document": document,
        "time": micros(asked.time),
        "place": sorted(asked.places),
        "near_place": sorted(place for place, near in asked.places.items() if near in ("about", "part")),
        "topic": sorted(asked.topics),
        "outlet": asked.outlet,
        "language": asked.language,
        "tone": document.tone.label,
        "date": millis(asked.time),
        "title": article.title,
        "lead": article.lead,
        "text": article.text,
        "url": article.url,
        "outlet_name": article.outlet_name,
        "source_class": article.source_class,
        "story_id": document.story_id,
    }
    for name in FIELDS:
        fields[PLAIN[name]] = " ".join(asked.fields[name].plain)
        fields[MARKED[name]] = " ".join(asked.fields[name].marked)
    return fields


def as_asked(document: Enriched) -> Searchable:
    """The document as queries see it."""
    return searchable(document.article, document.reading, document.topics, document.language, tone=document.tone)


class Searched:
    """The indices behind `alias`. A search sees every write that returned before; a walk over pages is of one moment.

    Where the server has forgotten that moment (5 minutes, a restart), or another process goes on with the cursor, the
    next page is of now: the cursor itself says where in the order.
    """

    def __init__(self, client: Elasticsearch, alias: str) -> None:
        self._client = client
        self._alias = alias
        self._walks: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._lock = Lock()

    def page(self, query: Query, limit: int, after: str | None) -> Page:
        begin = None if after is None else _key_after(after)
        if query.needs_check:
            return self._page_checked(query, limit, begin)
        held = self._held(query, after)
        if held is not None:
            # Forgotten, wholly or for some of the months.
            with translated(), contextlib.suppress(NotFoundError, Unavailable):
                return self._page_at(held, query, limit, begin)
        moment = open_moment(self._client, self._alias)
        if moment is None:
            return Page([], 0, None)
        with translated():
            return self._page_at(moment, query, limit, begin)

    def checked(self, query: Query) -> Iterator[tuple[Key, Searchable, Enriched]]:
        """The hits of a query that no engine answers whole: its candidates, each held against it here; in no order."""
        for source in walk(self._client, self._alias, condition(query.candidates), ["document"]):
            document = msgspec.convert(source["document"], Enriched)
            asked = as_asked(document)
            rank = query.rank(asked)
            if rank is not None:
                yield (rank, -micros(asked.time), document.article_id), asked, document

    def buckets(self, query: Query, source: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
        """(value, hits), all of them and exact: a terms aggregation over several shards is not."""
        moment = open_moment(self._client, self._alias)
        if moment is None:
            return
        try:
            after: dict[str, Any] = {}
            while True:
                composite = {"sources": [{"value": source}], "size": _BUCKETS, **after}
                with translated():
                    told = answer_at(
                        self._client,
                        moment,
                        query={"bool": {"filter": [condition(query.tree)]}},
                        aggs={"values": {"composite": composite}},
                        size=0,
                    )["aggregations"]["values"]
                for bucket in told["buckets"]:
                    yield str(bucket["key"]["value"]), bucket["doc_count"]
                if "after_key" not in told:
                    return
                after = {"after": told["after_key"]}
        finally:
            close_moment(self._client, moment)

    def _page_at(self, moment: str, query: Query, limit: int, begin: Key | None) -> Page:
        found: list[Mapping[str, Any]] = []
        total = 0
        while len(found) <= limit:
            size = min(limit + 1 - len(found), _MOST_AT_ONCE)
            follow = {} if begin is None else {"search_after": [1 - begin[0], -begin[1], begin[2]]}
            answer = answer_at(
                self._client,
                moment,
                query={
                    "bool": {
                        "filter": [condition(query.tree)],
                        "should": [{"constant_score": {"filter": condition(query.marked)}}],
                    }
                },
                sort=_ORDER,
                size=size,
                track_total_hits=True,
                source=["document"],
                **follow,
            )["hits"]
            total = answer["total"]["value"]
            found += answer["hits"]
            if len(answer["hits"]) < size:
                break
            begin = _key(found[-1])
        shown = found[:limit]
        cursor = _cursor(_key(shown[-1])) if len(found) > limit and shown else None
        self._remember(query, cursor, moment)
        return Page([msgspec.convert(hit["_source"]["document"], Enriched) for hit in shown], total, cursor)

    def _page_checked(self, query: Query, limit: int, begin: Key | None) -> Page:
        total = 0

        def later() -> Iterator[tuple[Key, Enriched]]:
            nonlocal total
            for key, _, document in self.checked(query):
                total += 1
                if begin is None or key > begin:
                    yield key, document

        found = heapq.nsmallest(limit + 1, later(), key=lambda hit: hit[0])
        shown = found[:limit]
        cursor = _cursor(shown[-1][0]) if len(found) > limit and shown else None
        return Page([document for _, document in shown], total, cursor)

    def _held(self, query: Query, after: str | None) -> str | None:
        with self._lock:
            return None if after is None else self._walks.get((query.text, after))

    def _remember(self, query: Query, cursor: str | None, moment: str) -> None:
        """The moment of a walk that goes on; one that no walk holds any more is given back to the server."""
        gone = {moment}
        with self._lock:
            if cursor is not None:
                gone.add(self._walks.pop((query.text, cursor), moment))
                self._walks[query.text, cursor] = moment
                if len(self._walks) > _MOST_WALKS:
                    gone.add(self._walks.popitem(last=False)[1])
            gone -= set(self._walks.values())
        for one in gone:
            close_moment(self._client, one)


def _key(hit: Mapping[str, Any]) -> Key:
    score, time, article_id = hit["sort"][:3]
    return 1 - int(score), -int(time), str(article_id)


def _cursor(key: Key) -> str:
    return msgspec.json.encode(key).decode()


def _key_after(cursor: str) -> Key:
    try:
        key: Key = msgspec.json.decode(cursor, type=Key)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Unprocessable(f"{cursor!r}: không phải vị trí trang / is no page of a search") from error
    return key
