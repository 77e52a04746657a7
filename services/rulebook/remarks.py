"""What of the places is valid and hardly meant, with its file and line: told by `check`, refused nowhere."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator

from services.domain.place import Place
from services.domain.text import tokenise
from services.rulebook.checks import Read
from services.rulebook.convert import read_list
from services.rulebook.yaml_source import Node, source_of

PLACES = "places.yaml"
_SHORTEST = 3
"""Letters of a Latin name of one word; a shorter one stands in too many sentences."""


def place_remarks(text: str) -> Iterator[str]:
    """One line for each spelling of this places.yaml that will not do what whoever wrote it expects."""
    read = read_list(source_of(PLACES, text), Place, "places")
    owners = _owners(read)
    for place, node in read:
        listed = node.value("spellings")
        seen = {name.text for name in place.names}
        for spelling, item in zip(place.spellings, (listed.items if listed else None) or [], strict=False):
            for words in _doubts(place, spelling, seen, owners):
                yield _line(item, f"«{spelling}» ({place.id}) {words}")
            seen.add(spelling)


def _doubts(place: Place, spelling: str, seen: set[str], owners: dict[str, dict[str, int]]) -> Iterator[str]:
    if _is_passed_over(spelling, unmistakable=place.unmistakable):
        yield (
            "có chữ viết thường nên không được nhận là tên riêng: viết hoa chữ đầu mỗi từ "
            "/ never read as a name in lower case"
        )
    if spelling in seen:
        yield "đã ghi ở mục này rồi: bỏ một chỗ / listed twice"
    others = [f"{other} (dòng {line})" for other, line in owners[_key(spelling)].items() if other != place.id]
    if place.watched and others:
        yield f"cũng là tên ghi ở {', '.join(others)}: bài về nơi kia sẽ bị nhận nhầm / also a name of another entry"
    if _is_short(spelling):
        yield "quá ngắn, dễ bắt nhầm: dùng tên đầy đủ hơn / too short for a name"


def _owners(read: Read[Place]) -> dict[str, dict[str, int]]:
    """Every name, spelling and confusable of the register, to the entries that hold it, with their lines."""
    owners: dict[str, dict[str, int]] = defaultdict(dict)
    for place, node in read:
        names = [name.text for name in place.names] + place.spellings + [one.text for one in place.confusables]
        for name in names:
            owners[_key(name)].setdefault(place.id, node.line)
    return owners


def _key(name: str) -> str:
    return " ".join(name.casefold().split())


def _is_short(spelling: str) -> bool:
    return len(spelling) < _SHORTEST and all("LATIN" in unicodedata.name(letter, "") for letter in spelling)


def _is_passed_over(spelling: str, *, unmistakable: bool) -> bool:
    """As the place reader judges (domain/place/judge.py): a name of one word, or of three, may be unmistakable."""
    tokens = tokenise(spelling)
    lower = any(spelling[start].islower() for start in tokens.starts)
    return lower and not (unmistakable and len(tokens) != 2)


def _line(item: Node, words: str) -> str:
    return f"{PLACES}:{item.line}:{item.column}: CHÚ Ý: {words}"
