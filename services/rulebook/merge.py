"""A folder's files against what runs: what was changed there is taken, what was left alone stays as it runs.

Several folders may feed one installation (two machines, a copy that stayed behind): an edit in one must not take back
what came into force from elsewhere in the meantime.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.rulebook.accepted import hash_of
from services.rulebook.load import SETTINGS


@dataclass(frozen=True, slots=True)
class Merged:
    """The files that would run, and the names of those that are not simply the folder's."""

    texts: dict[str, str]
    left: list[str]
    """Older in the folder than what runs: left as they run."""
    crossed: list[str]
    """Changed in the folder and elsewhere: in `texts` as in the folder, which is for a person to decide."""


def merge(here: Mapping[str, str], before: Mapping[str, str], running: Mapping[str, str]) -> Merged:
    """`here`, `running`: file name -> text. `before`: name -> hash of the text that the folder last agreed on."""
    merged = Merged(dict(running), [], [])
    for name in sorted(here.keys() | running.keys()):
        mine, runs = here.get(name), running.get(name)
        if mine == runs:
            continue
        if _hash(mine) == before.get(name):
            merged.left.append(name)
            continue
        # diembao.yaml may differ from machine to machine: each service reads its own, and the kept one runs nowhere.
        if _hash(runs) != before.get(name) and name != SETTINGS:
            merged.crossed.append(name)
        if mine is None:
            del merged.texts[name]
        else:
            merged.texts[name] = mine
    return merged


def agreed(here: Mapping[str, str], before: Mapping[str, str], running: Mapping[str, str]) -> dict[str, str]:
    """What the folder agreed on, where some of it waits: the files that run as they stand here, others as before."""
    same = {name: hash_of(text) for name, text in here.items() if running.get(name) == text}
    gone = before.keys() - here.keys() - running.keys()
    return {name: one for name, one in before.items() if name not in gone} | same


def _hash(text: str | None) -> str | None:
    return None if text is None else hash_of(text)
