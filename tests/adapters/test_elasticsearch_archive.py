"""What is the Elasticsearch archive's own: busy servers, lost answers, half-done saves, migration, names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from elasticsearch import Elasticsearch

from services.adapters.elasticsearch.bulk import MOST_BYTES, MOST_WRITES, PAUSES
from services.adapters.elasticsearch.indices import behind
from services.adapters.elasticsearch_archive import ElasticsearchArchive
from services.domain.query import parse
from services.ports.archive import Archive
from services.ports.errors import Unavailable, Unprocessable
from services.settings import ElasticsearchSettings
from tests.contracts.documents import DAY, enriched
from tests.servers.faulty_elasticsearch import Fault, FaultyElasticsearch, ReadFault, faulty_elasticsearch

SETTINGS = ElasticsearchSettings()
DOCUMENTS = [enriched(f"a{number}", text=f"lúa {number}") for number in range(6)]
BUSY: list[Fault | None] = ["busy"] * (len(PAUSES) + 1)
"""More often than a write is repeated."""
LATER = DAY + timedelta(hours=3)


@pytest.fixture
def archive(elasticsearch_url: str) -> Iterator[ElasticsearchArchive]:
    with closing(ElasticsearchArchive(elasticsearch_url, SETTINGS, create=True)) as opened:
        yield opened


@pytest.fixture
def client(elasticsearch_url: str) -> Iterator[Elasticsearch]:
    split = urlsplit(elasticsearch_url)
    with closing(Elasticsearch(f"{split.scheme}://{split.netloc}")) as opened:
        yield opened


@pytest.fixture
def name(elasticsearch_url: str) -> str:
    return urlsplit(elasticsearch_url).path.strip("/")


@pytest.fixture
def proxy(elasticsearch_url: str, archive: ElasticsearchArchive) -> Iterator[FaultyElasticsearch]:
    archive.save([enriched("z", text="điều")])  # the month is there
    with faulty_elasticsearch(elasticsearch_url) as running:
        yield running


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def faulty(proxy: FaultyElasticsearch, name: str, slept: list[float]) -> Iterator[ElasticsearchArchive]:
    settings = ElasticsearchSettings(timeout_seconds=1.0)
    with closing(ElasticsearchArchive(f"{proxy.url}/{name}", settings, sleep=slept.append)) as opened:
        yield opened


def found(archive: Archive, query: str) -> list[str]:
    return [hit.article_id for hit in archive.search(parse(query), 100).hits]


def test_a_busy_server_is_asked_again_with_a_pause(
    faulty: ElasticsearchArchive, proxy: FaultyElasticsearch, slept: list[float]
) -> None:
    proxy.faults += ["busy", "partly busy", "busy"]
    faulty.save(DOCUMENTS)
    assert slept == [*PAUSES[:3]]
    assert found(faulty, "lúa") == [document.article_id for document in DOCUMENTS]
    assert [len(faulty.versions(document.article_id)) for document in DOCUMENTS] == [1] * 6


def test_a_server_that_stays_busy_is_unavailable_and_nothing_is_lost(
    faulty: ElasticsearchArchive, proxy: FaultyElasticsearch
) -> None:
    proxy.faults += BUSY
    with pytest.raises(Unavailable, match="quá tải"):
        faulty.save(DOCUMENTS)
    assert found(faulty, "lúa") == []
    faulty.save(DOCUMENTS)
    assert len(found(faulty, "lúa")) == 6


@pytest.mark.parametrize("at", [0, 1])
def test_an_item_that_stays_busy_leaves_the_others_done(
    faulty: ElasticsearchArchive, proxy: FaultyElasticsearch, at: int
) -> None:
    """`at` 0: while the truth is written; 1: while that which is searched is."""
    for _ in range(at):
        faulty.save([DOCUMENTS[0]])  # what follows writes only what is searched of it
    proxy.faults += ["partly busy", *BUSY[1:]]
    with pytest.raises(Unavailable):
        faulty.save(DOCUMENTS[:1] * at + DOCUMENTS)
    faulty.save(DOCUMENTS)
    assert len(found(faulty, "lúa")) == 6
    assert faulty.count() == 7


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("fault", ["lost", "partly done, lost", "reset"])
def test_a_broken_connection_is_repeated_without_harm(
    faulty: ElasticsearchArchive, proxy: FaultyElasticsearch, fault: Any, before: int
) -> None:
    """In the first request of a save (the truth) or the second (what is searched)."""
    faulty.save([enriched("a0", text="lúa cũ", seen_at=DAY - timedelta(days=1))])
    proxy.faults += [None] * before + [fault]
    faulty.save(DOCUMENTS)
    assert found(faulty, "lúa") == [document.article_id for document in DOCUMENTS]
    assert [len(faulty.versions(document.article_id)) for document in DOCUMENTS] == [2, 1, 1, 1, 1, 1]
    assert faulty.get("a0") == DOCUMENTS[0]


@pytest.mark.parametrize("before", [0, 1])
def test_an_answer_that_comes_too_late_is_unavailable_and_may_be_repeated(
    faulty: ElasticsearchArchive, proxy: FaultyElasticsearch, before: int
) -> None:
    proxy.faults += [None] * before + ["late"]
    with pytest.raises(Unavailable, match="kịp"):
        faulty.save(DOCUMENTS)
    faulty.save(DOCUMENTS)
    assert found(faulty, "lúa") == [document.article_id for document in DOCUMENTS]
    assert [len(faulty.versions(document.article_id)) for document in DOCUMENTS] == [1] * 6


def test_a_save_that_was_cut_in_two_is_whole_after_the_next(
    faulty: ElasticsearchArchive, proxy: FaultyElasticsearch
) -> None:
    proxy.faults += [None, *BUSY]
    with pytest.raises(Unavailable):
        faulty.save(DOCUMENTS)
    assert faulty.get("a0") == DOCUMENTS[0]
    assert found(faulty, "lúa") == []
    faulty.save(DOCUMENTS)
    assert len(found(faulty, "lúa")) == 6


@pytest.mark.parametrize("fault", ["busy", "reset", pytest.param("late", marks=pytest.mark.full)])
def test_a_fault_while_reading_gives_the_whole_truth_or_none(
    faulty: ElasticsearchArchive, proxy: FaultyElasticsearch, fault: ReadFault
) -> None:
    faulty.save(DOCUMENTS)
    query, ids = parse("lúa"), [document.article_id for document in DOCUMENTS]
    asked: list[tuple[Callable[[], object], object]] = [
        (lambda: found(faulty, "lúa"), ids),
        (lambda: faulty.facet(query, "language"), [("vi", 6)]),
        (lambda: [kept.document.article_id for kept in faulty.snapshot()], [*ids, "z"]),
        (lambda: faulty.get("a1"), DOCUMENTS[1]),
        (faulty.count, 7),
    ]
    failed = 0
    for ask, answer in asked:
        for before in range(4):
            proxy.read_faults = [*[None] * before, fault]
            try:
                assert ask() == answer
            except Unavailable:
                failed += 1
    # What was reset is asked again by the client itself.
    assert failed == 0 if fault == "reset" else failed > 5
    proxy.read_faults = []
    assert [ask() for ask, _ in asked] == [answer for _, answer in asked]


@pytest.mark.parametrize("fault", ["busy", "late"])
def test_a_save_that_could_not_read_is_unavailable_and_may_be_repeated(
    faulty: ElasticsearchArchive, proxy: FaultyElasticsearch, fault: ReadFault
) -> None:
    proxy.read_faults = [fault]
    with pytest.raises(Unavailable):
        faulty.save(DOCUMENTS)
    faulty.save(DOCUMENTS)
    assert found(faulty, "lúa") == [document.article_id for document in DOCUMENTS]


def test_only_plain_requests_are_made(faulty: ElasticsearchArchive, proxy: FaultyElasticsearch, name: str) -> None:
    """Users' clusters differ: no percolator, lifecycle, data stream, ES|QL, script or plugin."""
    faulty.save(DOCUMENTS)
    faulty.get("a1")
    faulty.versions("a1")
    faulty.count()
    query = parse("lúa")
    page = faulty.search(query, 2)
    faulty.search(query, 2, page.next)
    faulty.facet(query, "outlet")
    faulty.timeline(query)
    list(faulty.snapshot())
    ours = rf"/{re.escape(name)}-(articles|archive)"
    plain = re.compile(
        rf"(PUT|POST) /_bulk|POST /_search|DELETE /_pit|(GET|POST) {ours}/_(mapping|mget|refresh|count|pit)"
    )
    assert [asked for asked in proxy.requests if not plain.fullmatch(asked.partition("?")[0])] == []


