"""The YAML parser's own complaints, in words for a clerk."""

from __future__ import annotations

from typing import Any

from ruamel.yaml.error import MarkedYAMLError

_PROBLEMS = {
    "mapping values are not allowed here": "thừa dấu hai chấm, hoặc giá trị có «: » mà chưa đặt trong ngoặc kép",
    "could not find expected ':'": "thiếu dấu hai chấm sau khóa",
    "found character '\\t'": "có dấu Tab trong dòng: thay bằng dấu cách",
    "expected the node content": "thiếu giá trị, hoặc ngoặc mở ra mà chưa đóng",
    "expected <block end>, but found '<scalar>'": "thừa chữ ở đây, hoặc ngoặc kép mở ở các dòng trên chưa đóng",
    "expected <block end>, but found": "thụt dòng không thẳng hàng, hoặc thiếu dấu gạch đầu dòng",
    "found unexpected end of stream": "ngoặc kép mở ra mà chưa đóng",
    "expected ',' or": "thiếu dấu phẩy hoặc dấu đóng ngoặc trong danh sách",
    "cannot start any token": "ký tự này không đứng đầu giá trị được; hãy đặt cả giá trị trong ngoặc kép",
    "found unknown escape": "dấu \\ trong ngoặc kép; hãy dùng ngoặc đơn ' '",
}


def in_vietnamese(problem: str) -> str:
    """What to do about it."""
    return next((words for part, words in _PROBLEMS.items() if part in problem), "xem lại dòng này và dòng trên")


def where_it_stands(error: MarkedYAMLError) -> Any:
    """The parser's mark of the slip: what the rest of the file does not close, it only misses at the file's end."""
    met = error.problem_mark or error.context_mark
    at_the_end = "stream" in (error.problem or "") and _within(error)
    return error.context_mark if at_the_end else met


def where_opened(error: MarkedYAMLError) -> str:
    """Where the bracket or quote was opened that is not closed: the slip is there, not where the parser gave up."""
    opened, met = error.context_mark, where_it_stands(error)
    if not _within(error) or opened is None or met is None or opened.line == met.line:
        return ""
    return f" (mở ở dòng {opened.line + 1})"


def _within(error: MarkedYAMLError) -> bool:
    return error.context_mark is not None and any(word in (error.context or "") for word in ("flow", "quoted"))
