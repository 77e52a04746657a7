"""A document whose recorded places change is, after `places_again`, the one that the whole pipeline would make."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services import resources
from services.domain.article import Article
from services.enricher.steps import places_again, without_story
from services.rulebook.accepted import WATCHES
from services.rulebook.book import Rulebook
from services.rulebook.load import load, load_texts

AT = datetime(2026, 11, 20, tzinfo=UTC)
CITY = """
- id: ca-thanh-pho
  name: Cả thành phố
  query: "place:dong-nai/any"
  recipients: [analyst]
"""
ACCIDENT = "Tai nạn nghiêm trọng làm 3 người chết, 5 người bị thương tại xã Bù Gia Mập."
TEXTS = {
    "units of the place alone": "Sáng 19/11, UBND huyện Bù Gia Mập vừa ban hành kế hoạch trồng rừng ở xã Đăk Ơ.",
    "the place too": f"{ACCIDENT} Công an TP Đồng Nai đã khởi tố vụ án. UBND TP Đồng Nai chậm xử lý, bị phê bình.",
    "what is taken for it": f"{ACCIDENT} Nước sông Đồng Nai dâng cao.",
    "nothing of it": "Hà Nội mưa lớn, nhiều tuyến phố ngập sâu.",
    "more names than are told": " ".join(f"Xã Bù Gia Mập và TP Đồng Nai họp lần {number}." for number in range(600)),
}


def article_of(text: str) -> Article:
    return Article(
        article_id="a",
        title=text.partition(".")[0],
        lead="",
        text=text,
        published_at=AT,
        first_seen=AT,
        seen_at=AT,
        source_class="press",
    )


@pytest.fixture(scope="module")
def narrow() -> Rulebook:
    return load(resources.config_dir(), samples=False)


@pytest.fixture(scope="module")
def wide(narrow: Rulebook) -> Rulebook:
    return load_texts({**narrow.texts, WATCHES: narrow.texts[WATCHES] + CITY}, samples=False)


@pytest.mark.parametrize("said", TEXTS)
def test_read_again_for_a_place_it_is_as_if_read_whole(said: str, narrow: Rulebook, wide: Rulebook) -> None:
    article = article_of(TEXTS[said])
    before, _ = without_story(article, narrow, also=narrow.also)
    after, _ = without_story(article, wide, also=wide.also)
    assert ("dong-nai" in after.reading.places) == (said != "nothing of it")
    assert places_again(before, wide, also=wide.also) == after
    assert places_again(after, narrow, also=narrow.also) == before


def test_findings_and_tone_are_among_what_is_compared(narrow: Rulebook, wide: Rulebook) -> None:
    article = article_of(TEXTS["units of the place alone"])
    document, _ = without_story(article, narrow, also=narrow.also)
    assert document.findings
    assert places_again(document, wide, also=wide.also).findings == document.findings
