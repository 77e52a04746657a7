"""The id by which a story goes today, as the enricher keeps it in the ledger."""

from __future__ import annotations

from collections.abc import Callable

from services.domain.codec import decode
from services.domain.story import Teller, current_story
from services.ports.ledger import Ledger


def stories(ledger: Ledger) -> Callable[[str], str]:
    """Story id -> the id by which it goes today; each is looked up once."""
    known: dict[str, str] = {}

    def read(article_id: str) -> Teller | None:
        held = ledger.get("story", article_id)
        return decode(held.value, Teller) if held else None

    def story_of(story_id: str) -> str:
        if story_id not in known:
            known[story_id] = current_story(story_id, read)
        return known[story_id]

    return story_of
