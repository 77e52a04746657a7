"""Commands that keep the office's data over the years: backup, restore, copy."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services import wiring
from services.cli import app
from services.cli.options import INVALID, ConfigOption, DataOption, reaching, settings_from
from services.desk.backup_file import Progress, read_file, verify, write_file
from services.desk.backup_parts import ARCHIVE, LEDGER, OFFSETS, Stores, read_parts, topic_of
from services.desk.restore import write_parts
from services.ports.errors import Unprocessable
from services.rulebook.settings_checks import SCHEMES
from services.settings import Settings, SettingsFile, without_password

_STORES = ("bus", "archive", "ledger")
_SHOW_EVERY = 200


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Tệp sao lưu, thường là .zip. / The file to write.")],
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Sao lưu bus, kho bài và sổ trạng thái vào một tệp. / Back everything up into one file.

    Chạy được cả khi các dịch vụ đang chạy. Tệp cũ cùng tên chỉ bị thay khi tệp mới đã trọn vẹn trên đĩa. Phục hồi được
    trên cả hai cỡ: một máy, hoặc Kafka và Elasticsearch. Không gồm: thư trong folder:mail, thư mục cấu hình và mật
    khẩu; cấu hình đang có hiệu lực thì có, vì nằm trong sổ trạng thái. Giữ tệp nơi kín: trong đó có quyết định và địa
    chỉ thư của người dùng.

    Ví dụ: [bold]diembao backup /sao-luu/diembao-2026-11-24.zip[/bold]

    Mã kết thúc: 0 xong; 2 cấu hình sai; 3 không mở được kho, hoặc không ghi được tệp (hết đĩa).
    """
    settings = settings_from(config, data)
    clock = wiring.system_clock()
    with reaching(), _progress() as progress, _stores(settings) as stores:
        parts = read_parts(stores, wiring.GROUPS, clock.now)
        manifest = write_file(file, parts, clock.now(), progress)
    typer.echo(f"Đã sao lưu vào {file}. / backed up")
    _tell({part.name: part.lines for part in manifest.parts})


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Tệp do diembao backup ghi. / A file of backup.")],
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Phục hồi một bản sao lưu vào nơi chưa có dữ liệu. / Restore a backup into an empty place.

    Đọc hết tệp và kiểm tra từng dòng trước, rồi mới ghi. Nơi nhận là thư mục --data, hoặc các địa chỉ trong cấu hình.
    Bị ngắt giữa chừng thì dữ liệu bị khóa đến khi chạy lại đúng lệnh này: lệnh làm nốt phần còn lại.

    Ví dụ: [bold]diembao restore diembao-2026-11-24.zip --data /var/lib/diembao-moi[/bold]

    Mã kết thúc: 0 xong; 2 tệp hỏng, bị cắt, của bản mới hơn, hoặc nơi nhận đã có dữ liệu; 3 không mở được kho.
    """
    settings = settings_from(config, data)
    with reaching(), _refusing(), _progress() as progress:
        manifest = verify(file, lambda part, count: progress(f"kiểm tra {part}", count))
        with _target(settings) as stores:
            counts = write_parts(
                stores,
                read_file(file),
                source=manifest.identity,
                told=file.name,
                retention=wiring.retention_days(settings),
                now=wiring.system_clock().now(),
                progress=progress,
            )
    typer.echo(f"Đã phục hồi từ {file}, số lượng đã đối chiếu. / restored, counts agree")
    _tell(counts)


@app.command()
def copy(
    source: Annotated[
        str, typer.Option("--from", metavar="DATA|URLS", help="Thư mục dữ liệu, hoặc 'bus=… archive=… ledger=…'.")
    ],
    target: Annotated[str, typer.Option("--to", metavar="DATA|URLS", help="Nơi chưa có dữ liệu, viết như --from.")],
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Chép dữ liệu giữa một máy và hệ thống nhiều máy. / Copy between one machine and scale-out.

    Như backup rồi restore, không qua tệp. DATA là thư mục dữ liệu của một máy. URLS là ba địa chỉ, cách nhau bằng dấu
    cách, trong một cặp nháy; mật khẩu và chứng chỉ lấy từ phần kafka và elasticsearch của cấu hình. Nên dừng các dịch
    vụ ở nơi cũ trước: tin đến sau lúc chép không sang nơi mới.

    Ví dụ:

      diembao copy --from data --to 'bus=kafka://k1:9092,k2:9092 archive=https://es:9200 ledger=https://es:9200'

      diembao copy --from 'bus=kafka://k1:9092 archive=https://es:9200 ledger=https://es:9200' --to data-moi

    Mã kết thúc: 0 xong; 2 địa chỉ sai, hoặc nơi nhận đã có dữ liệu; 3 không mở được kho.
    """
    settings = settings_from(config, data)
    origin, goal = _with_stores("--from", source, settings), _with_stores("--to", target, settings)
    if any(getattr(origin, name) == getattr(goal, name) for name in _STORES):
        typer.echo("--from và --to là cùng một nơi. / the same place twice", err=True)
        raise typer.Exit(INVALID)
    clock = wiring.system_clock()
    addresses = " ".join(without_password(getattr(origin, name)) for name in _STORES)
    with reaching(), _refusing(), _progress() as progress, _stores(origin) as held, _target(goal) as stores:
        counts = write_parts(
            stores,
            read_parts(held, wiring.GROUPS, clock.now),
            source=f"copy {addresses}",
            told=addresses,
            retention=wiring.retention_days(settings),
            now=clock.now(),
            progress=progress,
        )
    typer.echo("Đã chép, số lượng đã đối chiếu. / copied, counts agree")
    _tell(counts)


