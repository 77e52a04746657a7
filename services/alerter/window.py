"""Windows: for each recipient a half-open range of sequence numbers, from the last delivered boundary.

The hour only says when a window is drawn: late arrivals, downtime and holidays lose and double nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

from services.domain.codec import decode, encode
from services.domain.record import Record
from services.ports.errors import Conflict
from services.ports.ledger import Ledger, Put
from services.settings import DigestSettings

KIND = "window"
_LONGEST_HOLIDAY = 40
TOLD_FOR = timedelta(days=21)
"""A story that nobody told for so long is a new one."""


class ToldStory(Record, frozen=True, kw_only=True):
    """A story that this recipient was shown, and the outlets that were named or counted with it."""

    story_id: str
    outlets: list[str]
    at: datetime


class Window(Record, frozen=True, kw_only=True):
    """Where a recipient's next digest begins. In the ledger under kind "window", key = e-mail address."""

    boundary: int
    """The last number that was delivered."""
    serial: int = 0
    """How many digests were delivered; names the next letter."""
    due: date | None = None
    """The last working morning whose digest was delivered."""
    drawn_at: datetime | None = None
    """When the last delivered digest was drawn; None before the first."""
    since: datetime
    """When the recipient was first known."""
    told: list[ToldStory] = []
    cases: list[str] = []
    """Findings that stood as confirmed in a delivered digest."""


def latest_due(now: datetime, settings: DigestSettings) -> date | None:
    """The last working morning whose hour has come."""
    local = now.astimezone(settings.zone)
    for back in range(_LONGEST_HOLIDAY):
        day = local.date() - timedelta(days=back)
        if settings.is_working_day(day) and due_time(day, settings) <= now:
            return day
    return None


def due_time(day: date, settings: DigestSettings) -> datetime:
    return datetime.combine(day, settings.hour, settings.zone).astimezone(UTC)


def hours_between(since: datetime, until: datetime, settings: DigestSettings) -> Iterator[datetime]:
    """The hours of digests in [since, until), oldest first."""
    day = since.astimezone(settings.zone).date()
    while (hour := due_time(day, settings)) < until:
        if hour >= since and settings.is_working_day(day):
            yield hour
        day += timedelta(days=1)


class Windows:
    """The windows of all recipients."""

    def __init__(self, ledger: Ledger, settings: DigestSettings) -> None:
        self._ledger, self._settings = ledger, settings

    def get(self, recipient: str) -> tuple[Window, int] | None:
        """(window, revision)."""
        held = self._ledger.get(KIND, recipient)
        return (decode(held.value, Window), held.revision) if held else None

    def ensure(self, recipients: Iterable[str], now: datetime) -> None:
        """Give a window to those who have none, before anything is delivered.

        At the start of an installation it begins at 0; somebody who comes later begins where the office's last
        digest ended. The first digest is the one of the next working morning.
        """
        wanted = list(recipients)
        found = self._ledger.get_many(KIND, wanted)
        new = [recipient for recipient in wanted if recipient not in found]
        if not new:
            return
        window = self.begun(now)
        for recipient in new:
            try:
                self._ledger.put(Put(KIND, recipient, encode(window), expected=0))
            except Conflict:
                continue

    def begun(self, now: datetime) -> Window:
        """The window of somebody who comes now."""
        windows = (decode(held.value, Window) for held in self._ledger.scan(KIND))
        delivered = [window for window in windows if window.serial]
        moment_before = now - timedelta(microseconds=1)
        return Window(
            boundary=max((window.boundary for window in delivered), default=0),
            due=latest_due(moment_before, self._settings),
            since=now,
        )

    def move(self, recipient: str, after: Window) -> None:
        """The digest is out: the next begins where it ended. Moving again, or back, does nothing."""
        held = self._ledger.get(KIND, recipient)
        if held is not None and decode(held.value, Window).serial >= after.serial:
            return
        self._ledger.put(Put(KIND, recipient, encode(after), expected=held.revision if held else 0))


def remembered(
    window: Window, shown: Iterable[ToldStory], now: datetime, story_of: Callable[[str], str]
) -> list[ToldStory]:
    """The stories to remember after a digest: what was told, with what it shows now, under today's ids."""
    stories: dict[str, ToldStory] = {}
    for one in (*window.told, *shown):
        story = story_of(one.story_id)
        before = stories.pop(story, None)
        outlets = dict.fromkeys([*(before.outlets if before else []), *one.outlets])
        stories[story] = ToldStory(story_id=story, outlets=list(outlets), at=one.at)
    return [one for one in stories.values() if now - one.at <= TOLD_FOR]
