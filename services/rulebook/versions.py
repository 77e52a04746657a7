"""Rulebooks by their version: a message that one service judged is judged by the same version in the next one."""

from __future__ import annotations

import threading

from services.ports.ledger import Ledger
from services.rulebook.accepted import accepted_set
from services.rulebook.book import Rulebook
from services.rulebook.errors import ConfigErrors
from services.rulebook.load import load_texts

_KEPT = 4
"""Messages on their way bear the last version or the one before; a backlog may bear more, one after the other."""


class Versions:
    """For any thread. Compiles from the texts in the ledger, outside of the lock, what it has not seen in force."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._turn = threading.Lock()
        self._known: dict[str, Rulebook] = {}

    def of(self, version: str, running: Rulebook) -> Rulebook:
        """The rules of this version; `running` where it is that one or cannot be had any more. Raises Unavailable."""
        self._remember(running.version, running)
        with self._turn:
            found = self._known.get(version)
        if found is not None:
            return found
        kept = accepted_set(self._ledger, version)
        if kept is None:
            return running
        try:
            found = load_texts(kept.texts, samples=False)
        except ConfigErrors:
            return running
        self._remember(version, found)
        return found

    def _remember(self, version: str, rules: Rulebook) -> None:
        with self._turn:
            self._known.pop(version, None)
            self._known[version] = rules
            while len(self._known) > _KEPT:
                del self._known[next(iter(self._known))]
