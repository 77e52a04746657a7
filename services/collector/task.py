"""An entry on its way through one step of the finisher."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from msgspec.structs import replace

from services.collector.build import of_aggregator
from services.collector.records import Pending
from services.domain.article import Article
from services.domain.feed import ArticleRecord, EntryRecord, Feed, Handover, Outcome
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
    twins: tuple[str, ...] = ()
    """Under which ids an aggregator's item of the article may stand (claim.py)."""
    claimed_id: str = ""
    """Its own id, where it is told under that of an aggregator's item."""
    collected: bool = False
    """Whether a version of the article stands in the archive."""
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

    @property
    def opaque(self) -> bool:
        """Whether its article is an aggregator's item of which only the source and the title are known."""
        article = self.article
        return article is not None and article.text_basis == "feed" and of_aggregator(self.record.entry.link, self.feed)

    def speak_as(self, holder: ArticleRecord) -> None:
        """Its article is told as a version of this one."""
        if self.article is None:
            return
        self.claimed_id, self.collected = self.identity, holder.outcome == "published"
        self.article = replace(
            self.article, article_id=holder.article_id, first_seen=holder.first_seen, first_poll=holder.first_poll
        )

    def settle_known(self, holder: ArticleRecord) -> None:
        """Another entry has brought the article."""
        self.article = None
        self.settle("already_known", f"đã có từ nguồn {holder.feed} / known from this feed", holder.article_id)

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
            published_at=article.published_at,
            opaque=self.opaque,
        )
