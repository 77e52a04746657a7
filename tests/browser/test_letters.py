"""The letters in Chromium at the width of a phone and of a desk: they fit, can be tapped and be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from services.desk.review import Review
from services.domain.feed import FeedState
from tests.alerter.office import ANALYST, START, Press, article, finding, html_of, rulebook, watch

CHROMIUM = Path("/usr/bin/chromium")
_OPTIONS = "no-sandbox disable-gpu disable-quic no-first-run disable-background-networking disable-component-update"
OPTIONS = [f"--{name}" for name in [*_OPTIONS.split(), "disable-sync"]]
LONG = "Xã Đăk Ơ và các xã vùng biên bàn giao hàng trăm căn nhà cho hộ nghèo, hộ dân tộc thiểu số trước Tết Nguyên đán"
UNBROKEN = "khôngcódấucách" * 12

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Name -> HTML: a full day, an empty one, one with failing sources, and the three notices."""
    found: dict[str, str] = {}
    for name in ("full", "empty", "failing"):
        press = Press(tmp_path_factory.mktemp(name), rulebook(feeds={f"bao-{n}": True for n in range(5)}))
        with closing(press.bus), closing(press.ledger):
            press.run()
            states: dict[str, FeedState] = {f"bao-{n}": "ok" for n in range(5)}
            press.feeds(states if name != "failing" else states | {"bao-1": "blocked", "bao-2": "http_error"})
            if name == "full":
                found |= full_day(press)
            press.morning()
            found[name] = html_of(next(one for one in press.letters() if one["X-Diembao-Kind"] == "digest"))
    return found


def full_day(press: Press) -> dict[str, str]:
    """Fills the day; returns its notices."""
    press.rules = rulebook(watches=[watch("dia-ban"), watch("bien", "topic:bien_gioi")])
    press.enter(
        article(1, LONG, lead=f"{LONG}. {LONG}.", issue_type="shortcoming", tone="critical", tone_words=("chậm",)),
        article(2, UNBROKEN),
        article(3, "Cashew growers of Binh Phuoc", outlet="daily", language="en"),
        *(article(n, f"{LONG} ({n})") for n in range(10, 40)),
        article(50, LONG, published_at=START - timedelta(days=20)),
        article(51, places={"binh-phuoc": "mention"}),
        article(52, first_poll=True),
        article(53, LONG, findings=(finding(53, quote=f"{LONG}, dài 240 km."),)),
    )
    review, known = Review(press.rules, press.bus, press.ledger, press.clock), finding(53, f"{LONG}, dài 240 km.")
    review.confirm(known.finding_id, ANALYST, f"{LONG}.")
    press.run()
    review.dismiss(known.finding_id, ANALYST, UNBROKEN)
    press.run()
    notices = [one for one in press.letters() if one["X-Diembao-Kind"] == "notice"]
    return {str(one["Subject"]).split(":")[0]: html_of(one) for one in notices}


@pytest.mark.parametrize("width", [360, 800])
def test_letters_fit_and_can_be_tapped(browser: Browser, letters: dict[str, str], width: int) -> None:
    assert len(letters) == 6
    page = browser.new_page(viewport={"width": width, "height": 740})
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    for name, html in letters.items():
        page.set_content(html)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        buttons = page.eval_on_selector_all("a.read", "links => links.map(link => link.getBoundingClientRect().height)")
        assert all(height >= 44 for height in buttons), (name, buttons)
        sizes = page.eval_on_selector_all(
            "p, h1, h2, td, div", "all => all.filter(one => one.innerText).map(one => getComputedStyle(one).fontSize)"
        )
        assert min(float(size.removesuffix("px")) for size in sizes if size != "0px") >= 13, name
        assert len(page.screenshot(full_page=True)) > 5_000, name
    page.close()
    assert requests == []  # nothing is fetched to read a letter


def test_text_is_dark_on_light(browser: Browser, letters: dict[str, str]) -> None:
    page = browser.new_page()
    for name, html in letters.items():
        page.set_content(html)
        colours = page.eval_on_selector_all(
            "p, h1, h2, td, a, b, span",
            "all => all.filter(one => one.innerText).map(one => getComputedStyle(one).color)",
        )
        assert max(map(_luminance, colours)) < 0.25, name
    page.close()


def _luminance(colour: str) -> float:
    """Relative luminance of "rgb(r, g, b)" as WCAG defines it; under .25 on white is a contrast above 3.5."""
    parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
