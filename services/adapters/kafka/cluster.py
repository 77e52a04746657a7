"""The brokers that a bus URL names: connecting, asking with bounded patience, and what goes wrong in plain words.

kafka-python leaves the thread of a client alive whose constructor could not reach a broker, so every client is made
by `Cluster`, which closes what it had begun.
"""

from __future__ import annotations

import contextlib
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.errors import (
    AuthorizationError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    SaslAuthenticationFailedError,
)

from services.adapters.kafka.connections import Client
from services.ports.errors import PortError, Unavailable, Unprocessable
from services.settings import KafkaSettings

_T = TypeVar("_T")

BOOTSTRAP_MS = 8_000
REQUEST_MS = 8_000
PATIENCE_SECONDS = 12.0
"""A question is repeated so long: a broker that restarts or hands a partition over answers again within seconds."""

_PORT = 9092
_NAME = re.compile(r"[A-Za-z0-9._-]{0,100}")
_HOST = re.compile(r"[^\s:/@,]+|\[[0-9A-Fa-f:]+\]")


class Cluster:
    """What is shared by all clients of one bus. Its methods raise Unavailable and Unprocessable."""

    def __init__(self, url: str, settings: KafkaSettings) -> None:
        self.servers, self.prefix = _parsed(url)
        self._options = connection_options(self.servers, settings)
        self._admin: Any = None
        self._closed = False
        self._lock = threading.Lock()

    def name(self, short: str) -> str:
        """The name of a topic or group on the broker."""
        return self.prefix + short

    def ask(self, question: Callable[[Any], _T]) -> _T:
        """What the admin client answers; what may pass is tried again for `PATIENCE_SECONDS`."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with self._lock, self.reaching():
                try:
                    return question(self._asker())
                except KafkaError as error:
                    # Coordinators and leaders are remembered by a client: a new one looks them up again.
                    self._drop_admin()
                    if not error.retriable or time.monotonic() > deadline:
                        raise
            time.sleep(0.2)

    def consumer(self, **options: Any) -> Any:
        """A KafkaConsumer; the caller closes it."""
        return self._opened(
            KafkaConsumer,
            # What waits for news is asked again by the next poll; a poll must come back soon.
            fetch_max_wait_ms=100,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            metrics_enabled=False,
            **options,
        )

    def producer(self, **options: Any) -> Any:
        """A KafkaProducer; the caller closes it."""
        return self._opened(KafkaProducer, allow_auto_create_topics=False, metrics_enabled=False, **options)

    @contextmanager
    def reaching(self) -> Iterator[None]:
        """Kafka's errors as the port's."""
        try:
            yield
        except KafkaError as error:
            raise self.translated(error) from error
        except (OSError, RuntimeError) as error:
            # RuntimeError: the library's own thread has ended.
            raise self._unreachable(f"{type(error).__name__}: {error}") from error

    def translated(self, error: KafkaError) -> PortError:
        if isinstance(error, (MessageSizeTooLargeError, RecordListTooLargeError)):
            return Unprocessable("bản tin quá lớn, Kafka không nhận / message too large for the broker")
        if isinstance(error, SaslAuthenticationFailedError):
            return Unavailable(
                f"Kafka tại {self._where} không nhận tài khoản hoặc mật khẩu (kafka: trong diembao.yaml) "
                "/ the broker refused the login"
            )
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return Unavailable(
                f"Kafka tại {self._where} đưa chứng thư TLS không tin được: xem ca_bundle và tên máy trong bus "
                f"(kafka: trong diembao.yaml) / the broker's certificate is not trusted: {str(error)[:300]}"
            )
        if isinstance(error, AuthorizationError):
            return Unavailable(
                f"Kafka tại {self._where} không cho tài khoản này làm việc đó ({error}) / not authorised on the broker"
            )
        return self._unreachable(str(error))

    def close(self) -> None:
        """Whoever asks later gets Unavailable."""
        with self._lock:
            self._closed = True
            self._drop_admin()

    @property
    def _where(self) -> str:
        return ", ".join(self.servers)

    def _unreachable(self, why: str) -> Unavailable:
        return Unavailable(f"không tới được Kafka tại {self._where}: {why[:300]} / Kafka cannot be reached")

    def _asker(self) -> Any:
        if self._closed:
            raise Unavailable(f"kết nối Kafka tại {self._where} đã đóng / the bus is closed")
        if self._admin is None:
            self._admin = self._opened(KafkaAdminClient)
        return self._admin

    def _drop_admin(self) -> None:
        if self._admin is not None:
            with contextlib.suppress(KafkaError, OSError, RuntimeError):
                self._admin.close()
        self._admin = None

    def _opened(self, kind: Callable[..., Any], **options: Any) -> Any:
        begun: list[Client] = []

        def client(**configs: Any) -> Client:
            begun.append(Client(**configs))
            return begun[-1]

        try:
            return kind(**self._options, kafka_client=client, **options)
        except BaseException as error:
            for one in begun:
                one.close()
            why = next((one.connections.failure for one in begun if one.connections.failure is not None), None)
            if isinstance(error, KafkaTimeoutError) and why is not None:
                raise why from error
            raise


def connection_options(servers: tuple[str, ...], settings: KafkaSettings) -> dict[str, Any]:
    """How kafka-python's clients reach the brokers. Raises Unavailable for a certificate that cannot be read."""
    options: dict[str, Any] = {
        "bootstrap_servers": list(servers),
        "client_id": "diembao",
        "security_protocol": settings.security_protocol,
        "bootstrap_timeout_ms": BOOTSTRAP_MS,
        "request_timeout_ms": REQUEST_MS,
        # 30 s by default: after an outage the work should go on at once.
        "reconnect_backoff_max_ms": 1_000,
    }
    if settings.security_protocol in ("SSL", "SASL_SSL"):
        options["ssl_context"] = _tls(settings)
    if settings.security_protocol.startswith("SASL"):
        options["sasl_mechanism"] = settings.sasl_mechanism
        options["sasl_plain_username"] = settings.user
        options["sasl_plain_password"] = settings.password
    return options


