"""YAML text to a tree of nodes that know their line and column.

Built from the parser's events and not from its objects: anchors, deep nesting and duplicate keys are refused while
reading, and a plain scalar stays the text that stands there ("1.10", "NO"), for the Record's type to interpret.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from services.rulebook.errors import ConfigError
from services.rulebook.file_bytes import Unfit, read_bytes
from services.rulebook.yaml_text import (
    conflict_at,
    control_at,
    endless_tag_at,
    heap_of_marks_at,
    unfit_character,
    unreadable_at,
    with_whole_characters,
)
from services.rulebook.yaml_words import in_vietnamese, where_it_stands, where_opened

MAX_NODES = 50_000
"""Eight times those of the largest file shipped (places.yaml: 6,076)."""
MAX_DEPTH = 12
MAX_ERRORS = 200


@dataclass(slots=True, eq=False)
class Node:
    """A scalar (`text`), a list (`items`) or a mapping (`entries`), and where it stands."""

    line: int
    column: int
    text: str | None = None
    style: str = ""
    """Empty for a plain scalar, else the sign that opens it: ' " | >"""
    items: list[Node] | None = None
    entries: dict[str, tuple[Node, Node]] | None = None
    """Key to (node of the key, node of the value)."""
    waiting: Node | None = field(default=None, repr=False)
    """While reading: the key whose value comes next."""

    @property
    def empty(self) -> bool:
        """Nothing was written: `key:` or `~`; the same as leaving the key out."""
        return self.text is not None and not self.style and self.text in ("", "~", "null")

    def value(self, key: str) -> Node | None:
        """The value under a key of a mapping; None where it is left out or empty."""
        pair = (self.entries or {}).get(key)
        return None if pair is None or pair[1].empty else pair[1]


