"""`python -m tests.rulebook.schemas` writes config/schema/ anew, after a record or a comment of config/ changed."""

from pathlib import Path

from services import resources
from services.rulebook.schema import schemas
from services.settings import SettingsFile


def write(folder: Path) -> None:
    (folder / "schema").mkdir(exist_ok=True)
    for name, text in schemas(folder, SettingsFile).items():
        (folder / "schema" / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(resources.config_dir())
