"""What the official Kafka image does with the composition's environment, by its own code: settings and first format."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from services.adapters.kafka.topics import BROKER_SETTINGS
from tests.deploy.composition import environment
from tests.servers.kafka_server import KafkaServer
from tests.servers.machine_cache import java, kafka_jars

SETUP = "kafka.docker.KafkaDockerWrapper"
"""What the image's start script runs before the broker; it is part of Kafka's jars."""


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    for name in ("default", "mounted", "final", "data"):
        (tmp_path / name).mkdir()
    for name in ("server.properties", "log4j2.yaml", "tools-log4j2.yaml"):
        (tmp_path / "default" / name).touch()
    return tmp_path


def set_up(kafka: KafkaServer, folders: Path, given: dict[str, str]) -> subprocess.CompletedProcess[str]:
    options = ["-D", f"{folders}/default", "-M", f"{folders}/mounted", "-F", f"{folders}/final"]
    return subprocess.run(
        [str(java()), "-Xmx128m", "-cp", f"{kafka_jars(kafka.home)}/*", SETUP, "setup", *options],
        # The image gives a number of its own where none is set.
        env={"PATH": os.environ["PATH"], "CLUSTER_ID": "4L6g3nShT-eMCtK--X86sw", **given},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_image_makes_a_broker_of_it(kafka: KafkaServer, folders: Path) -> None:
    given = environment("kafka") | {"KAFKA_LOG_DIRS": str(folders / "data")}
    done = set_up(kafka, folders, given)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folders / "data/meta.properties").exists()
    written = (folders / "final/server.properties").read_text().split()
    assert {f"{key}={value}" for key, value in BROKER_SETTINGS.items()} <= set(written)
