"""Scenarios of the shipped configuration: ambiguous English names, new names without the old ones, furniture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from services import resources
from services.adapters.trafilatura_extractor import TrafilaturaExtractor
from services.collector.build import PageRead, build
from services.collector.judge import judge
from services.domain.article import Article, hash_of
from services.domain.events import COLLECTED, UNMATCHED, Collected
from services.domain.feed import Entry, EntryRecord, Feed
from services.ports.extractor import Extractor
from services.rulebook.book import Rulebook
from services.rulebook.load import load, load_texts
from tests.press_server import item, page, rss

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(scope="module")
def rules() -> Rulebook:
    return load(resources.config_dir())


@pytest.fixture(scope="module")
def extractor() -> Iterator[Extractor]:
    with closing(TrafilaturaExtractor(deadline_seconds=15)) as opened:
        yield opened


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


RELATED = {
    "after the article": ("", '<div class="box-related"><h3>Tin liên quan</h3><ul>{links}</ul></div>'),
    "in a column beside it": ("", "<aside><h3>Đọc thêm</h3><ul>{links}</ul></aside>"),
    "within the article": ('<div class="related-news"><ul>{links}</ul></div>', ""),
    "a list without a name within the article": ("<ul>{links}</ul>", ""),
}
HEADLINES = (
    "Bình Phước: khởi công đường vào Vườn quốc gia Bù Gia Mập",
    "Xã Đăk Ơ, TP Đồng Nai, có trạm y tế mới",
    "Bình Phước mở hội điều",
)


def read_whole(rules: Rulebook, extractor: Extractor, paragraphs: list[str], within: str, after: str) -> Collected:
    """From the bytes of feed and page to the verdict, as the collector goes."""
    url, title = "https://bao.example.vn/duong.html", "Sửa đường liên xã ở Lâm Đồng"
    links = "".join(f'<li><a href="/{n}.html">{one}</a></li>' for n, one in enumerate(HEADLINES))
    lead = "Tuyến đường hư hỏng sau mưa lớn kéo dài nhiều ngày được sửa trong tháng này."
    appended = f'{lead}<div style="clear: both;"><ul>{links}</ul></div>'
    (entry,) = extractor.read_feed(rss("x", item(title, url, lead=appended)).encode()).entries
    html = page(title, paragraphs, lead)
    html = html.replace("</article>", f"{within.format(links=links)}</article>{after.format(links=links)}")
    feed = Feed(id="f", url="https://bao.example.vn/rss", outlet="bao")
    record = EntryRecord(
        feed="f", entry=Entry(key="1", link=entry.link, title=entry.title, lead=entry.lead), first_seen=NOW
    )
    article = build(record, feed, PageRead(url, extractor.extract(html.encode(), url)), rules.outlets, NOW, 30)
    assert isinstance(article, Article)
    return judge(article, rules)[1]


@pytest.mark.parametrize("where", RELATED)
def test_a_name_only_among_related_headlines_is_no_mention(rules: Rulebook, extractor: Extractor, where: str) -> None:
    elsewhere = [
        "Theo ghi nhận, tuyến đường dài hơn bốn cây số qua ba thôn có nhiều đoạn bị sụt, người dân đi lại khó khăn.",
        "Đại diện chính quyền xã cho biết đã bố trí kinh phí sửa chữa và dự kiến hoàn thành trong quý tới của năm nay.",
        "Nhiều hộ dân mong đơn vị thi công làm xong sớm trước mùa thu hoạch để xe tải có thể vào tận vườn.",
    ]
    assert all(judged(rules, headline)[1].reading.verdict == "about" for headline in HEADLINES)
    collected = read_whole(rules, extractor, elsewhere, *RELATED[where])
    assert collected.article.text.split("\n") == elsewhere
    assert (collected.reading.verdict, collected.watches) == ("none", [])
    here = [*elsewhere, "Tuyến đường nối sang xã Đăk Ơ, huyện Bù Gia Mập, tỉnh Bình Phước."]
    assert read_whole(rules, extractor, here, *RELATED[where]).reading.verdict != "none"


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
