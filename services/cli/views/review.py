"""Findings on a terminal: the list, and one with its sentence beside the register."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.alerter import words
from services.desk.review import Reviewed

_NOTHING_WAITS = "Không có phát hiện nào chờ kiểm tra. / Nothing to review."
_TABLE_FITS = 110
"""Columns; on fewer, cells become strips of single words."""


def show_list(console: Console, found: Sequence[Reviewed], zone: ZoneInfo, *, everything: bool) -> None:
    """A table on a wide terminal; elsewhere a block for each finding, whose lines nothing breaks."""
    if not found:
        console.print("Không có phát hiện nào. / No finding." if everything else _NOTHING_WAITS)
        return
    title = "Mọi phát hiện, kể cả đã quyết định" if everything else "Phát hiện cần kiểm tra"
    if console.is_terminal and console.width >= _TABLE_FITS:
        console.print(_table(title, found, zone))
    else:
        console.print(Text(title, "bold"))
        for one in found:
            console.print(_block(one, zone), soft_wrap=not console.is_terminal)
    console.print("Xem một phát hiện: diembao review show MÃ")


def _block(one: Reviewed, zone: ZoneInfo) -> Text:
    case = one.case
    return Text(
        f"\n{case.finding_id[:10]}  {words.STATUSES[one.status]}\n"
        f"  {case.title}\n"
        f"  {case.outlet_name}, {_local(case.published_at or case.first_seen, zone)}\n"
        f"  Báo viết: {case.finding.found}\n"
        f"  Sổ dữ kiện: {_expected(one)}"
    )


def _expected(one: Reviewed) -> str:
    return one.case.finding.expected + ("" if one.case.fact_status == "verified" else " (nguồn chưa kiểm chứng)")


def _table(title: str, found: Sequence[Reviewed], zone: ZoneInfo) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    for name in ("Mã", "Trạng thái", "Báo", "Bài", "Báo viết", "Sổ dữ kiện"):
        table.add_column(name, overflow="fold")
    for one in found:
        case = one.case
        table.add_row(
            case.finding_id[:10],
            words.STATUSES[one.status],
            f"{case.outlet_name}\n{_local(case.published_at or case.first_seen, zone)}",
            Text(case.title),
            Text(case.finding.found),
            Text(_expected(one)),
        )
    return table


def show_case(console: Console, one: Reviewed, zone: ZoneInfo) -> None:
    """Side by side: what was published, and what the register says and rests on."""
    case, finding = one.case, one.case.finding
    console.print(
        Text(f"{words.STATUSES[one.status].capitalize()} · {words.KINDS[finding.kind]} · {case.finding_id}", "bold")
    )
    table = Table(show_lines=True, header_style="bold", expand=True)
    table.add_column("Báo viết", ratio=1, overflow="fold")
    table.add_column("Sổ dữ kiện ghi", ratio=1, overflow="fold")
    table.add_row(Text(f"“{finding.quote}”"), Text(case.about or finding.fact_id))
    table.add_row(Text(finding.found, "bold red"), Text(finding.expected, "bold green"))
    table.add_row(Text(_article(one, zone)), Text(_reference(one)))
    console.print(table)
    console.print(Text(finding.reason))
    if case.quiet:
        console.print(Text(f"Không gửi thông báo khẩn: {case.quiet}."))
    for step in one.verdict.steps if one.verdict else []:
        said = f"{_local(step.at, zone)} {step.by_name} ({step.by}): {words.STATUSES[step.status]}. {step.reason}"
        console.print(Text(said))
    if one.status in ("proposed", "reopened"):
        for command, means in _DECISIONS:
            console.print(Text(f'diembao review {command} {case.finding_id[:10]} --reason "…"   {means}', "dim"))


_DECISIONS = (
    ("confirm", "báo viết chưa chính xác"),
    ("dismiss", "báo không sai"),
    ("fix-register", "sổ dữ kiện sai"),
)


def _article(one: Reviewed, zone: ZoneInfo) -> str:
    case = one.case
    when = f"đăng {_local(case.published_at, zone)}" if case.published_at else "không ghi ngày"
    return "\n".join(part for part in (case.title, f"{case.outlet_name}, {when}", case.url or "") if part)


def _reference(one: Reviewed) -> str:
    case, source = one.case, one.case.finding.source
    document = source.title
    if source.number:
        document += f", số {source.number}"
    if source.date:
        document += f", ngày {words.written_day(source.date)}"
    status = {"verified": "đã kiểm chứng", "single_source": "NGUỒN CHƯA KIỂM CHỨNG", "disputed": "đang tranh chấp"}
    entered = f"{case.entered_by} nhập ngày {case.entered_on:%d/%m/%Y}" if case.entered_on else ""
    row = f"Dòng {case.finding.fact_id}: {status.get(case.fact_status or '', 'không còn trong sổ')}"
    return "\n".join(part for part in (document, source.url, row, entered) if part)


def _local(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%d/%m/%Y %H:%M")
