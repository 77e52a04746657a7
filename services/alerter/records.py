"""What the alerter keeps in the ledger, under which keys.

"clipping" number | "sequence" article id | "sequence_head": which article has which number (sequence.py)
"window"   recipient's e-mail address                       where the next digest begins (window.py)
"letter"   the letter's name                                Letter, before and after sending
"outbox"   the letter's name                                what is written down and not yet sent
"finding"  finding id                                       Case (domain/case.py); "verdict" is the desk's
"thread"   thread|finding id                                the findings of a thread (cases.py)
"lease"    "alerter"                                        who is at work (lease.py)
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.alerter.window import Window
from services.domain.record import Record

LETTER, OUTBOX = "letter", "outbox"
LetterKind = Literal["digest", "notice"]


class Letter(Record, frozen=True, kw_only=True):
    """A letter of ours. In the ledger under kind "letter"; the key names it for ever.

    Digests: "digest|<recipient>|<serial>". Notices: "notice|new|<article>|<text>|<rules>|<recipient>" for what was
    found in one text, "notice|urgent|<story>|new or changed|<recipient>" for what an urgent watch caught, else
    "notice|<occasion>|<story>|<fact>|<finding>|<recipient>".
    """

    message_id: str
    kind: LetterKind
    recipient: str
    name: str
    subject: str
    at: datetime
    """When it was written."""
    state: Literal["sending", "sent", "refused"] = "sending"
    body: bytes = b""
    """The whole message while it is not sent."""
    where: str = ""
    sent_at: datetime | None = None
    reason: str = ""
    """Why the server refused it for good."""
    articles: list[str] = []
    """Ids of the articles that it shows."""
    lines: int = 0
    """A digest: how many stories it shows, a card or a line each."""
    findings: list[str] = []
    """Ids of the findings that a notice tells of."""
    start: int = 0
    end: int = 0
    """A digest's window: start < number <= end."""
    after: Window | None = None
    """A digest: the recipient's window once it is sent."""
