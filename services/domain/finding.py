"""Findings: a quoted sentence that a cited reference contradicts. Without both there is none."""

from __future__ import annotations

import hashlib
from typing import Literal

from services.domain.article import Field
from services.domain.record import Record
from services.domain.text import words

FindingState = Literal["contradicted", "incomplete"]
FindingKind = Literal["number", "date", "unit_status", "unit_name", "place_parent"]
FindingStatus = Literal["proposed", "confirmed", "dismissed", "register_wrong", "reopened", "resolved"]
Severity = Literal["low", "high"]


class Source(Record, frozen=True, kw_only=True):
    """The document that a fact rests on."""

    title: str
    number: str = ""
    date: str = ""
    """ISO date of the document, empty where unknown."""
    url: str = ""
    page: str = ""


class Finding(Record, frozen=True, kw_only=True):
    """The machine's proposal ("cần kiểm tra"); a person decides. Tone is no part of it."""

    finding_id: str
    state: FindingState
    kind: FindingKind
    quote: str
    field: Field
    start: int
    end: int
    fact_id: str
    expected: str
    found: str
    severity: Severity
    source: Source
    reason: str

    def __post_init__(self) -> None:
        if not self.quote.strip() or not self.fact_id or not self.source.title.strip():
            raise ValueError("a finding needs a quoted sentence and a cited reference")


def finding_id(article_id: str, fact_id: str, kind: FindingKind, quote: str) -> str:
    """Stable over re-reading: the same sentence against the same fact is the same finding."""
    said = "\x1f".join((article_id, fact_id, kind, " ".join(words(quote))))
    return hashlib.sha256(said.encode()).hexdigest()[:20]