def _with_stores(option: str, text: str, settings: Settings) -> Settings:
    """The settings with the stores that an option names; a wrong one ends the command with status 2."""
    if "=" not in text:
        folder, usual = Path(text).absolute(), SettingsFile()
        bus, archive, ledger = (f"sqlite:{folder / getattr(usual, name).partition(':')[2]}" for name in _STORES)
        return replace(settings, data_dir=folder, bus=bus, archive=archive, ledger=ledger)
    given = dict(word.partition("=")[::2] for word in text.split())
    wrong = [name for name in given if name not in _STORES] + [name for name in _STORES if not given.get(name)]
    wrong += [name for name in _STORES if given.get(name, "").partition(":")[0] not in SCHEMES[name]]
    wrong += [name for name, url in given.items() if "@" in url]
    if wrong:
        typer.echo(
            f"{option}: {wrong[0]}: cần thư mục dữ liệu, hoặc đủ ba 'bus=kafka://… archive=http://… ledger=http://…', "
            "không có mật khẩu trong địa chỉ / needs a data folder or all three addresses, without a login",
            err=True,
        )
        raise typer.Exit(INVALID)
    return replace(settings, bus=given["bus"], archive=given["archive"], ledger=given["ledger"])


@contextmanager
def _stores(settings: Settings, *, create: bool = False) -> Iterator[Stores]:
    with ExitStack() as opened:
        # The ledger first: it knows whether these data are whole.
        ledger = opened.enter_context(closing(wiring.open_ledger(settings, create=create, unfinished=create)))
        bus = opened.enter_context(closing(wiring.open_bus(settings, wiring.system_clock(), create=create)))
        archive = opened.enter_context(closing(wiring.open_archive(settings, create=create)))
        yield Stores(bus, archive, ledger)


@contextmanager
def _target(settings: Settings) -> Iterator[Stores]:
    """The stores to write to; files on this machine under the lock that a service would hold."""
    with ExitStack() as opened:
        if any(wiring.embedded(getattr(settings, name)) for name in _STORES):
            try:
                opened.enter_context(wiring.data_lock(settings.data_dir))
            except wiring.DataInUse as error:
                typer.echo(str(error), err=True)
                raise typer.Exit(INVALID) from error
        yield opened.enter_context(_stores(settings, create=True))


@contextmanager
def _refusing() -> Iterator[None]:
    """A file that is no backup, or a place that is not empty: the input is wrong, and nothing was changed."""
    try:
        yield
    except Unprocessable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(INVALID) from error


@contextmanager
def _progress() -> Iterator[Progress]:
    """On a terminal one line that counts; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda part, count: None
        return
    with Console(stderr=True).status("") as status:

        def show(part: str, count: int) -> None:
            if count % _SHOW_EVERY == 0:
                status.update(f"{part}: {count}")

        yield show


def _tell(counts: dict[str, int]) -> None:
    for name, count in counts.items():
        if name != OFFSETS:
            typer.echo(f"  {_WORDS.get(name) or topic_of(name)}\t{count}")


_WORDS = {LEDGER: "sổ trạng thái / ledger", ARCHIVE: "bài trong kho / articles"}
