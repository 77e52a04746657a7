"""The rulebook: everything that operators wrote, compiled, as one snapshot with a version."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from services.domain.fact.register import FactRegister
from services.domain.feed import Feed
from services.domain.outlet import OutletDirectory
from services.domain.place.register import PlaceRegister
from services.domain.tone_lexicon import ToneLexicon
from services.domain.topic import TopicRules
from services.domain.watch import CompiledWatch, People
from services.domain.watch_index import WatchIndex


@dataclass(frozen=True, eq=False)
class Rulebook:
    """One valid set of rules. A service asks for a snapshot for each message and stamps its version."""

    version: str
    """A hash of the texts of all files: the same texts, the same version, on any machine."""
    feeds: dict[str, Feed]
    outlets: OutletDirectory
    places: PlaceRegister
    topics: TopicRules
    tone: ToneLexicon
    watches: dict[str, CompiledWatch]
    """Enabled and disabled ones."""
    facts: FactRegister
    people: People
    texts: dict[str, str]
    """File name -> text, as read: what the ledger keeps of an accepted set."""

    @cached_property
    def also(self) -> frozenset[str]:
        """Places that running watches name: recorded beside the watched ones (`PlaceRegister.read(also=...)`)."""
        return frozenset(place for compiled in self.running.values() for place in compiled.query.places)

    @cached_property
    def running(self) -> dict[str, CompiledWatch]:
        """The enabled watches, in the order of the file."""
        return {name: compiled for name, compiled in self.watches.items() if compiled.watch.enabled}

    @cached_property
    def index(self) -> WatchIndex:
        """The enabled watches, to be asked of an article all at once."""
        return WatchIndex(self.running.values())
