"""Articles for the benchmarks: from a file of JSON Lines, or made up, of about the length of a news item."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.cli.json_lines import GivenArticle, read_articles
from services.domain.article import Article, hash_of, id_of

NEWEST = datetime(2026, 11, 20, 5, tzinfo=UTC)
_PLACES = ("xã Bù Gia Mập", "xã Đăk Ơ", "tỉnh Bình Phước", "phường Đồng Xoài", "TP Đồng Nai", "Hà Nội", "Huế")
_TEXT = """điều tiêu cà phê cao su trường học cầu treo trạm y tế nhà văn hóa đường bê tông hồ tiêu rừng biên giới người
dân xã phường cán bộ hội nghị vốn đầu tư kế hoạch sản xuất thu hoạch giá thị trường học sinh giáo viên bệnh viện công an
tuần tra lễ hội cồng chiêng du khách vườn quốc gia mưa lũ hạn hán nước sạch điện lưới chợ hàng hóa doanh nghiệp"""
_WORDS = _TEXT.split()


def from_lines(file: Path, count: int) -> Iterator[Article]:
    """The articles of this file, over and over with other ids, until there are `count`."""
    with file.open("rb") as lines:
        given = [one for one in read_articles(lines) if isinstance(one, GivenArticle)]
    for number in range(count):
        one = given[number % len(given)]
        title = f"{one.title} {number // len(given)}"
        yield _article(number, title, one.lead, one.text, count)


def made_up(count: int, seed: int = 1) -> Iterator[Article]:
    """Sentences of everyday words, about 1,500 characters each, with a place in most."""
    chance = random.Random(seed)
    for number in range(count):
        place = chance.choice(_PLACES)
        sentences = [" ".join(chance.choices(_WORDS, k=18)).capitalize() + "." for _ in range(16)]
        sentences.insert(chance.randrange(5), f"Việc này diễn ra tại {place}.")
        title = " ".join(chance.choices(_WORDS, k=8)).capitalize()
        yield _article(number, f"{title} ở {place}", sentences[0], "\n".join(sentences), count)


def _article(number: int, title: str, lead: str, text: str, count: int) -> Article:
    host = f"bao-{number % 40}.example"
    url = f"https://{host}/tin-{number}.html"
    at = NEWEST - timedelta(days=365 * number / count)
    return Article(
        article_id=id_of(url),
        source_class="press",
        url=url,
        title=title,
        lead=lead,
        text=text,
        published_at=at,
        first_seen=at,
        seen_at=at,
        outlet=f"bao-{number % 40}",
        outlet_name=host,
        content_hash=hash_of(title, lead, text),
    )
