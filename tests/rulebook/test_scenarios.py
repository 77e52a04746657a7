"""Scenarios of the shipped configuration: ambiguous English names, and new names without the old ones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services import resources
from services.collector.judge import judge
from services.domain.article import Article, hash_of
from services.domain.events import COLLECTED, UNMATCHED, Collected
from services.rulebook.book import Rulebook
from services.rulebook.load import load, load_texts

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(scope="module")
def rules() -> Rulebook:
    return load(resources.config_dir())


def judged(rules: Rulebook, title: str, text: str = "") -> tuple[str, Collected]:
    return judge(
        Article(
            article_id="a",
            url="https://bao.example.vn/a.html",
            title=title,
            lead="",
            text=text,
            published_at=NOW,
            first_seen=NOW,
            seen_at=NOW,
            outlet="bao",
            source_class="press",
            content_hash=hash_of(title, "", text),
        ),
        rules,
    )


def readers(rules: Rulebook, collected: Collected) -> set[str]:
    return {reader for name in collected.watches for reader in rules.running[name].watch.recipients}


def test_the_province_in_english_is_told_to_leadership(rules: Rulebook) -> None:
    topic, collected = judged(rules, "Binh Phuoc Province cashew exports rise", "Binh Phuoc Province sold more nuts.")
    assert (topic, collected.reading.verdict) == (COLLECTED, "about")
    assert "leadership" in readers(rules, collected)


@pytest.mark.parametrize(
    "title",
    [
        "Traffic jam at Binh Phuoc Bridge, HCMC",
        "A new park opens in Hiep Binh Phuoc ward",
        "Harvest festival in Binh Phuoc commune, Vinh Long",
        "Phường Phước Long, TP.HCM, chỉnh trang hẻm",
    ],
)
def test_a_namesake_is_left_out_with_the_reason(rules: Rulebook, title: str) -> None:
    topic, collected = judged(rules, title)
    assert (topic, collected.reading.verdict, collected.watches) == (UNMATCHED, "none", [])
    assert any(turned.reason for turned in collected.reading.rejected)


def test_the_football_club_is_kept_as_sport_and_stands_in_no_digest(rules: Rulebook) -> None:
    topic, collected = judged(
        rules, "Truong Tuoi Binh Phuoc beat Khanh Hoa 2-0", "The football club won the match in the V.League 2."
    )
    assert topic == COLLECTED
    assert [hit.topic for hit in collected.topics] == ["nhieu"]
    assert readers(rules, collected) == set()


def test_a_commune_under_its_new_city_is_the_former_district(rules: Rulebook) -> None:
    topic, collected = judged(rules, "Cá sấu xuất hiện ở xã Đăk Ơ, TP Đồng Nai", "Người dân báo công an xã.")
    assert topic == COLLECTED
    assert collected.reading.places["bu-gia-map"] == "about"
    assert "leadership" in readers(rules, collected)


def test_a_nickname_that_an_operator_adds_is_caught_from_then_on(rules: Rulebook) -> None:
    title = "Ngã ba Cây Gòn Mẫu vào mùa lễ hội"
    assert judged(rules, title)[0] == UNMATCHED
    places = rules.texts["places.yaml"] + (
        "\n- id: cay-gon-mau\n  watched: true\n  names:\n    - {text: Cây Gòn Mẫu, kind: xã}\n  unmistakable: true\n"
        "  parents: [{place: bu-gia-map}]\n"
    )
    after = load_texts({**rules.texts, "places.yaml": places})
    topic, collected = judged(after, title)
    assert (topic, collected.rules) == (COLLECTED, after.version)
    assert collected.reading.places["bu-gia-map"] == "about"
    assert "bu-gia-map" in collected.watches
