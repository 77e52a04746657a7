"""The command line, assembled."""

import errno
import os
import sys

from services.cli import app, archive, batch, letters, operate, run

COMMANDS = (run, batch, archive, operate, letters)
"""The modules whose import adds their commands to `app`."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
UNREACHABLE = 3


def main() -> None:
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
