"""How often a finding is right: on real articles, and on sentences planted among them.

What is printed (pytest -s) is the list to be read. Bounds: at most one false finding in 1,000
articles, none from a disputed row; of 100 planted wrong sentences at least 60 found, of 100 true ones at most 2.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import pytest

from services.domain.finding import Finding
from tests.facts_reading import article, findings_of, shipped
from tests.quality.planted import Planted, true_ones, wrong_ones

UNDATED = date(2024, 6, 1)
SEEDS = (11, 23, 47)

FILLER = (
    "Sáng sớm, sương còn phủ trên những vạt cà phê và tiếng máy cày đã vang lên ở cuối xóm.\n"
    "Năm 2018, nhiều gia đình bắt đầu đổi cách làm, từ 3 hộ ban đầu nay thành một tổ hợp tác.\n"
    "Những người trồng lâu năm kể rằng giá cả lên xuống thất thường, có vụ bán được 45.000 đồng/kg."
)


def day_of(text: str) -> date | None:
    """The day in any of the dialects of the data's `date`."""
    if found := re.search(r"(20\d\d)[-/]?(\d\d)[-/]?(\d\d)", text):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := re.search(r"(\d{1,2})/(\d{1,2})/(20\d\d)", text):
        return date(int(found[3]), int(found[2]), int(found[1]))
    return None


def rows(press_data: Path, step: int) -> list[dict[str, str]]:
    found = []
    for name in ("binhphuoc", "background"):
        lines = (press_data / "articles" / f"{name}.jsonl").read_text("utf-8").strip().split("\n")
        found += [json.loads(line) for line in (lines if name == "binhphuoc" else lines[::step])]
    return found


def findings(rows: Iterable[dict[str, str]], dated: bool) -> list[Finding]:
    found: list[Finding] = []
    for row in rows:
        day = (day_of(str(row.get("date") or "")) or UNDATED) if dated else None
        found += findings_of(article(row["text"] or "", day, title=row["title"] or ""))
    return found


def show(found: Sequence[Finding]) -> None:
    for one in found:
        print(f"{one.kind} {one.fact_id}: {one.found} / {one.expected} | {one.quote}")


@pytest.mark.parametrize("dated", [False, True])
def test_a_sample_of_real_articles(press_data: Path, dated: bool) -> None:
    sample = rows(press_data, step=8)
    found = findings(sample, dated)
    show(found)
    assert len(found) <= len(sample) / 1000
    assert all(shipped().facts.facts[one.fact_id].status != "disputed" for one in found)


@pytest.mark.full
@pytest.mark.parametrize("dated", [False, True])
def test_all_real_articles(press_data: Path, dated: bool) -> None:
    everything = rows(press_data, step=1)
    found = findings(everything, dated)
    show(found)
    print(f"{len(found)} findings on {len(everything)} articles, dated={dated}")
    assert len(found) <= len(everything) / 1000
    assert all(shipped().facts.facts[one.fact_id].status != "disputed" for one in found)


def test_sentences_about_the_place_that_carry_a_figure(press_data: Path) -> None:
    lines = (press_data / "claims" / "binhphuoc_figures.jsonl").read_text("utf-8").strip().split("\n")
    found = [one for line in lines for one in findings_of(article(json.loads(line)["sentence"], UNDATED))]
    show(found)
    assert found == []


def flagged(planted: Sequence[Planted], backgrounds: Sequence[str]) -> list[tuple[Planted, list[Finding]]]:
    """Each planted sentence with the findings that quote it, set among the paragraphs of an article."""
    answers = []
    for number, one in enumerate(planted):
        paragraphs = backgrounds[number % len(backgrounds)].split("\n")
        middle = len(paragraphs) // 2
        text = "\n".join([*paragraphs[:middle], one.sentence, *paragraphs[middle:]])
        found = [finding for finding in findings_of(article(text, one.day)) if finding.quote in one.sentence]
        answers.append((one, found))
    return answers


def measure(backgrounds: Sequence[str], seed: int) -> tuple[int, int]:
    facts = list(shipped().facts.facts.values())
    wrong = flagged(wrong_ones(facts, 100, seed), backgrounds)
    true = flagged(true_ones(facts, 100, seed), backgrounds)
    by_how = Counter((one.how, bool(found)) for one, found in wrong)
    for how in sorted({one.how for one, _ in wrong}):
        print(f"{how}: {by_how[how, True]}/{by_how[how, True] + by_how[how, False]}")
    for one, found in wrong:
        if not found:
            print(f"MISSED {one.how} {one.day} {one.fact}: {one.sentence}")
    for one, found in true:
        if found:
            print(f"FALSE {one.how} {one.day} {one.fact}: {one.sentence} -> {found[0].reason}")
    return sum(bool(found) for _, found in wrong), sum(bool(found) for _, found in true)


@pytest.mark.parametrize("seed", SEEDS)
def test_planted_sentences_are_told_apart(seed: int) -> None:
    found, false = measure([FILLER], seed)
    print(f"seed {seed}: {found}/100 wrong ones found, {false}/100 true ones flagged")
    assert found >= 60
    assert false <= 2


@pytest.mark.full
@pytest.mark.parametrize("seed", SEEDS)
def test_planted_sentences_are_told_apart_among_real_articles(press_data: Path, seed: int) -> None:
    backgrounds = [row["text"] for row in rows(press_data, step=16)[458:] if row["text"]]
    found, false = measure(backgrounds, seed)
    print(f"seed {seed}: {found}/100 wrong ones found, {false}/100 true ones flagged")
    assert found >= 60
    assert false <= 2
