"""A slip in a command line is told in Vietnamese, with the library's English beside it, and ends with status 2."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from services.__main__ import assembled

app = assembled()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (["searhc", "x"], "Không có lệnh này. / No such command 'searhc'"),
        (["search"], "Thiếu phần bắt buộc. / Missing argument 'QUERY'"),
        (["search", "-title:x"], "thì viết -- trước nó"),
        (["search", "x", "--lmit", "3"], "Không có tùy chọn --lmit. / No such option: --lmit"),
        (["search", "x", "--limit", "0"], "Giá trị không hợp. / Invalid value for '--limit'"),
        (["config", "rolback", "x"], "Không có lệnh này. / No such command 'rolback'"),
        (["config", "rollback"], "Thiếu phần bắt buộc. / Missing argument 'VERSION'"),
        (["backtest", "x.yaml", "--override"], "Sau --override cần một giá trị."),
    ],
)
def test_a_slip_is_told_in_both_languages(line: list[str], told: str) -> None:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, line)
    assert done.exit_code == 2
    assert told in " ".join(done.output.replace("│", " ").split())