class Source:
    """One file: its name, its text, its tree, and the errors found in it."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.errors: list[ConfigError] = []
        self.root: Node | None = None
        self._parse()

    def error(self, node: Node | None, vietnamese: str, english: str, shift: int = 0) -> None:
        """Note an error at a node, `shift` columns to the right of where it begins; none beyond MAX_ERRORS."""
        if self.full:
            return
        line, column = (node.line, node.column + shift) if node is not None else (1, 1)
        self.errors.append(ConfigError(self.name, line, column, vietnamese, english))
        if len(self.errors) == MAX_ERRORS:
            line, column = max((one.line, one.column) for one in self.errors)
            self.errors.append(ConfigError(self.name, line, column, "và còn nữa: chỉ kể chừng này lỗi", "and more"))

    @property
    def full(self) -> bool:
        """Whether so much is wrong that nobody reads on, and nothing is to be looked for any more."""
        return len(self.errors) > MAX_ERRORS

    def _parse(self) -> None:
        for found, vietnamese, english in (
            (endless_tag_at(self.text), "không dùng thẻ kiểu (dấu !)", "type tags are not used here"),
            (
                conflict_at(self.text),
                "hai bản của tệp chưa gộp: chọn một bản, xóa bản kia và các dòng <<<<<<<, =======, >>>>>>>",
                "unmerged versions",
            ),
            (heap_of_marks_at(self.text), "quá nhiều dấu trên một chữ cái", "too many marks on one letter"),
        ):
            if found is not None:
                self.error(_place_of(self.text, found), vietnamese, english)
                return
        # Read composed: an editor that types letters and their marks apart (Unicode tổ hợp) writes the same words.
        composed = unicodedata.normalize("NFC", self.text)
        try:
            self.root = _Builder(self, composed).build()
        except MarkedYAMLError as error:
            mark = where_it_stands(error)
            tab = _indenting_tab(self.text, mark.line + 1 if mark is not None else 1)
            if tab is not None:
                self.error(tab, "dùng dấu cách để thụt dòng, không dùng phím Tab", "indent with spaces, not tabs")
                return
            where = Node(mark.line + 1, mark.column + 1) if mark is not None else None
            problem = (error.problem or error.context or "syntax error").splitlines()[0]
            self.error(where, f"sai cú pháp YAML: {in_vietnamese(problem)}{where_opened(error)}", problem)
        except ReaderError as error:
            code = error.character if isinstance(error.character, int) else ord(error.character)
            where = _place_of(composed, error.position)
            self.error(where, f"có ký tự điều khiển (mã {code:04X}); hãy xóa đi", f"control character U+{code:04X}")
        except YAMLError as error:
            self.error(None, "không đọc được YAML", str(error).splitlines()[0])
        except (ValueError, OverflowError):  # what the parser's own conversions let through
            at = unreadable_at(composed)
            if at is None:
                self.error(None, "không đọc được YAML", "unreadable YAML")
            else:
                self.error(_place_of(composed, at), "mã sau dấu \\ không phải là ký tự nào", "names no character")


def read_source(path: Path, name: str) -> Source:
    """Read one file; what is wrong with it stands in `errors`, also when it cannot be read at all."""
    try:
        # As bytes: universal newlines would change the text that the ledger keeps and the version is a hash of.
        return Source(name, read_bytes(path).decode("utf-8-sig"))
    except Unfit as error:
        source = Source(name, "")
        source.error(None, error.vietnamese, error.english)
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8", "replace")
        control = control_at(before)  # another encoding, or no text at all: it began there
        source = Source(name, "")
        source.error(
            _place_of(before, len(before) if control is None else control),
            "tệp phải lưu theo mã UTF-8",
            f"not UTF-8 at byte {error.start}",
        )
    except FileNotFoundError:
        source = source_of(name, None)
    except OSError as error:
        source = Source(name, "")
        source.error(None, f"không mở được tệp: {error.strerror}", f"cannot be read: {error.strerror}")
    return source


def source_of(name: str, text: str | None) -> Source:
    """A file whose text is at hand; None for one that is not there."""
    source = Source(name, text or "")
    if text is None:
        source.error(None, "thiếu tệp này: xem lại tên tệp; `diembao init THƯ_MỤC` chép bộ mẫu ra", "file is missing")
    return source


class _Refused(Exception):
    """Stop reading this file; the reason is noted."""


class _Builder:
    """The parser's events, put together without recursion."""

    def __init__(self, source: Source, text: str) -> None:
        self._source = source
        self._text = text
        self._open: list[Node] = []
        self._root: Node | None = None
        self._documents = 0
        self._nodes = 0

    def build(self) -> Node | None:
        try:
            for event in YAML(typ="safe", pure=True).parse(self._text):
                self._take(event)
        except _Refused:
            return None
        return self._root

    def _take(self, event: Any) -> None:
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._open.pop()
        elif isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent | AliasEvent):
            self._place(self._node(event))
        elif isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._refuse(event, "chỉ viết một tài liệu trong một tệp (bỏ dòng ---)", "one document in a file")

    def _node(self, event: Any) -> Node:
        mark = event.start_mark
        node = Node(mark.line + 1, mark.column + 1)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._refuse_at(node, f"tệp quá lớn (tối đa {MAX_NODES} khóa và giá trị)", f"more than {MAX_NODES} nodes")
        if event.anchor is not None:
            self._refuse(event, "không dùng neo & và *; hãy viết lại nội dung", "anchors and aliases are not used here")
        if event.tag is not None:
            self._refuse(event, "không dùng thẻ kiểu (dấu !)", "type tags are not used here")
        if isinstance(event, ScalarEvent):
            node.text, node.style = with_whole_characters(event.value), event.style or ""
            wrong = unfit_character(node.text)
            if wrong is not None:
                self._refuse_at(node, *wrong)
            self._refuse_joined(event)
        elif isinstance(event, MappingStartEvent):
            node.entries = {}
        else:
            node.items = []
        return node

    def _refuse_joined(self, event: Any) -> None:
        """A dash that stands too far right begins no item: YAML reads its line as the end of the item above."""
        first, last = event.start_mark, event.end_mark
        if event.style or last.line == first.line:
            return
        for number, line in enumerate(self._text[first.index : last.index].split("\n")[1:], first.line + 2):
            if line.lstrip(" ").startswith("- "):
                self._source.error(
                    Node(number, len(line) - len(line.lstrip(" ")) + 1),
                    "dấu gạch đầu dòng thụt sâu hơn mục trên nên dòng này bị nối vào mục trên: thụt thẳng cột",
                    "this dash is indented deeper than the item above and is read as part of it",
                )

    def _place(self, node: Node) -> None:
        parent = self._open[-1] if self._open else None
        if parent is None:
            self._root = node
        elif parent.items is not None:
            parent.items.append(node)
        elif parent.waiting is None:
            parent.waiting = node
            if node.text is None:
                self._refuse_at(node, "khóa phải là chữ (giá trị có dấu { hay [ thì đặt trong ngoặc kép)", "bad key")
            return
        else:
            self._enter(parent, parent.waiting, node)
        if node.text is None:
            if len(self._open) >= MAX_DEPTH:
                self._refuse_at(node, "lồng nhau quá sâu", f"nested deeper than {MAX_DEPTH}")
            self._open.append(node)

    def _enter(self, parent: Node, key: Node, value: Node) -> None:
        assert parent.entries is not None
        assert key.text is not None
        first = parent.entries.get(key.text)
        if first is not None:
            self._source.error(
                key,
                f"khóa «{key.text}» viết hai lần (lần đầu ở dòng {first[0].line}): xóa một chỗ",
                f"duplicate key, first on line {first[0].line}",
            )
            if self._source.full:
                raise _Refused
        else:
            parent.entries[key.text] = (key, value)
        parent.waiting = None

    def _refuse(self, event: Any, vietnamese: str, english: str) -> None:
        mark = event.start_mark
        self._refuse_at(Node(mark.line + 1, mark.column + 1), vietnamese, english)

    def _refuse_at(self, node: Node, vietnamese: str, english: str) -> None:
        self._source.error(node, vietnamese, english)
        raise _Refused


def _place_of(text: str, index: int) -> Node:
    """Line and column of a character."""
    return Node(text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))


def _indenting_tab(text: str, last: int) -> Node | None:
    """The first tab among the spaces that begin a line, up to line `last`, where the parser gave up.

    YAML's own message for it is beyond a clerk; in the text of a sample a tab is as good as any character.
    """
    if "\t" not in text:
        return None
    for number, line in enumerate(text.split("\n")[:last], 1):
        indent = line[: len(line) - len(line.lstrip(" \t"))]
        if "\t" in indent and line.strip() and not line.lstrip().startswith("#"):
            return Node(number, indent.index("\t") + 1)
    return None
