"""What of the places is valid and hardly meant, with its file and line: told by `check`, refused nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from services.domain.place import Place
from services.domain.text import tokenise
from services.rulebook.convert import read_list
from services.rulebook.yaml_source import source_of

PLACES = "places.yaml"


def lower_case_names(text: str) -> Iterator[str]:
    """Spellings of this places.yaml that, written in an article as they stand here, are taken for no name."""
    source = source_of(PLACES, text)
    for place, node in read_list(source, Place, "places"):
        spellings = node.value("spellings")
        items = (spellings.items if spellings is not None else None) or []
        for spelling, item in zip(place.spellings, items, strict=False):
            if _is_passed_over(spelling, unmistakable=place.unmistakable):
                yield (
                    f"{PLACES}:{item.line}:{item.column}: CHÚ Ý: «{spelling}» ({place.id}) có chữ viết thường nên "
                    "không được nhận là tên riêng: viết hoa chữ đầu mỗi từ / never read as a name in lower case"
                )


def _is_passed_over(spelling: str, *, unmistakable: bool) -> bool:
    """As the place reader judges (domain/place/judge.py): a name of one word, or of three, may be unmistakable."""
    tokens = tokenise(spelling)
    lower = any(spelling[start].islower() for start in tokens.starts)
    return lower and not (unmistakable and len(tokens) != 2)
