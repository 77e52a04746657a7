"""What the ledger does on a server that refuses, loses answers, or is shared: against a real Elasticsearch."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from elasticsearch import Elasticsearch

from services.adapters.elasticsearch.bulk import MOST_BYTES, MOST_WRITES
from services.adapters.elasticsearch_ledger import ElasticsearchLedger
from services.ports.errors import Conflict, Unavailable, Unprocessable
from services.ports.ledger import Put
from services.settings import ElasticsearchSettings
from tests.servers.faulty_elasticsearch import Fault, FaultyElasticsearch, ReadFault, faulty_elasticsearch

QUICK = ElasticsearchSettings(timeout_seconds=0.5)
EVERY_FAULT: list[Fault] = ["busy", "lost", "late", "reset", "partly busy", "partly done, lost"]


@pytest.fixture
def ledger(elasticsearch_url: str) -> Iterator[ElasticsearchLedger]:
    with closing(ElasticsearchLedger(elasticsearch_url, ElasticsearchSettings(), create=True)) as opened:
        yield opened


@pytest.fixture
def proxy(elasticsearch_url: str, ledger: ElasticsearchLedger) -> Iterator[FaultyElasticsearch]:
    with faulty_elasticsearch(elasticsearch_url) as running:
        yield running


@pytest.fixture
def faulty(proxy: FaultyElasticsearch, elasticsearch_url: str) -> Iterator[ElasticsearchLedger]:
    name = urlsplit(elasticsearch_url).path
    with closing(ElasticsearchLedger(proxy.url + name, QUICK)) as opened:
        yield opened


@pytest.mark.parametrize("fault", EVERY_FAULT)
def test_after_any_fault_every_write_is_done_once(
    proxy: FaultyElasticsearch, faulty: ElasticsearchLedger, ledger: ElasticsearchLedger, fault: Fault
) -> None:
    """A claim whose answer was lost is ours, not somebody else's."""
    ledger.put(Put("feed", "old", b"1"))
    seen = ledger.get("feed", "old")
    assert seen is not None
    proxy.faults = [fault] if fault == "late" else [fault, fault]  # a server that hangs twice is Unavailable
    claims = [Put("shingle", f"{number:02d}", b"story", expected=0) for number in range(9)]
    faulty.put(*claims, Put("feed", "old", b"2", expected=seen.revision), Put("feed", "any", b"3"))
    assert proxy.faults == []
    assert [held.key for held in ledger.scan("shingle")] == [claim.key for claim in claims]
    assert {held.key: held.value for held in ledger.scan("feed")} == {"any": b"3", "old": b"2"}


@pytest.mark.parametrize("fault", EVERY_FAULT)
def test_a_fault_gives_nobody_what_another_has(
    proxy: FaultyElasticsearch, faulty: ElasticsearchLedger, ledger: ElasticsearchLedger, fault: Fault
) -> None:
    """Also where the other one's value is equal to ours."""
    ledger.put(Put("shingle", "b", b"story", expected=0))
    before = ledger.get("shingle", "b")
    proxy.faults = [fault]
    with pytest.raises(Conflict, match="shingle/b"):
        faulty.put(*(Put("shingle", key, b"story", expected=0) for key in "abc"))
    assert ledger.get("shingle", "b") == before


@pytest.mark.parametrize("fault", EVERY_FAULT)
def test_after_any_fault_what_was_deleted_is_gone(
    proxy: FaultyElasticsearch, faulty: ElasticsearchLedger, ledger: ElasticsearchLedger, fault: Fault
) -> None:
    ledger.put(*(Put("later", str(number), b"") for number in range(7)))
    proxy.faults = [fault]
    seen = list(ledger.scan("later"))
    ledger.put(Put("later", "5", b"again"))
    faulty.delete("later", *(str(number) for number in range(3)), "never there", *seen[3:6])
    assert [held.key for held in ledger.scan("later")] == ["5", "6"]


