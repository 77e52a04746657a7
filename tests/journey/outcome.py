"""What a finished journey left: the archive, the letters, and the counts of feeds and of windows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

from samples.press.loopback import Loopback
from samples.press.mornings import Step
from services.adapters.manual_clock import ManualClock
from services.alerter.clipping import Clipping
from services.alerter.records import LETTER, Letter
from services.alerter.stories import stories
from services.collector.feed_days import feed_days
from services.domain.calendar import ZONE
from services.domain.codec import decode, encode
from services.domain.events import COLLECTED, Enriched
from services.domain.feed import FeedDay
from services.settings import load_settings
from services.wiring import open_archive, open_bus, open_ledger
from tests.journey.stores import with_stores

_ATOM = "{http://www.w3.org/2005/Atom}"
_COUNT = re.compile(r"^- (.+): ([\d.]+) bài$", re.MULTILINE)
_NOT_PRESS = ("Cổng thông tin chính thức", "Bản dịch máy", "Bỏ vì từ loại trừ")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Read from the data folder after the process has ended. Archive and letters as bytes, to be compared."""

    archive: Mapping[str, bytes]
    """Article id -> its document and all its versions."""
    letters: Mapping[str, bytes]
    """File name -> the .eml."""
    documents: Sequence[Enriched]
    days: Sequence[FeedDay]
    digests: Mapping[str, Sequence[Letter]]
    """By recipient, in the order in which they were sent."""
    notices: Mapping[str, Letter]
    """By the key of the letter."""
    clippings: Sequence[Clipping]
    stories: frozenset[frozenset[str]]
    """Each story as the set of its articles' ids."""


def outcome_of(data: Path) -> Outcome:
    """What stands in this data folder, or in the servers that go with it."""
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=ZONE))
    settings = with_stores(load_settings(data_dir=data, environ={}), data)
    with closing(open_bus(settings, clock)) as bus:
        ids = sorted({one.message.key for one in bus.scan(COLLECTED)})
    with closing(open_archive(settings)) as archive:
        documents = [document for name in ids if (document := archive.get(name)) is not None]
        assert len(documents) == archive.count() == len(ids)
        kept = {
            one.article_id: b"\n".join([encode(one), *map(encode, archive.versions(one.article_id))])
            for one in documents
        }
    with closing(open_ledger(settings)) as ledger:
        letters = [decode(held.value, Letter) for held in ledger.scan(LETTER, "digest|")]
        notices = {held.key: decode(held.value, Letter) for held in ledger.scan(LETTER, "notice|")}
        clippings = [decode(held.value, Clipping) for held in ledger.scan("clipping")]
        days = feed_days(ledger)
        story_of = stories(ledger)
        tellings: dict[str, set[str]] = {}
        for document in documents:
            tellings.setdefault(story_of(document.story_id), set()).add(document.article_id)
    by_recipient: dict[str, list[Letter]] = {}
    for letter in letters:
        by_recipient.setdefault(letter.recipient, []).append(letter)
    written = {path.name: path.read_bytes() for path in sorted((data / "mail").glob("*.eml"))}
    told = frozenset(map(frozenset, tellings.values()))
    return Outcome(kept, written, documents, days, by_recipient, notices, clippings, told)


def served_entries(
    plan: Sequence[Step], press: Loopback, clock: ManualClock, feeds: Mapping[str, str], cap: int
) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    """(entries first seen, the largest count beyond the cap), each by (feed, local day), counted in what is served.

    `feeds`: id -> address. Parsed here by another parser than the product's; a day without an answer repeats the last.
    """
    seen: set[tuple[str, str]] = set()
    new: Counter[tuple[str, str]] = Counter()
    beyond: Counter[tuple[str, str]] = Counter()
    over: Counter[str] = Counter()
    for step in (step for step in plan if step.do == "read"):
        clock.set(step.at)
        day = f"{step.at.astimezone(ZONE).date()}"
        for feed, address in feeds.items():
            parts = urlsplit(address)
            status, _, body = press.answer(parts.hostname or "", parts.path)
            if status == 200:
                keys = keys_of(body)
                over[feed] = max(0, len(keys) - cap)
                fresh = {(feed, key) for key in keys[:cap]} - seen
                seen |= fresh
                new[feed, day] += len(fresh)
            beyond[feed, day] = max(beyond[feed, day], over[feed])
    return +new, +beyond


def keys_of(body: str) -> list[str]:
    """How the items of a feed are told apart: guid, else link; an Atom entry's id."""
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return []
    items = [item.findtext("guid") or item.findtext("link") or "" for item in root.iter("item")]
    return items + [entry.findtext(f"{_ATOM}id") or "" for entry in root.iter(f"{_ATOM}entry")]


@dataclass(frozen=True, slots=True)
class Told:
    """What a digest says of its window, as a reader counts it in the plain text. Numbers are articles."""

    articles: int
    counted: int
    mentions: int
    fill: int


def told_in(letter: Letter) -> Told:
    """Read from the .eml."""
    text = text_of(Path(letter.where))
    head, _, after = text.partition("CHỈ ĐẾM, KHÔNG NÊU\n")
    total = re.search(r"nguồn đọc được[^\n]*; có ([\d.]+) bài báo chí", head)
    counts = [(said, _number(number)) for said, number in _COUNT.findall(after.partition("\nNGUỒN\n")[0])]
    mentions = sum(number for said, number in counts if said == "Chỉ nhắc tên địa bàn")
    fill = sum(number for said, number in counts if said.startswith("Lần đọc đầu của nguồn"))
    rest = sum(number for said, number in counts if not said.startswith(_NOT_PRESS)) - mentions - fill
    return Told(_number(total[1]) if total else 0, rest, mentions, fill)


def text_of(path: Path) -> str:
    """Subject and plain text of a letter."""
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    assert body is not None
    return f"{message['Subject']}\n{body.get_content()}".replace("\r\n", "\n")


def _number(text: str) -> int:
    return int(text.replace(".", ""))
