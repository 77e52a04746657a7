"""The sequence: every article of press.enriched entered once, with a number; digests are ranges of these numbers.

The clipping under its number is the truth; "which number has this article" and "which is the last" are derived from
it and repaired from it after a crash between writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from services.alerter.clipping import Clipping
from services.domain.codec import decode, encode
from services.domain.record import Record
from services.ports.errors import Unavailable
from services.ports.ledger import Ledger, Put

CLIPPING, SEQUENCE, HEAD = "clipping", "sequence", "sequence_head"
_HEAD_KEY = "last"


class Known(Record, frozen=True, kw_only=True):
    """What was entered of an article. In the ledger under kind "sequence", key = article id."""

    numbers: list[int]
    hashes: list[str]
    """Content hashes entered: a message that comes twice is known."""
    unclassified: bool = False
    """Entered only as unclassified, so in no letter yet."""
    watches: list[str] | None = None
    """Those that caught it where it was entered for letters; None for an article of before this was kept."""


class Head(Record, frozen=True, kw_only=True):
    number: int


class Numbers:
    """Numbers articles. One writer at a time: whoever holds the lease."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def enter(self, clippings: Sequence[Clipping]) -> list[Clipping]:
        """Number those that are new or changed, in their order; returns them. Entering again does nothing."""
        number = self._repair()
        known = self._known({clipping.article_id for clipping in clippings})
        entered: list[Clipping] = []
        for clipping in clippings:
            before = known.get(clipping.article_id)
            if before is not None and not tell_again(clipping, before):
                continue
            number += 1
            entered.append(numbered(clipping, number, before))
            known[clipping.article_id] = joined(before, entered[-1])
        if entered:
            touched = {clipping.article_id: known[clipping.article_id] for clipping in entered}
            # One by one in their order: a crash in between leaves no gap, which a window would stop at.
            for clipping in entered:
                self._ledger.put(Put(CLIPPING, key(clipping.number), encode(clipping), expected=0))
            self._ledger.put(*(Put(SEQUENCE, article_id, encode(one)) for article_id, one in touched.items()))
            self._ledger.put(Put(HEAD, _HEAD_KEY, encode(Head(number=number))))
        return entered

    def last(self) -> int:
        """The highest number given; 0 before the first. Changes nothing."""
        number = self._head()
        for held in self._ledger.scan(CLIPPING, after=key(number)):
            number = decode(held.value, Clipping).number
        return number

    def between(self, start: int, end: int) -> Iterator[Clipping]:
        """The clippings with start < number <= end, in order.

        Raises Unavailable where one is missing: a window never passes over an article that only a slow reader of
        the ledger does not see yet.
        """
        number = start
        for held in self._ledger.scan(CLIPPING, after=key(start)):
            clipping = decode(held.value, Clipping)
            if clipping.number > end:
                break
            if clipping.number != number + 1:
                break
            number = clipping.number
            yield clipping
        if number < end:
            raise Unavailable(f"sổ thư: chưa thấy số {number + 1}, chờ rồi thử lại / it is not visible yet")

    def entered(self, article_id: str, content_hash: str) -> Clipping | None:
        """What was entered of this text of the article, also long ago; None where this text was never entered."""
        known = self.known(article_id)
        if known is None or content_hash not in known.hashes:
            return None
        latest = max(number for number, one in zip(known.numbers, known.hashes, strict=True) if one == content_hash)
        held = self._ledger.get(CLIPPING, key(latest))
        return decode(held.value, Clipping) if held else None

    def known(self, article_id: str) -> Known | None:
        return self._known({article_id}).get(article_id)

    def _known(self, article_ids: set[str]) -> dict[str, Known]:
        found = self._ledger.get_many(SEQUENCE, sorted(article_ids))
        return {article_id: decode(held.value, Known) for article_id, held in found.items()}

    def _head(self) -> int:
        held = self._ledger.get(HEAD, _HEAD_KEY)
        return decode(held.value, Head).number if held else 0

    def _repair(self) -> int:
        """A crash may have left clippings beyond the head: take them up, so that no number is given twice."""
        number = self._head()
        for clipping in self.between(number, self.last()):
            before = self.known(clipping.article_id)
            if before is None or clipping.number not in before.numbers:
                self._ledger.put(Put(SEQUENCE, clipping.article_id, encode(joined(before, clipping))))
            number = clipping.number
            self._ledger.put(Put(HEAD, _HEAD_KEY, encode(Head(number=number))))
        return number


def key(number: int) -> str:
    return f"{number:012d}"


def tell_again(clipping: Clipping, known: Known) -> bool:
    """Whether a known article is entered once more: a changed number or a correction, once for each text; a text that
    another watch catches, as where only the title was known before; or a source that has been classified since.
    """
    if known.unclassified and clipping.source_class != "unclassified":
        return True
    caught_anew = known.watches is not None and not _watches(clipping) <= set(known.watches)
    return (clipping.change is not None or caught_anew) and clipping.content_hash not in known.hashes


def numbered(clipping: Clipping, number: int, before: Known | None) -> Clipping:
    """As it is entered; `before`: what is known of the article until then."""
    caught_before = list(before.watches or ()) if before is not None else []
    return msgspec.structs.replace(clipping, number=number, caught_before=caught_before)


def joined(before: Known | None, clipping: Clipping) -> Known:
    """What is known of an article once this clipping of it is entered too."""
    return Known(
        numbers=[*(before.numbers if before else []), clipping.number],
        hashes=[*(before.hashes if before else []), clipping.content_hash],
        unclassified=clipping.source_class == "unclassified",
        watches=_caught_by(before, clipping),
    )


def _caught_by(before: Known | None, clipping: Clipping) -> list[str] | None:
    if before is not None and before.watches is None:
        return None
    told = set() if clipping.source_class == "unclassified" else _watches(clipping)
    return sorted(told.union(before.watches or () if before is not None else ()))


def _watches(clipping: Clipping) -> set[str]:
    return {match.watch for match in clipping.matches}
