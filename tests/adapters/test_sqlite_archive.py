"""The SQLite archive: files of an earlier schema, and what no index answers."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from services.adapters.sqlite_archive import SqliteArchive
from services.domain.query import parse
from tests.contracts.documents import enriched


def test_a_file_of_the_first_schema_learns_the_tone_of_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with closing(SqliteArchive(path)) as archive:
        archive.save(
            [enriched("a", tone="critical"), enriched("b", tone="none"), enriched("c", "đường", tone="incident")]
        )
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("alter table article drop column tone")
        connection.execute("update schema_version set version = 1 where part = 'archive'")
    with closing(SqliteArchive(path)) as archive:
        for query, ids in (("tone:critical", ["a"]), ("tone:none", ["b"]), ("đường tone:incident", ["c"])):
            assert [hit.article_id for hit in archive.search(parse(query)).hits] == ids
        archive.save([enriched("d", tone="critical")])
        assert archive.search(parse("tone:critical")).total == 2


def test_pages_and_totals_of_a_pattern(tmp_path: Path) -> None:
    with closing(SqliteArchive(tmp_path / "archive.db")) as archive:
        archive.save([enriched(f"a{number:03}", "Đường", text=f"ĐT.{number}") for number in range(300)])
        query = parse(r"đường re:/đt\.\d*7(\D|$)/")
        found: list[str] = []
        after = None
        while True:
            page = archive.search(query, limit=7, after=after)
            assert page.total == 30
            found += [hit.article_id for hit in page.hits]
            after = page.next
            if after is None:
                break
        assert found == [f"a{number:03}" for number in range(7, 300, 10)]
