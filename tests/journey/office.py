"""The shipped configuration as an office would set it up for a journey: some of the feeds, one more watch."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec
from ruamel.yaml import YAML

from services import resources
from services.settings import Settings, load_settings

WHOLE_CITY = "dong-nai"
"""A watch that is shipped switched off."""


def settings_with(
    data: Path, feeds: Collection[str], routes: dict[str, str], whole_city: bool = False, max_entries: int = 5000
) -> Settings:
    """Settings on a copy of the shipped config under `data`, of which only these feeds are left.

    `whole_city` switches that watch on. The environment is left out.
    """
    config = data / "config"
    shutil.rmtree(config, ignore_errors=True)
    shutil.copytree(resources.config_dir(), config)
    _write(config / "feeds.yaml", [feed for feed in _read("feeds.yaml") if feed["id"] in feeds])
    if whole_city:
        watches = [one | {"enabled": True} if one["id"] == WHOLE_CITY else one for one in _read("watches.yaml")]
        _write(config / "watches.yaml", watches)
    settings = load_settings(config, data, environ={})
    # The servers are ours and on this machine: no pause between two requests.
    collector = msgspec.structs.replace(settings.collector, routes=routes, host_seconds=0.0, max_entries=max_entries)
    return dataclasses.replace(settings, collector=collector)


def shipped_feeds() -> dict[str, dict[str, Any]]:
    """config/feeds.yaml by id."""
    return {feed["id"]: feed for feed in _read("feeds.yaml")}


def _read(name: str) -> list[dict[str, Any]]:
    text = (resources.config_dir() / name).read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = YAML(typ="safe").load(text)
    return rows


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(rows, file)
