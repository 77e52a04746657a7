"""Review: what people decide of findings, each under the login of an analyst of people.yaml.

The verdict is written conditionally in the ledger, then published as a Decision; the alerter tells those it concerns,
and publishes itself what a crash lost between the two (alerter/decisions.py). Only the rules in force may decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from services.alerter.cases import FINDING
from services.alerter.decisions import STATUS, VERDICT, publish
from services.alerter.words import STATUSES
from services.domain.case import Case, Step, Verdict, status_of
from services.domain.codec import decode, encode
from services.domain.events import DecisionKind
from services.domain.finding import FindingStatus
from services.domain.watch import Person
from services.ports.bus import Bus
from services.ports.clock import Clock
from services.ports.errors import Conflict
from services.ports.ledger import Ledger, Put
from services.rulebook.accepted import require_in_force
from services.rulebook.book import Rulebook

_OFFICE_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_OPEN: tuple[FindingStatus, ...] = ("proposed", "reopened")


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

    def __init__(self, rules: Rulebook, bus: Bus, ledger: Ledger, clock: Clock, zone: ZoneInfo = _OFFICE_ZONE) -> None:
        self._zone = zone
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
        """Only what rests on a verified fact. Raises Refused, NotInForce, Conflict."""
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
        """The article is not wrong; on a confirmed finding this is the reversal. Raises as `confirm`."""
        return self._decide(self._open_case(finding_id, "bỏ qua", also="confirmed"), "dismiss", by, reason)

    def fix_register(self, finding_id: str, by: Person, reason: str) -> Reviewed:
        """The register is wrong: this finding and every earlier one of the same row. Raises as `confirm`."""
        reviewed = self._open_case(finding_id, "trả lại sổ dữ kiện", also="confirmed")
        # The others first: if this is cut short, asking again finds this one still open and finishes the rest.
        for other in self._same_fact(reviewed.case):
            self._decide(other, "fix_register", by, reason)
        return self._decide(reviewed, "fix_register", by, reason)

    def _same_fact(self, case: Case) -> Iterator[Reviewed]:
        for other in self.all():
            same = other.case.finding.fact_id == case.finding.fact_id and other.case.finding_id != case.finding_id
            if same and other.status in (*_OPEN, "confirmed"):
                yield other

    def _open_case(self, finding_id: str, what: str, also: FindingStatus | None = None) -> Reviewed:
        require_in_force(self._ledger, self._rules)
        reviewed = self.find(finding_id)
        if reviewed.status in _OPEN or reviewed.status == also:
            return reviewed
        raise Refused(f"Không thể {what}: {self._said(reviewed)}")

    def _decide(self, reviewed: Reviewed, decision: DecisionKind, by: Person, reason: str) -> Reviewed:
        if not reason.strip():
            raise Refused('Cần nêu lý do: --reason "..." / a reason is required')
        finding_id = reviewed.case.finding_id
        held = self._ledger.get(VERDICT, finding_id)
        before = decode(held.value, Verdict) if held else None
        if before != reviewed.verdict:
            raise Conflict(f"Không ghi: {self._said(Reviewed(reviewed.case, before))}")
        step = Step(status=STATUS[decision], by=by.login, by_name=by.name, at=self._clock.now(), reason=reason.strip())
        verdict = Verdict(finding_id=finding_id, steps=[*(before.steps if before else []), step])
        try:
            self._ledger.put(Put(VERDICT, finding_id, encode(verdict), expected=held.revision if held else 0))
        except Conflict as error:
            first = self._ledger.get(VERDICT, finding_id)
            now = Reviewed(reviewed.case, decode(first.value, Verdict) if first else None)
            raise Conflict(f"Không ghi, đã có người quyết định trước: {self._said(now)}") from error
        return Reviewed(reviewed.case, publish(self._bus, self._ledger, verdict))

    def _said(self, reviewed: Reviewed) -> str:
        """What stands, by whom, when (in the office's hour) and why."""
        if reviewed.verdict is None:
            return "phát hiện đang chờ kiểm tra / it is proposed"
        step = reviewed.verdict.last
        return (
            f"phát hiện {reviewed.case.finding_id} đã là “{STATUSES[step.status]}”, do {step.by_name} ({step.by}) lúc "
            f"{step.at.astimezone(self._zone):%H:%M ngày %d/%m/%Y}, lý do: {step.reason} "
            f"/ already {step.status} by {step.by}"
        )
