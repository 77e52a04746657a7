"""Decisions on their way from the ledger to press.decisions: at once by whoever decides, else by the alerter.

The verdict in the ledger is the truth. What was decided and not published, because somebody crashed between the two,
is published by the alerter within `EVERY`. Publishing twice is borne by every reader.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from services.domain.case import Verdict
from services.domain.codec import decode, encode
from services.domain.events import DECISIONS, Decision, DecisionKind
from services.domain.finding import FindingStatus
from services.ports.bus import Bus
from services.ports.errors import Conflict
from services.ports.ledger import Ledger, Put
from services.ports.messages import message_of

VERDICT = "verdict"
EVERY = timedelta(seconds=20)
"""How often the alerter looks for lost ones: leadership is told within a minute, whatever crashed."""
STATUS: dict[DecisionKind, FindingStatus] = {
    "confirm": "confirmed",
    "dismiss": "dismissed",
    "fix_register": "register_wrong",
}


def publish(bus: Bus, ledger: Ledger, verdict: Verdict) -> Verdict:
    """Say the last step of this verdict on the bus, then mark it as said. Raises Unavailable."""
    step = verdict.last
    decision = Decision(
        decision=next(kind for kind, status in STATUS.items() if status == step.status),
        subject=verdict.finding_id,
        by=step.by,
        at=step.at,
        reason=step.reason,
        payload={"before": verdict.before},
    )
    bus.publish(DECISIONS, [message_of(verdict.finding_id, decision)])
    published = msgspec.structs.replace(verdict, published=True)
    held = ledger.get(VERDICT, verdict.finding_id)
    if held is not None and decode(held.value, Verdict) == verdict:
        try:
            ledger.put(Put(VERDICT, verdict.finding_id, encode(published), expected=held.revision))
        except Conflict:
            # Somebody marked it, or decided anew, at this moment: what stands is theirs to publish.
            return published
    return published


def publish_lost(bus: Bus, ledger: Ledger) -> int:
    """Publish what was decided and not published; returns how many. Raises Unavailable."""
    verdicts = (decode(held.value, Verdict) for held in ledger.scan(VERDICT))
    lost = [verdict for verdict in verdicts if verdict.steps and not verdict.published]
    for verdict in lost:
        publish(bus, ledger, verdict)
    return len(lost)
