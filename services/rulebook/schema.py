"""JSON Schemas of the config files, for editors: from the very records that the files are read into.

The Vietnamese description of a field is what the file's own comments say of it, so that there is one text.
A test says when the files of config/schema/ are stale, and how to write them anew.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec

from services.domain.fact import Fact
from services.domain.feed import Feed
from services.domain.outlet import Outlet
from services.domain.place import Place
from services.domain.record import Record
from services.domain.tone_lexicon import Lexicon
from services.domain.topic import Topic
from services.domain.watch import PeopleFile, Watch

LISTS: dict[str, type[Record]] = {
    "places": Place,
    "topics": Topic,
    "outlets": Outlet,
    "feeds": Feed,
    "facts": Fact,
    "watches": Watch,
}
"""Files that are a list, or a mapping with the list under their own name."""
WHOLE: dict[str, type[Record]] = {"people": PeopleFile, "lexicon": Lexicon}
_HEAD = re.compile(r"#   (?P<keys>[a-z_]+(?:, [a-z_]+)*)(?: {2,}| *$)(?P<text>.*)")
_MORE = re.compile(r"# {6,}(?P<text>\S.*)")
_INLINE = re.compile(r"(?P<indent> *)(?P<key>[a-z_]+):(?P<value>[^#]*)(?:# (?P<text>.*))?$")


def schemas(folder: Path, settings: type[Record]) -> dict[str, str]:
    """File name -> schema, of a config folder; `settings` is the record of diembao.yaml."""
    records = {**LISTS, **WHOLE, "diembao": settings}
    return {f"{name}.schema.json": _schema(name, record, comments(folder, name)) for name, record in records.items()}


def _schema(name: str, record: type[Record], text: str) -> str:
    schema = msgspec.json.schema(record)
    said = described(text)
    for title, definition in schema.get("$defs", {}).items():
        definition.pop("description", None)
        inside = "" if title == record.__name__ else _key_of(schema, title)
        for key, field in definition.get("properties", {}).items():
            words = said.get(f"{inside}.{key}" if inside else key)
            if words:
                definition["properties"][key] = {"description": words, **field}
    if name in LISTS:
        item = schema.pop("$ref")
        many = {"type": "array", "items": {"$ref": item}}
        wrapped = {"type": "object", "properties": {name: many}, "required": [name], "additionalProperties": False}
        schema = {"anyOf": [many, wrapped], **schema}
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"{name}.yaml", **_lenient(schema)}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def described(text: str) -> dict[str, str]:
    """Key -> what the comments say of it; a key within a part of diembao.yaml is "part.key"."""
    found: dict[str, str] = {}
    keys: list[str] = []
    part = ""
    for line in text.splitlines():
        head, more, inline = _HEAD.match(line), _MORE.match(line), _INLINE.match(line)
        if head:
            keys = head["keys"].split(", ")
            found |= {key: head["text"].strip() for key in keys if key not in found}
        elif more and keys:
            found |= {key: f"{found[key]} {' '.join(more['text'].split())}".strip() for key in keys}
        else:
            keys = []
            if inline:
                part = part if inline["indent"] else inline["key"]
                key = f"{part}.{inline['key']}" if inline["indent"] else inline["key"]
                if inline["text"] and len(inline["indent"]) <= 2:
                    found.setdefault(key, inline["text"].strip())
    return {key: words for key, words in found.items() if words}


def comments(folder: Path, name: str) -> str:
    """The text whose comments describe the fields; that of all lexicons together."""
    files = sorted((folder / "lexicon").glob("*.yaml")) if name == "lexicon" else [folder / f"{name}.yaml"]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def _key_of(schema: dict[str, Any], title: str) -> str:
    """The key under which a record stands in the record above it: "names" for PlaceName."""
    for definition in schema["$defs"].values():
        for key, field in definition.get("properties", {}).items():
            if f'"#/$defs/{title}"' in json.dumps(field):
                return str(key)
    return title


def _lenient(part: Any) -> Any:
    """As the reader takes them: a plain scalar is text for a field of text, whatever YAML makes of "1.10" or 2026."""
    if isinstance(part, list):
        return [_lenient(one) for one in part]
    if not isinstance(part, dict):
        return part
    changed = {key: _lenient(value) for key, value in part.items()}
    if changed.get("type") == "string" and "enum" not in changed:
        changed["type"] = ["string", "number", "boolean"]
    return changed
