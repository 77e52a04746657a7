"""The command line, assembled."""

from services.cli import app, archive, batch, letters, operate, run

COMMANDS = (run, batch, archive, operate, letters)
"""The modules whose import adds their commands to `app`."""


def main() -> None:
    app()


if __name__ == "__main__":
    main()
