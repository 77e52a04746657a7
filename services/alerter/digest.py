"""The digest of one recipient: a window of numbers -> what was chosen -> what the templates show.

Drawing changes nothing; the Alerter sends it and moves the window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from services.alerter import words
from services.alerter.card import Card, card_of, topic_name
from services.alerter.choose import Selection
from services.alerter.clipping import Clipping
from services.alerter.recipients import share_of
from services.alerter.sources import Sources, by_reason, listed, read_sources
from services.alerter.stories import stories
from services.alerter.window import Window
from services.domain.case import Case, Verdict
from services.domain.codec import decode
from services.domain.finding import FindingStatus
from services.domain.watch import CompiledWatch, Person, Role
from services.ports.ledger import Ledger
from services.rulebook.book import Rulebook
from services.rulebook.pending import pending_sets, short_words
from services.settings import Office, Settings

ROLES: dict[Role, str] = {"leadership": "lãnh đạo", "analyst": "chuyên viên", "operator": "vận hành"}
_MOST_CASES = 5


@dataclass(frozen=True, slots=True)
class Group:
    topic: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Something that waits for an answer: a confirmed case, or a story that raises a shortcoming."""

    what: str
    title: str
    url: str
    number: int
    """Of the story in this letter; 0 for a case."""
    said: str


@dataclass(frozen=True, slots=True)
class Digest:
    """Everything that a digest says."""

    office: Office
    public_url: str
    name: str
    day: date
    at: datetime
    since: datetime
    headline: str
    subject: str
    selection: Selection
    cards: tuple[Card, ...]
    groups: tuple[Group, ...]
    old: tuple[Card, ...]
    counted: tuple[tuple[str, int], ...]
    answers: tuple[Answer, ...]
    followed: int
    """Confirmed cases that an earlier digest named."""
    to_check: tuple[Case, ...]
    """Proposed findings, for analysts alone."""
    to_check_more: int
    sources: Sources
    unread: dict[str, list[str]]
    """Why -> which, grouped by outlet."""
    disabled: list[str]
    excluded: tuple[tuple[str, int], ...]
    pending: tuple[str, ...]
    """Configuration that waits, for operators alone."""
    reason: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A digest with the window that it covers and the one that follows it."""

    digest: Digest
    start: int
    end: int
    after: Window

    @property
    def articles(self) -> list[str]:
        """Ids of the articles that it shows."""
        return [one.article_id for line in self.digest.selection.lines for one in line.clippings]

    def says_more_than(self, told: Window) -> bool:
        """Whether something was entered or confirmed since the digest that this window follows."""
        return self.end > self.start or not set(self.after.cases) <= set(told.cases)


@dataclass(frozen=True, slots=True)
class DigestMaterial:
    """What all digests of one moment share."""

    rules: Rulebook
    settings: Settings
    at: datetime
    sources: Sources
    confirmed: tuple[Case, ...]
    proposed: tuple[Case, ...]
    story_of: Callable[[str], str]
    pending: tuple[str, ...]


def lay_out(ledger: Ledger, rules: Rulebook, settings: Settings, at: datetime) -> DigestMaterial:
    """Read what the digests of this moment need beside clippings and windows."""
    confirmed, proposed = _cases(ledger, at)
    sources, pending = read_sources(ledger, rules, at), short_words(pending_sets(ledger), settings.digest.zone)
    return DigestMaterial(rules, settings, at, sources, confirmed, proposed, stories(ledger), tuple(pending))


def confirmed_at(ledger: Ledger, at: datetime) -> list[str]:
    """Ids of the findings that stood as confirmed at that time."""
    return [case.finding_id for case in _cases(ledger, at)[0]]


def draw(
    material: DigestMaterial, person: Person, window: Window, clippings: Sequence[Clipping], due: date | None
) -> Drawn:
    """The digest for this person of all clippings after window.boundary, in order of their numbers."""
    share = share_of(person, window, clippings, material.rules, material.story_of, material.at, due)
    watches = list(share.watches)
    digest = _digest(material, person, window, share.selection, _excluded(clippings, watches), watches)
    after = msgspec.structs.replace(share.after, cases=[case.finding_id for case in material.confirmed])
    return Drawn(digest, window.boundary, after.boundary, after)


def _digest(
    material: DigestMaterial,
    person: Person,
    window: Window,
    selection: Selection,
    excluded: tuple[tuple[str, int], ...],
    watches: list[CompiledWatch],
) -> Digest:
    settings, sources = material.settings, material.sources
    topics = material.rules.topics.topics
    first = {line.story_id for line in selection.first}
    shown = {
        line.story_id: card_of(line, number, material.rules.places, topics, line.story_id in first)
        for number, line in enumerate(selection.lines, start=1)
    }
    new = [case for case in material.confirmed if case.finding_id not in window.cases]
    # An old item found late is told with its date; it asks for no answer today.
    old = {line.story_id for line in selection.old}
    answers = (*map(_case_answer, new), *_raised(card for story, card in shown.items() if story not in old))
    day = material.at.astimezone(settings.digest.zone).date()
    to_check = material.proposed if person.role == "analyst" else ()
    return Digest(
        office=settings.office,
        public_url=settings.public_url,
        name=person.name,
        day=day,
        at=material.at,
        since=window.drawn_at or window.since,
        headline=_headline(selection, sources),
        subject=_subject(day, selection, sources, len(answers)),
        selection=selection,
        cards=tuple(shown[line.story_id] for line in selection.first),
        groups=tuple(
            Group(topic_name(heading, topics), tuple(shown[line.story_id] for line in lines))
            for heading, lines in selection.topics
        ),
        old=tuple(shown[line.story_id] for line in selection.old),
        counted=tuple((topic_name(heading, topics), number) for heading, number in selection.counted.items()),
        answers=answers,
        followed=len(material.confirmed) - len(new),
        to_check=tuple(to_check[-_MOST_CASES:]),
        to_check_more=max(0, len(to_check) - _MOST_CASES),
        sources=sources,
        unread=by_reason(sources.unread),
        disabled=listed(sources.disabled),
        excluded=excluded,
        pending=material.pending if person.role == "operator" else (),
        reason=_reason(person, watches),
    )


def _headline(selection: Selection, sources: Sources) -> str:
    if selection.news:
        return f"{words.thousands(selection.news)} tin về địa bàn"
    if sources.all_read:
        return "Lần đọc đầu tiên, chưa có tin mới" if selection.fill else "Không có tin"
    return "Chưa đủ nguồn để kết luận không có tin"


def _subject(day: date, selection: Selection, sources: Sources, answers: int) -> str:
    if selection.news:
        result = f"{words.thousands(selection.news)} tin"
    else:
        result = "không có tin" if sources.all_read else "0 tin, chưa đủ nguồn để kết luận"
    waiting = f", {answers} việc cần trả lời" if answers else ""
    return f"Điểm báo {day:%d/%m}: {result}{waiting}"


def _raised(cards: Iterable[Card]) -> list[Answer]:
    """Stories that raise a shortcoming, each pointing at where it is shown; their order is the digest's."""
    return [
        Answer("Báo phản ánh hạn chế, tồn tại", card.title, card.url, card.number, card.outlet)
        for card in cards
        if card.asks
    ]