def test_many_values_are_cut_into_requests_by_their_bytes(
    proxy: FaultyElasticsearch, ledger: ElasticsearchLedger, elasticsearch_url: str
) -> None:
    value = ("đ" * (MOST_BYTES // 5)).encode()
    with closing(ElasticsearchLedger(proxy.url + urlsplit(elasticsearch_url).path, ElasticsearchSettings())) as cut:
        cut.put(*(Put("feed", str(number), value) for number in range(3)))
        assert sum("_bulk" in asked for asked in proxy.requests) == 2
        cut.put(*(Put("later", f"{number:04}", b"") for number in range(MOST_WRITES + 1)))
        assert sum("_bulk" in asked for asked in proxy.requests) == 4
    assert {held.value for held in ledger.scan("feed")} == {value}
    assert len(list(ledger.scan("later"))) == MOST_WRITES + 1


def test_a_server_that_stays_busy_is_unavailable(proxy: FaultyElasticsearch, faulty: ElasticsearchLedger) -> None:
    proxy.faults = ["busy"] * 50
    with pytest.raises(Unavailable, match="overloaded"):
        faulty.put(Put("feed", "a", b""))
    tried = 50 - len(proxy.faults)
    proxy.faults = []
    assert 2 < tried < 20
    faulty.put(Put("feed", "a", b"", expected=0))


def test_a_server_that_hangs_is_unavailable_before_a_service_that_stops_is_given_up(
    proxy: FaultyElasticsearch, faulty: ElasticsearchLedger
) -> None:
    proxy.faults = ["late"] * 9
    begun = time.monotonic()
    with pytest.raises(Unavailable, match="in time"):
        faulty.put(Put("feed", "a", b""))
    assert time.monotonic() - begun < 4 * QUICK.timeout_seconds
    proxy.faults = []


@pytest.mark.parametrize("fault", ["busy", "reset", "late"])
def test_a_fault_while_reading_gives_the_whole_truth_or_none(
    proxy: FaultyElasticsearch, faulty: ElasticsearchLedger, ledger: ElasticsearchLedger, fault: ReadFault
) -> None:
    ledger.put(*(Put("feed", f"{number:04}", b"") for number in range(300)))  # two pages of a scan
    keys = [held.key for held in ledger.scan("feed")]
    asked: list[Callable[[], list[str]]] = [
        lambda: sorted(faulty.get_many("feed", keys)),
        lambda: [held.key for held in faulty.scan("feed")],
        lambda: [held.key for _, held in faulty.snapshot()],
    ]
    failed = 0
    for ask in asked:
        for before in range(5):
            proxy.read_faults = [*[None] * before, fault]
            try:
                assert ask() == keys
            except Unavailable:
                failed += 1
    # What was reset is asked again by the client itself.
    assert failed == 0 if fault == "reset" else failed > 5
    proxy.read_faults = []
    assert [ask() for ask in asked] == [keys] * 3


def test_a_snapshot_that_was_read_to_its_end_is_whole_though_its_moment_cannot_be_given_back(
    proxy: FaultyElasticsearch, faulty: ElasticsearchLedger
) -> None:
    faulty.put(Put("feed", "a", b""))
    proxy.read_faults = [None, None, None, "busy"]
    assert [held.key for _, held in faulty.snapshot()] == ["a"]
    assert proxy.requests[-1] == "DELETE /_pit"


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        ElasticsearchLedger("http://127.0.0.1:9", QUICK, create=True)


def test_what_was_never_made_is_not_made_by_reading(elasticsearch_url: str) -> None:
    with pytest.raises(Unavailable, match="no such index yet"):
        ElasticsearchLedger(elasticsearch_url, ElasticsearchSettings())


def test_a_ledger_taken_away_under_a_writer_is_not_made_anew(
    ledger: ElasticsearchLedger, faulty: ElasticsearchLedger, elasticsearch_url: str
) -> None:
    """Elasticsearch would make an index without our mapping, and the writer would think all is well."""
    name = urlsplit(elasticsearch_url).path.strip("/")
    with closing(Elasticsearch(elasticsearch_url.removesuffix(f"/{name}"))) as server:
        server.indices.delete(index=list(server.indices.get(index=f"{name}-*")))
        with pytest.raises(Unavailable):
            faulty.put(Put("feed", "a", b""))
        with pytest.raises(Unavailable):
            list(ledger.snapshot())  # an empty one would be kept as a backup
        assert not server.indices.get(index=f"{name}-*").body


def test_a_newer_schema_is_refused(ledger: ElasticsearchLedger, elasticsearch_url: str) -> None:
    name = urlsplit(elasticsearch_url).path.strip("/")
    with closing(Elasticsearch(elasticsearch_url.removesuffix(f"/{name}"))) as server:
        server.indices.put_mapping(index=f"{name}-ledger", meta={"schema": 99})
    with pytest.raises(Unavailable, match="newer diembao"):
        ElasticsearchLedger(elasticsearch_url, ElasticsearchSettings(), create=True)


def test_reading_leaves_a_ledger_of_an_older_schema_as_it_is(
    ledger: ElasticsearchLedger, elasticsearch_url: str
) -> None:
    name = urlsplit(elasticsearch_url).path.strip("/")
    ledger.put(Put("feed", "a", b"1"))
    with closing(Elasticsearch(elasticsearch_url.removesuffix(f"/{name}"))) as server:
        server.indices.put_mapping(index=f"{name}-ledger", meta={"schema": 0})
    with pytest.raises(Unavailable, match=r"init --stores.* older data"):
        ElasticsearchLedger(elasticsearch_url, ElasticsearchSettings())
    ledger.put(Put("feed", "a", b"2"))


def test_a_key_beyond_what_the_engine_can_order_is_unprocessable(ledger: ElasticsearchLedger) -> None:
    with pytest.raises(Unprocessable, match="too long"):
        ledger.put(Put("entry", "x" * 40_000, b""))


_CLAIMANT = """
import sys
from services.adapters.elasticsearch_ledger import ElasticsearchLedger
from services.ports.errors import Conflict
from services.ports.ledger import Put
from services.settings import ElasticsearchSettings

ledger = ElasticsearchLedger(sys.argv[1], ElasticsearchSettings())
print("ready", flush=True)
for line in sys.stdin:
    try:
        ledger.put(Put("shingle", line.strip(), b"the same value", expected=0))
        print("mine", flush=True)
    except Conflict:
        print("taken", flush=True)
ledger.close()
"""


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=pytest.mark.full)])
def test_of_two_processes_that_claim_a_key_at_once_exactly_one_wins(
    ledger: ElasticsearchLedger, elasticsearch_url: str, count: int
) -> None:
    command = [sys.executable, "-c", _CLAIMANT, elasticsearch_url]
    with ExitStack() as running:
        claimants = [running.enter_context(_claimant(command)) for _ in range(2)]
        for number in range(count):
            for say, _ in claimants:
                say(f"{number:04d}")
            assert sorted(hear() for _, hear in claimants) == ["mine\n", "taken\n"]
    assert sum(1 for _ in ledger.scan("shingle")) == count


@contextmanager
def _claimant(command: list[str]) -> Iterator[tuple[Callable[[str], None], Callable[[], str]]]:
    """A process that claims each key it is told, and answers."""
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, cwd=root
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout
        assert stdout.readline() == "ready\n"
        yield lambda key: print(key, file=stdin, flush=True), stdout.readline
        stdin.close()
