"""Facts: dated statements with a source and a status, against which sentences are held."""

from __future__ import annotations

from datetime import date
from typing import Literal

from services.domain.finding import Source
from services.domain.record import Record

FactStatus = Literal["verified", "single_source", "disputed"]
UNIT_ATTRIBUTES = {"tình trạng đơn vị": "unit_status", "tên đơn vị": "unit_name"}
"""Attributes whose value is a unit in force from `valid_from` to `valid_to`, and the kind of finding they make."""


class Fact(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of facts.yaml."""

    id: str
    subject: str
    """A place id."""
    attribute: str
    """In Vietnamese words, as a reader is told; `UNIT_ATTRIBUTES` are about the unit itself."""
    value: str
    """As Vietnamese writes it ("260,433"); for a unit, its kind and name ("huyện Bù Gia Mập")."""
    unit: str = ""
    tolerance: float = 0.0
    """Share of the value within which a rounded figure is the same; 0.03 is 3 %."""
    valid_from: date | None = None
    valid_to: date | None = None
    as_of: str = ""
    boundary: str = ""
    """Which territory: for example "8 xã (2015-2025)"."""
    words: list[str] = []
    """Words that name the attribute in a sentence, for example "diện tích tự nhiên". Given at one row, they hold for
    every row of the attribute."""
    unless: list[str] = []
    """Words that make it another quantity, for example "rừng" beside "diện tích". Shared in the same way."""
    needs_year: bool = False
    """A figure of one year: held only against sentences that name the year themselves."""
    afterwards: str = ""
    """For a unit that ended: what is right after `valid_to`."""
    source: Source
    status: FactStatus
    entered_by: str
    entered_on: date
    note: str = ""
