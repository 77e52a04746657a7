"""Answers as of one moment: a point in time of an index, opened after a refresh, read page after page."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from services.adapters.elasticsearch.client import translated
from services.ports.errors import PortError, Unavailable

KEEP_ALIVE = "5m"
"""Between two pages; the server forgets the moment after that."""

_PAGE = 200
"""An entry with its versions is some 10 KB; a page stays far below the server's limits."""


def refresh(client: Elasticsearch, index: str) -> None:
    """Show searches every write that returned before."""
    with translated():
        _whole(client.indices.refresh(index=index).body)


def open_moment(client: Elasticsearch, index: str) -> str | None:
    """A point in time of all that was written before; None where there is no such index."""
    with translated():
        try:
            _whole(client.indices.refresh(index=index).body)
            return str(client.open_point_in_time(index=index, keep_alive=KEEP_ALIVE)["id"])
        except NotFoundError:
            return None


def close_moment(client: Elasticsearch, moment: str) -> None:
    """Forget it; one that is gone already, or a server that does not answer, is no matter."""
    with contextlib.suppress(PortError), translated():
        client.close_point_in_time(id=moment)


def answer_at(client: Elasticsearch, moment: str, **asked: Any) -> Mapping[str, Any]:
    """One answer as of the moment, of all shards. Raises elasticsearch's NotFoundError where it was forgotten."""
    answer: Mapping[str, Any] = client.search(pit={"id": moment, "keep_alive": KEEP_ALIVE}, **asked).body
    _whole(answer)
    return answer


def walk(
    client: Elasticsearch,
    index: str,
    query: Mapping[str, Any] | None = None,
    source: Sequence[str] | None = None,
) -> Iterator[Mapping[str, Any]]:
    """Every hit's stored fields, by article id, as it all stood when the walk began."""
    moment = open_moment(client, index)
    if moment is None:
        return
    try:
        after: dict[str, Any] = {}
        while True:
            with translated():
                hits = answer_at(
                    client,
                    moment,
                    query=query,
                    sort=[{"article_id": "asc"}],
                    size=_PAGE,
                    track_total_hits=False,
                    source=source,
                    **after,
                )["hits"]["hits"]
            for hit in hits:
                yield hit["_source"]
            if len(hits) < _PAGE:
                return
            after = {"search_after": hits[-1]["sort"]}
    finally:
        close_moment(client, moment)


def _whole(answer: Mapping[str, Any]) -> None:
    """A part of the truth would look like all of it."""
    if answer["_shards"]["failed"] or answer.get("timed_out"):
        raise Unavailable("Elasticsearch chỉ đọc được một phần dữ liệu / only a part of the data could be read")
