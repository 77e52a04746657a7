"""Settings: file, environment and command line; secrets stay out of files, logs and screens."""

from datetime import date
from pathlib import Path

import pytest

from services import resources
from services.rulebook.errors import ConfigErrors
from services.settings import Settings, load_settings, without_password

SECRET = "m4t-kh4u"


def written(folder: Path, text: str, **environ: str) -> Settings:
    (folder / "diembao.yaml").write_text(text, encoding="utf-8")
    return load_settings(folder, folder / "data", environ)


def errors(folder: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigErrors) as refused:
        written(folder, text, **environ)
    return str(refused.value).splitlines()


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    settings = written(tmp_path, "")
    data = tmp_path / "data"
    assert settings.bus == f"sqlite:{data / 'bus.db'}"
    assert settings.archive == f"sqlite:{data / 'archive.db'}"
    assert settings.ledger == f"sqlite:{data / 'ledger.db'}"
    assert settings.mail == f"folder:{data / 'mail'}"
    assert (settings.digest.at, settings.digest.zone.key) == ("06:30", "Asia/Ho_Chi_Minh")
    assert settings.retention.unmatched == 90
    assert settings.collector.max_entries == 5000


def test_the_shipped_file_is_valid_and_knows_the_holidays(tmp_path: Path) -> None:
    digest = load_settings(resources.config_dir(), tmp_path, {}).digest
    days = {
        date(2026, 11, 23): True,  # Monday
        date(2026, 11, 24): False,  # holiday on a Tuesday
        date(2026, 11, 28): False,  # Saturday
        date(2026, 8, 22): True,  # Saturday worked in exchange
        date(2026, 8, 31): False,  # the Monday it was exchanged for
        date(2027, 2, 8): False,  # Tết
    }
    assert {day: digest.is_working_day(day) for day in days} == days


def test_the_environment_names_folders_and_addresses(tmp_path: Path) -> None:
    (tmp_path / "diembao.yaml").write_text("mail: folder:thu\n", encoding="utf-8")
    environ = {"DIEMBAO_CONFIG": str(tmp_path), "DIEMBAO_DATA": str(tmp_path / "kho"), "DIEMBAO_BUS": "sqlite:/x/b.db"}
    settings = load_settings(environ=environ)
    assert (settings.config_dir, settings.data_dir) == (tmp_path, tmp_path / "kho")
    assert settings.bus == "sqlite:/x/b.db"
    assert settings.mail == f"folder:{tmp_path / 'kho' / 'thu'}"
    assert load_settings(data_dir=tmp_path / "khac", environ=environ).data_dir == tmp_path / "khac"


def test_a_mail_server_is_understood(tmp_path: Path) -> None:
    assert written(tmp_path, "mail: smtps://thu.example:465\n").mail == "smtps://thu.example:465"


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("bus", "kafka://mot:9092,hai:9092"),
        ("archive", "https://es.example:9200"),
        ("ledger", "http://es.example:9200"),
    ],
)
def test_a_server_that_machines_share_is_understood(tmp_path: Path, name: str, url: str) -> None:
    assert getattr(written(tmp_path, f"{name}: {url}\n"), name) == url
    (error,) = errors(tmp_path, f"{name}: {url.replace('://', '://ai:bimat@')}\n")
    assert error.startswith(f"diembao.yaml:1:{len(name) + 3}: {name}: không viết tên và mật khẩu")


@pytest.mark.parametrize("part", ["smtp", "kafka", "elasticsearch"])
def test_a_password_comes_from_the_environment_or_a_file_of_its_own(tmp_path: Path, part: str) -> None:
    (error,) = errors(tmp_path, f"{part}:\n  password: bimat\n")
    assert error.startswith("diembao.yaml:2:13: không viết mật khẩu vào tệp này")
    assert "bimat" not in error
    (tmp_path / "mat-khau").write_text("bimat\n", encoding="utf-8")
    settings = written(tmp_path, f"{part}:\n  user: ai\n  password_file: mat-khau\n")
    assert getattr(settings, part).password == "bimat"
    assert "bimat" not in repr(settings)
    given = written(tmp_path, f"{part}:\n  user: ai\n", **{f"DIEMBAO_{part.upper()}_PASSWORD": "khac"})
    assert getattr(given, part).password == "khac"


@pytest.mark.parametrize(
    "line", ["kafka: {partitions: 0}", "kafka: {replicas: -1}", "elasticsearch: {replicas: -1}", "kafka: {broker: x}"]
)
def test_counts_that_no_server_takes_are_told_where_they_stand(tmp_path: Path, line: str) -> None:
    (error,) = errors(tmp_path, f"{line}\n")
    assert error.startswith("diembao.yaml:1:")


