"""Versioned indices, each behind an alias: made, checked and brought forward.

What an index is like stands in KIND.json beside this file; its `_meta.schema` is the version, in the index's name
too. An older index is closed to writes, copied by the server into the new one, and replaced in one step under all its
aliases. Each part may be run again after a kill, and by two processes at once: all make the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from elasticsearch import BadRequestError, Elasticsearch, NotFoundError

from services.adapters.elasticsearch.client import port_error, translated
from services.ports.errors import Unavailable

_ATTEMPTS = 5
_COPY_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Layout:
    """Settings and mappings of one kind of index, and the version of what it holds."""

    settings: Mapping[str, Any]
    mappings: Mapping[str, Any]

    @property
    def schema(self) -> int:
        return int(self.mappings["_meta"]["schema"])


def layout(kind: str, replicas: int) -> Layout:
    """The layout of KIND.json; each index gets this many copies beside the first."""
    written = msgspec.json.decode(Path(__file__).with_name(f"{kind}.json").read_bytes())
    return Layout({**written["settings"], "number_of_replicas": replicas}, written["mappings"])


def open_index(client: Elasticsearch, alias: str, kind: str, replicas: int, *, create: bool) -> str:
    """The alias, behind which the one index ALIAS-vN of KIND.json stands. Raises Unavailable as `ensure`."""
    if not ensure(client, alias, layout(kind, replicas), create=create):
        raise Unavailable(
            f"{alias}: chưa có chỉ mục này trong Elasticsearch; `diembao run` hoặc một dịch vụ sẽ lập / "
            "no such index yet: a service makes it"
        )
    return alias


def behind(client: Elasticsearch, alias: str) -> dict[str, int]:
    """Index -> schema, of all that stand behind the alias; empty where there is no such alias."""
    with translated():
        try:
            found = client.indices.get_mapping(index=alias)
        except NotFoundError:
            return {}
    return {str(index): int(told["mappings"].get("_meta", {}).get("schema", 0)) for index, told in found.body.items()}


def ensure(
    client: Elasticsearch,
    alias: str,
    wanted: Layout,
    *,
    create: bool = True,
    named: str | None = None,
    also: tuple[str, ...] = (),
) -> bool:
    """One index of the wanted schema behind `alias` (and `also`, where it is made); False where there is none.

    `create`: make it where there is none, bring it forward where it is older. `named`: the index's name with {} for
    the version, else ALIAS-v{}. Raises Unavailable, also for newer data, and for older ones that are not to be brought
    forward.
    """
    name = (named or alias + "-v{}").format(wanted.schema)
    for _ in range(_ATTEMPTS):
        held = behind(client, alias)
        if not held and not create:
            return False
        if not held:
            _make(client, name, wanted, (alias, *also))
            continue
        _refuse_newer(held, wanted)
        older = [index for index, schema in held.items() if schema < wanted.schema]
        if not older:
            return True
        if not create:
            raise _left_alone(older[0], held[older[0]], wanted)
        _bring_forward(client, older[0], name, wanted)
    raise Unavailable(f"{alias}: không lập được chỉ mục / the index could not be set up")


def _refuse_newer(held: Mapping[str, int], wanted: Layout) -> None:
    for index, schema in held.items():
        if schema > wanted.schema:
            raise Unavailable(
                f"{index}: dữ liệu do bản diembao mới hơn ghi (lược đồ {schema}, bản này đọc đến {wanted.schema}); "
                "hãy dùng bản mới hơn / written by a newer diembao"
            )


def _left_alone(index: str, schema: int, wanted: Layout) -> Unavailable:
    # To bring it forward closes it to the older services that may still write to it: no matter for a mere command.
    return Unavailable(
        f"{index}: dữ liệu của bản diembao cũ hơn (lược đồ {schema}, bản này dùng {wanted.schema}); một dịch vụ của "
        "bản này hoặc `diembao init --stores` sẽ chuyển / older data: a service of this version brings them forward"
    )


def _make(client: Elasticsearch, name: str, wanted: Layout, aliases: tuple[str, ...]) -> None:
    with translated():
        try:
            client.indices.create(
                index=name,
                settings=dict(wanted.settings),
                mappings=dict(wanted.mappings),
                aliases={alias: {} for alias in aliases},
            )
        except BadRequestError as error:
            if error.error != "resource_already_exists_exception":
                raise
            # Another process made it in this moment, or somebody took its aliases away.
            if aliases:
                client.indices.update_aliases(actions=[{"add": {"index": name, "alias": alias}} for alias in aliases])


def _bring_forward(client: Elasticsearch, old: str, new: str, wanted: Layout) -> None:
    """The old index's documents in the new one, which then stands under all aliases of the old."""
    with translated():
        try:
            aliases = client.indices.get_alias(index=old)[old]["aliases"]
            # An older program that still runs now waits (Unavailable) instead of writing what would be lost.
            client.indices.put_settings(index=old, settings={"index.blocks.write": True})
            _make(client, new, wanted, ())
            _copy(client, old, new)
            client.indices.update_aliases(
                actions=[
                    *({"add": {"index": new, "alias": alias}} for alias in aliases),
                    {"remove_index": {"index": old}},
                ]
            )
        except NotFoundError:
            return  # another process was first; the caller looks again


def _copy(client: Elasticsearch, old: str, new: str) -> None:
    """By the server, each document with its version number; what is there already stays."""
    # Nothing was written to the old index since it was closed; a refresh shows the copy all of it.
    client.indices.refresh(index=old)
    # In one request: to ask after a task is a technical preview. Where the wait is cut, the copy goes on in the server
    # and may be begun again beside it.
    told = client.options(request_timeout=_COPY_SECONDS).reindex(
        source={"index": old},
        dest={"index": new, "version_type": "external"},
        conflicts="proceed",
        refresh=True,
    )
    for failure in told["failures"]:
        raise port_error(int(failure.get("status", 500)), {"error": failure.get("cause", {})})
