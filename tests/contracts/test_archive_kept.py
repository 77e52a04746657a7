"""What services/ports/archive.py promises of snapshots, of keeping them, and of writers at once, on every adapter."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from services.domain.article import Version, version_of
from services.domain.query import parse
from services.ports.archive import Archive, Kept
from tests.contracts.documents import DAY, enriched
from tests.contracts.test_archive import found

OpenArchive = Callable[[], Archive]
LATER = DAY + timedelta(hours=3)


def test_a_snapshot_is_all_of_one_moment(open_archive: OpenArchive) -> None:
    archive, writer = open_archive(), open_archive()
    documents = [enriched(f"a{number:03}", text=f"lúa {number}") for number in range(450)]
    archive.save(documents)
    archive.save([enriched("a001", text="lúa mới", seen_at=LATER)])
    begun = archive.snapshot()
    first = next(begun)
    writer.save([enriched("a000", text="đổi sau", seen_at=LATER), enriched("a440", text="đổi sau", seen_at=LATER)])
    writer.save([enriched("zzz", text="mới")])
    everything = [first, *begun]
    assert [kept.document.article_id for kept in everything] == [document.article_id for document in documents]
    assert everything[440].document == documents[440]
    assert [version.text for version in everything[1].versions] == ["lúa 1", "lúa mới"]
    assert everything[1].versions == archive.versions("a001")
    assert len(list(archive.snapshot())) == 451


def test_an_empty_archive_has_an_empty_snapshot(archive: Archive) -> None:
    assert list(archive.snapshot()) == []


def test_what_is_kept_comes_out_as_it_was(open_archive: OpenArchive) -> None:
    archive = open_archive()
    late = enriched(
        "a1", "Mở đường", text="dài 30 km", seen_at=LATER + timedelta(days=1), places={"bu-gia-map": "about"}
    )
    early = Version(content_hash="h1", seen_at=DAY, title="Mở đường", lead="", text="dài 12 km")
    middle = Version(content_hash="h2", seen_at=LATER, title="Mở đường", lead="", text="dài 21 km")
    kept = Kept(late, [early, middle, version_of(late.article)])
    other = Kept(enriched("a2", text="lúa"), [version_of(enriched("a2", text="lúa").article)])
    for _ in range(2):
        archive.keep([kept, other])
        assert list(archive.snapshot()) == [kept, other]
        assert archive.count() == 2
    assert archive.versions("a1") == kept.versions
    assert found(archive, '"30 km" place:bu-gia-map') == ["a1"]
    assert found(archive, '"12 km"') == []
    archive.keep([])


def test_keeping_adds_to_what_is_there_and_takes_nothing_away(archive: Archive) -> None:
    newer = enriched("a1", text="dài 21 km", seen_at=LATER)
    older = enriched("a1", text="dài 12 km")
    archive.save([newer])
    archive.keep([Kept(older, [version_of(older.article)])])
    assert archive.get("a1") == newer
    assert [version.text for version in archive.versions("a1")] == ["dài 12 km", "dài 21 km"]


def test_writers_at_once_lose_no_version(open_archive: OpenArchive) -> None:
    """Four processes save versions of the same articles; each save's own text must be among the versions after it."""
    failed: list[str] = []

    def write(archive: Archive, writer: int) -> None:
        for number in range(6):
            seen_at = DAY + timedelta(minutes=number * 4 + writer)
            said = f"bản {writer} {number}"
            archive.save([enriched(article, text=said, seen_at=seen_at) for article in ("a1", "a2")])
            if said not in {version.text for version in archive.versions("a1")}:
                failed.append(said)

    threads = [threading.Thread(target=write, args=(open_archive(), writer)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    archive = open_archive()
    assert not failed
    for article in ("a1", "a2"):
        assert len(archive.versions(article)) == 24
        current = archive.get(article)
        assert current is not None
        assert current.article.text == "bản 3 5"
    assert found(archive, '"bản 3 5"') == ["a1", "a2"]
    assert archive.search(parse("bản")).total == 2
