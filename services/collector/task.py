"""An entry on its way through one step of the finisher."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from services.collector.records import ArticleRecord, Pending
from services.domain.article import Article
from services.domain.feed import EntryRecord, Feed, Handover, Outcome
from services.ports.bus import Message
from services.ports.errors import PortError

_log = structlog.get_logger()


@dataclass(slots=True)
class Task:
    """One entry on its way. `outcome` stands when it is settled."""

    pending_key: str
    pending: Pending
    record: EntryRecord
    feed: Feed
    outcome: Outcome | None = None
    reason: str = ""
    article_id: str = ""
    article: Article | None = None
    message: tuple[str, Message] | None = None
    """The topic and what goes there."""
    handed: Handover | None = None
    """Where the collector that has the host goes on; the entry stays pending."""
    error: Exception | None = None
    """Nobody foresaw it, or the bus refuses the article; the entry stays pending."""

    @property
    def address(self) -> str:
        """Where its page is asked for."""
        handed = self.pending.handed
        return handed.address if handed else self.record.entry.link

    @property
    def identity(self) -> str:
        return self.article.article_id if self.article else ""

    def settle(self, outcome: Outcome, reason: str = "", article_id: str = "") -> None:
        self.outcome, self.reason, self.article_id = outcome, reason, article_id

    def fail(self, error: Exception) -> None:
        self.error, self.article, self.outcome = error, None, None

    def guarded(self, work: Callable[[], None]) -> None:
        """What nobody foresaw in one entry costs that entry alone."""
        try:
            work()
        except PortError:
            raise
        except Exception as error:  # noqa: BLE001  the whole trace is logged; the other entries must be settled
            _log.exception("unexpected", entry=self.pending.entry, link=self.record.entry.link, hint="please report")
            self.fail(error)

    def claim(self) -> ArticleRecord:
        """What stands in the ledger of its article. Raises ValueError where there is none."""
        article = self.article
        if article is None:
            raise ValueError("an entry without an article claims none")
        return ArticleRecord(
            article_id=article.article_id,
            feed=self.feed.id,
            entry=self.pending.entry,
            url=article.url or self.record.entry.link,
            first_seen=article.first_seen,
            first_poll=article.first_poll,
            source_class=article.source_class,
        )