def test_a_name_that_elasticsearch_cannot_take_is_unprocessable(archive: ElasticsearchArchive) -> None:
    with pytest.raises(Unprocessable):
        archive.save([enriched("x" * 600, text="lúa")])
    archive.save([enriched("x" * 500, text="lúa")])
    assert archive.count() == 1
    with pytest.raises(Unprocessable, match="JSON"):
        archive.save([enriched("ok", text="lúa"), enriched("bad", rules="\udcff")])


def test_values_of_any_length_are_taken(archive: ElasticsearchArchive) -> None:
    """Lucene refuses a term of over 32,766 bytes; no query is long enough to ask for one."""
    archive.save([enriched("a", text=f"lúa {'đ' * 40_000} nước", outlet="o" * 40_000, topics=("t" * 40_000, "y-te"))])
    assert found(archive, '"lúa" topic:y-te nước') == ["a"]
    assert archive.facet(parse("lúa"), "topic") == [("y-te", 1)]


def test_the_deepest_tree_is_answered(archive: ElasticsearchArchive) -> None:
    """Twenty parentheses are forty levels; Elasticsearch takes thirty."""
    archive.save([enriched("a", text="x y"), enriched("b", text="y")])
    query = "x"
    for _ in range(20):
        query = f"(y {query} OR w)"
    assert found(archive, query) == ["a"]


