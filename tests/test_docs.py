"""The documents say what is there: links, commands and settings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer

from services import resources
from services.__main__ import assembled
from services.domain.record import Record
from services.settings import SettingsFile
from tests.cli.test_commands import commands_of

app = assembled()
ROOT = Path(__file__).parents[1]
PAGES = tuple(f"docs/{page.name}" for page in sorted((ROOT / "docs").glob("*.md")))
GUIDES = ("README.md", "README.vi.md", *PAGES)
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)")
_COMMAND = re.compile(r"\bdiembao ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)?)")
_CALL = re.compile(r"\bdiembao ([^`|\n]*)")
NEVER_WRITTEN = {"password"}
"""A key of the Records that may not stand in the file: it comes from the environment or from a file of its own."""


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def code(name: str) -> str:
    """What stands between backticks: commands, not the name of the product in a sentence."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text(name), re.DOTALL))


@pytest.mark.parametrize("name", GUIDES)
def test_every_link_leads_somewhere(name: str) -> None:
    links = _LINK.findall(text(name))
    missing = [link for link in links if not ((ROOT / name).parent / link).exists()]
    assert missing == []
    assert links or name != "README.md"


@pytest.mark.parametrize("name", GUIDES)
def test_every_command_named_exists(name: str) -> None:
    known = {" ".join(words) for words in commands_of(app)}
    groups = {words[0] for words in commands_of(app) if len(words) > 1}
    named = _COMMAND.findall(code(name))
    assert named
    for said in named:
        first, _, second = said.partition(" ")
        assert (said in known) if first in groups and second else (first in known | groups), said


@pytest.mark.parametrize("name", GUIDES)
def test_every_option_named_exists(name: str) -> None:
    top = typer.main.get_command(app)
    for call in _CALL.findall(code(name)):
        words = call.partition(" #")[0].split()
        found = command_at(top, words)
        options = {option for parameter in found.params for option in parameter.opts}
        # What stands in quotes may begin with dashes too; the options are words of their own.
        said = [word for word in re.sub(r"'[^']*'|\"[^\"]*\"", "", call.partition(" #")[0]).split() if word[:2] == "--"]
        assert {word.rstrip("…,;:.)]") for word in said} <= options, call


def command_at(top: Any, words: list[str]) -> Any:
    """The command that these words begin with: of a group too."""
    while words and (below := getattr(top, "commands", {}).get(words[0])) is not None:
        top, words = below, words[1:]
    return top


def test_every_command_is_named() -> None:
    said = code("README.md") + code("README.vi.md")
    missing = [
        " ".join(words)
        for words in commands_of(app)
        # Of a group's commands one is written out and the others follow it: `diembao review confirm …`, `dismiss`.
        if not re.search(rf"\bdiembao {words[0]}\b", said) or not re.search(rf"\b{re.escape(words[-1])}\b", said)
    ]
    assert missing == []


def settings_of(record: type[Record], *before: str) -> Iterator[tuple[str, ...]]:
    for field in msgspec.structs.fields(record):
        yield (*before, field.encode_name)
        if inspect.isclass(field.type) and issubclass(field.type, Record):
            yield from settings_of(field.type, *before, field.encode_name)


@pytest.mark.parametrize("path", list(settings_of(SettingsFile)), ids=".".join)
def test_every_setting_stands_in_the_shipped_file(path: tuple[str, ...]) -> None:
    """Set or explained: a key at the head of a line, behind # where it is only shown."""
    if path[-1] in NEVER_WRITTEN:
        return
    lines = (resources.config_dir() / "diembao.yaml").read_text(encoding="utf-8").splitlines()
    for depth, name in enumerate(path):
        begin = next((at for at, line in enumerate(lines) if _key(line, depth) == name), None)
        assert begin is not None, f"{'.'.join(path)} is missing in config/diembao.yaml"
        lines = lines[begin + 1 :]
        end = next((at for at, line in enumerate(lines) if line[:1] not in ("", " ", "#")), len(lines))
        lines = lines[:end]


def _key(line: str, depth: int) -> str:
    found = re.match(r"( *)(?:# )?([a-z_]+):( |$)", line)
    return found[2] if found and len(found[1]) == 2 * depth else ""
