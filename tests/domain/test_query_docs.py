"""docs/truy-van.md: every example in it is understood, every refused one is refused, nothing is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.domain.query import QueryError, parse
from services.domain.query.lex import FIELDS, MAX_NEAR
from services.domain.query.parse import MAX_CHARACTERS, MAX_DEPTH, MAX_TERMS, TONES, TONES_SAID
from services.domain.query.pattern import MAX_PATTERN

PAGE = (Path(__file__).parents[2] / "docs" / "truy-van.md").read_text(encoding="utf-8")


def _cells(heading: str, column: int) -> list[str]:
    """What stands in backticks in that column of the table under a heading; "|" within backticks parts nothing."""
    rows = re.findall(r"^\|.*\|$", PAGE.split(f"## {heading}")[1].split("\n## ")[0], re.MULTILINE)[2:]
    cells = [re.findall(r"(?:`[^`]*`|[^|`])+", row)[column] for row in rows]
    return [example for cell in cells for example in re.findall(r"`([^`]+)`", cell)]


EXAMPLES, REFUSED = _cells("Các cách viết", 2), _cells("Những cách viết bị từ chối", 0)


@pytest.mark.parametrize("query", EXAMPLES)
def test_examples_are_understood(query: str) -> None:
    assert parse(query).text == query


@pytest.mark.parametrize("query", REFUSED)
def test_refused_ones_are_refused(query: str) -> None:
    with pytest.raises(QueryError):
        parse(query)


def test_nothing_is_left_out() -> None:
    assert len(EXAMPLES) >= 25
    assert len(REFUSED) == 9
    for field in FIELDS:
        assert f"{field}:" in PAGE or field == "text", field  # `text:` is another name of `body:`
    assert TONES_SAID.replace('critical "phản ánh hạn chế"', 'critical "phản ánh hạn chế" (hoặc "phê bình")') in PAGE
    assert len(TONES) == 13  # six codes, seven names
    said = PAGE.replace("\n  ", " ")
    for limit in (f"{MAX_CHARACTERS:,} ký tự".replace(",", "."), f"{MAX_TERMS} điều", f"{MAX_DEPTH} lớp"):
        assert limit in said
    assert f"0 đến {MAX_NEAR}" in said
    assert f"{MAX_PATTERN} ký tự" in said
