"""Sources that nobody has classified yet: their articles stand in the archive and in no letter."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from services.domain.address import host_of, site_of
from services.domain.codec import decode
from services.domain.feed import ARTICLE, ENTRY, ArticleRecord, EntryRecord
from services.domain.outlet import OutletDirectory
from services.ports.ledger import Ledger


def unclassified(ledger: Ledger, outlets: OutletDirectory, since: datetime) -> Counter[str]:
    """How many articles that were collected since then came from each host that outlets.yaml does not name."""
    hosts: Counter[str] = Counter()
    opaque: list[str] = []
    for held in ledger.scan(ARTICLE):
        if b'"unclassified"' not in held.value:
            continue
        record = decode(held.value, ArticleRecord)
        if record.source_class != "unclassified" or record.outcome != "published" or record.first_seen < since:
            continue
        if record.opaque:
            opaque.append(record.entry)
        else:
            hosts[site_of(host_of(record.url))] += 1
    # An aggregator's own link says nothing of the source: its entry does.
    for held in ledger.get_many(ENTRY, opaque).values():
        hosts[site_of(host_of(decode(held.value, EntryRecord).entry.source_url))] += 1
    return Counter({host: count for host, count in hosts.items() if host and outlets.of_host(host) is None})
