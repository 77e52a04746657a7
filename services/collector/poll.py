"""Polling: which feeds are due -> conditional GET -> entries -> each new one registered as pending -> cursor saved.

The order is the promise: an entry is in the ledger before the cursor moves on, so a kill between the two reads the
feed again and finds its entries known.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from msgspec.structs import replace

from services.collector import state
from services.collector.cursors import (
    Body,
    as_from_the_start,
    cursor_after,
    handed_over,
    is_due,
    start_of,
    was_read,
)
from services.collector.entries import entries_of, entry_key, link_of
from services.collector.records import (
    FEED_DAY,
    PENDING,
    FeedDayRecord,
    Later,
    Pending,
    get,
    get_all,
    later_put,
    put,
    stamp,
)
from services.domain.address import host_of
from services.domain.article import id_of
from services.domain.calendar import ZONE
from services.domain.codec import decode
from services.domain.feed import CURSOR, ENTRY, Entry, EntryRecord, Feed, FeedCursor
from services.ports.clock import Clock
from services.ports.errors import Conflict, PortError, Unprocessable
from services.ports.extractor import Extractor, FeedContent
from services.ports.fetcher import Fetcher, Request, Response, was_not_asked
from services.ports.hosts import Hosts
from services.ports.ledger import Ledger, Put
from services.settings import CollectorSettings

_log = structlog.get_logger()

# One GET a day without validators: some servers answer 304 for ever.
_FULL_EVERY = timedelta(hours=24)
# A round that lasts longer is cut off, and what was not answered is due again at once: other collectors wait for us to
# give hosts up, and after 10 minutes would take them without asking.
_LONGEST_ROUND_SECONDS = 300.0


@dataclass(slots=True)
class RoundReport:
    """What one round did. `answered`: feeds whose server gave any HTTP answer."""

    polled: int = 0
    answered: int = 0
    new_entries: int = 0
    cut: int = 0
    settled: int = 0
    states: Counter[str] = field(default_factory=Counter)

    def add(self, later: RoundReport) -> None:
        self.polled += later.polled
        self.answered += later.answered
        self.new_entries += later.new_entries
        self.cut += later.cut
        self.states += later.states


@dataclass(frozen=True, slots=True)
class _Writes:
    """What an entry writes, in order: an index without its entry is dropped, a missing one would be missed for ever."""

    first: tuple[Put, ...] = ()
    then: tuple[Put, ...] = ()


class Poller:
    """One feed after the other as their answers arrive."""

    def __init__(
        self,
        feeds: Callable[[], dict[str, Feed]],
        settings: CollectorSettings,
        ledger: Ledger,
        fetcher: Fetcher,
        extractor: Extractor,
        clock: Clock,
        hosts: Hosts,
    ) -> None:
        self._hosts = hosts
        self._feeds = feeds
        self._settings = settings
        self._ledger = ledger
        self._fetcher = fetcher
        self._extractor = extractor
        self._clock = clock

    def poll(self, deadline_seconds: float | None = None) -> RoundReport:
        """Poll every enabled feed of our hosts that is due. Raises Unavailable when the ledger is not there."""
        report = RoundReport()
        now = self._clock.now()
        feeds = {name: feed for name, feed in self._feeds().items() if feed.enabled}
        cursors = get_all(self._ledger, CURSOR, feeds, FeedCursor)
        waiting: dict[Request, list[Feed]] = {}
        for name, feed in feeds.items():
            cursor = cursors.get(name)
            if is_due(feed, cursor, now) and self._hosts.mine(host_of(start_of(feed, cursor, now))):
                request = self._request(feed, cursor, now, deadline_seconds)
                waiting.setdefault(request, []).append(feed)
        for response in self._fetcher.fetch(list(waiting), _LONGEST_ROUND_SECONDS, self._hosts.mine):
            for feed in waiting[response.request]:
                self._take_guarded(feed, response, cursors.get(feed.id), report)
        return report

    def _take_guarded(self, feed: Feed, response: Response, before: FeedCursor | None, report: RoundReport) -> None:
        """What nobody foresaw in one feed costs that feed alone."""
        before = before if before is not None and before.url == feed.url else None
        try:
            self._take(feed, response, before, report)
        except PortError:
            raise
        except Exception as error:  # noqa: BLE001  the whole trace is logged; the other feeds must be polled
            _log.exception("unexpected", feed=feed.id, url=feed.url, hint="the feed is parse_error; please report")
            said = f"{type(error).__name__}: {error}"[:200]
            verdict = state.Verdict("parse_error", f"lỗi ngoài dự kiến khi đọc: {said} / unexpected error")
            self._save(feed, response, before, verdict, None, "", report)

    def _request(self, feed: Feed, before: FeedCursor | None, now: datetime, deadline: float | None) -> Request:
        etag, last_modified = "", ""
        known = before if before is not None and before.url == feed.url else None
        # abs: a clock that once was ahead must not keep full GETs away for years.
        if known is not None and known.full_at is not None and abs(now - known.full_at) < _FULL_EVERY:
            etag, last_modified = known.etag, known.last_modified
        return Request(
            start_of(feed, before, now),
            etag=etag,
            last_modified=last_modified,
            max_bytes=self._settings.max_feed_bytes,
            deadline_seconds=deadline or self._settings.feed_deadline_seconds,
        )

    def _take(self, feed: Feed, response: Response, before: FeedCursor | None, report: RoundReport) -> None:
        if was_not_asked(response):
            return  # it stays due, for whoever has its host now
        now = self._clock.now()
        if response.failure == "not_ours":
            handed = handed_over(feed, response, before, now)
            if handed is not None:
                self._ledger.put(put(CURSOR, feed.id, handed))
                report.polled += 1
                report.answered += 1
                return
        response = as_from_the_start(response, before)
        digest = _digest(feed, response)
        body: Body | None = None
        if before is not None and digest and digest == before.body_hash:
            verdict = state.unchanged(before, feed, now)
        else:
            body = self._read(feed, response, now)
            title = body.content.title if body else ""
            entries, problem = (body.entries, body.problem) if body else ([], "")
            verdict = state.decide(feed, response, entries, problem, before, now, title)
        self._save(feed, response, before, verdict, body, digest, report)

    def _save(
        self,
        feed: Feed,
        response: Response,
        before: FeedCursor | None,
        verdict: state.Verdict,
        body: Body | None,
        digest: str,
        report: RoundReport,
    ) -> None:
        """The day, then the entries, then the cursor: a day with entries has a state, and no entry is passed over."""
        now = self._clock.now()
        cursor = cursor_after(feed, response, before, verdict, body, digest, now)
        self._ledger.put(self._day(feed, verdict, cursor.cut if was_read(response, verdict) else 0, now))
        if body is not None and not body.problem:
            first_poll = before is None or before.first_read_at is None
            report.new_entries += self._register(feed, body.entries, first_poll, now)
            report.cut += body.content.cut
        self._ledger.put(put(CURSOR, feed.id, cursor))
        report.polled += 1
        report.answered += response.status > 0
        report.states[verdict.state] += 1

    def _read(self, feed: Feed, response: Response, now: datetime) -> Body | None:
        if not state.worth_reading(response):
            return None
        try:
            content = self._extractor.read_feed(
                response.body, response.headers.get("content-type", ""), self._settings.max_entries
            )
        except Unprocessable as problem:
            return Body(FeedContent(), [], str(problem))
        return Body(content, entries_of(content.entries, feed, response.final_url or feed.url, now))

    def _register(self, feed: Feed, entries: list[Entry], first_poll: bool, now: datetime) -> int:
        """New entries as pending; changed ones with a page to read again. Returns how many were new."""
        by_key = {entry_key(feed.id, entry.key): entry for entry in entries}
        new: set[str] = set()
        while True:
            held = self._ledger.get_many(ENTRY, list(by_key))
            new |= by_key.keys() - held.keys()
            writes: list[_Writes] = []
            for place, (key, entry) in enumerate(by_key.items()):
                if key not in held:
                    writes.append(_new_entry(feed, key, entry, first_poll, now, place))
                else:
                    record = decode(held[key].value, EntryRecord)
                    writes.append(_changed_entry(key, entry, record, held[key].revision, now))
            try:
                self._ledger.put(*(one for each in writes for one in each.first))
                self._ledger.put(*(one for each in writes for one in each.then))
            except Conflict:
                # Another process registered or settled one of them in between: look again.
                continue
            return len(new)

    def _day(self, feed: Feed, verdict: state.Verdict, cut: int, now: datetime) -> Put:
        """Beyond the cap nobody knows which entries are new: the day's largest count is kept."""
        key = f"{feed.id}|{now.astimezone(ZONE):%Y-%m-%d}"
        before = get(self._ledger, FEED_DAY, key, FeedDayRecord)
        return put(FEED_DAY, key, FeedDayRecord(state=verdict.state, cut=max(before.cut if before else 0, cut)))


