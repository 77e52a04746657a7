"""diembao.yaml and DIEMBAO_* to frozen settings; the only reader of the environment.

Precedence: command line, environment, file, default. Secrets come from the environment or from a file of their own,
and no repr shows one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import msgspec

from services import resources
from services.domain.calendar import ZONE
from services.domain.record import Record
from services.rulebook.convert import read_record
from services.rulebook.errors import ConfigError, ConfigErrors
from services.rulebook.settings_checks import check_settings
from services.rulebook.yaml_source import Node, Source, read_source

FILE = "diembao.yaml"
Weekday = Literal["T2", "T3", "T4", "T5", "T6", "T7", "CN"]
_WEEK: tuple[Weekday, ...] = ("T2", "T3", "T4", "T5", "T6", "T7", "CN")


class Office(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who sends: the names that stand at the head and the foot of a letter."""

    name: str = "Văn phòng"
    unit: str = ""
    """The committee that the office serves."""
    place: str = ""
    contact: str = ""
    """Where a reader of a letter asks back: a telephone number or an address of the office."""


class CollectorSettings(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the collector behaves toward other people's servers."""

    user_agent: str = "DiemBao/0.1"
    contact: str = ""
    """An address where the operator of a site reaches us; part of the user agent."""
    host_seconds: float = 2.0
    """Pause between two requests to one host."""
    feed_deadline_seconds: float = 30.0
    page_deadline_seconds: float = 30.0
    max_feed_bytes: int = 10_000_000
    max_page_bytes: int = 3_000_000
    max_entries: int = 5000
    too_old_days: int = 30
    revisit_hours: tuple[float, ...] = (2.0, 8.0, 24.0)
    """Hours after the first reading at which an article's page is read again."""
    routes: dict[str, str] = {}
    """Host -> "http://127.0.0.1:PORT"; only tests and the sample press set it."""
    extractor: Literal["trafilatura", "newspaper"] = "trafilatura"
    proxy: str = ""
    ca_bundle: str = ""
    """Path of a PEM file, absolute once loaded."""

    @property
    def identity(self) -> str:
        """The User-Agent header: an honest name and whom to write to."""
        return f"{self.user_agent} (+{self.contact})" if self.contact else self.user_agent

    def __repr__(self) -> str:
        return f"CollectorSettings(identity={self.identity!r}, proxy={without_password(self.proxy)!r})"


class DigestSettings(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the digest is drawn."""

    at: str = "06:30"
    working_days: tuple[Weekday, ...] = _WEEK[:5]
    holidays: frozenset[date] = frozenset()
    working_saturdays: frozenset[date] = frozenset()
    """Days worked in exchange by decree, whatever weekday or holiday they are."""

    @property
    def zone(self) -> ZoneInfo:
        """The office's; an hour of the digest is an hour there."""
        return ZONE

    @property
    def hour(self) -> time:
        return time.fromisoformat(self.at)

    def is_working_day(self, day: date) -> bool:
        if day in self.working_saturdays:
            return True
        return _WEEK[day.weekday()] in self.working_days and day not in self.holidays


class SmtpSettings(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The relay's particulars; host and port stand in the mail URL. No user means no login."""

    sender: str = "diembao@localhost"
    sender_name: str = "Điểm Báo"
    user: str = ""
    password_file: str = ""
    password: str = ""
    """Never in the file: from DIEMBAO_SMTP_PASSWORD or from `password_file`."""
    starttls: bool = True
    """With smtp://: refuse to send without STARTTLS. Off only for a relay on the office's own network."""
    timeout_seconds: float = 60.0
    ca_bundle: str = ""

    def __repr__(self) -> str:
        return f"SmtpSettings(sender={self.sender!r}, user={self.user!r}, password={'***' if self.password else ''!r})"


class Retention(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days that each topic of the bus keeps its messages; 0 is for ever."""

    collected: int = 0
    decisions: int = 0
    enriched: int = 90
    unmatched: int = 90
    parked: int = 90


class KafkaSettings(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the broker is reached and how topics are made; the brokers stand in the bus URL."""

    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    user: str = ""
    password_file: str = ""
    password: str = ""
    """Never in the file: from DIEMBAO_KAFKA_PASSWORD or from `password_file`."""
    ca_bundle: str = ""
    certificate: str = ""
    key_file: str = ""
    partitions: int = 12
    """Of each press.* topic at its making: the most enrichers that can share the work."""
    hosts_partitions: int = 64
    """Of press.hosts: the most collectors that can share the hosts."""
    replicas: int = 1
    """Copies of each topic; 3 on a cluster."""
    min_insync_replicas: int = 1
    """Copies that must have a message before it counts as published; 2 on a cluster."""

    def __repr__(self) -> str:
        hidden = "***" if self.password else ""
        return f"KafkaSettings({self.security_protocol}, user={self.user!r}, password={hidden!r})"


class ElasticsearchSettings(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How Elasticsearch is reached and how indices are made; host and name stand in the archive and ledger URLs."""

    user: str = ""
    password_file: str = ""
    password: str = ""
    """Never in the file: from DIEMBAO_ELASTICSEARCH_PASSWORD or from `password_file`."""
    ca_bundle: str = ""
    replicas: int = 0
    """Copies of each index beside the first; 1 on a cluster."""
    timeout_seconds: float = 30.0

    def __repr__(self) -> str:
        return f"ElasticsearchSettings(user={self.user!r}, password={'***' if self.password else ''!r})"


class SettingsFile(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """diembao.yaml as it is written."""

    bus: str = "sqlite:bus.db"
    archive: str = "sqlite:archive.db"
    ledger: str = "sqlite:ledger.db"
    mail: str = "folder:mail"
    public_url: str = ""
    banner: str = ""
    """Stands on top of every letter and in its subject: the samples say DỮ LIỆU MẪU there."""
    office: Office = Office()
    collector: CollectorSettings = CollectorSettings()
    digest: DigestSettings = DigestSettings()
    smtp: SmtpSettings = SmtpSettings()
    retention: Retention = Retention()
    kafka: KafkaSettings = KafkaSettings()
    elasticsearch: ElasticsearchSettings = ElasticsearchSettings()


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is set once for a process. URLs are resolved: "sqlite:/absolute/bus.db"."""

    config_dir: Path
    data_dir: Path
    bus: str = field(repr=False)
    archive: str = field(repr=False)
    ledger: str = field(repr=False)
    mail: str = field(repr=False)
    office: Office
    collector: CollectorSettings
    digest: DigestSettings
    smtp: SmtpSettings
    retention: Retention
    kafka: KafkaSettings
    elasticsearch: ElasticsearchSettings
    public_url: str
    banner: str = ""
    """Shown on top of every letter and in its subject; empty in real service."""

    def addresses(self) -> dict[str, str]:
        """Bus, archive, ledger and mail as a log or a screen may show them."""
        return {name: without_password(getattr(self, name)) for name in ("bus", "archive", "ledger", "mail")}


def load_settings(
    config_dir: Path | None = None, data_dir: Path | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """The settings of this process. Raises ConfigErrors with every error of the file and the environment."""
    env = os.environ if environ is None else environ
    config = config_folder(config_dir, env)
    data = (data_dir or _path(env, "DIEMBAO_DATA") or Path("data")).absolute()
    source = read_source(config / FILE, FILE)
    root = source.root or Node(1, 1, entries={})
    written = SettingsFile() if root.empty else read_record(source, root, SettingsFile)
    given = {name: env.get(f"DIEMBAO_{name.upper()}", "") for name in ("bus", "archive", "ledger", "mail")}
    check_settings(source, root, given)
    if written is not None:
        written = _with_secrets(source, root, written, env, config)
    if source.errors or written is None:
        raise ConfigErrors(source.errors)
    collector = msgspec.structs.replace(written.collector, ca_bundle=_beside(config, written.collector.ca_bundle))
    return Settings(
        config_dir=config,
        data_dir=data,
        bus=_resolved(given["bus"] or written.bus, data),
        archive=_resolved(given["archive"] or written.archive, data),
        ledger=_resolved(given["ledger"] or written.ledger, data),
        mail=_resolved(given["mail"] or written.mail, data),
        office=written.office,
        collector=collector,
        digest=written.digest,
        smtp=written.smtp,
        retention=written.retention,
        kafka=written.kafka,
        elasticsearch=written.elasticsearch,
        public_url=written.public_url.rstrip("/"),
        banner=written.banner.strip(),
    )


def config_folder(option: Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """Where the configuration is: the command line, DIEMBAO_CONFIG, else what is shipped. Raises ConfigErrors."""
    env = os.environ if environ is None else environ
    named = option or _path(env, "DIEMBAO_CONFIG")
    folder = resources.config_dir(named).absolute()
    if not folder.is_dir():
        said = "--config" if option else "DIEMBAO_CONFIG"
        raise ConfigErrors(
            [
                ConfigError(
                    str(folder),
                    1,
                    1,
                    f"không có thư mục cấu hình này ({said}); `diembao init THƯ_MỤC` chép bộ mẫu ra",
                    f"no such configuration folder (from {said})",
                )
            ]
        )
    return folder


def without_password(url: str) -> str:
    """The URL with what stands before @ taken out."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc="***@" + parts.netloc.rpartition("@")[2]))


def _with_secrets(
    source: Source, root: Node, written: SettingsFile, env: Mapping[str, str], config: Path
) -> SettingsFile:
    """Users and passwords from the environment, else from settings and the files that either names; paths absolute."""

    def user(part: Literal["smtp", "kafka", "elasticsearch"], written: str) -> str:
        return env.get(f"DIEMBAO_{part.upper()}_USER", "") or written

    def secret(part: Literal["smtp", "kafka", "elasticsearch"], named: str) -> str:
        return _secret(source, root.value(part), f"DIEMBAO_{part.upper()}_PASSWORD", named, env, config)

    smtp, kafka, elastic = written.smtp, written.kafka, written.elasticsearch
    return msgspec.structs.replace(
        written,
        smtp=msgspec.structs.replace(
            smtp,
            user=user("smtp", smtp.user),
            password=secret("smtp", smtp.password_file),
            ca_bundle=_beside(config, smtp.ca_bundle),
        ),
        kafka=msgspec.structs.replace(
            kafka,
            user=user("kafka", kafka.user),
            password=secret("kafka", kafka.password_file),
            ca_bundle=_beside(config, kafka.ca_bundle),
            certificate=_beside(config, kafka.certificate),
            key_file=_beside(config, kafka.key_file),
        ),
        elasticsearch=msgspec.structs.replace(
            elastic,
            user=user("elasticsearch", elastic.user),
            password=secret("elasticsearch", elastic.password_file),
            ca_bundle=_beside(config, elastic.ca_bundle),
        ),
    )


def _secret(source: Source, part: Node | None, variable: str, named: str, env: Mapping[str, str], config: Path) -> str:
    password = env.get(variable, "")
    named = env.get(f"{variable}_FILE", "") or named
    if password or not named:
        return password
    path = Path(_beside(config, named))
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        source.error(
            part.value("password_file") if part is not None else None,
            f"không đọc được tệp mật khẩu {path}",
            f"password file cannot be read: {type(error).__name__}",
        )
        return ""


def _resolved(url: str, data: Path) -> str:
    scheme, _, path = url.partition(":")
    return f"{scheme}:{data / path}" if scheme in ("sqlite", "folder") else url


def _path(env: Mapping[str, str], name: str) -> Path | None:
    return Path(env[name]) if env.get(name) else None


def _beside(config: Path, path: str) -> str:
    """Paths in diembao.yaml are relative to its folder."""
    return str(config / path) if path else ""
