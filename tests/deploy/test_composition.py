"""The composition: valid, closed to other machines, without secrets, at the versions that the tests run against."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from services.settings import load_settings
from tests.deploy.composition import DEPLOY, FILE, ONCE, OURS, ROOT, composition, environment, services
from tests.servers.machine_cache import ELASTICSEARCH_VERSION, KAFKA_VERSION

IMAGES = {
    "kafka": f"apache/kafka:{KAFKA_VERSION}",
    "elasticsearch": f"elasticsearch:{ELASTICSEARCH_VERSION}",
    "init-security": f"elasticsearch:{ELASTICSEARCH_VERSION}",
    "init-kibana": f"elasticsearch:{ELASTICSEARCH_VERSION}",
    "kibana": f"kibana:{ELASTICSEARCH_VERSION}",
}
ONE_MACHINE = 7.0
"""GiB for all services together; the rest of 8 is the system's and its cache of files."""


class Asked(Mapping[str, str]):
    """An environment that remembers which names were asked for."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self._given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


def test_it_is_a_valid_composition() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


def test_every_image_is_the_official_one_at_the_version_of_the_tests() -> None:
    images = {name: service["image"] for name, service in services().items() if name not in OURS}
    assert images.keys() == {*IMAGES, "mailpit"}
    assert {name: images[name] for name in IMAGES} == IMAGES
    assert re.fullmatch(r"axllent/mailpit:v\d+\.\d+\.\d+", images["mailpit"])


def test_our_image_is_built_here_and_never_fetched() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    for name in OURS:
        assert services()[name]["build"] == "."
        assert services()[name]["pull_policy"] == "build"
        assert services()[name]["image"] == f"diembao:{version}"


def test_what_is_published_is_bound_to_this_machine() -> None:
    published = {name: service["ports"] for name, service in services().items() if "ports" in service}
    assert published.keys() == {"kibana", "mailpit"}
    for ports in published.values():
        assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports)
    assert not any(service.get("network_mode") for service in services().values())


def test_only_who_must_has_a_way_out() -> None:
    assert composition()["networks"]["stores"] == {"internal": True}
    outside = {name for name, service in services().items() if "outside" in service["networks"]}
    assert outside == {"collector", "alerter", "kibana", "mailpit"}


def test_security_is_on() -> None:
    given = environment("elasticsearch")
    assert given["xpack.security.enabled"] == "true"
    assert "ELASTIC_PASSWORD" not in given
    kibana = (DEPLOY / "kibana" / "kibana.yml").read_text(encoding="utf-8")
    assert "elasticsearch.username: kibana_system" in kibana
    assert not re.search(r"anonymous|xpack\.security\.enabled", kibana)


def test_secrets_are_files_that_are_in_no_repository_and_no_image() -> None:
    secrets = composition()["secrets"]
    assert all(secret == {"file": f"deploy/secrets/{name}"} for name, secret in secrets.items())
    used = {name for service in services().values() for name in service.get("secrets", ())}
    assert used == secrets.keys()
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    allowed = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"]
    assert not any("deploy" in line for line in allowed)
    for name in services():
        for key, value in environment(name).items():
            assert not re.search(r"PASSWORD|SECRET|TOKEN|KEY", key) or value.startswith("/run/secrets"), (name, key)
    readable = {name: set(services()[name].get("secrets", ())) for name in services()}
    assert [name for name in OURS if "elastic_password" in readable[name]] == []


def test_nothing_here_holds_a_password() -> None:
    for path in (
        FILE,
        ROOT / "Dockerfile",
        *(p for p in DEPLOY.rglob("*") if p.is_file() and p.parent.name != "secrets"),
    ):
        said = path.read_text(encoding="utf-8")
        assert not re.search(r"\b[0-9a-f]{32,}\b", said), path


def test_every_service_says_whether_it_works() -> None:
    for name, service in services().items():
        health = service["healthcheck"]
        if name in ONCE:
            assert health == {"disable": True}
            assert service["restart"] == "no"
        else:
            assert health["test"][0] in ("CMD", "CMD-SHELL")
            assert service["restart"] == "unless-stopped"
    for name in ("collector", "enricher", "alerter"):
        assert services()[name]["healthcheck"]["test"] == ["CMD", "diembao", "doctor", "--health", name]
        assert services()[name]["command"] == [name]


def test_who_waits_for_whom_exists_and_can_be_waited_for() -> None:
    for service in services().values():
        for other, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other in ONCE else "service_healthy"
            assert how == {"condition": wanted}


def test_limits_fit_one_machine() -> None:
    units = {"m": 2**-10, "g": 1.0}
    total = 0.0
    for name, service in services().items():
        limits = service["deploy"]["resources"]["limits"]
        assert {"cpus", "memory", "pids"} == limits.keys()
        if name not in ONCE:
            total += float(limits["memory"][:-1]) * units[limits["memory"][-1]]
    assert total <= ONE_MACHINE


def test_no_service_may_gain_rights() -> None:
    for service in services().values():
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["cap_drop"] == ["ALL"]
        assert not service.get("privileged")
    assert all(services()[name]["read_only"] is True for name in (*OURS, "mailpit"))


def test_every_volume_is_named_or_a_folder_of_this_repository_read_only() -> None:
    named = composition()["volumes"].keys()
    used = set()
    for service in services().values():
        for volume in service.get("volumes", ()):
            source, target, *mode = volume.split(":")
            assert target.startswith("/")
            if source.startswith("./"):
                assert mode == ["ro"]
                assert (ROOT / source).exists()
            else:
                used.add(source)
    assert used == named


@pytest.mark.parametrize("name", OURS)
def test_every_variable_of_ours_is_one_that_the_settings_read(name: str, tmp_path: Path) -> None:
    given = environment(name)
    (tmp_path / "password").write_text("bi-mat\n")
    for key in given:
        if key.endswith("_FILE"):
            given[key] = str(tmp_path / "password")
    del given["DIEMBAO_CONFIG"]
    asked = Asked({**given, "DIEMBAO_CONFIG": str(ROOT / "config")})
    settings = load_settings(environ=asked)
    assert {key for key in given if key not in asked.names} == set()
    assert settings.bus == "kafka://kafka:9092"
    assert settings.archive == settings.ledger == "http://elasticsearch:9200/diembao"
    assert (settings.elasticsearch.user, settings.elasticsearch.password) == ("diembao_service", "bi-mat")
    assert str(settings.data_dir) == "/var/lib/diembao"


def test_the_broker_is_set_as_that_of_the_tests() -> None:
    """But for addresses, folders, and the three settings that only make tests quick."""
    lines = (ROOT / "tests/servers/server.properties").read_text(encoding="utf-8").splitlines()
    tests = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    quick = {"group.initial.rebalance.delay.ms", "broker.session.timeout.ms", "broker.heartbeat.interval.ms"}
    # One node names itself as its own voter here, and as its own bootstrap server there.
    addresses = {"controller.quorum.bootstrap.servers", "listeners", "advertised.listeners", "log.dirs"}
    given = environment("kafka")
    ours = {key.removeprefix("KAFKA_").lower().replace("_", "."): value for key, value in given.items()}
    assert {key: ours.get(key) for key in tests.keys() - quick - addresses} == {
        key: value for key, value in tests.items() if key not in quick | addresses
    }
    assert ours["controller.quorum.voters"] == "1@kafka:9093"
    assert "PLAINTEXT://kafka:9092" in ours["advertised.listeners"]


def test_the_image_installs_what_the_lock_holds_and_runs_as_nobody_special() -> None:
    said = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    bases = set(re.findall(r"^FROM (\S+)", said, re.MULTILINE))
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-bookworm", bases.pop())
    installs = re.findall(r"pip install ([^\\\n]*)", said)
    assert installs
    assert all("--require-hashes" in install or "--no-index" in install for install in installs)
    assert re.search(r"^USER 1000:1000$", said, re.MULTILINE)
    copied = [word for line in re.findall(r"^COPY (?!--from)(.*)$", said, re.MULTILINE) for word in line.split()[:-1]]
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignore[1] == "*"
    assert {f"!{word}" for word in copied} == {line for line in ignore if line.startswith("!")}
    assert all((ROOT / word).exists() for word in copied)


def test_the_secrets_are_made_once_and_shown_to_nobody(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    made = _make_secrets(folder)
    if os.geteuid() not in (0, 1000):
        assert made.returncode == 2
        assert not folder.exists()
        return
    assert made.returncode == 0, made.stderr
    assert {path.name for path in folder.iterdir()} == composition()["secrets"].keys()
    held = {path.name: path.read_text() for path in folder.iterdir()}
    for name, value in held.items():
        assert (folder / name).stat().st_mode & 0o777 == 0o600
        assert (folder / name).stat().st_uid == 1000
        assert value == "" if name == "smtp_password" else len(value) >= 48
        assert not value or value not in made.stdout + made.stderr
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(set(held.values())) == len(held)
    assert f'elasticsearch.password: "{held["kibana_password"]}"' in held["kibana_secrets.yml"]
    again = _make_secrets(folder)
    assert again.returncode == 0
    assert {path.name: path.read_text() for path in folder.iterdir()} == held
    (folder / "analyst_password").unlink()
    assert _make_secrets(folder).returncode == 0
    assert (folder / "analyst_password").read_text() not in held.values()
    (folder / "kibana_password").unlink()
    assert _make_secrets(folder).returncode == 2
    assert not (folder / "kibana_password").exists()


def _make_secrets(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", DEPLOY / "secrets.sh", folder], capture_output=True, text=True, check=False)


def test_what_the_ledger_knows_of_the_folder_is_found_again_by_a_container_made_anew() -> None:
    """`place_of` goes by the machine's name, which docker otherwise draws anew for each container."""
    assert {services()[name].get("hostname") for name in OURS} == {"diembao"}
    assert {volume for name in OURS for volume in services()[name]["volumes"] if "config" in volume} == {
        "./config:/etc/diembao:ro"
    }


