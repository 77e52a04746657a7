"""The archive in SQLite: whole documents as JSON, and beside them what can be asked, as columns, sets and FTS5.

The index holds our own tokens joined by spaces; its tokenizer is told every character of theirs, so it only splits
at spaces. It keeps its own copy of them: a change takes out exactly what was put in, whatever the tokeniser does now.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from services.adapters.sqlite.condition import MARKED, PLAIN, condition
from services.adapters.sqlite.store import Store, instant, micros
from services.domain.article import FIELDS, Article, Version, hash_of
from services.domain.codec import decode, encode
from services.domain.events import Enriched
from services.domain.query import Query, searchable
from services.ports.archive import Archive, Page
from services.ports.errors import Unprocessable

_INDEXED = [*PLAIN.values(), *MARKED.values()]
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
)


class SqliteArchive(Archive):
    """The documents in the file at `path`."""

    def __init__(self, path: Path) -> None:
        self._store = Store(path, "archive", _SCHEMA)

    def save(self, documents: Sequence[Enriched]) -> None:
        if not documents:
            return
        with self._store.write() as connection:
            for document in documents:
                _save(connection, document)

    def get(self, article_id: str) -> Enriched | None:
        with self._store.read() as connection:
            row = connection.execute(
                "select value from article join document using (number) where article_id = ?", (article_id,)
            ).fetchone()
            return decode(row[0], Enriched) if row else None

    def versions(self, article_id: str) -> list[Version]:
        with self._store.read() as connection:
            rows = connection.execute(
                "select content_hash, v.seen_at, title, lead, text from version v join article using (number) "
                "where article_id = ? order by v.seen_at, v.rowid",
                (article_id,),
            ).fetchall()
        return [
            Version(content_hash=content_hash, seen_at=instant(seen_at), title=title, lead=lead, text=text)
            for content_hash, seen_at, title, lead, text in rows
        ]

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


def _save(connection: sqlite3.Connection, document: Enriched) -> None:
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
    _add_version(connection, number, article)
    value = encode(document)
    if row is None or (seen_at >= row[1] and value != row[2]):
        _replace(connection, number, document, value)


def _add_version(connection: sqlite3.Connection, number: int, article: Article) -> None:
    """A text seen again keeps its version, with the earliest time at which it was seen."""
    connection.execute(
        "insert into version values (?, ?, ?, ?, ?, ?) on conflict (number, content_hash) "
        "do update set seen_at = excluded.seen_at where excluded.seen_at < seen_at",
        (
            number,
            article.content_hash or hash_of(article.title, article.lead, article.text),
            micros(article.seen_at),
            article.title,
            article.lead,
            article.text,
        ),
    )


def _replace(connection: sqlite3.Connection, number: int, document: Enriched, value: bytes) -> None:
    article = document.article
    asked = searchable(article, document.reading, document.topics, document.language)
    connection.execute(
        "update article set time = ?, seen_at = ?, outlet = ?, language = ? where number = ?",
        (micros(asked.time), micros(article.seen_at), asked.outlet, asked.language, number),
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
