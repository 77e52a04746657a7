"""What a back-test found: for people on a terminal, as lines in a pipe, as one JSON object for programs.

Tone stands nowhere: a table of outlets and tones would be a count of tone by outlet (fair coverage, rule 3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from services.desk.backtest.compare import OfWatch, State, Told
from services.desk.backtest.trial import Trial, totals
from services.domain.codec import plain

_STATES: dict[State, str] = {"new": "mới", "changed": "đã sửa", "same": "như cũ", "removed": "bỏ hoặc tắt"}
_BARS = " ▁▂▃▄▅▆▇█"
_MOST_BARS = 45
_ROOM_FOR_BARS = 130
_TOLD_ON_SCREEN = 5
_LONGEST_TITLE = 90
_ENOUGH_DAYS = 7


@contextmanager
def progress() -> Iterator[Callable[[str, int], None]]:
    """(stage, how many are done) -> shown on a terminal alone, on stderr."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("Đang thử", total=None)
        yield lambda stage, done: bar.update(task, description=f"{stage}: {done}" if done else stage)


def as_json(trial: Trial, zone: ZoneInfo) -> dict[str, Any]:
    """The one object of `--json`; its shape stands in docs/thu-dieu-kien.md."""
    return {
        "version": trial.rules.version,
        "from": trial.since.astimezone(zone).isoformat(),
        "to": trial.until.astimezone(zone).isoformat(),
        "seen": {
            "archived": trial.archived,
            "unmatched": trial.unmatched,
            "unread": trial.unread,
            "collected_from": _iso(trial.reach.collected_from, zone),
            "unmatched_from": _iso(trial.reach.unmatched_from, zone),
            "full_days": full_days(trial),
        },
        "watches": [_watch(one, zone) for one in trial.watches],
        "recipients": [_recipient(name, numbers, trial) for name, numbers in totals(trial.forecast).items()],
    }


def full_days(trial: Trial) -> int:
    """Whole days in which both collected and unmatched articles could be seen."""
    begin = trial.reach.full_from(trial.since)
    return max(0, (trial.until - begin).days) if begin is not None else 0


def notes(trial: Trial, zone: ZoneInfo) -> Iterator[str]:
    """What the back-test could not see, in words."""
    reach, asked = trial.reach, (trial.until - trial.since).days
    if reach.collected_from is None and reach.unmatched_from is None:
        yield "Nhật ký chưa có bài nào: chưa thử được gì. / nothing to try on yet"
        return
    days = full_days(trial)
    if days < _ENOUGH_DAYS:
        yield (
            f"CHÚ Ý: mới thấy đủ {days} ngày; kết quả dưới {_ENOUGH_DAYS} ngày chỉ để tham khảo. / few days to try on"
        )
    if days < asked:
        if reach.collected_from is not None and reach.collected_from > trial.since:
            yield f"Bài đã thu: chỉ có từ {_local(reach.collected_from, zone)}."
        if reach.unmatched_from is None:
            yield "Bài không khớp: nhật ký không giữ bài nào, nên không thấy được bài bắt thêm từ đó."
        elif reach.unmatched_from > trial.since:
            yield f"Bài không khớp: nhật ký chỉ còn giữ từ {_local(reach.unmatched_from, zone)}."
    if trial.unread:
        yield f"{trial.unread} bản ghi không đọc được, không tính. / messages that could not be read"


def show(console: Console, trial: Trial, zone: ZoneInfo, other: str = "") -> None:
    """Tables on a terminal; in a pipe the same as lines, cells parted by tabs. `other`: what else was tried."""
    days = _days(trial, zone)
    console.print(
        f"Thử trên {trial.archived} bài đã thu và {trial.unmatched} bài không khớp, "
        f"từ {_local(trial.since, zone)} đến {_local(trial.until, zone)}.",
        **_plainly(console),
    )
    if other:
        console.print(other, **_plainly(console))
    for note in notes(trial, zone):
        console.print(note, **_plainly(console))
    _rows(
        console,
        "Từng điều kiện theo dõi (số bài)",
        ("Điều kiện", "Thay đổi", "Bắt được", "Thêm", "Bớt", "NOT loại", "Theo ngày"),
        [_watch_row(one, days) for one in trial.watches],
    )
    console.print(
        "\nBản điểm báo: đếm cả bản của sáng không có tin nào. Số mỗi ngày: chia cho số ngày thấy được, "
        "kể cả ngày nghỉ. Bài của lần đọc đầu mỗi nguồn chỉ vào kho, không vào bản tin, nên không đếm ở đây.",
        **_plainly(console),
    )
    _rows(
        console,
        "Dự báo thư",
        (
            "Người nhận",
            "Bản điểm báo",
            "Dòng tin",
            "Dòng/ngày",
            "Báo ngay",
            "Báo ngay/ngày",
            "Dòng theo ngày",
        ),
        [_recipient_row(name, numbers, trial, days) for name, numbers in totals(trial.forecast).items()],
    )
    for one in trial.watches:
        _changes(console, one, zone)


def _watch_row(one: OfWatch, days: Sequence[date]) -> tuple[str, ...]:
    out = f"{one.excluded}" + (f" ({_by(one)})" if one.excluded_by else "")
    bars = bars_of([one.by_day.get(day, 0) for day in days])
    return one.watch.watch.name, _STATES[one.state], *map(str, (one.matched, one.gained, one.lost)), out, bars


