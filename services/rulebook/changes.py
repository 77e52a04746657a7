"""What differs between two sets of files, for people: names, lines added and taken out, the lines themselves."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that is new, gone or different, and how many lines of it."""

    name: str
    added: int
    removed: int

    def __str__(self) -> str:
        return f"{self.name} (+{self.added} −{self.removed})"


def changes_between(before: Mapping[str, str], after: Mapping[str, str]) -> list[FileChange]:
    """By name; equal sets give none."""
    found = []
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            lines = list(_lines(before.get(name, ""), after.get(name, "")))
            found.append(FileChange(name, *(sum(line[0] == sign for line in lines) for sign in "+-")))
    return found


def unified(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """The lines as `diff -u` shows them, file after file; "" for equal sets."""
    parts = []
    for change in changes_between(before, after):
        parts += [f"--- {change.name}", f"+++ {change.name}"]
        parts += _lines(before.get(change.name, ""), after.get(change.name, ""))
    return "\n".join(parts)


def _lines(before: str, after: str) -> Iterator[str]:
    """Without the two header lines, whose signs would be counted as changes."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="")
    return (line for number, line in enumerate(lines) if number >= 2)
