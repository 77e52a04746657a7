"""Reading many articles again, on every processor: the enricher's own steps, in processes of their own.

A few are read where they are: a process costs a second until it has loaded the rules.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context

from services.domain.article import Article
from services.domain.codec import decode, encode
from services.domain.events import Enriched
from services.domain.story import Sketch
from services.enricher.change import Change
from services.enricher.steps import places_again, unplaced
from services.rulebook.book import Rulebook
from services.rulebook.load import load_texts

FEW = 400
_LOT = 50
_AHEAD = 6
"""Lots given out before the first is taken back: memory stays bounded however many there are."""


@dataclass(frozen=True, slots=True)
class Job:
    """One text. `document`: the JSON of what an earlier version of the watches read in it; else `article`'s JSON."""

    number: int
    document: bytes = b""
    article: bytes = b""
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """`sketch`: by which its story is still to be found; empty where the document has its story."""

    number: int
    document: bytes
    sketch: bytes


def read_again(jobs: Iterable[Job], rules: Rulebook) -> Iterator[Done]:
    """All of them, in their order."""
    rest = iter(jobs)
    for job in islice(rest, FEW):
        yield _done(job, rules)
    first = list(islice(rest, _LOT))
    if first:
        yield from _in_processes(first, rest, rules.texts)


def opened(done: Done) -> tuple[Enriched, Sketch | None]:
    return decode(done.document, Enriched), decode(done.sketch, Sketch) if done.sketch else None


def _in_processes(first: list[Job], rest: Iterator[Job], texts: Mapping[str, str]) -> Iterator[Done]:
    # Not forked: connections to stores, and their threads, are open in this process.
    context = get_context("spawn")
    processes = min(4, os.cpu_count() or 1)
    with ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(dict(texts),)) as pool:
        waiting: deque[Future[list[Done]]] = deque()
        lot = first
        while lot or waiting:
            if lot:
                waiting.append(pool.submit(_lot_done, lot))
                lot = list(islice(rest, _LOT))
            if waiting and (not lot or len(waiting) >= processes * _AHEAD):
                yield from waiting.popleft().result()


def _done(job: Job, rules: Rulebook) -> Done:
    if job.document:
        return Done(job.number, encode(places_again(decode(job.document, Enriched), rules, also=rules.also)), b"")
    document, sketch = unplaced(decode(job.article, Article), rules, also=rules.also, change=job.change)
    return Done(job.number, encode(document), encode(sketch))


_rules: list[Rulebook] = []
"""Of a process of the pool."""


def _begin(texts: dict[str, str]) -> None:
    _rules.append(load_texts(texts, samples=False))


def _lot_done(lot: list[Job]) -> list[Done]:
    return [_done(job, _rules[0]) for job in lot]
