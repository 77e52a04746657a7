"""The journeys: which press, which configuration, which hours. `run.py` drives one in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from samples.press import mornings as sample
from samples.press.content import load_items, local
from samples.press.loopback import Loopback
from samples.press.mornings import Step
from samples.press.server import SamplePress
from services.settings import Settings
from tests.journey import corpus, recorded
from tests.journey.office import settings_with

LOGIN = "chuyen-vien-mau"
Wait = Callable[[], None]
Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Journey:
    """`press` serves by the journey's clock; `settings` makes the configuration in a data folder."""

    plan: Sequence[Step]
    press: Callable[[Now, Wait], Loopback]
    settings: Callable[[Path, dict[str, str]], Settings]


def journey(name: str, press_data: Path) -> Journey:
    """The journey of this name; the samples' own does not look at `press_data`."""
    return _JOURNEYS[name](press_data)


def _samples(press_data: Path) -> Journey:
    items = load_items()
    return Journey(
        plan=sample.PLAN,
        press=lambda now, wait: SamplePress(items, now, wait=wait),
        settings=lambda data, routes: sample.settings_for(data, LOGIN, routes),
    )


def _recorded(press_data: Path, outlets: Collection[str], first: date, last: date, max_entries: int) -> Journey:
    feeds = recorded.feeds_of(outlets).values()
    return Journey(
        plan=list(_days(first, last)),
        press=lambda now, wait: recorded.RecordedPress(press_data / "feeds" / "vn", now, outlets, wait),
        settings=lambda data, routes: settings_with(data, feeds, routes, whole_city=True, max_entries=max_entries),
    )


def _corpus(press_data: Path, about: int, background: int, days: int) -> Journey:
    items = corpus.load_corpus(press_data / "articles", about, background, days)
    papers = corpus.papers()
    saturday = corpus.START.date()
    return Journey(
        plan=list(_days(saturday + timedelta(days=2), saturday + timedelta(days=days), noon=True)),
        press=lambda now, wait: SamplePress(items, now, papers, wait),
        settings=lambda data, routes: settings_with(data, corpus.FEEDS, routes),
    )


def _days(first: date, last: date, noon: bool = False) -> Iterator[Step]:
    """Each day, also at the weekend: a reading before the hour of the digest, and that hour.

    After the last digest everything is read once more, with the pages that are due again.
    """
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        yield Step(local(f"{day}T06:10"), "read", f"Sáng sớm {day}")
        yield Step(local(f"{day}T06:30"), "digest", f"Giờ bản điểm báo {day}")
        if noon and day < last:
            yield Step(local(f"{day}T14:10"), "read", f"Trưa {day}")
    yield Step(local(f"{last}T08:40"), "read", "Đọc lại sau bản tin cuối")


_FEW = ("bao_dan_tri", "tuoi_tre_online", "vietnamplus_ttxvn", "bbc_news_tieng_viet")
_JOURNEYS: Mapping[str, Callable[[Path], Journey]] = {
    "samples": _samples,
    "recorded": partial(
        _recorded, outlets=recorded.OUTLETS, first=recorded.FIRST, last=recorded.LAST, max_entries=5000
    ),
    # Friday to Tuesday: a weekend, and a Monday without a recording; each feed is two or three entries too long.
    "recorded-few": partial(_recorded, outlets=_FEW, first=date(2026, 7, 24), last=date(2026, 7, 28), max_entries=27),
    "corpus": partial(_corpus, about=458, background=500, days=13),
    "corpus-few": partial(_corpus, about=60, background=60, days=4),
}
