"""What a back-test found, done: old articles judged again by the watches that are in force now. It mails nothing.

Everything may happen twice with the same result; what a kill left undone is done by the next run over these days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import msgspec

from services.desk.backtest.days import text_of
from services.desk.backtest.trial import Trial, documents
from services.domain.article import tokens_of
from services.domain.codec import decode, encode
from services.domain.events import COLLECTED, ENRICHED, Collected, Enriched
from services.domain.feed import ARTICLE, ENTRY, ArticleRecord, EntryRecord
from services.domain.query import searchable
from services.domain.story import sketch_of
from services.enricher.neighbours import Neighbours
from services.ports.archive import Archive
from services.ports.bus import Bus
from services.ports.errors import Conflict
from services.ports.ledger import Ledger, Put
from services.ports.messages import message_of
from services.rulebook.book import Rulebook

_T = TypeVar("_T")
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be written."""

    again: tuple[Enriched, ...]
    """Archived articles whose document says something else now."""
    gained: tuple[Enriched, ...]
    """Unmatched articles that enter the archive, in the order in which they came."""

    @property
    def count(self) -> int:
        return len(self.again) + len(self.gained)


def work_of(trial: Trial, archive: Archive, ledger: Ledger) -> Work:
    """What these rules would have collected and the ledger still counts as unmatched, and what reads otherwise."""
    version = trial.rules.version
    stamped = (msgspec.structs.replace(one, rules=version) for one in documents(trial.again))
    again = tuple(one for one in stamped if _differs(one, archive))
    events = {event.key: event for event in trial.days.taken if not event.collected}
    open_ = {key for some in _lots(sorted(events)) for key in _unmatched(ledger, some)}
    gained = []
    for key, event in events.items():
        document = trial.days.reads[event.text].document or archive.get(key)
        if document is None or text_of(document.article) != event.text:
            continue
        if key in open_ or archive.get(key) is None:
            gained.append(msgspec.structs.replace(document, rules=version))
    return Work(again, tuple(gained))


def judge_again(
    work: Work,
    rules: Rulebook,
    bus: Bus,
    archive: Archive,
    ledger: Ledger,
    followed: Callable[[], None] = lambda: None,
    reached: Callable[[int], None] = lambda done: None,
) -> None:
    """Write it: into the archive, on press.collected, and into the ledger's count of outcomes.

    On the bus as a replay: nobody is told today of what came weeks ago.
    `followed` returns when every service runs these rules: an enricher that does not yet would read the articles by
    the old ones. Raises Unavailable; to be done again then.
    """
    for done, some in enumerate(_lots(work.again)):
        archive.save(some)
        bus.publish(ENRICHED, [message_of(one.article_id, one, replay=True) for one in some])
        reached(min((done + 1) * _AT_ONCE, len(work.again)))
    if not work.gained:
        return
    followed()
    stories = Neighbours(ledger)
    for done, lot in enumerate(_lots(work.gained)):
        told = [_told(one, stories) for one in lot]
        archive.save(told)
        bus.publish(COLLECTED, [message_of(one.article_id, _collected(one, rules), replay=True) for one in told])
        # The outcome last: while it says unmatched, the next run does all of this again.
        for one in told:
            _published(ledger, one.article_id)
        reached(len(work.again) + min((done + 1) * _AT_ONCE, len(work.gained)))


def _differs(document: Enriched, archive: Archive) -> bool:
    """Whether the archive says something else of this very text."""
    held = archive.get(document.article_id)
    if held is None or held.article.seen_at > document.article.seen_at:
        return False
    return encode(msgspec.structs.replace(held, rules=document.rules)) != encode(document)


def _told(document: Enriched, stories: Neighbours) -> Enriched:
    """Its story, claimed where every later article looks."""
    article = document.article
    told = stories.join(sketch_of(article, tokens_of(article.title, article.lead, article.text)))
    return msgspec.structs.replace(document, story_id=told.story_id, copy_of=told.copy_of)


def _collected(document: Enriched, rules: Rulebook) -> Collected:
    asked = searchable(document.article, document.reading, document.topics, document.language)
    return Collected(
        article=document.article,
        reading=document.reading,
        topics=document.topics,
        watches=[one.id for one in rules.index.possible(asked)],
        rules=rules.version,
    )


def _unmatched(ledger: Ledger, article_ids: Sequence[str]) -> Iterator[str]:
    for key, held in ledger.get_many(ARTICLE, list(article_ids)).items():
        if decode(held.value, ArticleRecord).outcome == "unmatched":
            yield key


def _published(ledger: Ledger, article_id: str) -> None:
    """The article's entry, then the collector's record of it, by which the next run sees that all of this is done."""
    held = ledger.get(ARTICLE, article_id)
    if held is None:
        return
    _change(ledger, ENTRY, decode(held.value, ArticleRecord).entry, EntryRecord, reason=REASON)
    _change(ledger, ARTICLE, article_id, ArticleRecord)


def _change(ledger: Ledger, kind: str, key: str, form: type[EntryRecord] | type[ArticleRecord], **also: str) -> None:
    while (held := ledger.get(kind, key)) is not None:
        record = decode(held.value, form)
        if record.outcome != "unmatched":
            return
        try:
            value = encode(msgspec.structs.replace(record, outcome="published", **also))
            ledger.put(Put(kind, key, value, expected=held.revision))
            return
        except Conflict:
            continue  # the collector read the page again just now


REASON = "lúc thu chưa khớp, vào kho khi đổi điều kiện theo dõi; không gửi thư / by a later back-test"


def _lots(items: Iterable[_T]) -> Iterator[list[_T]]:
    rest = iter(items)
    while some := list(islice(rest, _AT_ONCE)):
        yield some
