"""What is set once for a process, as frozen records: the parts of diembao.yaml and the whole. No secret in a repr."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from services.domain.calendar import ZONE
from services.domain.record import Record

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


def without_password(url: str) -> str:
    """The URL with what stands before @ taken out."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc="***@" + parts.netloc.rpartition("@")[2]))