def test_a_month_is_the_first_one_in_utc_and_stays(
    archive: ElasticsearchArchive, client: Elasticsearch, name: str
) -> None:
    """An article that is first seen elsewhere later (a copy, a replay) must not stand twice."""
    midnight = DAY.replace(day=30, hour=23)
    archive.save([enriched("a", text="lúa", first_seen=midnight), enriched("b", text="lúa", first_seen=LATER)])
    archive.save([enriched("a", text="lúa", first_seen=midnight + timedelta(hours=1), seen_at=LATER)])
    archive.save([enriched("c", text="lúa", first_seen=midnight + timedelta(hours=1))])
    assert behind(client, f"{name}-archive") == {
        f"{name}-archive-v1-2026.11": 1,
        f"{name}-archive-v1-2026.12": 1,
    }
    client.indices.refresh(index=f"{name}-archive")
    assert client.count(index=f"{name}-archive-2026.11")["count"] == 2
    assert len(found(archive, "lúa")) == 3


def test_people_in_kibana_find_words_without_marks(
    archive: ElasticsearchArchive, client: Elasticsearch, name: str
) -> None:
    archive.save([enriched("a", "Mưa lũ ở Đắk Ơ", text="Nước dâng", published_at=DAY)])
    client.indices.refresh(index=f"{name}-archive")
    asked = {
        "bool": {
            "must": [
                {"match_phrase": {"title": "dak o"}},
                {"range": {"date": {"gte": "2026-11-20", "format": "yyyy-MM-dd"}}},
            ]
        }
    }
    hits = client.search(index=f"{name}-archive", query=asked)["hits"]["hits"]
    assert [hit["_source"]["title"] for hit in hits] == ["Mưa lũ ở Đắk Ơ"]


def test_a_full_disk_is_told_and_reading_goes_on(
    archive: ElasticsearchArchive, client: Elasticsearch, name: str
) -> None:
    archive.save(DOCUMENTS[:1])
    client.indices.put_settings(index=f"{name}-articles", settings={"index.blocks.read_only_allow_delete": True})
    with closing(ElasticsearchArchive(_url(client, name), SETTINGS, sleep=lambda _: None)) as hasty:
        with pytest.raises(Unavailable, match="đĩa gần đầy"):
            hasty.save(DOCUMENTS)
        assert found(hasty, "lúa") == ["a0"]
    client.indices.put_settings(index=f"{name}-articles", settings={"index.blocks.read_only_allow_delete": None})
    archive.save(DOCUMENTS)
    assert len(found(archive, "lúa")) == 6


def test_a_walk_over_pages_is_of_one_moment(elasticsearch_url: str, archive: ElasticsearchArchive) -> None:
    archive.save(DOCUMENTS)
    query = parse("lúa")
    first = archive.search(query, 3)
    archive.save([enriched("a9", text="lúa 9")])
    second = archive.search(query, 3, first.next)
    assert ([hit.article_id for hit in second.hits], second.total, second.next) == (["a3", "a4", "a5"], 6, None)
    with closing(ElasticsearchArchive(elasticsearch_url, SETTINGS)) as other:
        elsewhere = other.search(query, 3, first.next)
        assert ([hit.article_id for hit in elsewhere.hits], elsewhere.total) == (["a3", "a4", "a5"], 7)
        assert [hit.article_id for hit in other.search(query, 3, elsewhere.next).hits] == ["a9"]


