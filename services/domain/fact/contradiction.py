"""What an article says against what the register holds: the one door to findings.

A finding is made only here, from a quoted sentence and a cited row; tone is no input. Only published press carries
one, never a text that is only a feed's summary, and nothing that depends on a date where the article has none.
"""

from __future__ import annotations

from services.domain.article import Article, Fields
from services.domain.calendar import ZONE
from services.domain.fact import UNIT_ATTRIBUTES, Fact
from services.domain.fact.numbers import contradicted_numbers, number_reason, stated
from services.domain.fact.register import FactRegister, as_written
from services.domain.fact.statement import Statement, statements
from services.domain.fact.units import stale_units, unit_reason
from services.domain.finding import Finding, FindingKind, finding_id
from services.domain.place import Reading


def find_contradictions(article: Article, fields: Fields, reading: Reading, facts: FactRegister) -> list[Finding]:
    """The sentences that a row of the register contradicts, in order of the text; one for each row and quote."""
    if article.source_class != "press" or article.text_basis == "feed" or not facts.concerns(fields, reading):
        return []
    published = article.published_at.astimezone(ZONE).date() if article.published_at else None
    spots = facts.spots(fields, reading, article.published_at)
    said = list(statements(fields, spots, published))
    found: dict[str, Finding] = {}
    for stale in stale_units(said, facts):
        fact = stale.row.fact
        kind: FindingKind = "unit_name" if UNIT_ATTRIBUTES[fact.attribute] == "unit_name" else "unit_status"
        now = f"; nay là {fact.afterwards}" if fact.afterwards else ""
        expected = f"{fact.value} đến hết {as_written(stale.row.ended)}{now}"
        finding = _finding(article, stale.statement, fact, kind, expected, stale.surface, unit_reason(stale))
        found.setdefault(finding.finding_id, finding)
    for statement in said:
        for one in contradicted_numbers(statement, facts):
            fact = one.row.fact
            name = facts.places.name_at(one.claim.subject, one.claim.last_day)
            finding = _finding(article, statement, fact, "number", stated(fact), one.found, number_reason(one, name))
            found.setdefault(finding.finding_id, finding)
    order = {statement.field: place for place, statement in reversed(list(enumerate(said)))}
    return sorted(found.values(), key=lambda finding: (order[finding.field], finding.start, finding.fact_id))


def _finding(
    article: Article, at: Statement, fact: Fact, kind: FindingKind, expected: str, found: str, reason: str
) -> Finding:
    return Finding(
        finding_id=finding_id(article.article_id, fact.id, kind, at.quote),
        state="contradicted",
        kind=kind,
        quote=at.quote,
        field=at.field,
        start=at.start,
        end=at.end,
        fact_id=fact.id,
        expected=expected,
        found=found,
        severity="high" if fact.status == "verified" else "low",
        source=fact.source,
        reason=reason,
    )
