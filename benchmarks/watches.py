"""What 1,000 watches cost beside 10: matching one article, both in one run, through the index and by asking each.

    python -m benchmarks.watches [--articles 1000] [--lines FILE.jsonl]

The watches are as an office would have them: most on the same places and topics, each with words of its own. What is
timed is what the alerter does with an enriched article: its tokens, the watches that hit it, those that NOT keeps out.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.articles import from_lines, made_up
from services import resources
from services.domain.article import Article, tokens_of
from services.domain.language import detect
from services.domain.query import Searchable, parse, searchable
from services.domain.watch import CompiledWatch, Watch
from services.domain.watch_index import WatchIndex
from services.rulebook.book import Rulebook
from services.rulebook.load import load

_PLACES = ("place:binh-phuoc/any", "place:binh-phuoc", "place:bu-gia-map", "place:dong-nai/any")
_TOPICS = ("topic:nong_nghiep", "topic:ha_tang", "topic:van_hoa", "topic:su_viec", "topic:xanh")
_ROUNDS = 5


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--articles", type=int, default=1000)
    arguments.add_argument("--lines", type=Path)
    given = arguments.parse_args()
    rules = load(resources.config_dir(), samples=False)
    articles = list(from_lines(given.lines, given.articles) if given.lines else made_up(given.articles))
    read = [_read(one, rules) for one in articles]
    words = sorted({word for _, asked in read[:200] for word in asked.words if word.isalpha() and len(word) > 2})
    few, many = list(_watches(10, words)), list(_watches(1000, words))
    indexes = {10: WatchIndex(few), 1000: WatchIndex(many)}
    hits = {count: sum(len(index.matching(asked)) for _, asked in read) for count, index in indexes.items()}
    assert all(indexes[1000].matching(asked) == [one for one in many if one.query.matches(asked)] for _, asked in read)
    cost = {count: _each(read, partial(_asked, index)) for count, index in indexes.items()}
    tokens = _tokens(read)
    brute = _each(read, lambda asked: [one for one in many if one.query.matches(asked) or one.query.excluded(asked)])
    for count, micros in cost.items():
        print(f"{count:5} watches: {micros:7.0f} µs an article ({hits[count]:,} hits in {len(read):,} articles)")
    print(f" 1000 asked in turn: {brute:.0f} µs; the tokens, without which none can be asked: {tokens:.0f} µs")
    whole = (tokens + cost[1000]) / (tokens + cost[10])
    alone = cost[1000] / cost[10]
    print(f"ratio of 1000 to 10, an article matched from its text: {whole:.2f}; the watches alone: {alone:.2f}")


def _read(article: Article, rules: Rulebook) -> tuple[Article, Searchable]:
    fields = tokens_of(article.title, article.lead, article.text)
    language = detect(fields, article.declared_language)
    reading = rules.places.read(fields, article.published_at, also=frozenset({"dong-nai"}))
    return article, searchable(article, reading, rules.topics.find(fields, language), language, fields)


def _watches(count: int, words: Sequence[str]) -> Iterator[CompiledWatch]:
    chance = random.Random(3)
    for number in range(count):
        ground = chance.choice(_PLACES) if chance.random() < 0.7 else chance.choice(_TOPICS)
        first, second, third = chance.sample(words, 3)
        asked = chance.choice(
            (f'"{first} {second}"', f"({first} OR {second})", f"{first} {second}", f"{first} -{third}")
        )
        query = f"{ground} {asked} -topic:nhieu"
        yield CompiledWatch(
            Watch(id=f"w{number}", name=f"w{number}", query=query, recipients=["analyst"]), parse(query)
        )


def _asked(index: WatchIndex, asked: Searchable) -> object:
    return index.judged(asked)


def _tokens(read: Sequence[tuple[Article, Searchable]]) -> float:
    """Microseconds an article."""
    begun = time.process_time()
    for article, _ in read:
        tokens_of(article.title, article.lead, article.text)
    return 1e6 * (time.process_time() - begun) / len(read)


def _each(read: Sequence[tuple[Article, Searchable]], work: Callable[[Searchable], object]) -> float:
    """Microseconds an article: the median of some rounds, each on articles that were not tokenised yet."""
    rounds = []
    for _ in range(_ROUNDS):
        fresh = [
            Searchable(
                tokens_of(article.title, article.lead, article.text),
                known.places,
                known.topics,
                known.outlet,
                known.language,
                known.time,
            )
            for article, known in read
        ]
        begun = time.process_time()
        for asked in fresh:
            work(asked)
        rounds.append(1e6 * (time.process_time() - begun) / len(fresh))
    return statistics.median(rounds)


if __name__ == "__main__":
    main()
