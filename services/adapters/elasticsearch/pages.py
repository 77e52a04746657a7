"""Whole answers: of one moment (a point in time, opened after a refresh, read page after page), or by id."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from services.adapters.elasticsearch.client import port_error, translated
from services.ports.errors import PortError, Unavailable

KEEP_ALIVE = "5m"
"""Between two pages; the server forgets the moment after that."""

_PAGE = 200
"""An entry with its versions is some 10 KB; a page stays far below the server's limits."""


def refresh(client: Elasticsearch, index: str) -> None:
    """Show searches every write that returned before."""
    with translated():
        whole(client.indices.refresh(index=index).body)


def existing(
    client: Elasticsearch, index: str, ids: Sequence[str], field: str | None = None
) -> list[Mapping[str, Any]]:
    """Those of these ids that exist, as the last write left them, whether or not a search would see it yet."""
    with translated():
        answer = client.mget(index=index, ids=ids, source_includes=[field] if field else None)
    for told in answer["docs"]:
        if "error" in told:
            raise port_error(503, told)
    return [told for told in answer["docs"] if told["found"]]


def open_moment(client: Elasticsearch, index: str) -> str | None:
    """A point in time of all that was written before; None where there is no such index."""
    with translated():
        try:
            whole(client.indices.refresh(index=index).body)
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
    whole(answer)
    return answer


def hits_at(
    client: Elasticsearch, moment: str, by: Sequence[str], size: int = _PAGE, **asked: Any
) -> Iterator[Mapping[str, Any]]:
    """Every hit as of the moment, in the order of these fields, of which no two hits share all."""
    after: dict[str, Any] = {}
    while True:
        with translated():
            hits = answer_at(
                client,
                moment,
                sort=[{field: "asc"} for field in by],
                size=size,
                track_total_hits=False,
                **asked,
                **after,
            )["hits"]["hits"]
        yield from hits
        if len(hits) < size:
            return
        after = {"search_after": hits[-1]["sort"]}


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
        for hit in hits_at(client, moment, ["article_id"], query=query, source=source):
            yield hit["_source"]
    finally:
        close_moment(client, moment)


def whole(answer: Mapping[str, Any]) -> None:
    """Raises Unavailable where shards are missing: a part of the truth would look like all of it."""
    if answer["_shards"]["failed"] or answer.get("timed_out"):
        raise Unavailable("Elasticsearch chỉ đọc được một phần dữ liệu / only a part of the data could be read")
