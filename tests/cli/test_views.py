"""What the screens say of what is held: in words that an analyst or a clerk knows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from services.adapters.sqlite_ledger import SqliteLedger
from services.alerter.clipping import clip
from services.cli.views.live import FEEDS_NAMED, feed_lines
from services.cli.views.why import lines_of
from services.desk.why import Account
from services.domain.codec import encode
from services.domain.feed import FeedCursor
from services.domain.place import Mention, Reading, Rejected
from services.ports.ledger import Put
from tests.alerter.office import START, article, rulebook

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def test_why_says_where_in_the_article_and_what_changed_in_words() -> None:
    named = Mention(
        place="bu-gia-map",
        surface="Bù Gia Mập",
        field="lead",
        start=4,
        end=14,
        class_="about",
        confidence=1.0,
        rule="kind",
        reason="Nơi xảy ra việc.",
    )
    bridge = Rejected(
        place="binh-phuoc",
        surface="Bình Phước",
        field="text",
        start=4,
        end=14,
        rule="confusable",
        reason="Cầu Bình Phước ở TP.HCM.",
    )
    rules = rulebook()
    one = article(1, change="number")
    told = msgspec.structs.replace(one, reading=Reading(mentions=[named], rejected=[bridge], verdict="about"))
    account = Account(
        url="https://bao-1.example/tin-1",
        article_id=one.article_id,
        refused="",
        entries=[],
        article=told,
        versions=[],
        story_id=one.story_id,
        clippings=[clip(one, rules, START)],
        letters=[],
    )
    said = list(lines_of(account, rules, ZONE))
    assert "  nhận “Bù Gia Mập” = bu-gia-map (cả bài), ở sapo, ký tự 4-14: Nơi xảy ra việc." in said
    assert "  loại “Bình Phước” không phải binh-phuoc, ở thân bài, ký tự 4-14: Cầu Bình Phước ở TP.HCM." in said
    assert any("báo đã đổi số liệu: khớp theo dõi: Theo dõi dia-ban" in line for line in said)


@pytest.mark.parametrize("silent", [0, 1, FEEDS_NAMED, FEEDS_NAMED + 94])
def test_the_first_silent_feeds_are_named_and_the_others_counted(tmp_path: Path, silent: int) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.db")
    rules = rulebook(feeds={f"bao-{n:03}": True for n in range(silent + 1)} | {"tat": False})
    for name in rules.feeds:
        cursor = FeedCursor(
            feed=name,
            url=f"https://{name}.example/rss",
            state="ok" if name == f"bao-{silent:03}" else "http_error",
            detail="không thấy máy",
            since=START,
            polled_at=START,
            due_at=START + timedelta(minutes=10),
        )
        ledger.put(Put("feed", name, encode(cursor)))
    lines = list(feed_lines(ledger, rules))
    ledger.close()
    assert lines[:1] == (["  bao-000: không kết nối được / http_error: không thấy máy"] if silent else [])
    counted = ["  … và 94 nguồn nữa: 94 không kết nối được. Xem hết: diembao feeds"] if silent > FEEDS_NAMED else []
    assert lines[FEEDS_NAMED:] == counted
    assert len(lines) == min(silent, FEEDS_NAMED) + len(counted)
