"""Where polling of a feed stands, as data: when it is due, where it begins, and what one poll leaves behind.

While several collectors share the hosts, a feed whose redirects lead to a host of another belongs to that one for a
day; then its own address is asked again, because redirects change. The same where a poll over there failed.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from services.collector import state
from services.collector.records import handed_on
from services.domain.feed import Entry, Feed, FeedCursor, FeedState
from services.ports.extractor import FeedContent
from services.ports.fetcher import Response

# A server that turned us away is not asked again at once.
_BLOCKED_PAUSE = timedelta(minutes=60)
_LONGEST_PAUSE = timedelta(hours=24)
_HANDED_FOR = timedelta(hours=24)
_READABLE: tuple[FeedState, ...] = ("ok", "moved", "empty", "stale", "wrong_section")


@dataclass(frozen=True, slots=True)
class Body:
    """A body as it was read."""

    content: FeedContent
    entries: list[Entry]
    problem: str = ""


def is_due(feed: Feed, cursor: FeedCursor | None, now: datetime) -> bool:
    """Also where the clock was ahead when the cursor was written: no pause is that long."""
    if cursor is None or cursor.url != feed.url:
        return True
    return not now < cursor.due_at <= now + max(timedelta(minutes=feed.every_minutes), _LONGEST_PAUSE)


def start_of(feed: Feed, cursor: FeedCursor | None, now: datetime) -> str:
    """The address at which a poll begins: the feed's own, or where its redirects led to another collector's host."""
    handed = cursor.handed if cursor is not None and cursor.url == feed.url else None
    return handed.address if handed is not None and abs(now - handed.at) < _HANDED_FOR else feed.url


def begun_elsewhere(response: Response, cursor: FeedCursor) -> bool:
    """Whether this poll began where the feed was handed on to."""
    return cursor.handed is not None and response.request.url == cursor.handed.address


def handed_over(feed: Feed, response: Response, before: FeedCursor | None, now: datetime) -> FeedCursor | None:
    """The cursor by which the collector that has the target's host polls at once; None after too many redirects."""
    begun = before.handed if before is not None and begun_elsewhere(response, before) else None
    handed = handed_on(begun, response.final_url, now)
    if handed is None:
        return None
    cursor = before or FeedCursor(
        feed=feed.id,
        url=feed.url,
        state="http_error",
        detail=response.reason,
        since=now,
        polled_at=now,
        due_at=now,
    )
    moved_to = response.moved_to if begun is None else cursor.moved_to
    return replace(cursor, handed=handed, due_at=now, moved_to=moved_to)


def as_from_the_start(response: Response, before: FeedCursor | None) -> Response:
    """The answer as if all redirects had been followed at once: whether a feed moved is told by the first of them."""
    if before is None or not begun_elsewhere(response, before):
        return response
    return dataclasses.replace(response, moved_to=before.moved_to)


def cursor_after(
    feed: Feed,
    response: Response,
    before: FeedCursor | None,
    verdict: state.Verdict,
    body: Body | None,
    digest: str,
    now: datetime,
) -> FeedCursor:
    """What is kept after this poll."""
    cursor = before or FeedCursor(feed=feed.id, url=feed.url, state=verdict.state, since=now, polled_at=now, due_at=now)
    cursor = replace(
        cursor,
        state=verdict.state,
        detail=verdict.detail,
        since=cursor.since if verdict.state == cursor.state else now,
        polled_at=now,
        due_at=now + _pause(feed, response, verdict),
        moved_to=response.moved_to,
        # Where polls began elsewhere and failed, the next begins at the feed's own address.
        handed=cursor.handed if was_read(response, verdict) and begun_elsewhere(response, cursor) else None,
        failures=cursor.failures + 1,
    )
    return _as_read(cursor, response, verdict, body, digest, now) if was_read(response, verdict) else cursor


def _as_read(
    cursor: FeedCursor, response: Response, verdict: state.Verdict, body: Body | None, digest: str, now: datetime
) -> FeedCursor:
    """With what an answer that could be read leaves behind."""
    cursor = replace(cursor, failures=0, read_at=now, read_state=verdict.state)
    if response.status == 200:
        sent = response.request.etag or response.request.last_modified
        cursor = replace(
            cursor,
            etag=response.headers.get("etag", ""),
            last_modified=response.headers.get("last-modified", ""),
            body_hash=digest,
            full_at=cursor.full_at if sent else now,
        )
    if body is not None:
        cursor = replace(
            cursor,
            first_read_at=cursor.first_read_at or now,
            newest_at=state.newest_of(body.entries),
            stale_after_hours=state.stale_after(body.entries).total_seconds() / 3600,
            entries=len(body.entries),
            cut=body.content.cut,
        )
    return cursor


def was_read(response: Response, verdict: state.Verdict) -> bool:
    """Whether the answer said what the feed holds; a wall or a broken body leaves the validators as they were."""
    return response.failure is None and response.status in (200, 304) and verdict.state in _READABLE


def _pause(feed: Feed, response: Response, verdict: state.Verdict) -> timedelta:
    pause = timedelta(minutes=feed.every_minutes)
    if verdict.state == "blocked":
        pause = max(pause, _BLOCKED_PAUSE)
    asked = response.headers.get("retry-after", "")
    if response.status in (429, 503) and asked.isdecimal():
        pause = max(pause, min(timedelta(seconds=int(asked[:9])), _LONGEST_PAUSE))
    return pause
