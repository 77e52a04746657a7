"""Cases in the ledger: findings as they were first proposed, by thread, beside what people decided of them.

"thread" <thread>|<finding id> lists the findings of a thread; it is written before the case, and an entry without a
case says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from services.alerter.clipping import is_old
from services.alerter.decisions import VERDICT
from services.domain.case import Case, Verdict
from services.domain.codec import decode, encode
from services.domain.events import Enriched
from services.domain.finding import Finding
from services.ports.errors import Conflict
from services.ports.ledger import Ledger, Put
from services.rulebook.book import Rulebook

FINDING, THREAD = "finding", "thread"


class Cases:
    """The alerter's part of the cases. One writer at a time: whoever holds the lease."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def propose(self, case: Case) -> Case:
        """The case as it was first proposed: this one, or the one that the ledger holds already.

        A thread that analysts were told of is not told again: the case then names the earlier notice.
        """
        held = self._ledger.get(FINDING, case.finding_id)
        if held is not None:
            return decode(held.value, Case)
        earlier = [one.notice for one, _ in self.of_thread(case.thread) if one.notice] if case.notice else []
        case = msgspec.structs.replace(case, notice=earlier[0]) if earlier else case
        self._ledger.put(Put(THREAD, f"{case.thread}|{case.finding_id}", b""))
        try:
            self._ledger.put(Put(FINDING, case.finding_id, encode(case), expected=0))
        except Conflict:
            held = self._ledger.get(FINDING, case.finding_id)
            return decode(held.value, Case) if held is not None else case
        return case

    def find(self, finding_id: str) -> tuple[Case, Verdict] | None:
        """A case of which something was decided."""
        held, decided = self._ledger.get(FINDING, finding_id), self._ledger.get(VERDICT, finding_id)
        if held is None or decided is None:
            return None
        return decode(held.value, Case), decode(decided.value, Verdict)

    def of_thread(self, thread: str) -> list[tuple[Case, Verdict | None]]:
        """The cases of a thread with what was decided of them, in the order in which they were proposed."""
        ids = [held.key.rpartition("|")[2] for held in self._ledger.scan(THREAD, f"{thread}|")]
        cases = [decode(held.value, Case) for held in self._ledger.get_many(FINDING, ids).values()]
        decided = self._ledger.get_many(VERDICT, ids)
        verdicts = {finding_id: decode(held.value, Verdict) for finding_id, held in decided.items()}
        cases.sort(key=lambda case: (case.proposed_at, case.finding_id))
        return [(case, verdicts.get(case.finding_id)) for case in cases]


def case_of(
    enriched: Enriched, finding: Finding, rules: Rulebook, at: datetime, story_of: Callable[[str], str]
) -> Case:
    """The machine's part of a case, with the register's row as it stands now."""
    article, fact = enriched.article, rules.facts.facts.get(finding.fact_id)
    quiet = _quiet(enriched, finding)
    return Case(
        finding=finding,
        article_id=article.article_id,
        url=article.url,
        title=" ".join(article.title.split()),
        outlet_name=article.outlet_name or article.outlet,
        published_at=article.published_at,
        first_seen=article.first_seen,
        proposed_at=at,
        thread=f"{story_of(enriched.story_id)}|{finding.fact_id}",
        quiet=quiet,
        notice="" if quiet else notice_of(enriched),
        about=f"{rules.places.name_at(fact.subject, None)}: {fact.attribute}" if fact else "",
        fact_status=fact.status if fact else None,
        entered_by=fact.entered_by if fact else "",
        entered_on=fact.entered_on if fact else None,
    )


def notice_of(enriched: Enriched) -> str:
    """What names the notice of everything that was found in this text of the article under these rules."""
    return f"notice|new|{enriched.article_id}|{enriched.article.content_hash}|{enriched.rules}"


def _quiet(enriched: Enriched, finding: Finding) -> str:
    """Why a finding raises no urgent notice, for whoever asks; empty when it does."""
    article = enriched.article
    if finding.state != "contradicted":
        return "chưa đầy đủ, không phải mâu thuẫn"
    if enriched.change is not None:
        return ""
    if article.first_poll:
        return "bài từ lần đọc đầu của nguồn"
    if is_old(article.published_at, article.first_seen):
        return "bài đăng đã hơn 48 giờ khi tìm thấy"
    return ""
