"""A back-test with other files too: those of a folder beside the one that runs, such as a commune's new nickname.

A folder that a service follows is none: what is valid there is in force within seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from services import resources
from services.ports.ledger import Ledger
from services.rulebook.accepted import WATCHES
from services.rulebook.book import Rulebook
from services.rulebook.folder import texts_in
from services.rulebook.load import SETTINGS
from services.rulebook.seen import folder_seen

_NOT_COMPARED = (WATCHES, SETTINGS)
"""The watches are given as a file of their own; the settings are read in any case."""


@dataclass(frozen=True, slots=True)
class Tried:
    """The files that watches are tried with."""

    texts: Mapping[str, str]
    folder: Path | None = None
    """None: the files in force."""
    differing: tuple[str, ...] = ()
    """Files of the folder that are not those in force."""

    @property
    def words(self) -> str:
        """What is tried, for the operator; empty for the files in force."""
        if self.folder is None:
            return ""
        files = ", ".join(self.differing)
        return f"Thử với {files} của {self.folder}, chưa có hiệu lực. / tried with files that are not in force"

    @property
    def refusal(self) -> str:
        """Why it cannot be put into force from here, and what to do."""
        return (
            f"{self.folder} khác bản đang có hiệu lực ở {', '.join(self.differing)}: chỉ thử được, không áp dụng từ "
            f"đây; không thay đổi gì. {self.advice} / only tried from here, nothing is changed"
        )

    @property
    def advice(self) -> str:
        """How to put it into force."""
        files = ", ".join(str((self.folder or Path()) / one) for one in self.differing)
        return (
            f"Muốn dùng: chép {files} vào thư mục cấu hình của dịch vụ (có hiệu lực trong 5 giây), rồi chạy `diembao "
            "backtest` với watches.yaml và --config của thư mục ấy; thêm --apply để xét lại bài cũ."
        )


def tried_with(ledger: Ledger, running: Rulebook, folder: Path) -> Tried:
    """The files of this folder where they differ from those in force, else the latter. Raises Unavailable.

    The shipped folder is the one of a command that named none: nobody means to try it.
    """
    if folder == resources.config_dir().absolute() or folder_seen(ledger, folder) is not None:
        return Tried(running.texts)
    texts = texts_in(folder)
    names = sorted((texts.keys() | running.texts.keys()) - {*_NOT_COMPARED})
    differing = tuple(one for one in names if texts.get(one) != running.texts.get(one))
    return Tried(texts, folder, differing) if differing else Tried(running.texts)
