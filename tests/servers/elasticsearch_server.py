"""A real Elasticsearch node for tests; security is off unless the settings turn it on."""

from __future__ import annotations

import shutil
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.servers.machine_cache import elasticsearch_folder, java
from tests.servers.server import Server


class ElasticsearchServer(Server):
    template = "elasticsearch.yml"
    separator = ": "

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    def _lay_out(self) -> None:
        config = self.folder / "config"
        shutil.copytree(elasticsearch_folder(self.home) / "config", config)
        for needed in ("data", "logs", "tmp"):
            (self.folder / needed).mkdir()
        options = config / "jvm.options.d"
        options.mkdir()
        (options / "heap.options").write_text("-Xms512m\n-Xmx512m\n")
        (options / "mark.options").write_text(f"{self._mark}\n")

    def _command(self) -> Sequence[str]:
        port, transport_port = self.ports
        self._write_settings(self.folder / "config/elasticsearch.yml", port=port, transport_port=transport_port)
        (self.folder / "pid").unlink(missing_ok=True)  # the server refuses to start over a file that it did not write
        home = elasticsearch_folder(self.home)
        # What bin/elasticsearch does, which this distribution leaves out. With -d the launcher (64 MB) leaves as soon
        # as the server is up, and with -p the server writes its number.
        return [
            *(str(java()), "-Xms16m", "-Xmx64m", "-XX:+UseSerialGC", self._mark),
            *("-Dcli.name=server", f"-Dcli.script={home}/bin/elasticsearch", "-Dcli.libs=lib/tools/server-cli"),
            *(f"-Des.path.home={home}", f"-Des.path.conf={self.folder}/config", "-Des.distribution.type=tar"),
            *("-cp", f"{home}/lib/*:{home}/lib/cli-launcher/*", "org.elasticsearch.launcher.CliToolLauncher"),
            *("-d", "-p", str(self.folder / "pid")),
        ]

    @property
    def _working_folder(self) -> Path:
        return elasticsearch_folder(self.home)  # the launcher looks for modules/ where it stands

    def _environment(self) -> Mapping[str, str]:
        return {"ES_JAVA_HOME": str(java().parents[1]), "ES_TMPDIR": str(self.folder / "tmp")}

    def _answers(self) -> bool:
        if self.pid is None:
            return False
        try:
            with _direct.open(f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=1s", timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as answer:
            answer.close()
            return answer.code == 401  # security is on: it is up, and asks who we are
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Loopback is never asked through the machine's proxy."""
