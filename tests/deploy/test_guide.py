"""docs/nhieu-may.md names what the composition holds, and nothing that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.__main__ import assembled
from services.settings import ElasticsearchSettings, KafkaSettings, load_settings
from tests.cli.test_commands import commands_of
from tests.deploy.composition import DEPLOY, OURS, ROOT, composition, services

GUIDE = (ROOT / "docs/nhieu-may.md").read_text(encoding="utf-8")


def test_it_says_what_was_never_tried() -> None:
    assert "Chưa chạy thử (not started)" in GUIDE


@pytest.mark.parametrize("name", services())
def test_each_service_stands_in_the_table_with_its_image(name: str) -> None:
    (row,) = [line for line in GUIDE.splitlines() if line.startswith(f"| `{name}` |")]
    assert ("`diembao`" if name in OURS else f"`{services()[name]['image']}`") in row
    for port in services()[name].get("ports", ()):
        address, published, _ = port.split(":")
        assert f"http://{address}:{published}" in row


def test_each_secret_and_each_user_is_told() -> None:
    assert [name for name in composition()["secrets"] if f"`{name}`" not in GUIDE] == []
    assert [path.stem for path in (DEPLOY / "elasticsearch/roles").iterdir() if f"`{path.stem}`" not in GUIDE] == []


def test_every_command_named_exists() -> None:
    known = {words[0] for words in commands_of(assembled())}
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", GUIDE, re.DOTALL))
    named = re.findall(r"\bdiembao ([a-z]+)\b", code) + re.findall(r"alerter (backup|restore)\b", code)
    assert {"init", "collector", "enricher", "alerter", "backup", "restore", "copy"} <= set(named)
    assert set(named) <= known


def test_every_folder_and_file_named_is_there() -> None:
    paths = re.findall(r"`((?:deploy|config|tests|benchmarks|docs)/[\w./-]*)`", GUIDE)
    assert paths
    missing = [path for path in paths if not path.startswith("deploy/secrets/") and not (ROOT / path).exists()]
    assert missing == []


def test_the_settings_of_a_cluster_are_ones_that_are_read(tmp_path: Path) -> None:
    (written,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "diembao.yaml").write_text(written, encoding="utf-8")
    passwords = {"DIEMBAO_KAFKA_PASSWORD": "mot", "DIEMBAO_ELASTICSEARCH_PASSWORD": "hai"}
    settings = load_settings(tmp_path, tmp_path, environ=passwords)
    assert settings.kafka.security_protocol == "SASL_SSL"
    assert (settings.kafka.replicas, settings.elasticsearch.replicas) == (3, 1)
    for setting in re.findall(r"`(?:kafka|elasticsearch)\.(\w+)`", GUIDE):
        assert setting in KafkaSettings.__struct_fields__ + ElasticsearchSettings.__struct_fields__
