"""What is wrong in what an operator wrote: each error with its file, line and column, all of them at once."""

from __future__ import annotations

from dataclasses import dataclass

MOST_TOLD = 40


@dataclass(frozen=True, slots=True, order=True)
class ConfigError:
    """One error. `line` and `column` count from 1; the file's name is as the operator knows it."""

    file: str
    line: int
    column: int
    vietnamese: str
    english: str

    def __str__(self) -> str:
        said = " ".join(f"{self.vietnamese} / {self.english}".split())
        return f"{self.file}:{self.line}:{self.column}: {said}"


class ConfigErrors(Exception):
    """The configuration is not valid; nothing of it takes effect."""

    def __init__(self, errors: list[ConfigError]) -> None:
        self.errors = sorted(set(errors))
        super().__init__("\n".join(str(error) for error in self.errors))

    @property
    def told(self) -> str:
        """For a screen: one a line, the first MOST_TOLD; a thousand lines of one cause would hide what it is."""
        lines = [str(error) for error in self.errors[:MOST_TOLD]]
        if more := len(self.errors) - len(lines):
            lines.append(
                f"… và {more} lỗi nữa, thường cùng một nguyên nhân: sửa các dòng trên rồi kiểm tra lại / {more} more"
            )
        return "\n".join(lines)
