"""diembao.yaml and DIEMBAO_* to frozen settings; the only reader of the environment.

Precedence: command line, environment, file, default. Secrets come from the environment or from a file of their own,
and no repr shows one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from services import resources
from services.rulebook.convert import read_record
from services.rulebook.errors import ConfigError, ConfigErrors
from services.rulebook.settings_checks import check_settings
from services.rulebook.yaml_source import Node, Source, read_source
from services.settings.records import (
    CollectorSettings,
    DigestSettings,
    ElasticsearchSettings,
    KafkaSettings,
    Office,
    Retention,
    Settings,
    SettingsFile,
    SmtpSettings,
    without_password,
)

__all__ = [
    "FILE",
    "CollectorSettings",
    "DigestSettings",
    "ElasticsearchSettings",
    "KafkaSettings",
    "Office",
    "Retention",
    "Settings",
    "SettingsFile",
    "SmtpSettings",
    "config_folder",
    "data_folder",
    "load_settings",
    "without_password",
]

FILE = "diembao.yaml"


def load_settings(
    config_dir: Path | None = None, data_dir: Path | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """The settings of this process. Raises ConfigErrors with every error of the file and the environment."""
    env = os.environ if environ is None else environ
    config = config_folder(config_dir, env)
    data = data_folder(data_dir, env)
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


def data_folder(option: Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """Where the data is: the command line, DIEMBAO_DATA, else ./data; whatever diembao.yaml holds."""
    env = os.environ if environ is None else environ
    return (option or _path(env, "DIEMBAO_DATA") or Path("data")).absolute()


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
