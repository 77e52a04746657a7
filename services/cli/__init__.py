"""The commands, by who uses them: run, batch, archive, operate, letters."""

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
