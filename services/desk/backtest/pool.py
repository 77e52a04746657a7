"""Reading many articles again, on every processor: the enricher's own steps, in processes of their own.

A few are read where they are: a process costs a second until it has loaded the rules.
"""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context

from services.desk.backtest.judge import Verdict, judge_unmatched
from services.domain.article import Article
from services.domain.codec import decode, encode
from services.domain.events import Collected, Enriched
from services.domain.story import Sketch
from services.enricher.change import Change
from services.enricher.steps import places_again, without_story
from services.rulebook.book import Rulebook
from services.rulebook.load import load_texts

FEW = 400
_LOT = 50
_AHEAD = 6
"""Lots given out before the first is taken back: memory stays bounded however many there are."""


@dataclass(frozen=True, slots=True)
class Job:
    """One text, as one of three kinds of JSON."""

    number: int
    unmatched: bytes = b""
    """A Collected that is to be judged."""
    other_topics: bool = False
    """Of `unmatched`: whether its topics are to be found again, too."""
    document: bytes = b""
    """What an earlier version of the watches read in it."""
    article: bytes = b""
    """To be read whole."""
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """`sketch`: by which its story is still to be found; empty where the document has its story."""

    number: int
    document: bytes = b""
    sketch: bytes = b""
    verdict: Verdict = (False, {})
    """Of `unmatched`."""


class Pool:
    """Its processes begin when they are needed, and last until the end."""

    def __init__(self, rules: Rulebook) -> None:
        self._rules = rules
        self._processes = min(4, os.cpu_count() or 1)
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)

    def read(self, jobs: Iterable[Job]) -> Iterator[Done]:
        """All of them, in their order."""
        rest = iter(jobs)
        if self._executor is None:
            for job in islice(rest, FEW):
                yield _done(job, self._rules)
        waiting: deque[Future[list[Done]]] = deque()
        lot = list(islice(rest, _LOT))
        while lot or waiting:
            if lot:
                waiting.append(self._running().submit(_lot_done, lot))
                lot = list(islice(rest, _LOT))
            if waiting and (not lot or len(waiting) >= self._processes * _AHEAD):
                yield from waiting.popleft().result()

    def _running(self) -> ProcessPoolExecutor:
        if self._executor is None:
            # Not forked: connections to stores, and their threads, are open in this process.
            context, given = get_context("spawn"), (dict(self._rules.texts),)
            self._executor = ProcessPoolExecutor(self._processes, context, initializer=_begin, initargs=given)
        return self._executor


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Hundreds of thousands of records stay until the end and none is in a cycle: looking through them again and again
    for garbage took a quarter of the time.
    """
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def opened(done: Done) -> tuple[Enriched, Sketch | None]:
    return decode(done.document, Enriched), decode(done.sketch, Sketch) if done.sketch else None


def _done(job: Job, rules: Rulebook) -> Done:
    if job.unmatched:
        found = decode(job.unmatched, Collected)
        verdict = judge_unmatched(found, rules, other_places=True, other_topics=job.other_topics)
        return Done(job.number, verdict=verdict)
    if job.document:
        return Done(job.number, encode(places_again(decode(job.document, Enriched), rules, also=rules.also)))
    document, sketch = without_story(decode(job.article, Article), rules, also=rules.also, change=job.change)
    return Done(job.number, encode(document), encode(sketch))


_rules: list[Rulebook] = []
"""Of a process of the pool."""


def _begin(texts: dict[str, str]) -> None:
    _rules.append(load_texts(texts, samples=False))
    gc.freeze()  # the rules stay: each collection would look through them


def _lot_done(lot: list[Job]) -> list[Done]:
    return [_done(job, _rules[0]) for job in lot]
