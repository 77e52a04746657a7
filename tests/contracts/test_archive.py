"""What services/ports/archive.py promises, on every adapter."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from services.domain.query import parse
from services.ports.archive import Archive
from services.ports.errors import Unprocessable
from tests.contracts.documents import DAY, enriched

OpenArchive = Callable[[], Archive]
LATER = DAY + timedelta(hours=3)
SPELLINGS = {"bu gia map": ("bù gia mập",)}


def found(archive: Archive, query: str, limit: int = 20) -> list[str]:
    parsed = parse(query, lambda plain: SPELLINGS.get(plain, ()))
    return [hit.article_id for hit in archive.search(parsed, limit).hits]


def test_a_document_comes_out_as_it_went_in(open_archive: OpenArchive) -> None:
    document = enriched(
        "a1", "Đường ĐT.741", "mở", "Xã Bù Gia Mập", places={"bu-gia-map": "about"}, topics=("giao-thong",)
    )
    first = open_archive()
    first.save([document, enriched("a2")])
    first.close()
    archive = open_archive()
    assert archive.get("a1") == document
    assert archive.get("không có") is None
    assert archive.count() == 2


def test_an_empty_archive_finds_nothing(archive: Archive) -> None:
    archive.save([])
    assert archive.count() == 0
    page = archive.search(parse("bù gia mập"))
    assert (page.hits, page.total, page.next) == ([], 0, None)
    assert archive.versions("a1") == []


def test_saving_again_changes_nothing(archive: Archive) -> None:
    document = enriched("a1", "Bù Gia Mập", text="một")
    archive.save([document])
    archive.save([document, document])
    assert archive.count() == 1
    assert len(archive.versions("a1")) == 1
    assert archive.search(parse("bù gia mập")).total == 1


def test_reading_anew_replaces_what_was_read_and_adds_no_version(archive: Archive) -> None:
    archive.save([enriched("a1", "Lúa", places={"bu-gia-map": "about"}, topics=("nong-nghiep",), rules="1")])
    again = enriched("a1", "Lúa", places={"binh-phuoc": "mention"}, topics=("gia-ca",), rules="2", language="en")
    archive.save([again])
    assert archive.get("a1") == again
    assert len(archive.versions("a1")) == 1
    assert found(archive, "place:bu-gia-map/any") == []
    assert found(archive, "topic:nong-nghiep") == []
    assert found(archive, "place:binh-phuoc/any topic:gia-ca language:en") == ["a1"]


def test_a_new_text_is_a_new_version_and_the_old_one_is_kept(archive: Archive) -> None:
    archive.save([enriched("a1", "Mở đường", text="dài 12 km")])
    archive.save([enriched("a1", "Mở đường", text="dài 21 km", seen_at=LATER)])
    assert [(version.text, version.seen_at) for version in archive.versions("a1")] == [
        ("dài 12 km", DAY),
        ("dài 21 km", LATER),
    ]
    assert found(archive, '"21 km"') == ["a1"]
    assert found(archive, '"12 km"') == []


def test_white_space_is_no_new_version(archive: Archive) -> None:
    archive.save([enriched("a1", "Mở đường", text="dài 12 km")])
    archive.save([enriched("a1", "Mở  đường", text="dài\n12 km", seen_at=LATER)])
    assert len(archive.versions("a1")) == 1


def test_an_older_text_that_comes_late_does_not_replace_the_newer(archive: Archive) -> None:
    newer = enriched("a1", "Mở đường", text="dài 21 km", seen_at=LATER)
    archive.save([newer])
    archive.save([enriched("a1", "Mở đường", text="dài 12 km")])
    assert archive.get("a1") == newer
    assert [version.text for version in archive.versions("a1")] == ["dài 12 km", "dài 21 km"]
    assert found(archive, '"12 km"') == []


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (0, 1, 2, 1, 0)])
def test_a_text_that_comes_back_is_current_again_in_any_order_of_arrival(
    archive: Archive, order: tuple[int, ...]
) -> None:
    texts = [
        enriched("a1", text="dài 12 km"),
        enriched("a1", text="dài 21 km", seen_at=LATER),
        enriched("a1", text="dài 12 km", seen_at=LATER + timedelta(hours=1)),
    ]
    for index in order:
        archive.save([texts[index]])
    assert archive.get("a1") == texts[2]
    assert [(version.text, version.seen_at) for version in archive.versions("a1")] == [
        ("dài 12 km", DAY),
        ("dài 21 km", LATER),
    ]


def test_search_is_blind_to_marks_and_puts_the_marked_form_first(archive: Archive) -> None:
    archive.save(
        [
            enriched("old-marked", text="ở Bù Gia Mập", published_at=DAY - timedelta(days=9)),
            enriched("new-plain", text="o Bu Gia Map"),
            enriched("new-marked", text="ở BÙ GIA MẬP"),
            enriched("wrong-marks", text="bú già mập", published_at=LATER),
        ]
    )
    expected = ["new-marked", "old-marked", "wrong-marks", "new-plain"]
    assert found(archive, "Bù Gia Mập") == expected
    assert found(archive, "bu gia map") == expected
    assert found(archive, '"bu gia map"') == expected
    assert found(archive, "bù-gia-mập") == expected


def test_newest_first_then_by_id_and_undated_by_when_it_was_seen(archive: Archive) -> None:
    archive.save(
        [
            enriched("b", text="lúa"),
            enriched("a", text="lúa"),
            enriched("c", text="lúa", published_at=None, first_seen=LATER),
            enriched("d", text="lúa", published_at=DAY - timedelta(microseconds=1)),
        ]
    )
    assert found(archive, "lúa") == ["c", "a", "b", "d"]


def test_pages_follow_one_another_without_gap_or_repeat(archive: Archive) -> None:
    archive.save(
        [
            enriched(f"m{number}", text="Bù Gia Mập", published_at=DAY + timedelta(hours=number % 3))
            for number in range(7)
        ]
    )
    archive.save([enriched(f"p{number}", text="bu gia map") for number in range(4)])
    query = parse("Bù Gia Mập")
    whole = [hit.article_id for hit in archive.search(query, 100).hits]
    assert len(whole) == 11
    walked: list[str] = []
    after: str | None = None
    for _ in range(6):
        page = archive.search(query, 2, after)
        assert page.total == 11
        walked += [hit.article_id for hit in page.hits]
        after = page.next
        if after is None:
            break
    assert walked == whole
    assert archive.search(query, 11).next is None


def test_a_page_that_does_not_exist_is_refused(archive: Archive) -> None:
    for cursor in ("", "x", "[1]", '{"a": 1}', "\udcff"):
        with pytest.raises(Unprocessable):
            archive.search(parse("lúa"), 2, cursor)


def test_a_phrase_stands_within_one_field(archive: Archive) -> None:
    archive.save([enriched("a1", title="xã Bù", lead="Gia Mập", text="Phước, Long")])
    assert found(archive, '"bù gia"') == []
    assert found(archive, "bù gia mập") == ["a1"]
    assert found(archive, '"phước long"') == ["a1"]
    assert found(archive, "title:gia") == []
    assert found(archive, 'lead:"gia mập" title:bù body:long') == ["a1"]


def test_tokens_are_ours_not_the_engines(archive: Archive) -> None:
    archive.save([enriched("a1", text="Đường ĐT.741 qua 1.061,16 km², người S’tiêng, Phuoc's, 布加")])
    for query in ("ĐT.741", "dt.741", "1.061,16", "S'tiêng", "stieng OR s'tieng", '"phuoc s"', "布", '"布加"', "km²"):
        assert found(archive, query) == ["a1"], query
    for query in ("741", "1.061", "16", "tiêng", "dt", "đường.đt", "布加加"):
        assert found(archive, query) == [], query


def test_a_word_of_any_length_is_one_token(archive: Archive) -> None:
    word = "đ" * 300
    archive.save([enriched("a1", text=f"lúa {word} nước {'x' * 40_000} hết")])
    for query in (word, f'"lúa {word} nước"', "nước hết"):
        assert found(archive, query) == ["a1"], query
    for query in (word[:255], word[:45], "x" * 7000, '"nước hết"'):
        assert found(archive, query) == [], query


def test_words_of_the_engines_own_query_languages_are_only_words(archive: Archive) -> None:
    archive.save([enriched("a1", text="near not and or column plain_title rowid words")])
    assert found(archive, '"not and or"') == ["a1"]
    assert found(archive, "near plain_title") == ["a1"]
    assert found(archive, "rowid words and or -match") == ["a1"]


def test_places_topics_outlets_languages_and_days(archive: Archive) -> None:
    archive.save(
        [
            enriched("about", places={"bu-gia-map": "about", "binh-phuoc": "about"}, topics=("y-te",), outlet="VOV"),
            enriched("part", places={"bu-gia-map": "part"}, language="en", published_at=DAY - timedelta(days=1)),
            enriched("mention", places={"bu-gia-map": "mention"}, published_at=DAY - timedelta(days=2)),
        ]
    )
    assert found(archive, "place:bu-gia-map") == ["about", "part"]
    assert found(archive, "place:bu-gia-map/any") == ["about", "part", "mention"]
    assert found(archive, "place:bu-gia-map/any -place:bu-gia-map") == ["mention"]
    assert found(archive, "topic:y-te OR language:en") == ["about", "part"]
    assert found(archive, "outlet:vov") == ["about"]
    assert found(archive, "after:2026-11-19 before:20/11/2026") == ["part"]


def test_a_day_is_a_day_in_vietnam(archive: Archive) -> None:
    midnight = datetime(2026, 11, 19, 17, 0, tzinfo=UTC)
    archive.save(
        [
            enriched("last", text="lúa", published_at=midnight - timedelta(microseconds=1)),
            enriched("first", text="lúa", published_at=midnight),
        ]
    )
    assert found(archive, "lúa after:2026-11-20") == ["first"]
    assert found(archive, "lúa before:2026-11-20") == ["last"]


def test_nots_and_alternatives_of_every_kind(archive: Archive) -> None:
    archive.save(
        [
            enriched("a", text="lúa nước", topics=("nong-nghiep",)),
            enriched("b", text="lúa cạn"),
            enriched("c", text="điều", topics=("nong-nghiep",)),
        ]
    )
    assert found(archive, "lúa -nước") == ["b"]
    assert found(archive, "lúa NOT (nước OR topic:y-te)") == ["b"]
    assert found(archive, "topic:nong-nghiep -lúa") == ["c"]
    assert found(archive, "(lúa NOT topic:nong-nghiep) OR điều") == ["b", "c"]
    assert found(archive, "NOT NOT điều") == ["c"]
    assert found(archive, "topic:nong-nghiep NOT (NOT nước)") == ["a"]
    assert found(archive, "(điều OR NOT lúa) topic:nong-nghiep") == ["c"]


def test_the_largest_query_is_answered(archive: Archive) -> None:
    archive.save([enriched("a1", text="w499 x")])
    assert found(archive, " OR ".join(f"w{number}" for number in range(500))) == ["a1"]
    assert found(archive, "x " + " ".join(f"-w{number}" for number in range(499))) == ["a1"]
    assert found(archive, " OR ".join(f"(w{number} topic:t{number})" for number in range(250))) == []
    assert found(archive, "x OR " + " OR ".join(f"place:p{number}" for number in range(499))) == ["a1"]
    assert found(archive, "布" * 8000) == []


def test_the_deepest_query_is_answered(archive: Archive) -> None:
    archive.save([enriched("a1", text="x y")])
    for step in ("x ({} OR w)", "({}) y OR w", "x NOT (w OR NOT {})", "y (topic:t OR ({} x))"):
        query = "x"
        for _ in range(6):
            query = step.format(query)
        assert found(archive, query) == ["a1"], query
    query = "x"
    for level in range(20):
        query = f"y ({query})" if level % 2 else f"w OR ({query})"
    assert found(archive, query) == ["a1"]


def test_readers_and_writers_work_at_once(open_archive: OpenArchive) -> None:
    service, command = open_archive(), open_archive()
    query = parse("lúa")

    def write(name: str) -> None:
        for number in range(10):
            service.save([enriched(f"{name}{number}", text="lúa")])

    threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    totals = [command.search(query, 1).total for _ in range(20)]
    for thread in threads:
        thread.join()
    assert totals == sorted(totals)
    assert command.search(query).total == 20


def test_facets_count_what_hits_have_most_first(archive: Archive) -> None:
    archive.save(
        [
            enriched("a", text="lúa", places={"bu-gia-map": "about", "binh-phuoc": "mention"}, topics=("y-te",)),
            enriched("b", text="lúa", places={"binh-phuoc": "part"}, topics=("y-te", "gia-ca"), outlet="VOV"),
            enriched("c", text="lúa", language="en"),
            enriched("d", text="điều", places={"xa-dak-o": "about"}, topics=("an-ninh",), outlet="khac"),
        ]
    )
    query = parse("lúa")
    assert archive.facet(query, "place") == [("binh-phuoc", 2), ("bu-gia-map", 1)]
    assert archive.facet(query, "topic") == [("y-te", 2), ("gia-ca", 1)]
    assert archive.facet(query, "outlet") == [("bao-mau", 2), ("vov", 1)]
    assert archive.facet(query, "language") == [("vi", 2), ("en", 1)]
    assert archive.facet(query, "topic", limit=1) == [("y-te", 2)]
    assert archive.facet(parse("cà phê"), "place") == []


def test_a_facet_counts_every_value(archive: Archive) -> None:
    """More values than one request to a server gives."""
    names = [f"t{number:04}" for number in range(1100)]
    archive.save([enriched(f"a{begin}", text="lúa", topics=tuple(names[begin:])) for begin in (0, 1, 1099)])
    counted = archive.facet(parse("lúa"), "topic", limit=2000)
    assert counted == [("t1099", 3), *((name, 2) for name in names[1:1099]), ("t0000", 1)]


def test_a_timeline_counts_days_of_the_office(archive: Archive) -> None:
    midnight = datetime(2026, 11, 19, 17, 0, tzinfo=UTC)
    archive.save(
        [
            enriched("last", text="lúa", published_at=midnight - timedelta(microseconds=1)),
            enriched("first", text="lúa", published_at=midnight),
            enriched("same", text="lúa", published_at=midnight + timedelta(hours=23, minutes=59)),
            enriched("undated", text="lúa", published_at=None, first_seen=midnight + timedelta(days=40)),
            enriched("other", text="điều", published_at=midnight),
        ]
    )
    days = [(date(2026, 11, 19), 1), (date(2026, 11, 20), 2), (date(2026, 12, 30), 1)]
    assert archive.timeline(parse("lúa")) == days
    assert archive.timeline(parse("cà phê")) == []


def test_facets_and_timelines_of_what_no_index_answers_alone(archive: Archive) -> None:
    archive.save(
        [
            enriched("a", text="dài 12 km", topics=("giao-thong",), places={"binh-phuoc": "about"}),
            enriched("b", text="dài 7 km", topics=("giao-thong", "y-te"), published_at=DAY + timedelta(days=1)),
            enriched("c", text="dài lắm", topics=("y-te",)),
        ]
    )
    query = parse(r"dài re:/[0-9]+ km/")
    assert query.needs_check
    assert found(archive, r"dài re:/[0-9]+ km/") == ["b", "a"]
    assert archive.facet(query, "topic") == [("giao-thong", 2), ("y-te", 1)]
    assert archive.facet(query, "place") == [("binh-phuoc", 1)]
    assert archive.facet(query, "outlet") == [("bao-mau", 2)]
    assert archive.facet(query, "language") == [("vi", 2)]
    assert archive.timeline(query) == [(date(2026, 11, 20), 1), (date(2026, 11, 21), 1)]
    first = archive.search(query, 1)
    assert (first.total, [hit.article_id for hit in first.hits]) == (2, ["b"])
    second = archive.search(query, 1, first.next)
    assert (second.total, [hit.article_id for hit in second.hits], second.next) == (2, ["a"], None)


@pytest.mark.parametrize("query", ["tone:critical", "lúa -tone:positive", "lúa OR (tone:neutral y)"])
def test_no_count_of_tone_by_outlet(archive: Archive, query: str) -> None:
    archive.save([enriched("a", text="lúa")])
    with pytest.raises(Unprocessable, match="công bằng"):
        archive.facet(parse(query), "outlet")
    archive.facet(parse(query), "topic")
