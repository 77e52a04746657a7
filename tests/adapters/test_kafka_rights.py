"""A broker that asks for a login and grants only what docs/nhieu-may.md names."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from kafka.admin import ACL, ACLOperation, ACLPermissionType, KafkaAdminClient, ResourcePattern, ResourceType
from kafka.admin import ACLResourcePatternType as Pattern

from services.adapters.kafka_bus import KafkaBus
from services.adapters.kafka_hosts import KafkaHosts
from services.adapters.system_clock import SystemClock
from services.domain.events import COLLECTED, ENRICHED
from services.ports.bus import Delivery, Message
from services.ports.errors import Unavailable
from services.settings import KafkaSettings
from tests.servers.kafka_server import KafkaServer

pytestmark = [pytest.mark.full, pytest.mark.kafka]
DAYS = {ENRICHED: 90}


def login(user: str, password: str) -> KafkaSettings:
    return KafkaSettings(
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="PLAIN",
        user=user,
        password=password,
        partitions=1,
        hosts_partitions=1,
    )


OURS = login("diembao", "right")


@pytest.fixture
def guarded(kafka: KafkaServer) -> Iterator[KafkaServer]:
    """A broker that asks for a login, and grants nothing to anybody but to root."""
    name = f"kafka-login-{os.getpid()}"
    server = KafkaServer(kafka.home, name)
    try:
        server.prepare()
        client, own = server.ports
        listeners = f"SASL_PLAINTEXT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{own}"
        plain = "org.apache.kafka.common.security.plain.PlainLoginModule required"
        settings = {
            "listeners": listeners,
            "advertised.listeners": listeners,
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT",
            "security.inter.broker.protocol": "SASL_PLAINTEXT",
            "sasl.enabled.mechanisms": "PLAIN",
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "listener.name.sasl_plaintext.plain.sasl.jaas.config": (
                f'{plain} username="root" password="root" user_root="root" user_diembao="right";'
            ),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:root;User:ANONYMOUS",
        }
        server = KafkaServer(kafka.home, name, settings)
        server.launch()
        yield server
    finally:
        server.remove()


@contextmanager
def root(server: KafkaServer) -> Iterator[KafkaAdminClient]:
    options = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN"}
    options |= {"sasl_plain_username": "root", "sasl_plain_password": "root"}
    with closing(KafkaAdminClient(bootstrap_servers=server.address, **options)) as admin:
        yield admin


def grant(server: KafkaServer, *rights: tuple[str, ResourceType, str]) -> None:
    """Each: operation, kind of resource, beginning of its name."""
    allowed = [
        ACL(
            "User:diembao",
            "*",
            ACLOperation[operation],
            ACLPermissionType.ALLOW,
            ResourcePattern(kind, name, Pattern.LITERAL if kind is ResourceType.CLUSTER else Pattern.PREFIXED),
        )
        for operation, kind, name in rights
    ]
    with root(server) as admin:
        assert not admin.create_acls(allowed)["failed"]
    time.sleep(1)  # until the broker has heard of it from its controller


TOPIC, GROUP, CLUSTER = ResourceType.TOPIC, ResourceType.GROUP, ResourceType.CLUSTER
WORKING = (
    *((right, TOPIC, "press.") for right in ("READ", "WRITE", "DESCRIBE", "CREATE")),
    *((right, GROUP, name) for right in ("READ", "DESCRIBE") for name in ("collector.", "enricher.", "alerter.")),
    ("IDEMPOTENT_WRITE", CLUSTER, "kafka-cluster"),
)


def test_the_rights_of_the_guide_are_enough_and_a_missing_one_is_named(guarded: KafkaServer) -> None:
    def start(days: int = 90) -> KafkaBus:
        return KafkaBus(guarded.url, SystemClock(), {ENRICHED: days}, OURS, create=True)

    grant(guarded, *WORKING)
    start().close()
    with pytest.raises(Unavailable, match=r"quyền DescribeConfigs trên topic press\.collected"):
        start()
    grant(guarded, ("DESCRIBE_CONFIGS", TOPIC, "press."))
    start().close()
    with pytest.raises(Unavailable, match=r"quyền AlterConfigs trên topic press\.enriched:"):
        start(days=30)
    grant(guarded, ("ALTER_CONFIGS", TOPIC, "press."))
    with closing(start(days=30)) as bus, closing(KafkaHosts(guarded.url, OURS, 0.1)) as hosts:
        bus.publish(COLLECTED, [Message("k", b"{}")])
        bus.commit(COLLECTED, "enricher", taken(bus, "enricher"))
        assert (bus.lag(COLLECTED, "enricher"), bus.waiting_since(COLLECTED, "enricher")) == (0, None)
        bus.skip_to(COLLECTED, "alerter", None)
        assert bus.lag(COLLECTED, "alerter") == 0
        assert len(list(bus.scan(COLLECTED))) == 1
        deadline = time.monotonic() + 20
        while not hosts.mine("bao.vn") and time.monotonic() < deadline:
            hosts.refresh()
        assert hosts.mine("bao.vn")


def test_a_broker_that_asks_for_a_login_gets_the_one_of_the_settings(guarded: KafkaServer) -> None:
    grant(guarded, *WORKING)
    with closing(KafkaBus(guarded.url, SystemClock(), DAYS, OURS, create=True)) as bus:
        bus.publish(COLLECTED, [Message("k", b"{}")])
        assert len(taken(bus, "enricher")) == 1
    with pytest.raises(Unavailable, match="không nhận tài khoản hoặc mật khẩu") as told:
        KafkaBus(guarded.url, SystemClock(), DAYS, login("diembao", "wrong"))
    assert "wrong" not in str(told.value)


def taken(bus: KafkaBus, group: str) -> list[Delivery]:
    deadline = time.monotonic() + 20
    found: list[Delivery] = []
    while not found and time.monotonic() < deadline:
        found = bus.poll(COLLECTED, group)
    return found
