"""The servers are real and do what fault tests ask of them: what was acknowledged outlives a kill and a restart."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing

import pytest
from elastic_transport import ConnectionError as NoConnection
from elasticsearch import ConnectionTimeout, Elasticsearch
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from tests.servers.elasticsearch_server import ElasticsearchServer
from tests.servers.kafka_server import KafkaServer
from tests.servers.machine_cache import ELASTICSEARCH_VERSION


@pytest.fixture
def topic(kafka: KafkaServer) -> Iterator[str]:
    name = f"test.{uuid.uuid4().hex}"
    with closing(KafkaAdminClient(bootstrap_servers=kafka.address)) as admin:
        admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
        yield name
        admin.delete_topics([name])


@pytest.mark.parametrize("compression", ["gzip", "lz4"])
def test_a_group_reads_what_was_produced(kafka: KafkaServer, topic: str, compression: str) -> None:
    _produce(kafka, topic, 0, 200, compression)
    assert _consumed(kafka, topic, 200) == [f"bài {number}" for number in range(200)]


def test_a_search_finds_what_was_indexed(elasticsearch: ElasticsearchServer) -> None:
    index = f"test-{uuid.uuid4().hex}"
    with closing(Elasticsearch(elasticsearch.url)) as client:
        assert client.info()["version"]["number"] == ELASTICSEARCH_VERSION
        client.index(index=index, id="1", document={"title": "Đắk Ơ đón bằng"}, refresh=True)
        assert client.search(index=index, query={"match": {"title": "bằng"}})["hits"]["total"]["value"] == 1
        client.indices.delete(index=index)


@pytest.mark.full
def test_acknowledged_messages_outlive_a_killed_broker(own_kafka: KafkaServer) -> None:
    with closing(KafkaAdminClient(bootstrap_servers=own_kafka.address)) as admin:
        admin.create_topics([NewTopic("kept", num_partitions=1, replication_factor=1)])
    _produce(own_kafka, "kept", 0, 500)
    url = own_kafka.url
    own_kafka.kill()
    assert own_kafka.pid is None
    own_kafka.launch()
    assert own_kafka.url == url
    _produce(own_kafka, "kept", 500, 600)
    assert _consumed(own_kafka, "kept", 600) == [f"bài {number}" for number in range(600)]


@pytest.mark.full
@pytest.mark.timeout(600)  # four starts of Elasticsearch
def test_a_node_can_be_frozen_killed_and_stopped_without_losing_documents(
    own_elasticsearch: ElasticsearchServer,
) -> None:
    node = own_elasticsearch
    with closing(Elasticsearch(node.url, max_retries=0, request_timeout=60)) as client:
        client.index(index="kept", id="1", document={"n": 1}, timeout="60s")
        node.pause()
        with pytest.raises(ConnectionTimeout):
            client.options(request_timeout=2).get(index="kept", id="1")
        node.resume()
        assert client.get(index="kept", id="1")["_source"] == {"n": 1}
        node.kill()
        with pytest.raises(NoConnection):
            client.get(index="kept", id="1")
        node.launch()
        assert client.get(index="kept", id="1")["_source"] == {"n": 1}
        node.restart()
        assert client.get(index="kept", id="1")["_source"] == {"n": 1}


def _produce(kafka: KafkaServer, topic: str, start: int, stop: int, compression: str = "lz4") -> None:
    producer = KafkaProducer(bootstrap_servers=kafka.address, compression_type=compression)
    with closing(producer):
        sent = [producer.send(topic, f"bài {number}".encode()) for number in range(start, stop)]
        for future in sent:
            future.get(timeout=30)


def _consumed(kafka: KafkaServer, topic: str, count: int) -> list[str]:
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=kafka.address,
        group_id=f"{topic}.readers",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        consumer_timeout_ms=30_000,
    )
    with closing(consumer):
        texts: list[str] = []
        for message in consumer:
            texts.append(message.value.decode())
            if len(texts) == count:
                break
        consumer.commit()
    return texts
