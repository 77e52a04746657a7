"""10,000 names of places found in articles, beside Python's `re` in one run: articles a second on one core.

    python -m benchmarks.matching [--patterns 10000] [--articles 1000] [--lines FILE.jsonl]

Timed is what every article goes through: its tokens, and the candidates of the place index. `re` is given the same
names as one alternation, on the plain text with its marks, which is less than the index does.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from benchmarks.articles import from_lines, made_up
from services import resources
from services.domain.article import Article, tokens_of
from services.domain.place import Place, PlaceName
from services.domain.place.index import PlaceIndex
from services.rulebook.load import load_places

_T = TypeVar("_T")
_SAID = """an bình cao dương đông đức gia hà hải hòa hưng khánh kim lâm lộc long mỹ nam nghĩa ninh phong phú phước quang
sơn tân tây thạnh thanh thành thiện thịnh thuận tiến trung trường vĩnh xuân yên"""
_SYLLABLES = _SAID.split()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--patterns", type=int, default=10_000)
    arguments.add_argument("--articles", type=int, default=1000)
    arguments.add_argument("--lines", type=Path)
    given = arguments.parse_args()
    articles = list(from_lines(given.lines, given.articles) if given.lines else made_up(given.articles))
    characters = sum(len(one.title) + len(one.lead) + len(one.text) for one in articles) / len(articles)
    places = _places(given.patterns)
    index = PlaceIndex(places)
    names = sorted({text for place in places for text in _names(place)}, key=len, reverse=True)
    ours, found = _timed(articles, lambda one: len(index.candidates(tokens_of(one.title, one.lead, one.text))))
    tokens, _ = _timed(articles, lambda one: tokens_of(one.title, one.lead, one.text))
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b", re.IGNORECASE)
    some = articles[: max(1, len(articles) // 50)]
    theirs, by_re = _timed(some, lambda one: len(pattern.findall(f"{one.title}\n{one.lead}\n{one.text}")))
    print(f"{len(names):,} names, {len(articles):,} articles of {characters:,.0f} characters, one core (CPU time)")
    print(f"tokens and index: {ours:8,.0f} articles/s ({sum(found):,} candidates; the tokens alone: {tokens:,.0f})")
    print(f"re:               {theirs:8,.1f} articles/s ({sum(by_re):,} names in {len(some):,} articles)")
    print(f"ratio: {ours / theirs:,.0f}")


def _places(count: int) -> list[Place]:
    """The shipped register, and made-up places until there are so many names."""
    places = list(load_places(resources.config_dir()).places.values())
    known = {text.lower() for place in places for text in _names(place)}
    chance = random.Random(5)
    while len(known) < count:
        name = " ".join(chance.choices(_SYLLABLES, k=chance.choice((2, 2, 3)))).title()
        if name.lower() not in known:
            known.add(name.lower())
            places.append(Place(id=f"p{len(known)}", names=[PlaceName(text=name, kind="xã")]))
    return places


def _names(place: Place) -> list[str]:
    return [*(name.text for name in place.names), *place.spellings]


def _timed(articles: Sequence[Article], work: Callable[[Article], _T]) -> tuple[float, list[_T]]:
    """(articles a second, the answers); the better of two rounds."""
    best, answers = 0.0, list[_T]()
    for _ in range(2):
        begun = time.process_time()
        answers = [work(one) for one in articles]
        best = max(best, len(articles) / (time.process_time() - begun))
    return best, answers


if __name__ == "__main__":
    main()
