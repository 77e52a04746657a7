"""A broker as docs/nhieu-may.md asks for on several machines: TLS, and a login by SCRAM."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from kafka.admin import KafkaAdminClient, ScramMechanism, UserScramCredentialUpsertion

from services.adapters.kafka.cluster import connection_options
from services.adapters.kafka_bus import KafkaBus
from services.adapters.kafka_hosts import KafkaHosts
from services.adapters.system_clock import SystemClock
from services.domain.events import COLLECTED
from services.ports.bus import Message
from services.ports.errors import Unavailable
from services.settings import KafkaSettings
from tests.servers.kafka_server import KafkaServer
from tests.servers.key_pair import PASSWORD as KEY_PASSWORD
from tests.servers.key_pair import KeyPair, key_pair

pytestmark = [pytest.mark.full, pytest.mark.kafka]
PASSWORD = "right=,1"  # signs that mean something in the exchange


def broker(home: KafkaServer, store: Path) -> KafkaServer:
    name = f"kafka-tls-{os.getpid()}"
    server = KafkaServer(home.home, name)
    server.prepare()
    client, own = server.ports
    listeners = f"SASL_SSL://127.0.0.1:{client},CONTROLLER://127.0.0.1:{own}"
    (server.folder / "server.p12").write_bytes(store.read_bytes())  # where the servers' user may read it
    plain = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    settings = {
        "listeners": listeners,
        "advertised.listeners": listeners,
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL",
        "security.inter.broker.protocol": "SASL_SSL",
        # By PLAIN comes only root, who writes the first SCRAM login.
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": f'{plain} username="root" password="root" user_root="root";',
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": scram,
        "ssl.keystore.location": str(server.folder / "server.p12"),
        "ssl.keystore.password": KEY_PASSWORD,
        "ssl.keystore.type": "PKCS12",
        "ssl.truststore.location": str(server.folder / "server.p12"),
        "ssl.truststore.password": KEY_PASSWORD,
        "ssl.truststore.type": "PKCS12",
    }
    server = KafkaServer(home.home, name, settings)
    server.launch()
    return server


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyPair:
    return key_pair(tmp_path_factory.mktemp("tls"), "ip:127.0.0.1")


@pytest.fixture(scope="module")
def secured(kafka: KafkaServer, keys: KeyPair) -> Iterator[KafkaServer]:
    server = KafkaServer(kafka.home, f"kafka-tls-{os.getpid()}")
    try:
        server = broker(kafka, keys.store)
        root = KafkaSettings(
            security_protocol="SASL_SSL",
            sasl_mechanism="PLAIN",
            user="root",
            password="root",
            ca_bundle=str(keys.certificate),
        )
        with closing(KafkaAdminClient(**connection_options((server.address,), root))) as admin:
            login = UserScramCredentialUpsertion("diembao", ScramMechanism.SCRAM_SHA_512, PASSWORD)
            assert admin.alter_user_scram_credentials([login]) == {"diembao": None}
        yield server
    finally:
        server.remove()


@pytest.fixture
def settings(keys: KeyPair) -> KafkaSettings:
    """As the guide says, the mechanism left as it is by default."""
    return KafkaSettings(
        security_protocol="SASL_SSL",
        user="diembao",
        password=PASSWORD,
        ca_bundle=str(keys.certificate),
        partitions=1,
        hosts_partitions=1,
    )


def test_the_bus_and_the_hosts_work_through_it(secured: KafkaServer, settings: KafkaSettings) -> None:
    with (
        closing(KafkaBus(secured.url, SystemClock(), {}, settings, create=True)) as bus,
        closing(KafkaHosts(secured.url, settings, 0.1)) as hosts,
    ):
        bus.publish(COLLECTED, [Message("k", b"{}")])
        deadline = time.monotonic() + 30
        while not (found := bus.poll(COLLECTED, "enricher")) and time.monotonic() < deadline:
            pass
        assert [one.message.key for one in found] == ["k"]
        bus.commit(COLLECTED, "enricher", found)
        assert bus.lag(COLLECTED, "enricher") == 0
        while not hosts.mine("bao.vn") and time.monotonic() < deadline:
            hosts.refresh()
        assert hosts.mine("bao.vn")


def test_a_wrong_password_is_told_and_not_shown(secured: KafkaServer, settings: KafkaSettings) -> None:
    with pytest.raises(Unavailable, match="tài khoản hoặc mật khẩu") as told:
        KafkaBus(secured.url, SystemClock(), {}, msgspec.structs.replace(settings, password="hoc-lom"))
    assert "hoc-lom" not in str(told.value)


def test_an_authority_that_nobody_named_is_refused(secured: KafkaServer, settings: KafkaSettings) -> None:
    with pytest.raises(Unavailable, match=r"certificate"):
        KafkaBus(secured.url, SystemClock(), {}, msgspec.structs.replace(settings, ca_bundle=""))


def test_a_certificate_of_another_name_is_refused(secured: KafkaServer, settings: KafkaSettings) -> None:
    port = secured.ports[0]
    with pytest.raises(Unavailable, match=r"certificate"):
        KafkaBus(f"kafka://localhost:{port}", SystemClock(), {}, settings)