def _digest(feed: Feed, response: Response) -> str:
    """Of the body and of what decides over it; "" where there is no body."""
    if response.status != 200 or response.failure is not None:
        return ""
    return hashlib.sha256(f"{feed.section}\n{response.moved_to}\n".encode() + response.body).hexdigest()


def _new_entry(feed: Feed, key: str, entry: Entry, first_poll: bool, now: datetime, place: int) -> _Writes:
    pending = Pending(entry=key, host=host_of(entry.link), link_id=id_of(link_of(entry)))
    record = EntryRecord(feed=feed.id, entry=entry, first_seen=now, first_poll=first_poll)
    # Of one poll the older is published first, whatever feed it is in: the original founds the story, not its copy.
    waiting = f"{stamp(now)}|{stamp(entry.published_at or now)}|{feed.id}|{place:05}|{key}"
    return _Writes((put(PENDING, waiting, pending),), (put(ENTRY, key, record, expected=0),))


def _changed_entry(key: str, entry: Entry, record: EntryRecord, revision: int, now: datetime) -> _Writes:
    """A title or lead that the paper changed: its page is read again."""
    known = record.entry
    if (known.title, known.lead) == (entry.title, entry.lead):
        return _Writes()
    kept = replace(known, title=entry.title, lead=entry.lead, text=entry.text if record.outcome == "pending" else "")
    # Before the entry: once that holds the new title, nothing tells the change any more.
    read_again = [later_put(now, Later(article_id=record.article_id, reason="changed"))]
    return _Writes(
        tuple(read_again if record.outcome in ("published", "unmatched") else ()),
        (put(ENTRY, key, replace(record, entry=kept), expected=revision),),
    )
