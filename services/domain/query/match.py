"""One article against a syntax tree, in memory: the reference that every engine must agree with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from services.domain.article import FIELDS, Article, Field, Fields, tokens_of
from services.domain.place import Nearness, Reading
from services.domain.query.tree import And, Node, Not, Or, Place, Since, Text, Until, Value, all_of, any_of
from services.domain.text import fold, tokenise
from services.domain.topic import TopicHit

LONGEST_NAME = 8
"""Tokens of the longest register name that is looked for in a row of words."""

Spellings = Callable[[str], tuple[str, ...]]
"""The marked spellings of a register name given without marks; () for any other words."""


@dataclass(frozen=True)
class Searchable:
    """What a query can ask of one article. `time` is aware; `places` the strongest class for each place."""

    fields: Fields
    places: Mapping[str, Nearness]
    topics: frozenset[str]
    outlet: str
    language: str
    time: datetime

    @cached_property
    def _marked(self) -> dict[Field, str]:
        return {name: f" {' '.join(tokens.marked)} " for name, tokens in self.fields.items()}

    def has(self, term: Text) -> bool:
        wanted = f" {' '.join(term.tokens)} "
        names = FIELDS if term.field is None else (term.field,)
        if term.exact:
            return any(wanted in self._marked[name] for name in names)
        return any(wanted in self.fields[name].joined for name in names)


def searchable(
    article: Article, reading: Reading, topics: list[TopicHit], language: str, fields: Fields | None = None
) -> Searchable:
    """An article as queries see it; `fields` where its tokens are at hand."""
    return Searchable(
        fields=fields or tokens_of(article.title, article.lead, article.text),
        places=reading.places,
        topics=frozenset(hit.topic for hit in topics),
        outlet=article.outlet.lower(),
        language=language.lower(),
        time=article.time,
    )


def holds(node: Node, document: Searchable) -> bool:
    """Whether the article satisfies the tree."""
    match node:
        case Text():
            return document.has(node)
        case And(nodes):
            return all(holds(inner, document) for inner in nodes)
        case Or(nodes):
            return any(holds(inner, document) for inner in nodes)
        case Not(inner):
            return not holds(inner, document)
        case Place(place, any=True):
            return place in document.places
        case Place(place):
            return document.places.get(place) in ("about", "part")
        case Value("topic", value):
            return value in document.topics
        case Value("outlet", value):
            return value == document.outlet
        case Value(_, value):
            return value == document.language
        case Since(at):
            return document.time >= at
        case Until(at):
            return document.time < at


def marked_form(node: Node, spellings: Spellings | None) -> Node:
    """The tree that holds an article's marked tokens against the query as written.

    Words in a row that are a register name without marks stand for the marked spellings of that name.
    """
    match node:
        case Text():
            return _marked_row([node], spellings)
        case Not(inner):
            return Not(marked_form(inner, spellings))
        case Or(nodes):
            return any_of([marked_form(inner, spellings) for inner in nodes])
        case And(nodes):
            marked: list[Node] = []
            for unit in rows(nodes):
                texts = [inner for inner in unit if isinstance(inner, Text)]
                marked.append(_marked_row(texts, spellings) if texts else marked_form(unit[0], spellings))
            return all_of(marked)
    return node


def rows(nodes: tuple[Node, ...]) -> list[list[Node]]:
    """The conditions of an And, neighbouring texts of the same field together."""
    found: list[list[Node]] = []
    for node in nodes:
        last = found[-1][-1] if found else None
        if isinstance(node, Text) and isinstance(last, Text) and node.field == last.field:
            found[-1].append(node)
        else:
            found.append([node])
    return found


def _marked_row(texts: list[Text], spellings: Spellings | None) -> Node:
    nodes: list[Node] = []
    at = 0
    while at < len(texts):
        ends = range(min(len(texts), at + LONGEST_NAME), at, -1) if spellings is not None else ()
        for end in ends:
            spelled = _spelled(texts[at:end], spellings) if spellings is not None else []
            if spelled:
                nodes.append(any_of(spelled))
                at = end
                break
        else:
            nodes.append(Text(texts[at].written, texts[at].field, exact=True))
            at += 1
    return all_of(nodes)


def _spelled(texts: list[Text], spellings: Spellings) -> list[Node]:
    """For each marked spelling of the name that these texts are, the texts written so."""
    name = tuple(token for text in texts for token in text.written)
    if len(name) > LONGEST_NAME or any(fold(token) != token for token in name):
        return []
    found: list[Node] = []
    for spelling in spellings(" ".join(name)):
        tokens = tokenise(spelling)
        # A spelling of other words ("Bugiamap") is no hit of this query at all, so it cannot be its marked form.
        if tokens.plain != name:
            continue
        parts: list[Node] = []
        at = 0
        for text in texts:
            parts.append(Text(tokens.marked[at : at + len(text.written)], text.field, exact=True))
            at += len(text.written)
        if (node := all_of(parts)) not in found:
            found.append(node)
    return found
