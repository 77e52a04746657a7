"""The composition's own security settings, scripts and roles on a real Elasticsearch: who may do what."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from elasticsearch import AuthenticationException, AuthorizationException, Elasticsearch

from services.adapters.elasticsearch.client import connect
from services.adapters.elasticsearch.indices import Layout, ensure
from services.adapters.elasticsearch_archive import ElasticsearchArchive
from services.adapters.elasticsearch_ledger import ElasticsearchLedger
from services.domain.query import parse
from services.ports.errors import Unavailable
from services.ports.ledger import Put
from services.settings import ElasticsearchSettings
from tests.contracts.documents import enriched
from tests.deploy.composition import DEPLOY, environment
from tests.servers.elasticsearch_server import ElasticsearchServer

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]  # a server of its own: ready in about 15 s

ARCHIVE, ARTICLES, LEDGER = "diembao-archive", "diembao-articles", "diembao-ledger"


@dataclass(frozen=True, slots=True)
class Office:
    """A secured node with the composition's users, and the folder that holds their passwords."""

    url: str
    folder: Path

    def password(self, name: str) -> str:
        return (self.folder / f"{name}_password").read_text()

    def client(self, user: str, password: str) -> Elasticsearch:
        return Elasticsearch(self.url, basic_auth=(user, password))

    def service(self) -> ElasticsearchSettings:
        return ElasticsearchSettings(user="diembao_service", password=self.password("service"))

    def set_up(self, **changed: str) -> subprocess.CompletedProcess[str]:
        """Run the script of `init-security`."""
        return subprocess.run(
            ["bash", DEPLOY / "elasticsearch/security.sh"],
            env={**os.environ, "ELASTICSEARCH_URL": self.url, "SECRETS": str(self.folder), **changed},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def office(elasticsearch: ElasticsearchServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("secrets")
    for name in ("elastic", "kibana", "service", "analyst"):
        (folder / f"{name}_password").write_text(secrets.token_hex(24))
    settings = {key: value for key, value in environment("elasticsearch").items() if key.startswith("xpack.security")}
    server = ElasticsearchServer(
        elasticsearch.home,
        f"elasticsearch-secured-{os.getpid()}",
        settings,
        password=(folder / "elastic_password").read_text(),
    )
    try:
        server.start()
        office = Office(server.url, folder)
        done = office.set_up()
        assert done.returncode == 0, done.stderr
        with closing(ElasticsearchArchive(office.url, office.service(), create=True)) as archive:
            archive.save([enriched("a1", title="Bù Gia Mập khai trương chợ mới", text="Chợ mới ở xã Bù Gia Mập.")])
        with closing(ElasticsearchLedger(office.url, office.service(), create=True)) as ledger:
            ledger.put(Put("feed", "bao-mau", b"1"))
        yield office
    finally:
        server.remove()


@pytest.fixture
def analyst(office: Office) -> Iterator[Elasticsearch]:
    with closing(office.client("diembao_analyst", office.password("analyst"))) as client:
        yield client


def test_nobody_enters_without_a_password(office: Office) -> None:
    with closing(Elasticsearch(office.url)) as client, pytest.raises(AuthenticationException):
        client.search(index=ARCHIVE)


def test_the_services_do_all_their_work(office: Office) -> None:
    with closing(ElasticsearchArchive(office.url, office.service())) as archive:
        archive.save([enriched("a2", title="Đường về Bù Gia Mập", text="Con đường mới.")])
        assert archive.get("a2") is not None
        assert {hit.article.article_id for hit in archive.search(parse("mập")).hits} == {"a1", "a2"}
        assert [kept.document.article.article_id for kept in archive.snapshot()] == ["a1", "a2"]
        assert archive.facet(parse("mập"), "language") == [("vi", 2)]
        assert archive.count() == 2
    with closing(ElasticsearchLedger(office.url, office.service())) as ledger:
        ledger.put(Put("feed", "bao-hai", b"2", expected=0))
        assert [held.value for held in ledger.scan("feed")] == [b"2", b"1"]
        assert len(list(ledger.snapshot())) == 2


def test_the_services_bring_an_older_index_forward(office: Office) -> None:
    client, _ = connect(office.url, office.service())
    with closing(client):
        for schema in (1, 2):
            wanted = Layout({"number_of_replicas": 0}, {"_meta": {"schema": schema}, "dynamic": "strict"})
            assert ensure(client, f"{LEDGER}-thu", wanted)
        assert set(client.indices.get_alias(index=f"{LEDGER}-thu")) == {f"{LEDGER}-thu-v2"}
        client.indices.delete(index=f"{LEDGER}-thu-v2")


OUTSIDE: dict[str, Callable[[Elasticsearch], object]] = {
    "another index": lambda client: client.index(index="cua-nguoi-khac", document={}),
    "another's documents": lambda client: client.search(index="cua-nguoi-khac"),
    "users": lambda client: client.security.put_user(username="la", password="mat-khau", roles=["superuser"]),
    "roles": lambda client: client.security.get_role(),
    "settings of the cluster": lambda client: client.cluster.put_settings(persistent={"action.auto_create_index": "*"}),
}


@pytest.mark.parametrize("what", OUTSIDE)
def test_the_services_touch_nothing_else(office: Office, what: str) -> None:
    with (
        closing(office.client("diembao_service", office.password("service"))) as client,
        pytest.raises(AuthorizationException),
    ):
        OUTSIDE[what](client)


def test_an_analyst_reads_the_archive(analyst: Elasticsearch) -> None:
    found = analyst.search(
        index=ARCHIVE, query={"match": {"title": "bu gia map"}}, aggs={"t": {"terms": {"field": "language"}}}
    )
    assert found["hits"]["total"]["value"] >= 1
    assert found["aggregations"]["t"]["buckets"][0]["key"] == "vi"
    assert analyst.get(index=f"{ARCHIVE}-2026.11", id="a1")["_source"]["title"].startswith("Bù Gia Mập")
    # What Kibana asks before it shows a data view.
    assert "date" in analyst.field_caps(index=ARCHIVE, fields="*")["fields"]


FORBIDDEN: dict[str, Callable[[Elasticsearch], object]] = {
    "write": lambda client: client.index(index=f"{ARCHIVE}-2026.11", id="la", document={"article_id": "la"}),
    "overwrite": lambda client: client.update(index=f"{ARCHIVE}-2026.11", id="a1", doc={"title": "sửa"}),
    "delete a document": lambda client: client.delete(index=f"{ARCHIVE}-2026.11", id="a1"),
    "delete by query": lambda client: client.delete_by_query(index=ARCHIVE, query={"match_all": {}}),
    "update by query": lambda client: client.update_by_query(index=ARCHIVE),
    "copy away": lambda client: client.reindex(source={"index": ARCHIVE}, dest={"index": "ban-sao"}),
    "make an index": lambda client: client.indices.create(index=f"{ARCHIVE}-la"),
    "delete an index": lambda client: client.indices.delete(index=f"{ARCHIVE}-v1-2026.11"),
    "close an index": lambda client: client.indices.close(index=ARCHIVE),
    "change a mapping": lambda client: client.indices.put_mapping(index=ARCHIVE, properties={"la": {"type": "text"}}),
    "change settings": lambda client: client.indices.put_settings(index=ARCHIVE, settings={"refresh_interval": "9s"}),
    "move an alias": lambda client: client.indices.delete_alias(index=f"{ARCHIVE}-v1-2026.11", name=ARCHIVE),
    "read the ledger": lambda client: client.search(index=LEDGER),
    "read a value of the ledger": lambda client: client.get(index=LEDGER, id="la"),
    "read the articles' store": lambda client: client.search(index=ARTICLES),
    "see users": lambda client: client.security.get_user(),
    "make a user": lambda client: client.security.put_user(username="la", password="mat-khau", roles=["superuser"]),
    "take a snapshot": lambda client: client.snapshot.create_repository(
        name="la", repository={"type": "fs", "settings": {"location": "/tmp/la"}}
    ),
    "change the cluster": lambda client: client.cluster.put_settings(persistent={"action.auto_create_index": "*"}),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_an_analyst_cannot(analyst: Elasticsearch, what: str) -> None:
    with pytest.raises(AuthorizationException):
        FORBIDDEN[what](analyst)


def test_an_analyst_opens_kibana_and_changes_nothing_there(analyst: Elasticsearch) -> None:
    wanted = {"application": "kibana-.kibana", "resources": ["space:default"]}
    asked = [{**wanted, "privileges": ["read"]}, {**wanted, "privileges": ["all"]}]
    told = analyst.security.has_privileges(application=asked)["application"]["kibana-.kibana"]["space:default"]
    assert told == {"read": True, "all": False}


def test_kibana_has_its_own_login(office: Office) -> None:
    with closing(office.client("kibana_system", office.password("kibana"))) as client:
        assert client.security.authenticate()["roles"] == ["kibana_system"]


def test_a_wrong_password_is_said_and_not_shown(office: Office) -> None:
    wrong = ElasticsearchSettings(user="diembao_service", password="sai-mat-khau-roi")
    for opened in (ElasticsearchArchive, ElasticsearchLedger):
        with pytest.raises(Unavailable) as refused:
            opened(office.url, wrong)
        said = f"{refused.value} {refused.value!r} {refused.value.__cause__!r}"
        assert "401" in said
        assert wrong.password not in said


def test_setting_up_again_changes_a_password_and_nothing_else(office: Office) -> None:
    with closing(office.client("elastic", office.password("elastic"))) as client:
        roles = client.security.get_role().body
        old = office.password("analyst")
        (office.folder / "analyst_password").write_text(secrets.token_hex(24))
        done = office.set_up()
        assert done.returncode == 0, done.stderr
        assert client.security.get_role().body == roles
    with closing(office.client("diembao_analyst", old)) as late, pytest.raises(AuthenticationException):
        late.search(index=ARCHIVE)
    with closing(office.client("diembao_analyst", office.password("analyst"))) as now:
        assert now.count(index=ARCHIVE)["count"] >= 1
    assert not any(password.read_text() in done.stdout + done.stderr for password in office.folder.iterdir())


def test_a_set_up_that_fails_says_so_and_shows_no_password(office: Office, tmp_path: Path) -> None:
    for password in office.folder.iterdir():
        (tmp_path / password.name).write_text(password.read_text())
    wrong = replace(office, folder=tmp_path)
    (tmp_path / "elastic_password").write_text("sai-mat-khau-roi")
    refused = wrong.set_up()
    assert refused.returncode == 1
    assert "401" in refused.stderr
    assert "sai-mat-khau-roi" not in refused.stdout + refused.stderr
    assert wrong.set_up(ELASTICSEARCH_URL="http://127.0.0.1:1").returncode != 0
    (tmp_path / "elastic_password").write_text(office.password("elastic"))
    (tmp_path / "service_password").write_text('khong "hop" le')
    told = wrong.set_up()
    assert told.returncode != 0
    assert "service_password" in told.stderr
    assert "hop" not in told.stdout + told.stderr
