"""Files are read with the line and column of everything, and hostile ones are refused early."""

import json
import os
import time
import unicodedata
from pathlib import Path

import pytest

from services.rulebook.file_bytes import MAX_BYTES
from services.rulebook.folder import texts_in
from services.rulebook.yaml_source import MAX_ERRORS, MAX_NODES, Source, read_source, source_of


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
        ('a: "mở\nb: 1\n', "x.yaml:1:4:", "chưa đóng"),
        ("a: [b,\n  c\n", "x.yaml:1:4:", "đóng ngoặc"),
        ("- a\n<<<<<<< HEAD\n- b\n", "x.yaml:2:1:", "chưa gộp"),
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


def test_letters_and_marks_typed_apart_are_the_same_words() -> None:
    composed = source_of("a.yaml", "kind: tỉnh\n")
    apart = source_of("a.yaml", unicodedata.normalize("NFD", "kind: tỉnh\n"))
    assert apart.errors == []
    assert apart.text != composed.text, "kept as it stands, for the version and for what is written back"
    assert apart.root is not None
    assert composed.root is not None
    assert apart.root.value("kind") is not None
    assert apart.root.entries is not None
    assert apart.root.entries["kind"][1].text == "tỉnh"


def test_a_dash_that_joins_the_item_above_is_told_at_its_place() -> None:
    (error,) = source_of("a.yaml", "match:\n  - Một câu.\n   - Câu nữa.\n").errors
    assert (error.line, error.column) == (3, 4)
    assert "thụt thẳng cột" in error.vietnamese
    assert source_of("a.yaml", "note: Một câu\n  viết tiếp - ở dòng sau\nmatch: [a]\n").errors == []
    assert source_of("a.yaml", "match:\n  - |\n    Tiêu đề\n    - gạch trong bài\n").errors == []


def test_a_tab_within_a_line_and_a_bracket_left_open_are_told_by_what_to_do() -> None:
    (tab,) = source_of("a.yaml", "match:\n  -\tCâu\n").errors
    assert "thay bằng dấu cách" in tab.vietnamese
    (bracket,) = source_of("a.yaml", "a: [x, y\nb: true\n").errors
    assert "(mở ở dòng 1)" in bracket.vietnamese


# -- characters -----------------------------------------------------------------------------------------------------


def test_an_emoji_as_ascii_json_writes_it_is_one_character() -> None:
    source = Source("x.yaml", json.dumps({"a": "Cháy 🔥", "k🔥": "𠮷"}))
    assert source.errors == []
    assert source.root is not None
    assert {key: node.text for key, (_at, node) in (source.root.entries or {}).items()} == {"a": "Cháy 🔥", "k🔥": "𠮷"}


@pytest.mark.parametrize("text", ["\\ud83d", "\\udd25", "\\udd25\\ud83d", "\\ud83d\\ud83d\\udd25", "\\U0000D83D"])
def test_half_a_character_is_refused_where_it_stands(text: str) -> None:
    (error,) = lines(f'a: 1\nb: "x{text}"\n')
    assert error.startswith("x.yaml:2:4: mã \\u")
    assert error.isascii() is False
    error.encode()


@pytest.mark.parametrize("text", ["\\0", "\\a", "\\b", "\\e", "\\v", "\\f", "\\x1f", "\\x7f", "\\x80", "\\u009f"])
def test_a_control_character_is_refused_however_it_is_written(text: str) -> None:
    (error,) = lines(f'a: 1\nb: "x{text}"\n')
    assert error.startswith("x.yaml:2:4: có ký tự điều khiển")


def test_texts_of_several_lines_stay_possible() -> None:
    source = Source("x.yaml", 'a: |\n  một\n  hai\tba\nb: "một\\nhai\\tba\\r\\n"\n# chú thích\n')
    assert source.errors == []
    assert source.root is not None
    assert [node.text for _key, node in (source.root.entries or {}).values()] == ["một\nhai\tba\n", "một\nhai\tba\r\n"]


# -- bounds ---------------------------------------------------------------------------------------------------------


def test_reading_stops_at_so_many_errors_and_says_so() -> None:
    source = Source("x.yaml", "a: 1\n" * 5_000)
    assert len(source.errors) == MAX_ERRORS + 1
    assert str(source.errors[-1]) == "x.yaml:201:1: và còn nữa: chỉ kể chừng này lỗi / and more"
    assert source.root is None, "the rest was not read"


@pytest.mark.parametrize("item", ["a,", "{},", "[],", "a: b,", '"",'])
def test_a_file_of_too_many_values_is_refused_where_they_are_too_many(item: str) -> None:
    assert lines("[" + item * (MAX_NODES // 4) + "a]") == []
    (error,) = lines("[" + item * MAX_NODES + "a]")
    assert error.startswith("x.yaml:1:")
    assert f"tối đa {MAX_NODES} khóa và giá trị" in error


@pytest.mark.parametrize("text", ["!" * 450_000, "- !" + "a" * 450_000, "a: [" + "!x" * 200_000])
def test_a_tag_without_end_is_refused_unread(text: str) -> None:
    (error,) = lines(text)
    assert "thẻ kiểu" in error


def test_marks_heaped_on_a_letter_are_refused_unread() -> None:
    (error,) = lines("a: 1\nb: o" + "\u0300\u0316" * 100_000 + "\n")
    assert error.startswith("x.yaml:2:4: quá nhiều dấu")
    assert lines("a: " + unicodedata.normalize("NFD", "Nghiễm nhiên, ṩ, ᾷ, กิ่, ន្ត្រី") + "\n") == []
