"""The archive in SQLite: whole documents as JSON, and beside them what can be asked, as columns, sets and FTS5.

The index holds our own tokens joined by spaces; its tokenizer is told every character of theirs, so it only splits
at spaces. It keeps its own copy of them: a change takes out exactly what was put in, whatever the tokeniser does now.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import msgspec

from services.adapters.sqlite.condition import MARKED, PLAIN, add_functions, condition
from services.adapters.sqlite.store import Store
from services.domain.article import FIELDS, Version, version_of
from services.domain.calendar import ZONE
from services.domain.codec import decode, encode
from services.domain.events import Enriched
from services.domain.instants import from_micros, micros
from services.domain.query import Query, searchable
from services.ports.archive import Archive, Facet, Kept, Page, refuse_tone_by_outlet
from services.ports.errors import Unprocessable

_INDEXED = [*PLAIN.values(), *MARKED.values()]
_FACETS: dict[Facet, str] = {
    "place": "select place, count(*) from place where number in ({}) group by place",
    "topic": "select topic, count(*) from topic where number in ({}) group by topic",
    "outlet": "select outlet, count(*) from article where number in ({}) group by outlet",
    "language": "select language, count(*) from article where number in ({}) group by language",
}
_VERSIONS = "select content_hash, seen_at, title, lead, text from version where number = ? order by seen_at, rowid"
_SCHEMA = (
    (
        # Narrow rows: a search that sorts many hits reads these and opens the documents of one page.
        """create table article (
            number integer primary key autoincrement, article_id text not null unique,
            time integer not null, seen_at integer not null, outlet text not null, language text not null
        )""",
        "create index article_time on article (time)",
        "create table document (number integer primary key, value blob not null)",
        """create table version (
            number integer not null, content_hash text not null, seen_at integer not null,
            title text not null, lead text not null, text text not null, primary key (number, content_hash)
        )""",
        """create table place (
            place text not null, number integer not null, near integer not null, primary key (place, number)
        ) without rowid""",
        "create index place_number on place (number)",
        "create table topic (topic text not null, number integer not null, primary key (topic, number)) without rowid",
        "create index topic_number on topic (number)",
        # The "ascii" tokenizer keeps every character beyond ASCII; ours also hold . and , in figures and ' in names.
        f"create virtual table words using fts5 ({', '.join(_INDEXED)}, tokenize = \"ascii tokenchars '.,'''\")",
    ),
    (
        "alter table article add column tone text not null default ''",
        """update article set tone = coalesce((
            select json_extract(cast(value as text), '$.tone.label') from document d where d.number = article.number
        ), '')""",
    ),
)


class SqliteArchive(Archive):
    """The documents in the file at `path`."""

    def __init__(self, path: Path) -> None:
        self._store = Store(path, "archive", _SCHEMA, add_functions)

    def save(self, documents: Sequence[Enriched]) -> None:
        if not documents:
            return
        with self._store.write() as connection:
            for document in documents:
                _save(connection, document, [version_of(document.article)])

    def get(self, article_id: str) -> Enriched | None:
        with self._store.read() as connection:
            row = connection.execute(
                "select value from article join document using (number) where article_id = ?", (article_id,)
            ).fetchone()
            return decode(row[0], Enriched) if row else None

    def versions(self, article_id: str) -> list[Version]:
        with self._store.read() as connection:
            row = connection.execute("select number from article where article_id = ?", (article_id,)).fetchone()
            return _versions(connection, row[0]) if row else []

    def search(self, query: Query, limit: int = 20, after: str | None = None) -> Page:
        wanted, marked = condition(query.tree), condition(query.marked)
        begin = (-1, 0, "") if after is None else _place_after(after)
        hits = (
            f"hits as materialized (select a.number, a.article_id, -a.time as age, "
            f"case when {marked.sql} then 0 else 1 end as rank from article a where {wanted.sql})"
        )
        with self._store.read() as connection:
            rows = connection.execute(
                f"with {hits}, page as (select *, (select count(*) from hits) as total from hits "
                "where (rank, age, article_id) > (?, ?, ?) order by rank, age, article_id limit ?) "
                "select total, rank, age, article_id, (select value from document d where d.number = page.number) "
                "from page order by rank, age, article_id",
                (*marked.values, *wanted.values, *begin, limit + 1),
            ).fetchall()
            if rows:
                total = rows[0][0]
            else:
                (total,) = connection.execute(
                    f"select count(*) from article a where {wanted.sql}", wanted.values
                ).fetchone()
        shown = rows[:limit]
        more = len(rows) > limit and bool(shown)
        return Page(
            hits=[decode(row[4], Enriched) for row in shown],
            total=total,
            next=msgspec.json.encode(shown[-1][1:4]).decode() if more else None,
        )

    def facet(self, query: Query, by: Facet, limit: int = 20) -> list[tuple[str, int]]:
        refuse_tone_by_outlet(query, by)
        wanted = condition(query.tree)
        counted = _FACETS[by].format(f"select a.number from article a where {wanted.sql}")
        with self._store.read() as connection:
            rows = connection.execute(f"{counted} order by 2 desc, 1 limit ?", (*wanted.values, limit))
            return [(str(value), int(count)) for value, count in rows]

    def timeline(self, query: Query) -> list[tuple[date, int]]:
        wanted = condition(query.tree)
        with self._store.read() as connection:
            times = connection.execute(f"select a.time from article a where {wanted.sql}", wanted.values)
            days = Counter(from_micros(time).astimezone(ZONE).date() for (time,) in times)
        return sorted(days.items())

    def snapshot(self) -> Iterator[Kept]:
        with self._store.snapshot() as connection:
            rows = connection.execute(
                "select number, value from article join document using (number) order by article_id"
            )
            for number, value in rows:
                yield Kept(decode(value, Enriched), _versions(connection, number))

    def keep(self, kept: Sequence[Kept]) -> None:
        if not kept:
            return
        with self._store.write() as connection:
            for one in kept:
                _save(connection, one.document, one.versions)

    def count(self) -> int:
        with self._store.read() as connection:
            return int(connection.execute("select count(*) from article").fetchone()[0])

    def close(self) -> None:
        self._store.close()


def _place_after(cursor: str) -> tuple[int, int, str]:
    try:
        return msgspec.json.decode(cursor, type=tuple[int, int, str])
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Unprocessable(f"{cursor!r}: không phải vị trí trang / is no page of a search") from error


def _versions(connection: sqlite3.Connection, number: int) -> list[Version]:
    return [
        Version(content_hash=content_hash, seen_at=from_micros(seen_at), title=title, lead=lead, text=text)
        for content_hash, seen_at, title, lead, text in connection.execute(_VERSIONS, (number,))
    ]


def _save(connection: sqlite3.Connection, document: Enriched, versions: Sequence[Version]) -> None:
    article = document.article
    seen_at = micros(article.seen_at)
    row = connection.execute(
        "select number, seen_at, value from article join document using (number) where article_id = ?",
        (article.article_id,),
    ).fetchone()
    if row is None:
        number = connection.execute(
            "insert into article (article_id, time, seen_at, outlet, language) values (?, 0, 0, '', '')",
            (article.article_id,),
        ).lastrowid
        assert number is not None  # a row was inserted
    else:
        number = row[0]
    for version in versions:
        _add_version(connection, number, version)
    value = encode(document)
    if row is None or (seen_at >= row[1] and value != row[2]):
        _replace(connection, number, document, value)


def _add_version(connection: sqlite3.Connection, number: int, version: Version) -> None:
    """A text seen again keeps its version, with the earliest time at which it was seen."""
    connection.execute(
        "insert into version values (?, ?, ?, ?, ?, ?) on conflict (number, content_hash) "
        "do update set seen_at = excluded.seen_at where excluded.seen_at < seen_at",
        (number, version.content_hash, micros(version.seen_at), version.title, version.lead, version.text),
    )


def _replace(connection: sqlite3.Connection, number: int, document: Enriched, value: bytes) -> None:
    article = document.article
    asked = searchable(article, document.reading, document.topics, document.language, tone=document.tone)
    connection.execute(
        "update article set time = ?, seen_at = ?, outlet = ?, language = ?, tone = ? where number = ?",
        (micros(asked.time), micros(article.seen_at), asked.outlet, asked.language, asked.tone, number),
    )
    connection.execute("insert or replace into document values (?, ?)", (number, value))
    for table in ("place", "topic"):
        connection.execute(f"delete from {table} where number = ?", (number,))
    connection.executemany(
        "insert into place values (?, ?, ?)",
        [(place, number, near in ("about", "part")) for place, near in asked.places.items()],
    )
    connection.executemany("insert into topic values (?, ?)", [(topic, number) for topic in asked.topics])
    connection.execute("delete from words where rowid = ?", (number,))
    tokens = [asked.fields[name] for name in FIELDS]
    connection.execute(
        f"insert into words (rowid, {', '.join(_INDEXED)}) values (?{', ?' * len(_INDEXED)})",
        (number, *(" ".join(field.plain) for field in tokens), *(" ".join(field.marked) for field in tokens)),
    )
