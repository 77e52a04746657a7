"""The command line, assembled."""

from __future__ import annotations

import errno
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
UNREACHABLE = 3


def assembled() -> typer.Typer:
    """The application with every command; the import of a module adds its own."""
    from services.cli import (
        app,
        archive,
        backtest,
        batch,
        config,
        examine,
        keeping,
        letters,
        operate,
        replay,
        run,
        serve,
    )

    # Imported for their commands.
    assert all((run, serve, batch, backtest, archive, examine, operate, config, keeping, letters, replay))
    return app


def main() -> None:
    if sys.argv[1:2] and sys.argv[1] in ("run", "collector", "enricher", "alerter"):
        # A service ends cleanly from its first moment on: while the rooms are loaded there is nothing to close.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: os._exit(0))
    app = assembled()
    try:
        try:
            app(prog_name="diembao")
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _leave(1)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        print(f"Không ghi được kết quả: {error.strerror} / the output cannot be written", file=sys.stderr)
        _leave(UNREACHABLE)


def _leave(status: int) -> None:
    """End although output is left that nobody takes: the interpreter must not try it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


if __name__ == "__main__":
    main()