def test_a_walk_goes_on_when_the_server_has_forgotten_its_moment(
    archive: ElasticsearchArchive, client: Elasticsearch, name: str
) -> None:
    archive.save(DOCUMENTS)
    query = parse("lúa")
    first = archive.search(query, 3)
    index = f"{name}-archive-v1-2026.11"
    client.indices.close(index=index)
    client.indices.open(index=index)
    client.cluster.health(index=index, wait_for_status="yellow")
    second = archive.search(query, 3, first.next)
    assert ([hit.article_id for hit in second.hits], second.next) == (["a3", "a4", "a5"], None)


def test_no_moment_is_left_open_that_no_walk_goes_on_from(
    archive: ElasticsearchArchive, client: Elasticsearch, name: str
) -> None:
    archive.save(DOCUMENTS)
    query = parse("lúa")
    for _ in range(3):
        first = archive.search(query, 3)
        archive.facet(query, "place")
        archive.timeline(query)
        archive.search(parse("nước lúa"))
    assert first.next is not None
    open_now = client.indices.stats(index=f"{name}-*", metric="search")["_all"]["total"]["search"]["open_contexts"]
    assert open_now == 1
    archive.search(query, 3, first.next)
    list(archive.snapshot())


def test_many_documents_are_cut_into_requests(faulty: ElasticsearchArchive, proxy: FaultyElasticsearch) -> None:
    faulty.save([enriched(f"m{number}", text="lúa") for number in range(MOST_WRITES + 1)])
    big = "nước " * (MOST_BYTES // 20)
    before = sum("_bulk" in asked for asked in proxy.requests)
    faulty.save([enriched(f"n{number}", text=big) for number in range(3)])
    assert before == 4
    assert sum("_bulk" in asked for asked in proxy.requests) >= before + 5
    assert (len(found(faulty, "lúa")), faulty.search(parse("lúa"), 600).total) == (100, MOST_WRITES + 1)
    assert len(faulty.search(parse("lúa"), 600).hits) == MOST_WRITES + 1
    assert found(faulty, "nước") == ["n0", "n1", "n2"]


def test_one_name_does_not_touch_another(elasticsearch_url: str, archive: ElasticsearchArchive) -> None:
    """Also where the one begins as the other's indices do."""
    archive.save(DOCUMENTS)
    for suffix in ("-archive", "-articles", "-2"):
        with closing(ElasticsearchArchive(elasticsearch_url + suffix, SETTINGS, create=True)) as other:
            assert (other.count(), found(other, "lúa")) == (0, [])
            other.save([enriched("b", text="lúa khác")])
            assert found(other, "lúa") == ["b"]
    assert len(found(archive, "lúa")) == 6
    assert archive.count() == 6
    assert len(list(archive.snapshot())) == 6


def test_an_archive_that_was_never_made_is_not_made_by_reading(elasticsearch_url: str) -> None:
    with pytest.raises(Unavailable, match="chưa có"):
        ElasticsearchArchive(elasticsearch_url, SETTINGS)


def test_an_index_that_was_taken_away_is_not_made_by_a_write(
    archive: ElasticsearchArchive, client: Elasticsearch, name: str
) -> None:
    """Elasticsearch would make one with a mapping that it guesses."""
    client.indices.delete(index=f"{name}-articles-v1")
    with pytest.raises(Unavailable):
        archive.save(DOCUMENTS)
    assert not client.indices.exists(index=f"{name}-articles")


@pytest.mark.parametrize(
    "url", ["ftp://x:1/a", "http:///a", "http://x:1/Hoa", "http://x:1/a/b", "http://u:secret@x:1/a"]
)
def test_an_address_that_cannot_be_used_is_told_without_its_password(url: str) -> None:
    with pytest.raises(Unavailable) as told:
        ElasticsearchArchive(url, SETTINGS)
    assert "secret" not in str(told.value)


def test_nobody_there_is_unavailable_and_no_password_is_told() -> None:
    settings = ElasticsearchSettings(user="diembao", password="rất-bí-mật")
    with pytest.raises(Unavailable, match="không nối được") as told:
        ElasticsearchArchive("http://127.0.0.1:9/x", settings)
    assert "bí-mật" not in str(told.value) + repr(settings)


@pytest.mark.parametrize("part", ["articles", "archive"])
def test_data_of_a_newer_version_is_refused(
    archive: ElasticsearchArchive, client: Elasticsearch, name: str, part: str
) -> None:
    archive.save(DOCUMENTS)
    client.indices.put_mapping(index=f"{name}-{part}", meta={"schema": 99})
    with pytest.raises(Unavailable, match="mới hơn"):
        ElasticsearchArchive(_url(client, name), SETTINGS, create=True)
    assert len(found(archive, "lúa")) == 6


@pytest.mark.parametrize("killed", [False, True])
def test_data_of_an_older_version_is_brought_forward(
    archive: ElasticsearchArchive, client: Elasticsearch, name: str, killed: bool
) -> None:
    """`killed`: an earlier run was ended in the middle of its copy."""
    archive.save(DOCUMENTS)
    archive.save(
        [enriched("a1", text="lúa đổi", seen_at=LATER), enriched("b", text="x", first_seen=DAY - timedelta(days=40))]
    )
    before = list(archive.snapshot())
    new = [f"{name}-articles-v1", f"{name}-archive-v1-2026.11", f"{name}-archive-v1-2026.10"]
    for index in new:
        _made_old(client, index, keep_some=killed)
    with ExitStack() as stack:
        opened = _opened_at_once(stack, _url(client, name), 2)
        assert sorted(behind(client, f"{name}-*")) == sorted(new)
        assert all(schema == 1 for schema in behind(client, f"{name}-*").values())
        for again in opened:
            assert list(again.snapshot()) == before
            assert found(again, "lúa") == ["a0", "a1", "a2", "a3", "a4", "a5"]
            assert again.facet(parse("lúa"), "language") == [("vi", 6)]
        opened[0].save([enriched("a1", text="lúa đổi nữa", seen_at=LATER + timedelta(days=1))])
        assert found(opened[1], '"đổi nữa"') == ["a1"]
        assert len(opened[1].versions("a1")) == 3


@pytest.mark.parametrize("part", ["articles-v1", "archive-v1-2026.11"])
def test_reading_leaves_data_of_an_older_version_to_the_older_services(
    archive: ElasticsearchArchive, client: Elasticsearch, name: str, part: str
) -> None:
    """A command on one upgraded workstation; what runs on the others still writes to the old index."""
    archive.save(DOCUMENTS)
    _made_old(client, f"{name}-{part}", keep_some=False)
    before = behind(client, f"{name}-*")
    with pytest.raises(Unavailable, match=r"init --stores.* older data"):
        ElasticsearchArchive(_url(client, name), SETTINGS)
    assert behind(client, f"{name}-*") == before
    archive.save([enriched("n", text="lúa")])
    assert archive.get("n") is not None


def test_an_older_program_waits_while_its_data_are_brought_forward(
    archive: ElasticsearchArchive, client: Elasticsearch, name: str
) -> None:
    archive.save(DOCUMENTS)
    client.indices.put_settings(index=f"{name}-articles", settings={"index.blocks.write": True})
    hasty = ElasticsearchArchive(_url(client, name), SETTINGS, sleep=lambda _: None)
    with closing(hasty), pytest.raises(Unavailable):
        hasty.save([enriched("n", text="lúa")])


def _opened_at_once(stack: ExitStack, url: str, number: int) -> list[ElasticsearchArchive]:
    with ThreadPoolExecutor(number) as pool:
        opening = [pool.submit(ElasticsearchArchive, url, SETTINGS, create=True) for _ in range(number)]
    return [stack.enter_context(closing(one.result())) for one in opening]


def _made_old(client: Elasticsearch, index: str, *, keep_some: bool) -> None:
    """The index as a version 0 would have left it: other settings, a mapping that guesses, the same aliases."""
    old = index.replace("-v1", "-v0")
    held: dict[str, Any] = client.indices.get(index=index)[index]
    client.indices.refresh(index=index)
    client.indices.create(
        index=old,
        mappings={"_meta": {"schema": 0}, "dynamic": "false", "properties": {"article_id": {"type": "keyword"}}},
    )
    client.reindex(source={"index": index}, dest={"index": old, "version_type": "external"}, refresh=True)
    aliases = [{"add": {"index": old, "alias": alias}} for alias in held["aliases"]]
    client.indices.update_aliases(actions=[*aliases, {"remove_index": {"index": index}}])
    if keep_some:
        settings = {"analysis": held["settings"]["index"].get("analysis", {}), "number_of_replicas": 0}
        client.indices.create(index=index, mappings=held["mappings"], settings=settings)
        client.reindex(
            source={"index": old}, dest={"index": index, "version_type": "external"}, max_docs=1, refresh=True
        )


def _url(client: Elasticsearch, name: str) -> str:
    return f"{next(iter(client.transport.node_pool.all())).base_url}/{name}"
