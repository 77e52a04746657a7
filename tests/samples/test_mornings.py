"""Three mornings through the real services: what is archived and what is mailed.

That a killed run goes on to the same is tested with the other journeys (tests/journey).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from samples.press.content import load_items
from samples.press.mornings import PLAN, drive, rules_of, settings_for
from samples.press.server import SamplePress
from services.adapters.manual_clock import ManualClock
from services.alerter.letter import Sent
from services.domain.codec import decode
from services.domain.events import ENRICHED, TOPICS, Enriched
from services.wiring import build

LOGIN = "chuyen-vien-mau"
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Journey:
    """A finished run of the three mornings."""

    data: Path
    sent: list[Sent]
    told: list[Enriched]
    bus: str
    """All messages of all topics, as text."""

    def letter(self, part: str) -> str:
        """The plain text of the one letter whose subject and recipient hold these words."""
        found = [one for one in self.sent if re.search(part, f"{one.recipient} {one.subject}")]
        assert len(found) == 1, [one.subject for one in self.sent]
        return text_of(Path(found[0].where))

    def find(self, title: str) -> list[Enriched]:
        return [one for one in self.told if one.article.title.startswith(title)]


def text_of(path: Path) -> str:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    assert body is not None
    return str(message["Subject"]) + "\n" + str(body.get_content())


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    data = tmp_path_factory.mktemp("mau")
    clock = ManualClock(PLAN[0].at.astimezone(UTC))
    sent: list[Sent] = []
    with SamplePress(load_items(), clock.now) as press:
        settings = settings_for(data, LOGIN, press.routes)
        rules = rules_of(settings)
        with closing(build(settings, lambda: rules, clock, sent.append)) as services:
            drive(services, rules, clock, data, LOGIN, lambda step: None)
            told = [decode(one.message.value, Enriched) for one in services.bus.scan(ENRICHED)]
            bus = "\n".join(one.message.value.decode() for topic in TOPICS for one in services.bus.scan(topic))
            yield Journey(data, sent, told, bus)


def test_a_digest_each_morning_and_the_notices(journey: Journey) -> None:
    kinds = Counter((one.kind, one.recipient) for one in journey.sent)
    assert kinds == {
        ("digest", "chuyen-vien@mau.example"): 3,
        ("digest", "lanh-dao@mau.example"): 3,
        ("notice", "chuyen-vien@mau.example"): 2,
        ("notice", "lanh-dao@mau.example"): 1,
    }
    assert all(Path(one.where).is_absolute() and Path(one.where).suffix == ".eml" for one in journey.sent)


def test_every_letter_is_marked_as_a_sample_in_its_subject_and_on_top(journey: Journey) -> None:
    for one in journey.sent:
        subject, body = text_of(Path(one.where)).split("\n", 1)
        assert subject.startswith("[DỮ LIỆU MẪU] ")
        assert one.subject.startswith("[DỮ LIỆU MẪU] ")
        assert body.startswith("*** DỮ LIỆU MẪU ***")


def test_the_first_poll_fills_the_archive_and_not_the_letter(journey: Journey) -> None:
    first = journey.letter("lanh-dao.*Điểm báo 17/11")
    assert "0 tin" in first
    assert re.search(r"Lần đọc đầu .*: \d+ bài", first)
    assert "Báo Mẫu Chiều" in first
    assert "Báo Mẫu Tối" in first


def test_four_tellings_of_the_fire_are_one_story_and_its_edited_figure_is_told_again(journey: Journey) -> None:
    fire = [one for one in journey.told if "kho" in one.article.title.lower() and "điều" in one.article.title.lower()]
    original = journey.find("Cháy kho hạt điều lúc rạng sáng")
    assert [one.change for one in original] == [None, "number"]
    assert {one.story_id for one in fire} == {original[0].article_id}
    assert len([one for one in fire if one.copy_of == original[0].article_id]) == 3
    assert "3 bài đăng lại" in journey.letter("lanh-dao.*Điểm báo 18/11")
    assert "cập nhật" in journey.letter("lanh-dao.*Điểm báo 19/11")


def test_findings_are_the_planted_ones_and_criticism_is_none(journey: Journey) -> None:
    findings = [(one.article.title, finding.kind) for one in journey.told for finding in one.findings]
    assert sorted(findings) == [
        ("Hỗ trợ cây giống cho đồng bào S'tiêng ở vùng biên", "unit_status"),
        ("Đường tuần tra xanh, sinh kế mới của xã biên giới Bù Gia Mập", "number"),
    ]
    for critical in ("Đường vào thôn 7", "Phát hiện 17 cây gỗ", "Trạm y tế xã Phú Nghĩa"):
        assert [one.findings for one in journey.find(critical)] == [[]]
    notice = journey.letter("lanh-dao.*xác nhận nội bộ")
    assert "84 km" in notice
    assert "61 km" in notice
    assert "Chuyên viên MẪU" in notice


def test_confusables_and_bare_mentions_stay_out_of_the_letters(journey: Journey) -> None:
    titles = [one.article.title for one in journey.told]
    for elsewhere in ("cầu Bình Phước", "Hiệp Bình Phước", "Vĩnh Long", "TP.HCM gắn biển", "Binh Phuoc Bridge"):
        assert not [title for title in titles if elsewhere in title]
    letters = "\n".join(text_of(Path(one.where)) for one in journey.sent)
    assert "trộm linh kiện" not in letters.split("Mọi bài có nhắc tên")[0]


def test_every_page_was_read_but_the_one_that_is_missing(journey: Journey) -> None:
    assert [one.article.title[:26] for one in journey.told if one.article.text_basis == "feed"] == [
        "Trạm y tế xã Phú Nghĩa thi"
    ]


def test_no_by_line_reaches_bus_archive_or_letter(journey: Journey) -> None:
    kept = journey.bus + "".join(text_of(Path(one.where)) for one in journey.sent)
    for item in load_items():
        if item.byline and not item.byline.startswith("Theo"):
            assert item.byline not in kept


def test_every_entry_ends_in_one_outcome(journey: Journey) -> None:
    command = [sys.executable, "-m", "services", "feeds", "--json", "--config", str(journey.data / "config")]
    done = subprocess.run([*command, "--data", str(journey.data)], capture_output=True, text=True, check=True, cwd=ROOT)
    days = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(day["entries"] for day in days) == len(load_items())
    assert all(sum(day["outcomes"].values()) == day["entries"] for day in days)
    outcomes: Counter[str] = sum((Counter(day["outcomes"]) for day in days), Counter())
    assert outcomes["pending"] == 0
    assert (outcomes["no_link"], outcomes["refused_source"], outcomes["too_old"]) == (1, 1, 1)
    states = {day["feed"]: day["state"] for day in days}
    assert states["bao-toi"] == "blocked"
    assert states["bao-chieu"] == "parse_error"
    assert states["kinh-te"] == "ok"
