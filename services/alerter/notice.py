"""Urgent notices: a proposed finding to analysts, a confirmed one to leadership, and "Nói lại" to whoever was told.

One thread is one story and one fact; each occasion in it is told once to each recipient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.alerter import words
from services.alerter.clipping import is_old
from services.alerter.letter import Envelope, compose, message_id, render
from services.alerter.post import Post
from services.alerter.records import Letter
from services.domain.case import Case, Step, Verdict
from services.domain.events import Enriched
from services.domain.finding import Finding
from services.rulebook.book import Rulebook
from services.settings import Office, Settings

Occasion = Literal["new", "confirmed", "taken_back"]
_TITLES: dict[Occasion, str] = {
    "new": "Cần kiểm tra",
    "confirmed": "Chưa chính xác (đã xác nhận nội bộ)",
    "taken_back": "Nói lại",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notice says."""

    occasion: Occasion
    title: str
    subject: str
    office: Office
    public_url: str
    name: str
    at: datetime
    case: Case
    step: Step | None
    """The decision that this notice tells of."""
    confirmed: Step | None
    """The confirmation that was taken back."""
    unverified: bool
    """From a single source: "nguồn chưa kiểm chứng"."""
    reason: str


def case_of(
    enriched: Enriched, finding: Finding, rules: Rulebook, at: datetime, story_of: Callable[[str], str]
) -> Case:
    """The machine's part of a case, with the register's row as it stands now."""
    article, fact = enriched.article, rules.facts.facts.get(finding.fact_id)
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
        quiet=_quiet(enriched, finding),
        about=f"{rules.places.name_at(fact.subject, None)}: {fact.attribute}" if fact else "",
        fact_status=fact.status if fact else None,
        entered_by=fact.entered_by if fact else "",
        entered_on=fact.entered_on if fact else None,
    )


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


class Notices:
    """Writes notices into the post."""

    def __init__(self, post: Post, settings: Settings) -> None:
        self._post, self._settings = post, settings

    def new(self, case: Case, rules: Rulebook, at: datetime) -> None:
        for person in rules.people.by_role["analyst"]:
            reason = "Ông/bà nhận thư này vì là chuyên viên kiểm tra thông tin của văn phòng."
            self._write("new", case, None, person.email, person.name, reason, at)

    def confirmed(self, case: Case, verdict: Verdict, rules: Rulebook, at: datetime) -> None:
        for person in rules.people.by_role["leadership"]:
            reason = "Ông/bà nhận thư này vì thuộc nhóm lãnh đạo, nhận các trường hợp đã được xác nhận."
            self._write("confirmed", case, verdict, person.email, person.name, reason, at)

    def taken_back(self, case: Case, verdict: Verdict, at: datetime) -> None:
        """To everyone who was told of it, also to those who have left people.yaml since."""
        told: dict[str, str] = {}
        for occasion in ("confirmed", "new"):
            for _, letter in self._post.under(f"notice|{case.thread}|{occasion}|"):
                told.setdefault(letter.recipient, letter.name)
        reason = "Ông/bà nhận thư này vì đã nhận thông báo trước đó về việc này."
        for recipient, name in sorted(told.items()):
            self._write("taken_back", case, verdict, recipient, name, reason, at)

    def _write(
        self, occasion: Occasion, case: Case, verdict: Verdict | None, email: str, name: str, reason: str, at: datetime
    ) -> None:
        settings, key = self._settings, f"notice|{case.thread}|{occasion}|{email}"
        if self._post.find(key) is not None:
            return
        notice = self._notice(occasion, case, verdict, name, reason, at)
        zone = settings.digest.zone
        answers = tuple(
            letter.message_id
            for earlier in ("new", "confirmed")
            if earlier != occasion and (letter := self._post.find(f"notice|{case.thread}|{earlier}|{email}"))
        )
        envelope = Envelope(key=key, kind="notice", email=email, name=name, at=at, answers=answers)
        message = compose(render("notice", notice, zone, banner=settings.banner), envelope, settings.smtp, zone)
        letter = Letter(
            message_id=message_id(key, settings.smtp.sender),
            kind="notice",
            recipient=email,
            name=name,
            subject=str(message["Subject"]),
            at=at,
            articles=[case.article_id],
        )
        self._post.write(key, letter, message)

    def _notice(
        self, occasion: Occasion, case: Case, verdict: Verdict | None, name: str, reason: str, at: datetime
    ) -> Notice:
        confirmed = (
            next((step for step in verdict.steps[::-1] if step.status == "confirmed"), None) if verdict else None
        )
        return Notice(
            occasion=occasion,
            title=_TITLES[occasion],
            subject=f"{_TITLES[occasion]}: {words.KINDS[case.finding.kind]} trong bài “{case.title}”",
            office=self._settings.office,
            public_url=self._settings.public_url,
            name=name,
            at=at,
            case=case,
            step=verdict.last if verdict else None,
            confirmed=confirmed,
            unverified=case.fact_status != "verified",
            reason=reason,
        )
