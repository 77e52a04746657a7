"""Journey (a): feeds as they were recorded on sixteen mornings; their pages are gone, every article is the feed's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

from samples.press.loopback import Loopback
from services.domain.calendar import ZONE
from tests.journey.office import shipped_feeds

OUTLETS: Mapping[str, str] = {
    "bao_cong_an_nhan_dan": "cand",
    "bao_dan_tri": "dan-tri",
    "bao_dien_tu_chinh_phu": "bao-chinh-phu",
    "bao_dien_tu_vov": "vov",
    "bao_nhan_dan": "nhan-dan",
    "bao_sai_gon_giai_phong": "sggp",
    "bao_thanh_nien": "thanh-nien",
    "bao_tien_phong": "tien-phong",
    "bao_xay_dung": "bao-xay-dung",
    "bbc_news_tieng_viet": "bbc-tieng-viet",
    "cafef": "cafef",
    "kenh_14": "kenh14",
    "thoi_bao_vtv_vtv_online": "vtv",
    "tuoi_tre_online": "tuoi-tre",
    "vietnamplus_ttxvn": "vietnamplus",
    "vneconomy": "vneconomy",
    "vnexpress": "vnexpress",
}
"""Folder of the recording -> outlet of the shipped configuration."""
FIRST, LAST = date(2026, 7, 20), date(2026, 8, 4)
NOT_MODIFIED = 304


class RecordedPress(Loopback):
    """Each feed as it stood on the morning of `now()`; a morning that was not recorded answers 304."""

    def __init__(
        self, folder: Path, now: Callable[[], datetime], outlets: Collection[str], wait: Callable[[], None]
    ) -> None:
        self._folder, self._now = folder, now
        self._feeds = feeds_of(outlets)
        self._folders = {_address(shipped_feeds()[feed]["url"]): name for name, feed in self._feeds.items()}
        super().__init__({host for host, _ in self._folders} | self._hosts_of_articles, wait)

    def answer(self, host: str, path: str) -> tuple[int, str, str]:
        name = self._folders.get((host, path))
        if name is None:
            return 404, "text/html; charset=utf-8", "<html><body><h1>404</h1></body></html>"
        morning = self._folder / name / f"{self._now().astimezone(ZONE).date()}.xml"
        if not morning.exists():
            return NOT_MODIFIED, "application/rss+xml", ""
        return 200, "application/rss+xml; charset=utf-8", morning.read_text(encoding="utf-8")

    @cached_property
    def _hosts_of_articles(self) -> set[str]:
        links = (
            link.text or ""
            for name in self._feeds
            for path in (self._folder / name).glob("*.xml")
            for link in ElementTree.parse(path).iter("link")
        )
        return {urlsplit(link).hostname or "" for link in links} - {"", "example.invalid"}


def feeds_of(outlets: Collection[str]) -> dict[str, str]:
    """Folder of the recording -> id of the shipped feed that stands for it: the outlet's first."""
    first: dict[str, str] = {}
    for feed in shipped_feeds().values():
        first.setdefault(feed.get("outlet", ""), feed["id"])
    return {name: first[outlet] for name, outlet in OUTLETS.items() if name in outlets}


def _address(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.path
