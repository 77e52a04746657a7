"""What of an earlier reading still holds under new watches: all of it, unless another rule file changed since.

A change of watches.yaml alone changes neither topics nor watched places nor findings; it may only name a place that
was not recorded, or name one no more. Such articles are read again, and the rest is taken as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from services.domain.article import Article
from services.domain.place import Reading
from services.ports.ledger import Ledger
from services.rulebook.accepted import WATCHES, accepted_set
from services.rulebook.book import Rulebook
from services.rulebook.load import places_named

_ARTICLES_ARE_READ_BY = ("places.yaml", "topics.yaml", "facts.yaml", "lexicon/")


@dataclass(frozen=True, slots=True)
class Basis:
    """Of one earlier version of the rules, seen from the new one."""

    gone: frozenset[str]
    """Places that it recorded and the new rules do not."""
    names: Callable[[Sequence[str]], bool] | None
    """Whether a text may name a place that only the new rules record; None where there is none."""

    def holds(self, article: Article, reading: Reading) -> bool:
        """Whether this reading is what the new rules would read. Never True where it is not."""
        if self.gone and (
            not self.gone.isdisjoint(reading.places) or any(one.place in self.gone for one in reading.rejected)
        ):
            return False
        return self.names is None or not self.names([article.title, article.lead, article.text])


class Bases:
    """The bases of all versions met, each worked out once."""

    def __init__(self, ledger: Ledger, rules: Rulebook, running: Rulebook) -> None:
        self._ledger, self._rules, self._running = ledger, rules, running
        self._known: dict[str, Basis | None] = {}
        self.read_otherwise = reads_otherwise(rules, running)

    def of(self, version: str) -> Basis | None:
        """None where articles were read by other places, topics, words or facts then. Raises Unavailable."""
        if version not in self._known:
            self._known[version] = self._of(version)
        return self._known[version]

    def _of(self, version: str) -> Basis | None:
        if version == self._rules.version:
            return Basis(frozenset(), None)
        if version == self._running.version:
            texts: Mapping[str, str] = self._running.texts
        else:
            kept = accepted_set(self._ledger, version)
            if kept is None:
                return None
            texts = kept.texts
        if _read_by(texts) != _read_by(self._rules.texts):
            return None
        recorded = places_named(texts[WATCHES])
        if recorded is None:
            return None
        places = self._rules.places
        gone, new = recorded - self._rules.also - places.watched, self._rules.also - recorded - places.watched
        return Basis(gone, places.naming(new) if new else None)


def reads_otherwise(rules: Rulebook, running: Rulebook) -> bool:
    """Whether articles are read by other places, topics, words or facts than those that run."""
    return _read_by(rules.texts) != _read_by(running.texts)


def _read_by(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if name.startswith(_ARTICLES_ARE_READ_BY)}
