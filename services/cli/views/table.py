"""A table for people on a terminal, lines for programs in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Cells in rich markup, foreign text escaped; in a pipe a line for each row, its cells parted by tabs."""
    if not sys.stdout.isatty():
        for row in (headings, *rows):
            typer.echo("\t".join(" ".join(Text.from_markup(cell).plain.split()) for cell in row))
        return
    table = Table(*headings, box=None)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
