"""The commands, by who uses them.

run.py, serve.py                 services: all on this machine; one each, for scale-out
examine.py, operate.py           the operator: check, doctor; init, feeds, parked
config.py, backtest.py           versions of the configuration; new watches tried on past days
letters.py, archive.py           the office: digest, review; search, why
batch.py                         match, enrich: lines of JSON in and out (json_lines.py, enrich_lines.py)
keeping.py, replay.py            backup, restore, copy; past days again
options.py, views/               what commands share: options and how errors end them; how results look
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
import typer
from typer.core import TyperGroup

ORDER = (
    *("run", "init", "check", "backtest", "config", "feeds", "doctor"),
    *("digest", "review", "search", "why", "match", "enrich"),
    *("backup", "restore", "copy", "replay", "parked", "collector", "enricher", "alerter"),
)
"""In the top help: what an office needs first stands first."""


class _Commands(TyperGroup):
    """In ORDER, and with --help explained in Vietnamese, which typer knows in English only."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=lambda name: (*ORDER, name).index(name))

    def make_context(self, *given: Any, **extra: Any) -> Any:
        _explain_help(self)
        return super().make_context(*given, **extra)


def _explain_help(command: Any) -> None:
    ctx = command.context_class(command, info_name=command.name)
    option = command.get_help_option(ctx)
    if option is not None:
        option.help = "Xem hướng dẫn này. / Show this help."
    for one in getattr(command, "commands", {}).values():
        _explain_help(one)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


@app.callback(help="Điểm Báo: thu tin về địa phương, gửi bản điểm báo mỗi sáng. / Local press monitoring.")
def _every_command() -> None:
    log_to_stderr()


def log_to_stderr() -> None:
    """Logs go to stderr, from INFO on; stdout is for results."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            # A plain trace: the default one prints local variables, and an article with its by-line among them.
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # Asked for at each line: a test, or whoever redirects, puts another stderr in its place.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
