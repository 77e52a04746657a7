"""One article against a syntax tree, in memory: the reference that every engine must agree with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from services.domain.article import FIELDS, Article, Field, Fields, unread
from services.domain.place import Nearness, Reading
from services.domain.query.near import pairs
from services.domain.query.necessary import key_of, key_of_place
from services.domain.query.pattern import compiled, readable
from services.domain.query.tree import And, Near, Node, Not, Or, Place, Regex, Since, Text, Until, Value
from services.domain.tone import Tone, ToneLabel
from services.domain.topic import TopicHit


@dataclass(frozen=True)
class Searchable:
    """What a query can ask of one article. `time` is aware; `places` the strongest class for each place."""

    fields: Fields
    places: Mapping[str, Nearness]
    topics: frozenset[str]
    outlet: str
    language: str
    time: datetime
    tone: ToneLabel | None = None
    """None where it is not known yet."""

    @cached_property
    def keys(self) -> frozenset[str]:
        """All that `necessary` can name in this article."""
        return self.facts | self.words

    @cached_property
    def facts(self) -> frozenset[str]:
        """Those of its keys that are no words: known before it is tokenised."""
        near = [key_of_place(place, False) for place, nearness in self.places.items() if nearness != "mention"]
        mentioned = [key_of_place(place, True) for place in self.places]
        topics = [key_of("topic", topic) for topic in self.topics]
        rest = (key_of("outlet", self.outlet), key_of("language", self.language))
        return frozenset().union(near, mentioned, topics, rest)

    @cached_property
    def words(self) -> frozenset[str]:
        """Its plain tokens."""
        return frozenset().union(*(tokens.plain for tokens in self.fields.values()))

    @cached_property
    def _marked(self) -> dict[Field, str]:
        return {name: f" {' '.join(tokens.marked)} " for name, tokens in self.fields.items()}

    @cached_property
    def _readable(self) -> dict[Field, bytes]:
        return {name: readable(tokens.source) for name, tokens in self.fields.items()}

    def has(self, term: Text) -> bool:
        if not term.exact and not self.words.issuperset(term.tokens):
            return False
        names = FIELDS if term.field is None else (term.field,)
        if term.exact:
            return any(term.run in self._marked[name] for name in names)
        if term.field is None and len(term.tokens) == 1:
            return True
        return any(term.run in self.fields[name].joined for name in names)

    def has_near(self, term: Near) -> bool:
        if not (self.has(term.left) and self.has(term.right)):
            return False
        names = FIELDS if term.left.field is None else (term.left.field,)
        return any(any(True for _ in pairs(term, self.fields[name])) for name in names)

    def has_pattern(self, term: Regex) -> bool:
        names = FIELDS if term.field is None else (term.field,)
        program = compiled(term.pattern)
        return any(program.search(self._readable[name]) for name in names)


def searchable(
    article: Article,
    reading: Reading,
    topics: list[TopicHit],
    language: str,
    fields: Fields | None = None,
    *,
    tone: Tone | None = None,
) -> Searchable:
    """An article as queries see it; `fields` where its tokens are at hand, `tone` where it was read."""
    return Searchable(
        fields=fields or unread(article),
        places=reading.places,
        topics=frozenset(hit.topic for hit in topics),
        outlet=article.outlet.lower(),
        language=language.lower(),
        time=article.time,
        tone=tone.label if tone is not None else None,
    )


def holds(node: Node, document: Searchable, unknown: bool = False) -> bool:
    """Whether the article satisfies the tree.

    A tone that is not known yet counts as `unknown`, the other way round under each NOT. So False asks whether the
    tree surely holds, and True whether it is not surely false: the two ends of Kleene's three values.
    """
    match node:
        case Text():
            return document.has(node)
        case And(nodes):
            return all(holds(inner, document, unknown) for inner in nodes)
        case Or(nodes):
            return any(holds(inner, document, unknown) for inner in nodes)
        case Not(inner):
            return not holds(inner, document, not unknown)
        case Place(place, any=True):
            return place in document.places
        case Place(place):
            return document.places.get(place) in ("about", "part")
        case Near():
            return document.has_near(node)
        case Regex():
            return document.has_pattern(node)
        case Value("tone", value):
            return unknown if document.tone is None else value == document.tone
        case Value(name, value):
            return value in document.topics if name == "topic" else value == getattr(document, name)
        case Since(at):
            return document.time >= at
        case Until(at):
            return document.time < at


def quickest_first(node: Node) -> Node:
    """The same tree for `holds`: of the conditions that stand side by side, those that cost least are asked first."""
    match node:
        case Not(inner):
            return Not(quickest_first(inner))
        case And(nodes) | Or(nodes):
            ordered = tuple(quickest_first(inner) for inner in sorted(nodes, key=_cost))
            return And(ordered) if isinstance(node, And) else Or(ordered)
    return node


def _cost(node: Node) -> int:
    match node:
        case Not(inner):
            return _cost(inner)
        case And(nodes) | Or(nodes):
            return max(map(_cost, nodes))
        case Text():
            return 1
        case Near():
            return 2
        case Regex():
            return 3
    return 0
