"""Pages read again: those that could not be read, those that a paper may edit in silence, those whose entry changed.

What changed goes out as a new version: the same article id and first_seen, a new content_hash. So does the same text of
a source that an operator has classified since: only now it may stand in a letter. What did not change leaves no trace
but the next date.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice

import structlog
from msgspec.structs import replace

from services.collector.build import PageRead, Refused, build
from services.collector.claim import keep
from services.collector.judge import judge
from services.collector.pages import Pages
from services.collector.records import (
    LATER,
    Later,
    get_all,
    handed_on,
    later_put,
    pause_after,
    put,
    revisit,
    scan,
    stamp,
)
from services.collector.settle import said_of
from services.domain.address import canonical_url, host_of
from services.domain.article import Article, id_of
from services.domain.events import COLLECTED, UNMATCHED
from services.domain.feed import ALIAS, ARTICLE, ENTRY, Alias, ArticleRecord, EntryRecord, Feed
from services.ports.bus import Bus
from services.ports.clock import Clock
from services.ports.errors import PortError, Unprocessable
from services.ports.hosts import Hosts
from services.ports.ledger import Ledger, Put
from services.ports.messages import message_of
from services.rulebook.book import Rulebook
from services.settings import CollectorSettings

_log = structlog.get_logger()

_EACH_HOST = 5
_EACH_STEP = 100


@dataclass(frozen=True, slots=True)
class _Due:
    """A page that is due; None: what it belonged to is gone."""

    later: Later
    known: ArticleRecord | None
    record: EntryRecord | None

    @property
    def host(self) -> str:
        return host_of(_address(self.later, self.record)) if self.record else ""


@dataclass(frozen=True, slots=True)
class _Visit:
    """One page that is due."""

    key: str
    later: Later
    known: ArticleRecord
    record: EntryRecord
    feed: Feed

    @property
    def address(self) -> str:
        return _address(self.later, self.record)


class Rereader:
    """One step at a time, the longest due first."""

    def __init__(
        self,
        rules: Callable[[], Rulebook],
        settings: CollectorSettings,
        bus: Bus,
        ledger: Ledger,
        pages: Pages,
        clock: Clock,
        hosts: Hosts,
    ) -> None:
        self._hosts = hosts
        self._rules = rules
        self._settings = settings
        self._bus = bus
        self._ledger = ledger
        self._pages = pages
        self._clock = clock

    def step(self) -> int:
        """Read some due pages again; returns how many are done. Raises Unavailable when a port is not there."""
        rules = self._rules()
        due = self._due()
        visits = self._visits(due, rules)
        reads = self._pages.read([visit.address for visit in visits])
        handed = 0
        for visit in visits:
            read = reads.get(visit.address)
            if read is None:
                del due[visit.key]
            elif self._handed_on(visit, read):
                del due[visit.key]
                handed += 1
            else:
                self._guarded(visit, read, rules)
        self._ledger.delete(LATER, *due)
        return len(due) + handed

    def _handed_on(self, visit: _Visit, read: PageRead) -> bool:
        """Whether it goes on at a host of another collector: it stays due, there."""
        handed = handed_on(visit.later.handed, read.elsewhere, self._clock.now()) if read.elsewhere else None
        if handed is not None:
            self._ledger.put(put(LATER, visit.key, replace(visit.later, handed=handed)))
        return handed is not None

    def _due(self) -> dict[str, _Due]:
        """The longest due pages of our hosts."""
        now = stamp(self._clock.now())
        due: dict[str, _Due] = {}
        some: dict[str, Later] = {}
        for key, later in scan(self._ledger, LATER, Later):
            if key.split("|")[0] > now:
                break
            some[key] = later
            if len(some) == _EACH_STEP:
                due |= self._ours(some)
                some = {}
                if len(due) >= _EACH_STEP:
                    break
        due |= self._ours(some)
        return dict(islice(due.items(), _EACH_STEP))

    def _ours(self, some: Mapping[str, Later]) -> dict[str, _Due]:
        articles = get_all(self._ledger, ARTICLE, [later.article_id for later in some.values()], ArticleRecord)
        records = get_all(self._ledger, ENTRY, [known.entry for known in articles.values()], EntryRecord)
        found: dict[str, _Due] = {}
        for key, later in some.items():
            known = articles.get(later.article_id)
            one = _Due(later, known, records.get(known.entry) if known else None)
            if self._hosts.mine(one.host):
                found[key] = one
        return found

    def _visits(self, due: dict[str, _Due], rules: Rulebook) -> list[_Visit]:
        """Those that still have an article and an entry; not too many of one host, the rest next time."""
        hosts: Counter[str] = Counter()
        visits: list[_Visit] = []
        for key, one in list(due.items()):
            known, record = one.known, one.record
            if known is None or record is None:
                continue
            if hosts[one.host] == _EACH_HOST:
                del due[key]
                continue
            hosts[one.host] += 1
            feed = rules.feeds.get(known.feed) or Feed(id=known.feed, url=known.url)
            visits.append(_Visit(key, one.later, known, record, feed))
        return visits

    def _guarded(self, visit: _Visit, read: PageRead, rules: Rulebook) -> None:
        """What nobody foresaw in one page, or the bus refuses, costs that page alone: it is tried again later."""
        try:
            self._settle(visit, read, rules)
        except Unprocessable as error:
            _log.warning("refused by the bus", page=visit.record.entry.link, why=str(error))
            self._put_off(visit, error)
        except PortError:
            raise
        except Exception as error:  # noqa: BLE001  the whole trace is logged; the other pages must be read
            _log.exception("unexpected", page=visit.record.entry.link, hint="please report")
            self._put_off(visit, error)

    def _put_off(self, visit: _Visit, error: Exception) -> None:
        """With the reason where `diembao why` shows it."""
        again = replace(visit.later, attempts=visit.later.attempts + 1, handed=None)
        reason = f"bản mới: {said_of(error, again.attempts)}"
        self._ledger.put(put(ENTRY, visit.known.entry, replace(visit.record, reason=reason)))
        self._ledger.put(later_put(self._clock.now() + pause_after(again.attempts), again))

    def _settle(self, visit: _Visit, read: PageRead, rules: Rulebook) -> None:
        now = self._clock.now()
        known, since = visit.known, visit.record.first_seen
        built = build(visit.record, visit.feed, read, rules.outlets, now, self._settings.too_old_days)
        if isinstance(built, Refused) or _is_worse(built, visit):
            self._ledger.put(*revisit(known, since, self._settings.revisit_hours, now))
            return
        article = replace(built, article_id=known.article_id, first_seen=known.first_seen, first_poll=known.first_poll)
        kept = known
        classified = known.source_class == "unclassified" != article.source_class
        if classified or article.content_hash != known.content_hash:
            topic, collected = judge(article, rules)
            # What once stood in the archive stays current there, whatever the new text says.
            topic = COLLECTED if known.outcome == "published" else topic
            self._bus.publish(topic, [message_of(article.article_id, collected)])
            kept = replace(
                known,
                content_hash=article.content_hash,
                text_basis=article.text_basis,
                source_class=article.source_class,
                outcome="unmatched" if topic == UNMATCHED else "published",
                opaque=known.opaque and article.text_basis == "feed",
            )
        if known.opaque:
            keep(self._ledger, kept)
        self._ledger.put(*_writes(visit, kept, article), *revisit(kept, since, self._settings.revisit_hours, now))


def _is_worse(built: Article, visit: _Visit) -> bool:
    """A page that fails now must not replace a text that was read; a changed feed entry may replace a feed's."""
    if built.text_basis == "page":
        return False
    return visit.known.text_basis == "page" or visit.later.reason != "changed"


def _writes(visit: _Visit, kept: ArticleRecord, article: Article) -> list[Put]:
    writes = [] if visit.known.opaque else [put(ARTICLE, kept.article_id, kept)]
    identity = id_of(canonical_url(article.url or ""))
    if article.text_basis == "page" and identity != kept.article_id:
        writes.append(put(ALIAS, identity, Alias(article_id=kept.article_id)))
    if visit.record.outcome != kept.outcome or visit.record.reason:
        writes.append(put(ENTRY, kept.entry, replace(visit.record, outcome=kept.outcome, reason="")))
    return writes


def _address(later: Later, record: EntryRecord) -> str:
    """Where the page is asked for."""
    return later.handed.address if later.handed else record.entry.link
