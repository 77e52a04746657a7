"""Where the shipped templates/ and config/ are: inside the installed package, else beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def templates_dir() -> Path:
    """The folder of letter templates."""
    return _shipped("templates")


def config_dir(option: Path | None = None) -> Path:
    """The folder that the operator named, else the shipped configuration."""
    return option if option is not None else _shipped("config")


def _shipped(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
