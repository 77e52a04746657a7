"""The commands, by who uses them.

run.py, serve.py                 services: all on this machine; one each, for scale-out
examine.py, operate.py           the operator: check, doctor; init, feeds, parked
config.py, backtest.py           versions of the configuration; new watches tried on past days
                                 (backtest_samples.py, backtest_apply.py: ticked, put into force)
letters.py, archive.py           the office: digest, review; search, why
batch.py                         match, enrich: lines of JSON in and out (json_lines.py, enrich_lines.py)
keeping.py, replay.py            backup, restore, copy; past days again
options.py, views/               what commands share: options and how errors end them; how results look
"""

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
import typer

# typer's own copy of click has no public name; the version is pinned, and tests/cli/test_slips.py would tell.
from typer._click.exceptions import (
    BadOptionUsage,
    BadParameter,
    MissingParameter,
    NoArgsIsHelpError,
    NoSuchOption,
    UsageError,
)
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
        with _told_in_vietnamese():
            return super().make_context(*given, **extra)

    def invoke(self, ctx: Any) -> Any:
        with _told_in_vietnamese():
            return super().invoke(ctx)


@contextmanager
def _told_in_vietnamese() -> Iterator[None]:
    """A slip in a command line, which the library tells in English only, with what is meant before it."""
    try:
        yield
    except NoArgsIsHelpError:
        raise
    except UsageError as error:
        english = error.format_message()
        raise UsageError(f"{_slip(error)} / {english}", ctx=error.ctx) from error


def _slip(error: UsageError) -> str:
    name = error.ctx.info_name if error.ctx is not None else ""
    if isinstance(error, NoSuchOption):
        query = name == "search" and not error.option_name.startswith("--")
        dash = " (truy vấn bắt đầu bằng dấu - thì viết -- trước nó)" if query else ""
        return f"Không có tùy chọn {error.option_name}{dash}."
    if isinstance(error, MissingParameter):
        return "Thiếu phần bắt buộc."
    if isinstance(error, BadOptionUsage):
        return f"Sau {error.option_name} cần một giá trị."
    if isinstance(error, BadParameter):
        return "Giá trị không hợp."
    if "No such command" in error.message:
        return "Không có lệnh này."
    return "Lệnh viết chưa đúng."


def _explain_help(command: Any) -> None:
    ctx = command.context_class(command, info_name=command.name)
    option = command.get_help_option(ctx)
    if option is not None:
        option.help = "Xem hướng dẫn này. / Show this help."
    command.help = _flowing(command.help or "")
    for one in getattr(command, "commands", {}).values():
        _explain_help(one)


def _flowing(text: str) -> str:
    """Paragraphs as one line each, for the terminal to break at its own width; indented lines stay as they stand."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(one if "\n " in one else " ".join(one.split("\n")) for one in paragraphs)


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