@pytest.mark.parametrize("url", ["redis://x", "bus.db", "sqlite:", "kafka://", "http://es.example:9200"])
def test_a_wrong_address_is_told_where_it_stands(tmp_path: Path, url: str) -> None:
    assert errors(tmp_path, f'public_url: ""\nbus: "{url}"\n')[0].startswith(
        "diembao.yaml:2:6: bus: địa chỉ phải có dạng"
    )
    assert errors(tmp_path, "", DIEMBAO_BUS=url)[0].startswith("DIEMBAO_BUS:1:1:")


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ('digest: {at: "6h30"}\n', "diembao.yaml:1:14: giờ phải viết dạng 06:30"),
        ("digest: {timezone: Asia/Bangkok}\n", "diembao.yaml:1:10: không có khóa «timezone»"),
        ("digest: {working_days: [2, T3]}\n", "diembao.yaml:1:25: «2» không hợp: chỗ này phải là một trong: T2"),
        ("digest:\n  holidays: [2026-13-01]\n", "diembao.yaml:2:14: «2026-13-01» không hợp: chỗ này phải là ngày"),
        ("colector: {}\n", "diembao.yaml:1:1: không có khóa «colector»; có phải «collector»?"),
        ("collector: {host_seconds: -1}\n", "diembao.yaml:1:27: «host_seconds» phải lớn hơn 0"),
        ("collector: {routes: {a.vn: 'http://10.0.0.1:80'}}\n", "diembao.yaml:1:28: đường riêng"),
        ("collector: {extractor: bs4}\n", "diembao.yaml:1:24: «bs4» không hợp"),
        ("smtp: {sender: diembao}\n", "diembao.yaml:1:16: không phải địa chỉ thư"),
        ("retention: {parked: -3}\n", "diembao.yaml:1:21: số ngày không được âm"),
        ("public_url: ftp://x\n", "diembao.yaml:1:13: phải là địa chỉ http://"),
        ("- a\n", "diembao.yaml:1:1: chỗ này phải là các cặp"),
    ],
)
def test_errors_have_line_and_column(tmp_path: Path, text: str, start: str) -> None:
    (error,) = errors(tmp_path, text)
    assert error.startswith(start)
    assert " / " in error


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    missing = tmp_path / "khong-co"
    for option, environ in ((missing, {}), (None, {"DIEMBAO_CONFIG": str(missing)})):
        with pytest.raises(ConfigErrors) as caught:
            load_settings(option, tmp_path, environ)
        (error,) = str(caught.value).splitlines()
        assert error.startswith(f"{missing}:1:1: không có thư mục")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors, match=r"diembao\.yaml:1:1: thiếu tệp"):
        load_settings(tmp_path, tmp_path, {})


def test_no_password_stands_in_the_file(tmp_path: Path) -> None:
    for text in (
        f"smtp: {{user: a, password: {SECRET}}}\n",
        f"mail: smtp://a:{SECRET}@thu.example\n",
        f"archive: https://a:{SECRET}@es.example\n",
        f"public_url: https://a:{SECRET}@trang.example\n",
        f"collector: {{proxy: 'http://a:{SECRET}@proxy.example:3128'}}\n",
    ):
        (error,) = errors(tmp_path, text)
        assert "không viết" in error
        assert SECRET not in error


def test_the_password_comes_from_the_environment_or_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "mk").write_text(SECRET + "\n", encoding="utf-8")
    from_file = written(tmp_path, "smtp: {user: a, password_file: mk}\n")
    from_environment = written(tmp_path, "smtp: {user: a}\n", DIEMBAO_SMTP_PASSWORD=SECRET)
    named = written(tmp_path, "smtp: {user: a}\n", DIEMBAO_SMTP_PASSWORD_FILE=str(tmp_path / "mk"))
    assert {one.smtp.password for one in (from_file, from_environment, named)} == {SECRET}
    (error,) = errors(tmp_path, "smtp:\n  password_file: khong-co\n")
    assert error.startswith("diembao.yaml:2:18: không đọc được tệp mật khẩu")


def test_nothing_shown_holds_a_secret(tmp_path: Path) -> None:
    settings = written(
        tmp_path,
        "smtp: {user: a}\n",
        DIEMBAO_SMTP_PASSWORD=SECRET,
        DIEMBAO_MAIL=f"smtp://a:{SECRET}@thu.example:587",
    )
    assert settings.smtp.password == SECRET
    shown = f"{settings!r} {settings} {settings.smtp} {settings.collector} {settings.addresses()}"
    assert SECRET not in shown
    assert settings.addresses()["mail"] == "smtp://***@thu.example:587"
    assert without_password("kafka://a:9092,b:9092") == "kafka://a:9092,b:9092"
