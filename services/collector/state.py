"""In which of its nine states a feed is: decided from what one poll met, by data alone (contracts.md, section 5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from services.domain.address import host_of, site_of
from services.domain.feed import Entry, Feed, FeedCursor, FeedState
from services.domain.text import fold
from services.ports.fetcher import Response

_REFUSALS = ("refused_address", "refused_source", "too_large", "bad_url")
_FEED_ROOT = re.compile(r"<(?:\w+:)?(?:rss|feed|rdf)[\s>:]", re.IGNORECASE)
_WEB_PAGE = re.compile(r"<(?:!doctype\s+html|html|head|body|script|meta|iframe)\b", re.IGNORECASE)
_CHALLENGE = re.compile(
    r"just a moment|challenge-platform|cf-chl|captcha|enable javascript|document\.cookie"
    r"|location\.(?:reload|replace|href)|_incapsula_|ddos-guard|sucuri|bật javascript",
    re.IGNORECASE,
)
_HEAD = 65_536

# A feed is stale when nothing came for ten times its usual gap: at least a week (small portals rest), at most 30 days.
_GAPS, _LEAST, _MOST = 10, timedelta(days=7), timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`detail` says what was met, Vietnamese / English."""

    state: FeedState
    detail: str = ""


def worth_reading(response: Response) -> bool:
    """Whether there is a body that a feed reader should be given."""
    if response.failure is not None or response.status != 200 or not response.body.strip():
        return False
    head = _head(response.body)
    return not _declares_entities(response.body) and (bool(_FEED_ROOT.search(head)) or not _WEB_PAGE.search(head))


def decide(
    feed: Feed,
    response: Response,
    entries: Sequence[Entry],
    problem: str,
    before: FeedCursor | None,
    now: datetime,
    title: str = "",
) -> Verdict:
    """The state after this poll. `problem`: why the body could not be read as a feed, "" when it could."""
    if response.failure is not None:
        return Verdict("refused" if response.failure in _REFUSALS else "http_error", response.reason)
    if response.status != 200:
        return _without_body(response, before)
    away = response.moved_to if _is_elsewhere(feed.url, response.moved_to) else ""
    if not response.body.strip():
        return Verdict("empty", "trả về tệp rỗng / an empty body")
    if _declares_entities(response.body):
        return Verdict("refused", "XML khai báo thực thể, có thể là bẫy / entity declarations")
    if not worth_reading(response):
        challenged = bool(_CHALLENGE.search(_head(response.body)))
        if away or (response.moved_to and not challenged):
            return Verdict("moved", f"chuyển đến {response.moved_to} / moved")
        return Verdict("blocked", "trả về trang web thay vì RSS / a web page in place of the feed")
    if problem:
        return Verdict("parse_error", problem)
    if away:
        return Verdict("moved", f"chuyển đến {away} / moved")
    if not entries:
        return Verdict("empty", "không có mục nào / no items")
    if feed.section and not _is_section(feed.section, title, entries):
        return Verdict("wrong_section", f"không tiêu đề nào có “{feed.section}” / another section")
    newest = newest_of(entries)
    if not feed.aggregator and newest is not None and now - newest > stale_after(entries):
        return _stale(newest)
    return Verdict("ok")


def unchanged(before: FeedCursor, feed: Feed, now: datetime) -> Verdict:
    """The state after the very same body came again: as before, but time may have made it stale."""
    state = before.read_state or before.state
    past = timedelta(hours=before.stale_after_hours)
    if state == "ok" and not feed.aggregator and before.newest_at is not None and now - before.newest_at > past:
        return _stale(before.newest_at)
    return Verdict(state, before.detail if state == before.state else "")


def newest_of(entries: Sequence[Entry]) -> datetime | None:
    """The newest date among them."""
    return max((entry.published_at for entry in entries if entry.published_at), default=None)


def stale_after(entries: Sequence[Entry]) -> timedelta:
    """How long this feed may be silent, judged by the gaps between its own items."""
    dates = sorted(entry.published_at for entry in entries if entry.published_at)
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(dates)]
    if not gaps:
        return _MOST
    return min(_MOST, max(_LEAST, timedelta(seconds=median(gaps)) * _GAPS))


def _without_body(response: Response, before: FeedCursor | None) -> Verdict:
    status = response.status
    if status == 304 and before is not None and before.read_state is not None:
        return Verdict(before.read_state, before.detail if before.state == before.read_state else "")
    walled = "cf-mitigated" in response.headers or bool(_CHALLENGE.search(_head(response.body)))
    lasting = status == 429 and before is not None and before.failures > 0
    if status in (401, 403) or lasting or (walled and status in (429, 503)):
        return Verdict("blocked", f"HTTP {status}: báo từ chối máy đọc / refused by the server")
    return Verdict("http_error", f"HTTP {status}")


def _stale(newest: datetime) -> Verdict:
    return Verdict("stale", f"tin mới nhất ngày {newest:%d/%m/%Y} / newest item of {newest:%Y-%m-%d}")


def _is_elsewhere(url: str, target: str) -> bool:
    return bool(target) and site_of(host_of(url)) != site_of(host_of(target))


def _is_section(section: str, title: str, entries: Sequence[Entry]) -> bool:
    """Whether the feed's title or one of its items' holds one of the words (separated by commas)."""
    wanted = [_words(part) for part in section.split(",") if part.strip()]
    return any(part in _words(text) for text in (title, *(entry.title for entry in entries)) for part in wanted)


def _words(text: str) -> str:
    return " " + " ".join(re.findall(r"\w+", fold(text.lower()))) + " "


def _declares_entities(body: bytes) -> bool:
    """Entity declarations are how XML bombs are built; no paper's feed needs them."""
    text = _text(body).lower()
    doctype = text.find("<!doctype")
    return doctype >= 0 and text.find("<!entity", doctype) >= 0


def _head(body: bytes) -> str:
    return _text(body[:_HEAD])


def _text(body: bytes) -> str:
    """For looking at markup only: ASCII survives; real UTF-16 is told by its zero bytes."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", errors="replace")
    return body.replace(b"\0", b"").decode("latin-1")
