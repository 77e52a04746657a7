"""What the sample newspapers publish: mornings/*.yaml as items whose text depends on the hour."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace
from ruamel.yaml import YAML

from services.domain.calendar import ZONE

HERE = Path(__file__).resolve().parent


class Edit(msgspec.Struct, frozen=True, kw_only=True, rename={"old": "from", "new": "to"}, forbid_unknown_fields=True):
    """A silent change of words, from an hour on."""

    at: str
    old: str
    new: str


class Item(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """One article of one newspaper. Times are local, as the papers print them."""

    id: str
    outlet: str
    at: str
    """When the newspaper put it online."""
    published: str = ""
    """The date that it claims, where that is another one."""
    title: str
    lead: str = ""
    body: str = ""
    """Paragraphs, one a line."""
    byline: str = ""
    copies: str = ""
    """Id of the item whose text it repeats: its first `paragraphs` (0: all), and `add` after them."""
    paragraphs: int = 0
    add: str = ""
    link: str | None = None
    """In place of the item's own address; "" for none at all."""
    page: str = ""
    """"missing": the address answers 404."""
    edits: list[Edit] = []

    @cached_property
    def online(self) -> datetime:
        return local(self.at)

    @cached_property
    def dated(self) -> datetime:
        return local(self.published or self.at)

    def body_at(self, now: datetime) -> list[str]:
        """The paragraphs as they read at this hour."""
        text = self.body
        for edit in self.edits:
            if local(edit.at) <= now:
                if edit.old not in text:
                    raise ValueError(f"{self.id}: {edit.old!r} is not in the text that is edited")
                text = text.replace(edit.old, edit.new)
        return [line.strip() for line in text.splitlines() if line.strip()]


def local(text: str) -> datetime:
    """An hour as the mornings write it: "2026-11-17T05:45" in Vietnam."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def load_items(folder: Path = HERE / "mornings") -> list[Item]:
    """Every item in the order in which it appears, copies filled in. Raises ValueError for a copy of nothing."""
    written: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*.yaml")):
        written += YAML(typ="safe").load(path.read_text(encoding="utf-8"))["items"]
    items = {item.id: item for item in msgspec.convert([_as_text(one) for one in written], list[Item])}
    if len(items) != len(written):
        raise ValueError("two items share an id")
    return sorted((_filled(item, items) for item in items.values()), key=lambda item: (item.online, item.id))


def _as_text(item: dict[str, Any]) -> dict[str, Any]:
    """YAML reads an hour as a time of no zone; the items keep it as it is written."""
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in item.items()} | (
        {"edits": [_as_text(edit) for edit in item["edits"]]} if "edits" in item else {}
    )


def _filled(item: Item, items: dict[str, Item]) -> Item:
    if not item.copies:
        return item
    if item.copies not in items:
        raise ValueError(f"{item.id} copies {item.copies!r}, which is not there")
    source = items[item.copies]
    lines = source.body.strip().splitlines()
    kept = lines[: item.paragraphs] if item.paragraphs else lines
    return replace(item, lead=item.lead or source.lead, body="\n".join([*kept, *item.add.strip().splitlines()]))
