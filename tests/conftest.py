"""Fixtures that every test may use."""

import gc
import logging
import os
import uuid
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest
from elasticsearch import Elasticsearch

from tests.servers.elasticsearch_server import ElasticsearchServer
from tests.servers.home import home_of
from tests.servers.kafka_server import KafkaServer
from tests.servers.server import Server

AnyServer = TypeVar("AnyServer", bound=Server)


def _uses_kafka(item: pytest.Item) -> bool:
    return item.get_closest_marker("kafka") is not None or bool({"kafka", "own_kafka"} & set(_fixtures(item)))


def _fixtures(item: pytest.Item) -> list[str]:
    return item.fixturenames if isinstance(item, pytest.Function) else []


def pytest_configure() -> None:
    """pytest keeps what a test logs; kafka-python logs exceptions, whose frames hold the sockets spoken of below."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """kafka-python 3.0 leaves the socket of a refused or cancelled connection to the garbage collector."""
    for item in items:
        if _uses_kafka(item):
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed <(socket|ssl):ResourceWarning"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Collect such sockets while the warning is still ignored: elsewhere it is an error, and names the wrong test."""
    yield
    if _uses_kafka(item):
        gc.collect()


@pytest.fixture(scope="session")
def press_data() -> Path:
    """The folder of real press data; a test that needs it is skipped where it is not at hand."""
    folder = os.environ.get("DIEMBAO_PRESS_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("DIEMBAO_PRESS_DATA names no folder of press data")
    return Path(folder)


@pytest.fixture(scope="session")
def kafka() -> KafkaServer:
    """The broker of `make servers`, shared by every test run of this machine: use names of your own, leave it alive."""
    return _running(KafkaServer(home_of(os.environ), "kafka"))


@pytest.fixture(scope="session")
def elasticsearch() -> ElasticsearchServer:
    """The node of `make servers`, shared by every test run of this machine: use names of your own, leave it alive."""
    return _running(ElasticsearchServer(home_of(os.environ), "elasticsearch"))


@pytest.fixture
def elasticsearch_url(elasticsearch: ElasticsearchServer) -> Iterator[str]:
    """Indices of this test alone on the shared node: http://host:port/NAME, gone when the test is over."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    yield f"{elasticsearch.url}/{name}"
    with closing(Elasticsearch(elasticsearch.url)) as client:
        made = list(client.indices.get(index=f"{name}-*"))
        if made:
            client.indices.delete(index=made)


@pytest.fixture(scope="module")
def own_kafka(kafka: KafkaServer) -> Iterator[KafkaServer]:
    """A broker for the tests of one module, which may kill, freeze and restart it; ready in about 5 s."""
    yield from _own(KafkaServer(kafka.home, f"kafka-{os.getpid()}"))


@pytest.fixture(scope="module")
def own_elasticsearch(elasticsearch: ElasticsearchServer) -> Iterator[ElasticsearchServer]:
    """A node for the tests of one module, which may kill, freeze and restart it; ready in about 15 s, 0.8 GB."""
    yield from _own(ElasticsearchServer(elasticsearch.home, f"elasticsearch-{os.getpid()}"))


def _running(server: AnyServer) -> AnyServer:
    if server.pid is None:
        message = f"{server.name} does not run: make servers"
        if os.environ.get("DIEMBAO_SERVERS") == "required":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return server


def _own(server: AnyServer) -> Iterator[AnyServer]:
    try:
        server.start()
        yield server
    finally:
        server.remove()
