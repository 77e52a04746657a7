"""A node as docs/nhieu-may.md asks for on several machines: TLS with an authority of one's own, and a login."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

import msgspec
import pytest

from services.adapters.elasticsearch_archive import ElasticsearchArchive
from services.adapters.elasticsearch_ledger import ElasticsearchLedger
from services.ports.errors import Unavailable
from services.ports.ledger import Put
from services.settings import ElasticsearchSettings
from tests.contracts.documents import enriched
from tests.servers.elasticsearch_server import ElasticsearchServer
from tests.servers.key_pair import PASSWORD, KeyPair, key_pair

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]  # a server of its own: ready in about 15 s
ROOT = "root-of-the-node"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyPair:
    return key_pair(tmp_path_factory.mktemp("tls"), "ip:127.0.0.1")


@pytest.fixture(scope="module")
def secured(elasticsearch: ElasticsearchServer, keys: KeyPair) -> Iterator[ElasticsearchServer]:
    settings = {
        "xpack.security.enabled": "true",
        "xpack.security.http.ssl.enabled": "true",
        "xpack.security.http.ssl.keystore.path": "server.p12",
        "xpack.security.http.ssl.keystore.password": PASSWORD,
    }
    server = ElasticsearchServer(elasticsearch.home, f"elasticsearch-tls-{os.getpid()}", settings, password=ROOT)
    try:
        server.prepare()
        (server.folder / "config/server.p12").write_bytes(keys.store.read_bytes())
        server.launch()
        yield server
    finally:
        server.remove()


@pytest.fixture
def settings(keys: KeyPair) -> ElasticsearchSettings:
    return ElasticsearchSettings(user="elastic", password=ROOT, ca_bundle=str(keys.certificate))


def test_archive_and_ledger_work_through_it(secured: ElasticsearchServer, settings: ElasticsearchSettings) -> None:
    assert secured.url.startswith("https://")
    with closing(ElasticsearchArchive(secured.url, settings, create=True)) as archive:
        archive.save([enriched("a1", title="Bù Gia Mập khai trương chợ mới")])
        assert archive.get("a1") is not None
    with closing(ElasticsearchLedger(secured.url, settings, create=True)) as ledger:
        ledger.put(Put("feed", "bao-mau", b"1"))
        assert [held.value for held in ledger.scan("feed")] == [b"1"]


def test_an_authority_that_nobody_named_is_refused(
    secured: ElasticsearchServer, settings: ElasticsearchSettings
) -> None:
    with pytest.raises(Unavailable, match="TLS"):
        ElasticsearchArchive(secured.url, msgspec.structs.replace(settings, ca_bundle=""))


def test_a_certificate_of_another_name_is_refused(
    secured: ElasticsearchServer, settings: ElasticsearchSettings
) -> None:
    with pytest.raises(Unavailable, match="TLS"):
        ElasticsearchArchive(f"https://localhost:{secured.ports[0]}", settings)
