"""What the press published: an article, its identity and its versions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

from services.domain.record import Record
from services.domain.text import Tokens, normalise, tokenise

SourceClass = Literal["press", "official", "mt_copy", "unclassified"]
Field = Literal["title", "lead", "text"]
FIELDS: tuple[Field, ...] = ("title", "lead", "text")
Fields = Mapping[Field, Tokens]
"""The tokens of an article's three fields: what every rule of the domain reads."""

# Keys that name a person who wrote; dropped in any case and depth (fair coverage, rule 2).
AUTHOR_KEYS = frozenset({"author", "authors", "byline", "creator", "dc:creator", "article:author"})


class Article(Record, frozen=True, kw_only=True):
    """One version of one article, as the collector publishes it. Times are aware UTC."""

    article_id: str
    url: str | None = None
    title: str = ""
    lead: str = ""
    text: str = ""
    published_at: datetime | None = None
    date_basis: Literal["feed", "page", "given", "unknown"] = "unknown"
    first_seen: datetime
    seen_at: datetime
    """When this version was read; `first_seen` is the article's and never changes."""
    outlet: str = ""
    """Id in outlets.yaml; the final host where no outlet is registered for it."""
    outlet_name: str = ""
    source_class: SourceClass
    """Only "press" is judged and told of: whoever makes an article says what it is."""
    declared_language: str | None = None
    text_basis: Literal["page", "feed", "given"] = "page"
    content_hash: str = ""
    feed: str = ""
    first_poll: bool = False
    """Read on a feed's first poll: it fills the archive, not the letters."""

    @property
    def time(self) -> datetime:
        """When it counts in search and dates: published, else first seen."""
        return self.published_at or self.first_seen

    def field(self, name: Field) -> str:
        return str(getattr(self, name))


class Version(Record, frozen=True, kw_only=True):
    """One text that an article had."""

    content_hash: str
    seen_at: datetime
    title: str
    lead: str
    text: str


def version_of(article: Article) -> Version:
    """The text of this reading of an article."""
    return Version(
        content_hash=article.content_hash or hash_of(article.title, article.lead, article.text),
        seen_at=article.seen_at,
        title=article.title,
        lead=article.lead,
        text=article.text,
    )


def tokens_of(title: str, lead: str, text: str) -> Fields:
    """Tokenise once; places, topics, tone, facts and queries all read the same tokens."""
    return {"title": tokenise(title), "lead": tokenise(lead), "text": tokenise(text)}


class _Unread(Mapping[Field, Tokens]):
    """The tokens of an article, each field tokenised when it is first asked for."""

    def __init__(self, article: Article) -> None:
        self._article = article
        self._read: dict[Field, Tokens] = {}

    def __getitem__(self, name: Field) -> Tokens:
        found = self._read.get(name)
        if found is None:
            if name not in FIELDS:
                raise KeyError(name)
            found = self._read[name] = tokenise(self._article.field(name))
        return found

    def __iter__(self) -> Iterator[Field]:
        return iter(FIELDS)

    def __len__(self) -> int:
        return len(FIELDS)


def unread(article: Article) -> Fields:
    """The same as `tokens_of` for whoever may never ask: most queries are decided by places and topics alone."""
    return _Unread(article)


def id_of(canonical_url: str) -> str:
    """The identity of an article: a hash of its canonical URL."""
    return hashlib.sha256(canonical_url.encode()).hexdigest()[:24]


def id_without_url(title: str, text: str) -> str:
    return id_of(f"text:{title}\n{text}")


def hash_of(title: str, lead: str, text: str) -> str:
    """A hash of what is said: a change of white space or of Unicode form is no new version."""
    said = "\n".join(" ".join(normalise(part)[0].split()) for part in (title, lead, text))
    return hashlib.sha256(said.encode()).hexdigest()[:24]


def without_authors(value: Any) -> Any:
    """The same JSON value without author fields, in any case and depth."""
    if isinstance(value, Mapping):
        return {
            key: without_authors(inner) for key, inner in value.items() if str(key).strip().lower() not in AUTHOR_KEYS
        }
    if isinstance(value, list):
        return [without_authors(inner) for inner in value]
    return value
