"""A real Kafka broker (Java, KRaft) for tests."""

from __future__ import annotations

import base64
import socket
import subprocess
import uuid
from collections.abc import Sequence

from tests.servers.machine_cache import java, kafka_jars
from tests.servers.server import Server


class KafkaServer(Server):
    template = "server.properties"
    separator = "="

    @property
    def address(self) -> str:
        """`host:port`, as Kafka's clients take it."""
        return f"127.0.0.1:{self.ports[0]}"

    @property
    def url(self) -> str:
        return f"kafka://{self.address}"

    def _lay_out(self) -> None:
        self._write()
        identity = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        # A leading dash would be read as an option.
        identity = identity.replace("-", "A", 1) if identity.startswith("-") else identity
        properties = str(self.folder / "server.properties")
        tool = ["kafka.tools.StorageTool", "format", "--standalone", "-t", identity, "-c", properties]
        subprocess.run([*self._java("-Xmx128m"), *tool], check=True, capture_output=True)

    def _command(self) -> Sequence[str]:
        self._write()
        # exec after the number is written: the number is that of Java itself.
        broker = [
            *self._java("-Xms256m", "-Xmx512m", self._mark),
            "kafka.Kafka",
            str(self.folder / "server.properties"),
        ]
        return ["sh", "-c", 'echo $$ >"$0"; exec "$@"', str(self.folder / "pid"), *broker]

    def _answers(self) -> bool:
        # The broker says so once it is registered and no longer fenced; the port alone is open seconds before. Not
        # asked through kafka-python: a client whose constructor fails leaves a thread that goes on connecting.
        if self.pid is None or "Kafka Server started" not in self.log.read_text(errors="replace"):
            return False
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.ports[0])) == 0

    def _write(self) -> None:
        port, controller_port = self.ports
        self._write_settings(self.folder / "server.properties", port=port, controller_port=controller_port)

    def _java(self, *options: str) -> list[str]:
        return [str(java()), *options, "-cp", f"{kafka_jars(self.home)}/*"]
