"""docker-compose.yml as the tests of this folder read it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FILE = ROOT / "docker-compose.yml"
OURS = ("init", "collector", "enricher", "alerter")
"""The services that run our own image."""
ONCE = ("init-security", "init", "init-kibana")
"""Those that do their work and end."""


@cache
def composition() -> Mapping[str, Any]:
    """The file with its anchors and merges resolved."""
    loaded: Mapping[str, Any] = YAML(typ="safe").load(FILE.read_text(encoding="utf-8"))
    return loaded


def services() -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = composition()["services"]
    return found


def environment(name: str) -> dict[str, str]:
    """What the service finds in its environment, with the defaults of ${NAME:-default}."""
    given = services()[name].get("environment", {})
    return {key: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value)) for key, value in given.items()}
