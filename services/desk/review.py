"""Review: what people decide of findings, each under the login of an analyst of people.yaml.

The verdict is written conditionally in the ledger, then published as a Decision; the alerter tells those it concerns.
A message lost between the two is published again by the next review command, and picked up by the alerter's start.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from services.domain.case import Case, Step, Verdict, status_of
from services.domain.codec import decode, encode
from services.domain.events import DECISIONS, SCHEMA, Decision, DecisionKind
from services.domain.finding import FindingStatus
from services.domain.watch import Person
from services.ports.bus import Bus, Message
from services.ports.clock import Clock
from services.ports.errors import Conflict
from services.ports.ledger import Ledger, Put
from services.rulebook.book import Rulebook

FINDING, VERDICT = "finding", "verdict"
_STATUS: dict[DecisionKind, FindingStatus] = {
    "confirm": "confirmed",
    "dismiss": "dismissed",
    "fix_register": "register_wrong",
}
_OPEN: tuple[FindingStatus, ...] = ("proposed", "reopened")
_WORDS: dict[FindingStatus, str] = {
    "proposed": "cần kiểm tra",
    "confirmed": "đã xác nhận",
    "dismissed": "đã bỏ qua",
    "register_wrong": "đã trả lại sổ dữ kiện",
    "reopened": "mở lại",
    "resolved": "đã cải chính",
}


class Refused(Exception):
    """What may not be done, in words for the person who asked. Nothing changed."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A case with what was decided of it."""

    case: Case
    verdict: Verdict | None

    @property
    def status(self) -> FindingStatus:
        return status_of(self.verdict)


