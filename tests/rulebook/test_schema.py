"""JSON Schemas for editors: up to date, described in Vietnamese, true of the shipped files and of what is refused."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has no stubs
from ruamel.yaml import YAML

from services import resources
from services.rulebook.load import load
from services.rulebook.schema import LISTS, WHOLE, comments, described, schemas
from services.settings import SettingsFile
from tests.rulebook.conftest import FACT, SMALL

CONFIG = resources.config_dir()
FILES = sorted(path.relative_to(CONFIG).as_posix() for path in CONFIG.rglob("*.yaml"))


def validator(name: str) -> Draft202012Validator:
    kind = "lexicon" if name.startswith("lexicon/") else name.removesuffix(".yaml")
    schema = json.loads((CONFIG / "schema" / f"{kind}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def as_an_editor_reads(text: str) -> Any:
    """By YAML 1.2: dates are text, 1.10 is a number."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(one) for key, one in value.items()}
        if isinstance(value, list):
            return [plain(one) for one in value]
        return value.isoformat() if isinstance(value, date) else value

    return plain(YAML(typ="safe", pure=True).load(text))


def test_they_are_up_to_date() -> None:
    shipped = {path.name: path.read_text(encoding="utf-8") for path in (CONFIG / "schema").iterdir()}
    assert shipped == schemas(CONFIG, SettingsFile), "write them anew: .venv/bin/python -m tests.rulebook.schemas"


@pytest.mark.parametrize("name", FILES)
def test_the_shipped_files_are_valid_and_name_their_schema(name: str) -> None:
    text = (CONFIG / name).read_text(encoding="utf-8")
    first = text.partition("\n")[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert ((CONFIG / name).parent / first.partition("$schema=")[2]).resolve().is_file()
    assert [error.message for error in validator(name).iter_errors(as_an_editor_reads(text))] == []


@pytest.mark.parametrize("name", SMALL)
def test_what_the_loader_takes_they_take(name: str) -> None:
    text = FACT if name == "facts.yaml" else SMALL[name]
    assert list(validator(name).iter_errors(as_an_editor_reads(text))) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("watches.yaml", "- {id: a, name: A, query: x, recipients: [analyst], urgency: nhanh}"),
        ("watches.yaml", "- {id: a, name: A, query: x}"),
        ("watches.yaml", "- {id: a, name: A, query: x, recipients: [analyst], nguoi: x}"),
        ("watches.yaml", "watch: []"),
        ("places.yaml", "- {id: a, names: [{text: A, kind: bang}]}"),
        ("feeds.yaml", "- {id: a, url: x, every_minutes: muoi}"),
        ("diembao.yaml", "digest: {at: [6]}"),
        ("people.yaml", "people: [{login: a, name: A, email: a@b.c, role: sếp}]"),
        ("lexicon/vi.yaml", "positive: [a]"),
    ],
)
def test_a_slip_is_underlined_while_it_is_typed(name: str, text: str) -> None:
    assert list(validator(name).iter_errors(as_an_editor_reads(text)))


@pytest.mark.parametrize("name", [*LISTS, *WHOLE])
def test_the_comments_tell_a_clerk_every_key(name: str) -> None:
    fields = msgspec.structs.fields({**LISTS, **WHOLE}[name])
    told = described(comments(CONFIG, name))
    parts = {"people", "mailboxes"} if name == "people" else set()
    assert [field.encode_name for field in fields if field.encode_name not in told | dict.fromkeys(parts)] == []


def test_descriptions_are_those_of_the_comments() -> None:
    assert described("#   a, b   một\n#          hai\n# khác\nx:\n  y: 1   # ba\n#   c\n#      bốn\n") == {
        "a": "một hai",
        "b": "một hai",
        "x.y": "ba",
        "c": "bốn",
    }
    watch = json.loads((CONFIG / "schema" / "watches.schema.json").read_text(encoding="utf-8"))["$defs"]["Watch"]
    assert "báo ngay" in watch["properties"]["urgency"]["description"]
    digest = json.loads((CONFIG / "schema" / "diembao.schema.json").read_text(encoding="utf-8"))["$defs"]
    assert digest["DigestSettings"]["properties"]["at"]["description"]


def test_the_folder_is_no_part_of_the_rules(tmp_path: Path) -> None:
    copied = tmp_path / "config"
    shutil.copytree(CONFIG, copied)
    with_schemas = load(copied, samples=False).version
    shutil.rmtree(copied / "schema")
    assert load(copied, samples=False).version == with_schemas
