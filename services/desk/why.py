"""Why: what became of an address, from the feeds that carried it to the letters that told of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from services.alerter.clipping import Clipping
from services.alerter.records import LETTER, Letter
from services.alerter.sequence import CLIPPING, SEQUENCE, Known, key
from services.alerter.stories import stories
from services.domain.address import canonical_url, host_of, refused_source
from services.domain.article import Version, id_of
from services.domain.codec import decode
from services.domain.events import Enriched
from services.domain.feed import ALIAS, ENTRY, Alias, EntryRecord
from services.domain.watch import Person
from services.ports.archive import Archive
from services.ports.ledger import Ledger
from services.rulebook.book import Rulebook


@dataclass(frozen=True, slots=True)
class Carried:
    """A letter that concerns the article. `shown`: named in it; else it was only counted."""

    letter: Letter
    shown: bool


@dataclass(frozen=True, slots=True)
class Account:
    """Everything known of one address."""

    url: str
    article_id: str
    refused: str
    """Why such an address is never read; empty when it may be."""
    entries: list[EntryRecord]
    article: Enriched | None
    versions: list[Version]
    story_id: str
    clippings: list[Clipping]
    letters: list[Carried]

    @property
    def known(self) -> bool:
        return bool(self.entries or self.article or self.clippings)

    @property
    def first_seen(self) -> datetime | None:
        if self.article is not None:
            return self.article.article.first_seen
        return min((entry.first_seen for entry in self.entries), default=None)


def why(url: str, rules: Rulebook, archive: Archive, ledger: Ledger) -> Account:
    """What became of this address. Raises Unavailable."""
    link_id = id_of(canonical_url(url))
    alias = ledger.get(ALIAS, link_id)
    article_id = decode(alias.value, Alias).article_id if alias else link_id
    entries = list(_entries(url, {link_id, article_id}, ledger))
    article = archive.get(article_id)
    clippings = _clippings(article_id, ledger)
    return Account(
        url=url,
        article_id=article_id,
        refused=refused_source(host_of(url)) or "",
        entries=entries,
        article=article,
        versions=archive.versions(article_id) if article is not None else [],
        story_id=stories(ledger)(article.story_id) if article is not None else "",
        clippings=clippings,
        letters=list(_letters(article_id, clippings, rules, ledger)),
    )


def _entries(url: str, ids: set[str], ledger: Ledger) -> Iterator[EntryRecord]:
    """Entries of any feed that led here. All are scanned, few are decoded: those that hold an id or the page's name."""
    page = urlsplit(url).path.rstrip("/").rpartition("/")[2] or host_of(url)
    hints = [page.encode(), *(one.encode() for one in ids)]
    canonical = canonical_url(url)
    for held in ledger.scan(ENTRY):
        if any(hint in held.value for hint in hints):
            record = decode(held.value, EntryRecord)
            if record.article_id in ids or canonical_url(record.entry.link) == canonical:
                yield record


def _clippings(article_id: str, ledger: Ledger) -> list[Clipping]:
    held = ledger.get(SEQUENCE, article_id)
    if held is None:
        return []
    found = ledger.get_many(CLIPPING, [key(number) for number in decode(held.value, Known).numbers])
    return [decode(found[name].value, Clipping) for name in sorted(found)]


def _letters(article_id: str, clippings: list[Clipping], rules: Rulebook, ledger: Ledger) -> Iterator[Carried]:
    recipients = [
        (clipping, {person.email for match in clipping.matches for person in _recipients(match.watch, rules)})
        for clipping in clippings
    ]
    for held in ledger.scan(LETTER):
        letter = decode(held.value, Letter)
        within = letter.after is not None and any(
            letter.start < clipping.number <= letter.end and letter.recipient in emails
            for clipping, emails in recipients
        )
        if article_id in letter.articles or within:
            yield Carried(letter, article_id in letter.articles)


def _recipients(watch: str, rules: Rulebook) -> list[Person]:
    compiled = rules.watches.get(watch)
    return rules.people.recipients(compiled.watch) if compiled is not None else []