def _tls(settings: KafkaSettings) -> ssl.SSLContext:
    """The machine's own authorities, or those of `ca_bundle`; always checked, host name too."""
    try:
        context = ssl.create_default_context(cafile=settings.ca_bundle or None)
        if settings.certificate:
            context.load_cert_chain(settings.certificate, settings.key_file or None)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(filter(None, (settings.ca_bundle, settings.certificate, settings.key_file)))
        raise Unavailable(
            f"không đọc được chứng thư TLS của Kafka ({files}): {error} / TLS files cannot be read"
        ) from error
    return context


def _parsed(url: str) -> tuple[tuple[str, ...], str]:
    """`kafka://host:9092[,host…][/PREFIX]`: the brokers, and what goes before names ("PREFIX.")."""
    parts = urlsplit(url)
    prefix = parts.path.strip("/")
    servers = [server if _has_port(server) else f"{server}:{_PORT}" for server in parts.netloc.split(",") if server]
    sound = all(_HOST.fullmatch(server.rpartition(":")[0]) for server in servers)
    if parts.scheme != "kafka" or not servers or not sound or not _NAME.fullmatch(prefix):
        # The URL itself is not shown: what stands before an @ may be a password.
        raise Unavailable(
            "địa chỉ bus không đúng dạng kafka://máy:9092[,máy:9092…][/TÊN] (tài khoản đặt ở mục kafka: trong "
            "diembao.yaml) / the bus URL is not kafka://host:9092[,host:9092…][/NAME]"
        )
    return tuple(servers), f"{prefix}." if prefix else ""


def _has_port(server: str) -> bool:
    return server.rpartition(":")[2].isdecimal() and ":" in server
