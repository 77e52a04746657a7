"""press.collected of some days through the enricher into an archive: documents equal to what it wrote the first time.

Under the same rules, that is. Each text keeps the story that the ledger told of it; over a ledger that knows nothing
of it, stories come out as sets of articles. What a replay finds for stories is not written down.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from services.domain.events import COLLECTED, ENRICHED
from services.ports.archive import Archive
from services.ports.bus import Message
from services.ports.messages import REPLAY
from services.replay.scratch import Installation, Replayed, lots, scratch, scratch_folder
from services.rulebook.book import Rulebook


def fill(
    installation: Installation,
    rules: Rulebook,
    since: datetime,
    until: datetime,
    into: Archive,
    reached: Callable[[datetime], None] = lambda at: None,
) -> Replayed:
    """Fill `into` with what was collected in [since, until) by the times of the bus; `reached` follows these times.

    Where `into` is the installation's own archive, what was enriched is published again, with the header `replay`;
    else nothing is. Earlier texts of an article are looked up in both archives. Raises Unavailable; do it again.
    """
    own = into is installation.archive
    with scratch_folder(installation.data) as folder, scratch(installation, rules, into, since, folder) as again:
        for some in lots(installation.bus.scan(COLLECTED, since, until)):
            again.clock.set(some[-1].at)
            enriched = again.enrich(some)
            if own and enriched:
                installation.bus.publish(
                    ENRICHED, [Message(one.key, one.value, {**one.headers, **REPLAY}) for one in enriched]
                )
            reached(some[-1].at)
        return again.counts()
