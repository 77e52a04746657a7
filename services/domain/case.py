"""Cases: a finding with the article it was made in, and what people decided of it.

The machine's part (`Case`) and the people's part (`Verdict`) are two records of the ledger, each with one writer: the
alerter and the desk. Together they give the status.
"""

from __future__ import annotations

from datetime import date, datetime

from services.domain.fact import FactStatus
from services.domain.finding import Finding, FindingStatus
from services.domain.record import Record


class Case(Record, frozen=True, kw_only=True):
    """A finding as it was first proposed. In the ledger under kind "finding", key = finding id."""

    finding: Finding
    article_id: str
    url: str | None
    title: str
    outlet_name: str
    published_at: datetime | None
    first_seen: datetime
    proposed_at: datetime
    thread: str
    """"story|fact": letters about the same story and the same fact are one thread, each occasion told once."""
    quiet: str = ""
    """Why no urgent notice was sent; empty when it was."""
    notice: str = ""
    """Names the notice that told analysts of it, or of its thread before; empty for a quiet one."""
    about: str = ""
    """What the row states: "tỉnh Bình Phước (cũ): chiều dài đường biên giới"."""
    fact_status: FactStatus | None = None
    """The row as it stood when the finding was made; None when the register no longer held it."""
    entered_by: str = ""
    entered_on: date | None = None

    @property
    def finding_id(self) -> str:
        return self.finding.finding_id


class Step(Record, frozen=True, kw_only=True):
    """One decision of one person."""

    status: FindingStatus
    by: str
    by_name: str
    at: datetime
    reason: str


class Verdict(Record, frozen=True, kw_only=True):
    """What people decided, oldest first. In the ledger under kind "verdict", key = finding id."""

    finding_id: str
    steps: list[Step]
    published: bool = False
    """Whether the last step stands on press.decisions; what does not is published again."""

    @property
    def status(self) -> FindingStatus:
        return self.steps[-1].status if self.steps else "proposed"

    @property
    def last(self) -> Step:
        return self.steps[-1]

    @property
    def before(self) -> FindingStatus:
        """The status that the last step changed."""
        return self.steps[-2].status if len(self.steps) > 1 else "proposed"

    @property
    def was_reversed(self) -> bool:
        """Whether the last step took back a confirmation."""
        return self.before == "confirmed" and self.status in ("dismissed", "register_wrong")


def status_of(verdict: Verdict | None) -> FindingStatus:
    return verdict.status if verdict is not None else "proposed"
