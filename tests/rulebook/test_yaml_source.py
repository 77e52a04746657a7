"""Files are read with the line and column of everything, and hostile ones are refused early."""

import os
import time
from pathlib import Path

import pytest

from services.rulebook.folder import texts_in
from services.rulebook.yaml_source import MAX_BYTES, Source, read_source


def lines(text: str) -> list[str]:
    return [str(error) for error in Source("x.yaml", text).errors]


def test_nodes_know_where_they_stand() -> None:
    source = Source("x.yaml", "a:\n  - một\n  - hai\nb: 'ba'\n")
    assert source.root is not None
    listed, quoted = source.root.value("a"), source.root.value("b")
    assert listed is not None
    assert listed.items is not None
    assert quoted is not None
    assert [(item.line, item.column, item.text) for item in listed.items] == [(2, 5, "một"), (3, 5, "hai")]
    assert (quoted.line, quoted.column, quoted.text, quoted.style) == (4, 4, "ba", "'")


def test_plain_scalars_stay_what_is_written() -> None:
    source = Source("x.yaml", "[NO, 1.10, 0x1F, 2025-07-01, yes, ~]\n")
    assert source.root is not None
    assert source.root.items is not None
    assert [item.text for item in source.root.items] == ["NO", "1.10", "0x1F", "2025-07-01", "yes", "~"]


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", "x.yaml:3:1:", "viết hai lần (lần đầu ở dòng 1)"),
        ("a:\n\t- b\n", "x.yaml:2:1:", "Tab"),
        ("a: b: c\n", "x.yaml:1:5:", "ngoặc kép"),
        ('a: "mở\nb: 1\n', "x.yaml:3:1:", "chưa đóng"),
        ("a: &neo 1\nb: 2\n", "x.yaml:1:4:", "neo"),
        ("a: 1\nb: *neo\n", "x.yaml:2:4:", "neo"),
        ("- !!python/object/apply:os.system [ls]\n", "x.yaml:1:3:", "thẻ kiểu"),
        ("a: 1\n---\nb: 2\n", "x.yaml:2:1:", "một tài liệu"),
        ("a: 1\n? [b]\n: 2\n", "x.yaml:2:3:", "khóa phải là chữ"),
        ("a: \x00\n", "x.yaml:1:4:", "ký tự điều khiển"),
    ],
)
def test_errors_name_line_and_column(text: str, where: str, words: str) -> None:
    (error,) = lines(text)
    assert error.startswith(where)
    assert words in error
    assert " / " in error


def test_an_alias_bomb_is_refused_at_its_first_anchor() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    started = time.perf_counter()
    (error,) = lines(bomb)
    assert error.startswith("x.yaml:1:4:")
    assert time.perf_counter() - started < 1


def test_deep_nesting_is_refused() -> None:
    (error,) = lines("[" * 100_000)
    assert "quá sâu" in error


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_bytes(b"- a\n" * 2_500_000)
    started = time.perf_counter()
    (error,) = read_source(path, "feeds.yaml").errors
    assert f"tối đa {MAX_BYTES} byte" in error.vietnamese
    assert time.perf_counter() - started < 0.5
    assert MAX_BYTES < 10_000_000


def test_another_encoding_and_a_missing_file_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("a: 1\nb: Bình\n".encode("utf-16"))
    (wrong,) = read_source(tmp_path / "a.yaml", "a.yaml").errors
    (missing,) = read_source(tmp_path / "b.yaml", "b.yaml").errors
    (folder,) = read_source(tmp_path, "c.yaml").errors
    assert "UTF-8" in wrong.vietnamese
    assert "thiếu tệp" in missing.vietnamese
    assert "không phải thư mục" in folder.vietnamese


@pytest.mark.timeout(60)
def test_a_pipe_and_a_device_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    for path in (tmp_path / "a.yaml", Path("/dev/zero"), Path("/dev/null")):
        (error,) = read_source(path, "a.yaml").errors
        assert "phải là một tệp" in error.vietnamese
    assert texts_in(tmp_path)["topics.yaml"].startswith("\0")
    os.mkfifo(tmp_path / "topics.yaml")
    assert texts_in(tmp_path)["topics.yaml"] == "\0not a regular file"


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("\ufeffa: một\r\nb: hai\r\n".encode())
    source = read_source(tmp_path / "a.yaml", "a.yaml")
    assert source.errors == []
    assert source.root is not None
    assert [node.text for _key, node in (source.root.entries or {}).values()] == ["một", "hai"]