def _recipient_row(name: str, numbers: tuple[int, int, int], trial: Trial, days: Sequence[date]) -> tuple[str, ...]:
    digests, lines, notices = numbers
    lined = {day: of_day.lines for (who, day), of_day in trial.forecast.items() if who == name}
    bars = bars_of([lined.get(day, 0) for day in days])
    return name, str(digests), str(lines), _a_day(lines, trial), str(notices), _a_day(notices, trial), bars


def bars_of(numbers: Sequence[int]) -> str:
    """A bar for each number, the highest full; of many, for several together. Nothing is a space."""
    each = -(-len(numbers) // _MOST_BARS) or 1
    shown = [sum(numbers[at : at + each]) for at in range(0, len(numbers), each)]
    most = max(shown, default=0)
    return "".join(_BARS[0 if not one else max(1, round(8 * one / most))] for one in shown)


def _changes(console: Console, one: OfWatch, zone: ZoneInfo) -> None:
    for sign, count, told in (("+", one.gained, one.gained_told), ("−", one.lost, one.lost_told)):
        if count:
            what = "bắt thêm" if sign == "+" else "không còn bắt"
            console.print(
                f"\n{one.watch.watch.name}: {what} {count} bài",
                highlight=False,
                soft_wrap=not console.is_terminal,
                markup=False,
            )
        for article in told[:_TOLD_ON_SCREEN]:
            console.print(f"  {sign} {line_of(article, zone)}", **_plainly(console))
        if count > _TOLD_ON_SCREEN:
            console.print(
                f"  … và {count - _TOLD_ON_SCREEN} bài khác (--json)",
                highlight=False,
                soft_wrap=not console.is_terminal,
                markup=False,
            )


def line_of(told: Told, zone: ZoneInfo) -> str:
    """One article on one line: when, what, where, why."""
    article = told.document.article
    title = _printable(article.title)
    cut = title if len(title) <= _LONGEST_TITLE else title[:_LONGEST_TITLE] + "…"
    words = ", ".join(dict.fromkeys(_printable(one.surface) for one in told.words))
    where = "" if told.archived else " [chưa vào kho]"
    outlet = _printable(article.outlet_name or article.outlet)
    seen = f" | từ thấy: {words}" if words else ""
    return f"{article.time.astimezone(zone):%d/%m} {cut} ({outlet}){where}: {told.why}{seen}"


def _plainly(console: Console) -> dict[str, Any]:
    """Text as it is; in a pipe a line is one line."""
    return {"highlight": False, "markup": False, "soft_wrap": not console.is_terminal}


def _rows(console: Console, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not console.is_terminal:
        print(file=console.file)
        for row in (headings, *rows):
            print("\t".join(row), file=console.file)
        return
    # The last column is bars, which squeezed to "…" would say nothing.
    shown = len(headings) - (console.width < _ROOM_FOR_BARS)
    table = Table(title=title, title_justify="left", box=None)
    for number, heading in enumerate(headings[:shown]):
        table.add_column(heading, justify="left" if number in (0, 1, len(headings) - 1) else "right")
    for row in rows:
        table.add_row(*map(escape, row[:shown]))
    console.print(table)


def _watch(one: OfWatch, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": one.watch.id,
        "name": one.watch.watch.name,
        "state": one.state,
        "matched": one.matched,
        "gained": one.gained,
        "lost": one.lost,
        "excluded": one.excluded,
        "excluded_by": dict(one.excluded_by),
        "days": {day.isoformat(): number for day, number in sorted(one.by_day.items())},
        "gained_articles": [_told(article, zone) for article in one.gained_told],
        "lost_articles": [_told(article, zone) for article in one.lost_told],
    }


def _told(told: Told, zone: ZoneInfo) -> dict[str, Any]:
    article = told.document.article
    return {
        "article_id": article.article_id,
        "url": article.url,
        "title": article.title,
        "outlet": article.outlet,
        "published_at": _iso(article.published_at, zone),
        "first_seen": _iso(article.first_seen, zone),
        "archived": told.archived,
        "terms": list(told.terms),
        "lacked": list(told.before),
        "words": [plain(one) for one in told.words],
        "why": told.why,
    }


def _recipient(name: str, numbers: tuple[int, int, int], trial: Trial) -> dict[str, Any]:
    digests, lines, notices = numbers
    return {
        "recipient": name,
        "digests": digests,
        "lines": lines,
        "notices": notices,
        "days": [
            {"day": day.isoformat(), "digests": one.digests, "lines": one.lines, "notices": one.notices}
            for (who, day), one in sorted(trial.forecast.items())
            if who == name
        ],
    }


def _by(one: OfWatch) -> str:
    return ", ".join(f"{term}: {number}" for term, number in one.excluded_by.most_common(3))


def _days(trial: Trial, zone: ZoneInfo) -> list[date]:
    first, last = trial.since.astimezone(zone).date(), trial.until.astimezone(zone).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _a_day(number: int, trial: Trial) -> str:
    """Over the days that could be seen; articles of a day more or less make no difference."""
    begin = trial.reach.full_from(trial.since) or trial.since
    days = max(1.0, (trial.until - begin) / timedelta(days=1))
    return f"{number / days:.1f}".replace(".", ",")


def _printable(text: str) -> str:
    """On one line, and without what could steer a terminal."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M %d/%m/%Y}"


def _iso(at: datetime | None, zone: ZoneInfo) -> str | None:
    return at.astimezone(zone).isoformat() if at is not None else None
