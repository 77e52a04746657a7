"""Notices of findings: a proposed one to analysts, a confirmed one to leadership, and "Nói lại" to whoever was told.

One thread is one story and one fact, told once; what was found in one text of an article is told in one letter. It
is taken back when no confirmed finding is left in the thread, by the findings that the letter itself told of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.alerter import words
from services.alerter.letter import Envelope, letter_of
from services.alerter.post import Post
from services.alerter.records import Letter
from services.domain.case import Case, Step, Verdict, status_of
from services.rulebook.book import Rulebook
from services.settings import Office, Settings

FindingOccasion = Literal["new", "confirmed", "taken_back"]
Thread = Sequence[tuple[Case, Verdict | None]]
"""The cases of a thread with what was decided of them."""
_TITLES: dict[FindingOccasion, str] = {
    "new": "Cần kiểm tra",
    "confirmed": "Chưa chính xác (đã xác nhận nội bộ)",
    "taken_back": "Nói lại",
}
_REASONS: dict[FindingOccasion, str] = {
    "new": "Ông/bà nhận thư này vì là chuyên viên kiểm tra thông tin của văn phòng.",
    "confirmed": "Ông/bà nhận thư này vì thuộc nhóm lãnh đạo, nhận các trường hợp đã được xác nhận.",
    "taken_back": "Ông/bà nhận thư này vì đã nhận thông báo trước đó về việc này.",
}


@dataclass(frozen=True, slots=True)
class ToldFinding:
    """A finding in a notice. `step`: the decision told of; `confirmed`: the confirmation that it took back."""

    case: Case
    step: Step | None = None
    confirmed: Step | None = None

    @property
    def unverified(self) -> bool:
        """From a single source: "nguồn chưa kiểm chứng"."""
        return self.case.fact_status != "verified"


@dataclass(frozen=True, slots=True)
class FindingNotice:
    """What a notice says. `told` are findings of one article."""

    occasion: FindingOccasion
    title: str
    subject: str
    office: Office
    public_url: str
    name: str
    at: datetime
    told: tuple[ToldFinding, ...]
    reason: str


class FindingNotices:
    """Writes notices into the post."""

    def __init__(self, post: Post, settings: Settings) -> None:
        self._post, self._settings = post, settings

    def new(self, notice: str, cases: Sequence[Case], rules: Rulebook, at: datetime) -> None:
        """What was found in one text of an article, to analysts; `notice` names it for ever."""
        for person in rules.people.by_role["analyst"]:
            self._write("new", notice, [ToldFinding(case) for case in cases], person.email, person.name, (), at)

    def confirmed(self, case: Case, verdict: Verdict, thread: Thread, rules: Rulebook) -> None:
        """To leadership, but to nobody who stands told of this thread."""
        told = [ToldFinding(case, verdict.last)]
        earlier = sorted((*self._told_of(thread), *self._taken_back(case.thread)), key=lambda one: one.at)
        for person in rules.people.by_role["leadership"]:
            said = self._taken_back_to(person.email, case.thread)
            stands = [one for one in self._confirmed(case.thread) if one.recipient == person.email]
            if any(said.isdisjoint(one.findings) for one in stands):
                continue
            answers = tuple(one.message_id for one in earlier if one.recipient == person.email)
            key = f"notice|confirmed|{case.thread}|{case.finding_id}"
            self._write("confirmed", key, told, person.email, person.name, answers, verdict.last.at)

    def taken_back(self, thread_id: str, thread: Thread) -> None:
        """To everyone who was told, also to those who have left people.yaml since; nothing while one is confirmed."""
        if any(status_of(verdict) == "confirmed" for _, verdict in thread):
            return
        reversed_ = {case.finding_id: (case, verdict) for case, verdict in thread if verdict and verdict.was_reversed}
        at = max((verdict.last.at for _, verdict in reversed_.values()), default=None)
        for letter in self._told_of(thread):
            said = self._taken_back_to(letter.recipient, thread_id)
            named = [one for one in letter.findings if one in reversed_ and one not in said]
            if at is None or not named:
                continue
            told = [
                ToldFinding(
                    case, verdict.last, next(step for step in verdict.steps[::-1] if step.status == "confirmed")
                )
                for case, verdict in map(reversed_.__getitem__, named)
            ]
            key = f"notice|taken_back|{thread_id}|{named[0]}"
            self._write("taken_back", key, told, letter.recipient, letter.name, (letter.message_id,), at)

    def _told_of(self, thread: Thread) -> list[Letter]:
        """The letters that told somebody of a finding of the thread: the confirmed ones before the new ones."""
        notices = dict.fromkeys(case.notice for case, _ in thread if case.notice)
        new = [letter for notice in notices for _, letter in self._post.under(f"{notice}|")]
        return [*(self._confirmed(thread[0][0].thread) if thread else []), *new]

    def _confirmed(self, thread_id: str) -> list[Letter]:
        return [letter for _, letter in self._post.under(f"notice|confirmed|{thread_id}|")]

    def _taken_back(self, thread_id: str) -> list[Letter]:
        return [letter for _, letter in self._post.under(f"notice|taken_back|{thread_id}|")]

    def _taken_back_to(self, email: str, thread_id: str) -> set[str]:
        """The findings of this thread that this recipient knows to be taken back."""
        return {finding for one in self._taken_back(thread_id) if one.recipient == email for finding in one.findings}

    def _write(
        self,
        occasion: FindingOccasion,
        notice: str,
        told: Sequence[ToldFinding],
        email: str,
        name: str,
        answers: tuple[str, ...],
        at: datetime,
    ) -> None:
        settings, key = self._settings, f"{notice}|{email}"
        if self._post.written(key):
            return
        case = told[0].case
        kinds = ", ".join(dict.fromkeys(words.KINDS[one.case.finding.kind] for one in told))
        view = FindingNotice(
            occasion=occasion,
            title=_TITLES[occasion],
            subject=f"{_TITLES[occasion]}: {kinds} trong bài “{case.title}”",
            office=settings.office,
            public_url=settings.public_url,
            name=name,
            at=at,
            told=tuple(told),
            reason=_REASONS[occasion],
        )
        envelope = Envelope(key=key, kind="notice", email=email, name=name, at=at, answers=answers)
        findings = [one.case.finding_id for one in told]
        self._post.write(key, *letter_of("notice", view, envelope, settings, [case.article_id], findings))
