"""Articles of a back-test that a person ticks right or wrong, on a terminal: they become samples of their watch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import typer

from services.cli.views.backtest import line_of
from services.desk.backtest.compare import Told
from services.desk.backtest.samples import Ticked, sample_of, with_samples
from services.desk.backtest.trial import Trial
from services.domain.query import Query
from services.ports.errors import Unavailable
from services.rulebook.folder import write_texts
from services.rulebook.sample_checks import Samples
from services.rulebook.watch_checks import searchable
from services.settings import Settings

_MOST = 10
"""Articles asked about for one watch."""


def with_ticked(file: Path, text: str, trial: Trial, settings: Settings) -> str:
    """Ask about some articles, and write the answers into the file; its text then."""
    ticked = _ticked(trial, settings)
    if not ticked:
        return text
    try:
        changed = with_samples(text, ticked)
    except ValueError as error:
        typer.echo(f"{file}: {error}", err=True)
        return text
    try:
        kept = write_texts(file.parent, {file.name: changed}, keep_old=True)
    except Unavailable as error:
        typer.echo(str(error), err=True)
        return text
    before = f"; bản trước ở {kept[0]}" if kept else ""
    typer.echo(f"Đã ghi {len(ticked)} mẫu vào {file}{before}. / samples written", err=True)
    return changed


def _ticked(trial: Trial, settings: Settings) -> list[Ticked]:
    samples = Samples(trial.rules.places, trial.rules.topics, trial.rules.tone)
    ticked: list[Ticked] = []
    for one in trial.watches:
        told = [*((True, article) for article in one.gained_told), *((False, article) for article in one.lost_told)]
        if one.state == "removed" or not told:
            continue
        typer.echo(
            f"\nĐiều kiện “{one.watch.watch.name}”: bắt những bài này có đúng ý không? (c = có, k = không, "
            "Enter = bỏ qua, x = thôi) / y, n, skip, stop"
        )
        answers = _answers(told[:_MOST], settings)
        ticked += [_sample(one.watch.query, one.watch.id, article, right, samples) for article, right in answers]
    return ticked


def _answers(told: Sequence[tuple[bool, Told]], settings: Settings) -> Iterator[tuple[Told, bool]]:
    """(article, whether this watch should catch it)."""
    for caught, article in told:
        typer.echo(f"  {'+' if caught else '−'} {line_of(article, settings.digest.zone)}")
        said = typer.prompt("    Nên bắt bài này", default="", show_default=False).strip().lower()
        if said in ("x", "q"):
            return
        if is_yes(said):
            yield article, True
        elif said in ("k", "n", "không", "khong"):
            yield article, False


def _sample(query: Query, watch: str, told: Told, right: bool, samples: Samples) -> Ticked:
    """The beginning of the article, where that is judged as the whole is; else all of it."""
    article = told.document.article
    short, whole = sample_of(article), sample_of(article, whole=True)
    same = query.matches(searchable(short, query, samples)) == query.matches(searchable(whole, query, samples))
    return Ticked(watch, "match" if right else "refuse", short if same else whole)


def is_yes(said: str) -> bool:
    """What a person typed."""
    return said.strip().lower() in ("c", "y", "có", "co")