def _case_answer(case: Case) -> Answer:
    finding = case.finding
    return Answer(
        "Chưa chính xác (đã xác nhận nội bộ)",
        case.title,
        case.url or "",
        0,
        f"{case.outlet_name}: bài ghi “{finding.found}”, tài liệu ghi “{finding.expected}”",
    )


def _cases(ledger: Ledger, at: datetime) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """(confirmed, proposed or reopened) as they stood at that time, in the order in which they were proposed."""
    verdicts = {held.key: decode(held.value, Verdict) for held in ledger.scan("verdict")}
    cases = [case for held in ledger.scan("finding") if (case := decode(held.value, Case)).proposed_at <= at]
    cases.sort(key=lambda case: (case.proposed_at, case.finding_id))
    status = {case.finding_id: _status_at(verdicts.get(case.finding_id), at) for case in cases}
    confirmed = tuple(case for case in cases if status[case.finding_id] == "confirmed")
    waiting = tuple(case for case in cases if status[case.finding_id] in ("proposed", "reopened") and not case.quiet)
    return confirmed, waiting


def _status_at(verdict: Verdict | None, at: datetime) -> FindingStatus:
    steps = [step for step in verdict.steps if step.at <= at] if verdict else []
    return steps[-1].status if steps else "proposed"


def _excluded(clippings: Sequence[Clipping], watches: Sequence[CompiledWatch]) -> tuple[tuple[str, int], ...]:
    """Watch -> press articles of the window that only its NOT terms kept out."""
    press = [one for one in clippings if one.source_class == "press" and not one.fill]
    found = {watch.id: len({one.article_id for one in press if watch.id in one.excluded}) for watch in watches}
    return tuple((watch.watch.name, found[watch.id]) for watch in watches if found[watch.id])


def _reason(person: Person, watches: Sequence[CompiledWatch]) -> str:
    names = ", ".join(f"“{one.watch.name}”" for one in watches)
    return f"Ông/bà nhận thư này vì thuộc nhóm {ROLES[person.role]} của văn phòng và nhận các theo dõi: {names}."