def test_the_operators_command_acts_as_who_called_it_with_the_settings_of_the_alerter(tmp_path: Path) -> None:
    """Run for real, with a `docker` that tells what it was called with; no container engine is at hand."""
    secrets, here = tmp_path / "deploy" / "secrets", tmp_path / "bin"
    for folder in (secrets, here):
        folder.mkdir(parents=True)
    (secrets / "service_password").write_text("mat-khau-kho\n")
    (secrets / "smtp_password").write_text("mat-khau-thu\n")
    shutil.copy(DEPLOY / "diembao.sh", tmp_path / "deploy")
    for name, said in (("docker", 'printf "%s\\0" "$@"; echo ===; env -0'), ("id", "echo 0")):
        (here / name).write_text(f"#!/bin/sh\n{said}\n")
        (here / name).chmod(0o755)
    told = subprocess.run(
        ["bash", tmp_path / "deploy" / "diembao.sh", "digest", "--send", "--to", "một người"],
        env={"PATH": f"{here}:{os.environ['PATH']}", "SUDO_UID": "1234", "SUDO_GID": "1234"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    before, _, after = told.partition("===\n")
    words = before.rstrip("\0").split("\0")
    given = dict(one.split("=", 1) for one in after.rstrip("\0").split("\0"))
    at = words.index("alerter")
    assert words[:2] == ["compose", "run"]
    assert words[at + 1 :] == ["digest", "--send", "--to", "một người"]
    assert words[words.index("--user") + 1] == "1234:1000"
    assert not any("mat-khau" in word for word in words), "a command line can be listed"

    options = [words[place + 1].partition("=") for place, word in enumerate(words[:at]) if word == "--env"]
    changed = {variable: value if named else given[variable] for variable, named, value in options}
    assert changed.pop("DIEMBAO_CONFIG") == "/cau-hinh"
    files = {}
    for name, held in (("ELASTICSEARCH", "mat-khau-kho"), ("SMTP", "mat-khau-thu")):
        (tmp_path / name).write_text(held)
        files[f"DIEMBAO_{name}_PASSWORD_FILE"] = str(tmp_path / name)
    # Whatever mail the composition is given: its default, or another in .env.
    for mail in (environment("alerter")["DIEMBAO_MAIL"], "smtps://thu.coquan.example:465"):
        alerter = {**environment("alerter"), "DIEMBAO_CONFIG": str(ROOT / "config"), "DIEMBAO_MAIL": mail}
        settings = load_settings(environ={**alerter, **changed})
        assert settings.mail in ("folder:/var/lib/diembao/mail", mail)
        assert settings == load_settings(environ={**alerter, **files})
    assert "0770 /var/lib/diembao /var/lib/diembao/mail" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
