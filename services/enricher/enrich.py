"""The enricher: COLLECTED -> archive, ENRICHED.

Archive, then publish, then commit; a message may come twice with the same result. A message that can never be
done, or that the bus refuses when it is enriched, is parked with its reason (where that is refused too, by size and
hash) and the others go on; a port that cannot be reached stops the batch uncommitted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.domain.article import Article, version_of
from services.domain.events import COLLECTED, ENRICHED, Collected, Enriched
from services.enricher.change import Change, change_between, previous_version
from services.enricher.neighbours import Neighbours
from services.enricher.steps import enrich
from services.enricher.sweep import Sweep
from services.ports.archive import Archive
from services.ports.bus import Bus, Delivery, Message, publish_apart
from services.ports.clock import Clock
from services.ports.errors import Unavailable
from services.ports.ledger import Ledger
from services.ports.messages import is_replay, message_of, park, read
from services.rulebook.book import Rulebook

GROUP = "enricher"


@dataclass(frozen=True, slots=True)
class _Done:
    """A message that was read: what becomes of it in the archive and on the bus."""

    delivery: Delivery
    document: Enriched
    message: Message


@dataclass(frozen=True, slots=True)
class _Parked:
    """A message that could not be done."""

    delivery: Delivery
    error: Exception


class Enricher:
    """Reads COLLECTED as one group. `rules` gives the snapshot of the rules for each message.

    `past`: another archive in which earlier texts of an article are looked up too, for one that is only being filled.
    `sweep`: clears the ledger a little whenever nothing has come.
    """

    def __init__(
        self,
        rules: Callable[[], Rulebook],
        bus: Bus,
        archive: Archive,
        ledger: Ledger,
        clock: Clock,
        past: Archive | None = None,
        sweep: Sweep | None = None,
    ) -> None:
        self._rules = rules
        self._bus = bus
        self._archive = archive
        self._past, self._sweep = past, sweep
        self._clock = clock
        self._neighbours = Neighbours(ledger)

    def step(self, limit: int = 50) -> int:
        """Finish the next messages, at most `limit`; returns how many. Raises Unavailable, with nothing committed."""
        deliveries = self._bus.poll(COLLECTED, GROUP, limit)
        try:
            self._finish(deliveries)
        except BaseException:
            self._bus.rewind(COLLECTED, GROUP)
            raise
        if not deliveries and self._sweep is not None:
            self._sweep.step()
        return len(deliveries)

    def _finish(self, deliveries: Sequence[Delivery]) -> None:
        done: list[_Done] = []
        parked: list[_Parked] = []
        # In the order of the bus alone: how many messages came at once must make no difference to the stories.
        for delivery in deliveries:
            outcome = self._read(delivery, done)
            if isinstance(outcome, _Parked):
                parked.append(outcome)
            else:
                done.append(outcome)
        done = self._save(done, parked)
        refused = publish_apart(self._bus, ENRICHED, [one.message for one in done])
        parked += [_Parked(done[index].delivery, error) for index, error in refused.items()]
        for one in parked:
            park(self._bus, GROUP, one.delivery, one.error, self._clock.now())
        self._bus.commit(COLLECTED, GROUP, deliveries)

    def _read(self, delivery: Delivery, before: Sequence[_Done]) -> _Done | _Parked:
        """The enriched article, or why there is none."""
        try:
            article, rules = read(delivery.message, Collected).article, self._rules()
            change = self._change(article, before)
            document = enrich(article, rules, self._neighbours, also=rules.also, change=change)
            message = message_of(article.article_id, document, replay=is_replay(delivery.message))
            return _Done(delivery, document, message)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one message that cannot be read must not stop the others
            return _Parked(delivery, error)

    def _save(self, done: list[_Done], parked: list[_Parked]) -> list[_Done]:
        """Save all at once; where the archive refuses one of them, one by one, and park those it refuses."""
        try:
            self._archive.save([one.document for one in done])
            return done
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - which of them it was is found below
            saved = []
            for one in done:
                try:
                    self._archive.save([one.document])
                    saved.append(one)
                except Unavailable:
                    raise
                except Exception as error:  # noqa: BLE001 - as above
                    parked.append(_Parked(one.delivery, error))
            return saved

    def _change(self, article: Article, before: Sequence[_Done]) -> Change | None:
        """Compared with the archive, and with versions of the same article earlier in this batch."""
        versions = [
            *self._archive.versions(article.article_id),
            *(self._past.versions(article.article_id) if self._past is not None else []),
            *(version_of(one.document.article) for one in before if one.document.article_id == article.article_id),
        ]
        previous = previous_version(article, versions)
        return change_between(previous, article) if previous else None
