"""Whose article it is, written down before anybody hears of it; the first entry keeps it.

An aggregator's item that leads nowhere says only its source and title; when the paper's own entry comes too, the two
are one article. The paper's takes the item's article over, as a new version of it; an item that comes after the
paper's is already known. Two papers' entries are never one by their titles.

The two share no key, and two collectors may have one of them each: so each writes its own key and then looks for the
other's, and at least one of them sees the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from msgspec.structs import replace

from services.collector.build import source_id
from services.collector.records import aliased, get_all, put
from services.collector.task import Task
from services.domain.address import host_of, site_of
from services.domain.article import Article
from services.domain.codec import decode
from services.domain.feed import ALIAS, ARTICLE, Alias, ArticleRecord, Entry
from services.domain.outlet import OutletDirectory
from services.domain.text import words
from services.ports.errors import Conflict
from services.ports.ledger import Ledger, Put

_ONE_ARTICLE = timedelta(days=7)
# A daily column bears the same title every day; an aggregator that knows only the day is up to a day off.
_ONE_ISSUE = timedelta(hours=20)


def twins_of(article: Article, entry: Entry, outlets: OutletDirectory) -> tuple[str, ...]:
    """Under which ids an aggregator's item of this article stands that leads nowhere."""
    outlet = outlets.by_id.get(article.outlet)
    sites = {site_of(host) for host in (host_of(article.url or ""), *(outlet.hosts if outlet else ()))}
    titles = {title for title in (entry.title, article.title) if words(title)}
    return tuple(sorted({source_id(site, title) for site in sites for title in titles if site}))


class Claims:
    """Writes for the tasks of one step."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def claim(self, tasks: Iterable[Task]) -> None:
        """Each task keeps its article, under the id it is told by, or is settled as already known."""
        built = list(_with_article(tasks))
        papers = [task for task in built if not task.opaque]
        self._hold(papers)
        self._take_over(list(_with_article(papers)))
        items = [task for task in built if task.opaque]
        self._give_way(items)
        self._hold(list(_with_article(items)))
        self._give_way(list(_with_article(items)))

    def _hold(self, tasks: Sequence[Task]) -> None:
        aliases = get_all(self._ledger, ALIAS, [task.identity for task in tasks if not task.opaque], Alias)
        ids = [aliased(aliases, task.identity) for task in tasks]
        known = get_all(self._ledger, ARTICLE, ids, ArticleRecord)
        claims: list[Put] = []
        for task, article_id in zip(tasks, ids, strict=True):
            holder = known.get(article_id)
            if holder is None:
                holder = known[article_id] = task.claim()
                claims.append(put(ARTICLE, article_id, holder, expected=0))
            if holder.entry != task.pending.entry:
                task.settle_known(holder)
            else:
                task.speak_as(holder)
        try:
            self._ledger.put(*claims)
        except Conflict:
            # Another collector claimed one of them just now: nothing is published, the next step sees its claim.
            for task in tasks:
                task.article = None

    def _take_over(self, papers: Sequence[Task]) -> None:
        """The aggregator's article becomes the paper's: same id, same first_seen, and told no second time."""
        announced = {twin: task.identity for task in papers for twin in task.twins}
        self._ledger.put(*(put(ALIAS, twin, Alias(article_id=identity)) for twin, identity in announced.items()))
        held = self._ledger.get_many(ARTICLE, sorted(announced))
        for task in papers:
            for twin in task.twins:
                holder = decode(held[twin].value, ArticleRecord) if twin in held else None
                if holder is None or not _takes_over(task, holder):
                    continue
                own = task.claim()
                taken = replace(
                    holder,
                    feed=own.feed,
                    entry=own.entry,
                    url=own.url,
                    published_at=own.published_at,
                    opaque=False,
                    # News of the paper's feed is news, also where a new feed's first poll filled the archive with it.
                    first_poll=holder.first_poll and own.first_poll,
                )
                try:
                    self._ledger.put(put(ARTICLE, twin, taken, expected=held[twin].revision))
                except Conflict:
                    task.article = None  # its item is just now on its way: the next step sees where it stands
                    break
                self._ledger.put(*(put(ALIAS, one, Alias(article_id=twin)) for one in task.twins))
                del held[twin]
                task.speak_as(taken)
                break

    def _give_way(self, items: Sequence[Task]) -> None:
        """An item that the paper itself has brought is already known."""
        aliases = get_all(self._ledger, ALIAS, [task.identity for task in items], Alias)
        known = get_all(self._ledger, ARTICLE, [alias.article_id for alias in aliases.values()], ArticleRecord)
        for task in items:
            holder = known.get(aliased(aliases, task.identity))
            if holder is not None and holder.entry != task.pending.entry and _is_one(task.claim(), holder):
                task.settle_known(holder)


def keep(ledger: Ledger, record: ArticleRecord) -> None:
    """Save an article of an aggregator's item, unless the paper's own entry has taken it over."""
    while True:
        held = ledger.get(ARTICLE, record.article_id)
        if held is not None and decode(held.value, ArticleRecord).entry != record.entry:
            return
        try:
            ledger.put(put(ARTICLE, record.article_id, record, expected=held.revision if held else 0))
            return
        except Conflict:
            continue


def _with_article(tasks: Iterable[Task]) -> Iterator[Task]:
    return (task for task in tasks if task.article is not None)


def _takes_over(task: Task, holder: ArticleRecord) -> bool:
    """Also what it took over before a kill."""
    return holder.entry == task.pending.entry or (holder.opaque and _is_one(task.claim(), holder))


def _is_one(one: ArticleRecord, other: ArticleRecord) -> bool:
    """Of the same source and title: whether they were seen, and where both are dated published, near each other."""
    if abs(one.first_seen - other.first_seen) > _ONE_ARTICLE:
        return False
    if one.published_at is None or other.published_at is None:
        return True
    return abs(one.published_at - other.published_at) < _ONE_ISSUE