class Review:
    """The desk of the analysts. Every method raises Unavailable when the ledger or the bus cannot be reached."""

    def __init__(self, rules: Rulebook, bus: Bus, ledger: Ledger, clock: Clock) -> None:
        self._rules, self._bus, self._ledger, self._clock = rules, bus, ledger, clock

    def analyst(self, login: str) -> Person:
        """Who acts. Raises Refused with the line to add."""
        person = self._rules.people.by_login.get(login)
        if person is not None and person.role == "analyst":
            return person
        line = f'- {{login: {login}, name: "Họ và tên", email: "{login}@...", role: analyst}}'
        if person is not None:
            raise Refused(
                f"Tài khoản {login} ({person.name}) có vai trò {person.role} trong people.yaml, không phải analyst. "
                f"/ the account is no analyst. Dòng cần có / the line to have:\n  {line}"
            )
        raise Refused(
            f"Tài khoản {login} chưa có trong people.yaml. / unknown account. Thêm dòng / add the line:\n  {line}"
        )

    def all(self) -> list[Reviewed]:
        """Every finding, the newest first."""
        verdicts = {held.key: decode(held.value, Verdict) for held in self._ledger.scan(VERDICT)}
        cases = [decode(held.value, Case) for held in self._ledger.scan(FINDING)]
        cases.sort(key=lambda case: (case.proposed_at, case.finding_id), reverse=True)
        return [Reviewed(case, verdicts.get(case.finding_id)) for case in cases]

    def find(self, finding_id: str) -> Reviewed:
        """One finding, by its id or the beginning of it. Raises Refused when there is none or several."""
        held = list(self._ledger.scan(FINDING, finding_id)) if finding_id else []
        exact = [one for one in held if one.key == finding_id]
        if len(exact or held) != 1:
            many = ", ".join(one.key for one in held)
            raise Refused(
                f"Mã {finding_id} ứng với nhiều phát hiện: {many} / several findings begin so"
                if held
                else f"Không có phát hiện nào mang mã {finding_id}; xem `diembao review list` / no such finding"
            )
        case = decode((exact or held)[0].value, Case)
        verdict = self._ledger.get(VERDICT, case.finding_id)
        return Reviewed(case, decode(verdict.value, Verdict) if verdict else None)

    def confirm(self, finding_id: str, by: Person, reason: str) -> Reviewed:
        """Only what rests on a verified fact. Raises Refused, Conflict."""
        reviewed = self._open_case(finding_id, "xác nhận")
        case, fact = reviewed.case, self._rules.facts.facts.get(reviewed.case.finding.fact_id)
        if fact is None:
            raise Refused(
                f"Dòng {case.finding.fact_id} không còn trong facts.yaml, không thể xác nhận. / the fact is gone"
            )
        if fact.status != "verified":
            kind = "mới dựa vào một nguồn (single_source)" if fact.status == "single_source" else "đang có tranh chấp"
            raise Refused(
                f"Không thể xác nhận: dòng {fact.id} {kind}; do {fact.entered_by} nhập ngày "
                f"{fact.entered_on:%d/%m/%Y}. Cần tài liệu có số và ngày, ghi status: verified trong facts.yaml trước. "
                f"/ the fact is not verified"
            )
        return self._decide(reviewed, "confirm", by, reason)

    def dismiss(self, finding_id: str, by: Person, reason: str) -> Reviewed:
        """The article is not wrong; on a confirmed finding this is the reversal. Raises Refused, Conflict."""
        return self._decide(self._open_case(finding_id, "bỏ qua", also="confirmed"), "dismiss", by, reason)

    def fix_register(self, finding_id: str, by: Person, reason: str) -> Reviewed:
        """The register is wrong: this finding and every earlier one of the same row. Raises Refused, Conflict."""
        reviewed = self._open_case(finding_id, "trả lại sổ dữ kiện", also="confirmed")
        # The others first: if this is cut short, asking again finds this one still open and finishes the rest.
        for other in self._same_fact(reviewed.case):
            self._decide(other, "fix_register", by, reason)
        return self._decide(reviewed, "fix_register", by, reason)

    def publish_lost(self) -> int:
        """Publish decisions whose message was lost in a crash; returns how many."""
        lost = [
            verdict
            for held in self._ledger.scan(VERDICT)
            if not (verdict := decode(held.value, Verdict)).published and verdict.steps
        ]
        for verdict in lost:
            self._publish(verdict)
        return len(lost)

    def _same_fact(self, case: Case) -> Iterator[Reviewed]:
        for other in self.all():
            same = other.case.finding.fact_id == case.finding.fact_id and other.case.finding_id != case.finding_id
            if same and other.status in (*_OPEN, "confirmed"):
                yield other

    def _open_case(self, finding_id: str, what: str, also: FindingStatus | None = None) -> Reviewed:
        self.publish_lost()
        reviewed = self.find(finding_id)
        if reviewed.status in _OPEN or reviewed.status == also:
            return reviewed
        raise Refused(f"Không thể {what}: {_said(reviewed)}")

    def _decide(self, reviewed: Reviewed, decision: DecisionKind, by: Person, reason: str) -> Reviewed:
        if not reason.strip():
            raise Refused('Cần nêu lý do: --reason "..." / a reason is required')
        finding_id = reviewed.case.finding_id
        held = self._ledger.get(VERDICT, finding_id)
        before = decode(held.value, Verdict) if held else None
        if before != reviewed.verdict:
            raise Conflict(f"Không ghi: {_said(Reviewed(reviewed.case, before))}")
        step = Step(status=_STATUS[decision], by=by.login, by_name=by.name, at=self._clock.now(), reason=reason.strip())
        verdict = Verdict(finding_id=finding_id, steps=[*(before.steps if before else []), step])
        try:
            self._ledger.put(Put(VERDICT, finding_id, encode(verdict), expected=held.revision if held else 0))
        except Conflict as error:
            first = self._ledger.get(VERDICT, finding_id)
            now = Reviewed(reviewed.case, decode(first.value, Verdict) if first else None)
            raise Conflict(f"Không ghi, đã có người quyết định trước: {_said(now)}") from error
        return Reviewed(reviewed.case, self._publish(verdict))

    def _publish(self, verdict: Verdict) -> Verdict:
        step = verdict.last
        kind = next(kind for kind, status in _STATUS.items() if status == step.status)
        decision = Decision(
            decision=kind,
            subject=verdict.finding_id,
            by=step.by,
            at=step.at,
            reason=step.reason,
            payload={"before": verdict.before},
        )
        self._bus.publish(DECISIONS, [Message(verdict.finding_id, encode(decision), {"schema": str(SCHEMA)})])
        published = msgspec.structs.replace(verdict, published=True)
        held = self._ledger.get(VERDICT, verdict.finding_id)
        if held is not None and decode(held.value, Verdict) == verdict:
            self._ledger.put(Put(VERDICT, verdict.finding_id, encode(published), expected=held.revision))
        return published


def _said(reviewed: Reviewed) -> str:
    """What stands, by whom, when and why."""
    if reviewed.verdict is None:
        return "phát hiện đang chờ kiểm tra / it is proposed"
    step = reviewed.verdict.last
    return (
        f"phát hiện {reviewed.case.finding_id} {_WORDS[step.status]} bởi {step.by_name} ({step.by}) lúc "
        f"{step.at.isoformat(timespec='seconds')}, lý do: {step.reason} / already {step.status} by {step.by}"
    )
