"""A real Elasticsearch node for tests; security is off unless the settings turn it on."""

from __future__ import annotations

import base64
import os
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.servers.home import Home
from tests.servers.machine_cache import elasticsearch_folder, java
from tests.servers.server import Server


class ElasticsearchServer(Server):
    """`password`: of the superuser `elastic`, where the settings turn security on."""

    template = "elasticsearch.yml"
    separator = ": "

    def __init__(self, home: Home, name: str, settings: Mapping[str, str] | None = None, password: str = "") -> None:
        super().__init__(home, name, settings)
        self._password = password

    @property
    def url(self) -> str:
        scheme = "https" if self._settings.get("xpack.security.http.ssl.enabled") == "true" else "http"
        return f"{scheme}://127.0.0.1:{self.ports[0]}"

    def _lay_out(self) -> None:
        config = self.folder / "config"
        shutil.copytree(elasticsearch_folder(self.home) / "config", config)
        for needed in ("data", "logs", "tmp"):
            (self.folder / needed).mkdir()
        options = config / "jvm.options.d"
        options.mkdir()
        (options / "heap.options").write_text("-Xms512m\n-Xmx512m\n")
        (options / "mark.options").write_text(f"{self._mark}\n")
        if self._password:
            self._keep_password()

    def _keep_password(self) -> None:
        """In the keystore, as the official image does with ELASTIC_PASSWORD_FILE."""
        tool = self._launcher("keystore")
        for arguments, said in ((["create"], ""), (["add", "--stdin", "bootstrap.password"], self._password)):
            subprocess.run(
                [*tool, *arguments],
                cwd=self._working_folder,
                env={**os.environ, **self._environment()},
                input=said,
                text=True,
                check=True,
                capture_output=True,
            )

    def _command(self) -> Sequence[str]:
        port, transport_port = self.ports
        self._write_settings(self.folder / "config/elasticsearch.yml", port=port, transport_port=transport_port)
        (self.folder / "pid").unlink(missing_ok=True)  # the server refuses to start over a file that it did not write
        # With -d the launcher (64 MB) leaves as soon as the server is up, and with -p the server writes its number.
        return [*self._launcher("server"), "-d", "-p", str(self.folder / "pid")]

    def _launcher(self, name: str) -> list[str]:
        """What the scripts in bin/ do, which this distribution leaves out."""
        home = elasticsearch_folder(self.home)
        return [
            *(str(java()), "-Xms16m", "-Xmx64m", "-XX:+UseSerialGC", self._mark),
            *(f"-Dcli.name={name}", f"-Dcli.script={home}/bin/elasticsearch", f"-Dcli.libs=lib/tools/{name}-cli"),
            *(f"-Des.path.home={home}", f"-Des.path.conf={self.folder}/config", "-Des.distribution.type=tar"),
            *("-cp", f"{home}/lib/*:{home}/lib/cli-launcher/*", "org.elasticsearch.launcher.CliToolLauncher"),
        ]

    @property
    def _working_folder(self) -> Path:
        return elasticsearch_folder(self.home)  # the launcher looks for modules/ where it stands

    def _environment(self) -> Mapping[str, str]:
        return {"ES_JAVA_HOME": str(java().parents[1]), "ES_TMPDIR": str(self.folder / "tmp")}

    def _answers(self) -> bool:
        if self.pid is None:
            return False
        request = urllib.request.Request(f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=1s")
        if self._password:
            login = base64.b64encode(f"elastic:{self._password}".encode()).decode()
            request.add_header("Authorization", f"Basic {login}")
        try:
            with _direct.open(request, timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as answer:
            answer.close()
            return False
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


_direct = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=ssl._create_unverified_context())
)
"""Loopback is never asked through the machine's proxy; whether it is up is asked of any certificate."""
