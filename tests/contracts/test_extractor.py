"""The extractor port: articles and feeds out of bytes that strangers wrote, in a child that may be killed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from services.adapters.extraction.child_messages import Job
from services.adapters.extraction.child_process import ChildProcess
from services.adapters.newspaper_extractor import NewspaperExtractor
from services.adapters.trafilatura_extractor import TrafilaturaExtractor
from services.ports.errors import Unavailable, Unprocessable
from services.ports.extractor import Extractor
from tests.press_server import item, page, rss

URL = "https://bao.vn/tin-1.html"
LEAD = "Chiều 3/8, đoàn công tác đi kiểm tra tuyến đường liên xã bị hư hỏng sau mưa lớn kéo dài nhiều ngày."
PARAGRAPHS = [
    "Theo ghi nhận, tuyến đường dài hơn bốn cây số qua ba thôn có nhiều đoạn bị sụt, người dân đi lại khó khăn.",
    "Đại diện chính quyền xã cho biết đã bố trí kinh phí sửa chữa và dự kiến hoàn thành trong quý tới của năm nay.",
    "Nhiều hộ dân mong đơn vị thi công làm xong sớm trước mùa thu hoạch điều để xe tải có thể vào tận vườn.",
]


@pytest.fixture(scope="module", params=[TrafilaturaExtractor, NewspaperExtractor])
def extractor(request: pytest.FixtureRequest) -> Iterator[Extractor]:
    opened: Extractor = request.param(deadline_seconds=15)
    yield opened
    opened.close()


@pytest.fixture
def impatient() -> Iterator[Extractor]:
    opened = TrafilaturaExtractor(deadline_seconds=1.5)
    yield opened
    opened.close()


def _page(head: str = "", title: str = "Sửa đường liên xã", lead: str = LEAD) -> bytes:
    return page(title, PARAGRAPHS, lead, head).encode()


def test_the_article_of_a_page(extractor: Extractor) -> None:
    read = extractor.extract(_page(), URL)
    assert (read.title, read.lead, read.language) == ("Sửa đường liên xã", LEAD, "vi")
    assert read.text.split("\n") == PARAGRAPHS, "the lead is its own field, furniture is gone"
    assert read.published_at is None


@pytest.mark.parametrize(
    "head",
    [
        '<meta property="article:published_time" content="2026-08-03T15:04:00+07:00">',
        '<meta property="article:published_time" content="2026-08-03T15:04:00">',
        '<meta name="pubdate" content="8/3/2026 3:04:00 PM">',
        '<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"2026-08-03T08:04:00Z"}</script>',
        '<script type="application/ld+json">{"@graph":[{"@type":"WebPage"},{"@type":["Article"],"headline":"x",\n'
        '"datePublished":"2026-08-03 15:04"}]}</script>',
    ],
)
def test_the_time_to_the_minute(extractor: Extractor, head: str) -> None:
    assert extractor.extract(_page(head), URL).published_at == datetime(2026, 8, 3, 8, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("/tin-1-moi.html", "https://bao.vn/tin-1-moi.html"),
        ("https://m.bao.vn/tin-1.html", "https://m.bao.vn/tin-1.html"),
        ("https://khac.vn/tin-1.html", ""),
        ("https://bao.vn/", ""),
        ("", ""),
    ],
)
def test_the_canonical_link_is_of_the_same_site(extractor: Extractor, href: str, expected: str) -> None:
    assert extractor.extract(_page(f'<link rel="canonical" href="{href}">'), URL).canonical_url == expected


def test_title_and_lead_of_linked_data_without_the_papers_name(extractor: Extractor) -> None:
    head = (
        '<meta property="og:site_name" content="Báo Mẫu"><script type="application/ld+json">'
        '{"@type":"NewsArticle","headline":"Sửa đường &amp;amp; cầu | Báo Mẫu",'
        '"author":{"name":"Lê Văn Không"}}</script>'
    )
    read = extractor.extract(_page(head), URL)
    assert read.title == "Sửa đường & cầu"
    assert "Lê Văn Không" not in str(read), "no author is ever read"


def test_headlines_of_other_articles_are_dropped(extractor: Extractor) -> None:
    links = "".join(
        f'<li><a href="/{n}">Tin khác về huyện Bù Gia Mập số {n} trong ngày hôm nay</a></li>' for n in range(4)
    )
    html = _page().decode().replace("</article>", f'<div class="box-TinLienQuan"><ul>{links}</ul></div></article>')
    assert "Bù Gia Mập" not in extractor.extract(html.encode(), URL).text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_encodings(extractor: Extractor, encoding: str) -> None:
    html = _page().decode().replace('charset="utf-8"', f'charset="{encoding}"')
    assert extractor.extract(html.encode(encoding), URL).lead == LEAD


@pytest.mark.parametrize("body", [b"", b"\0" * 1000, b"<html></html>", b"%PDF-1.7 ...", b"<" * 50_000])
def test_a_page_without_an_article_is_unprocessable(extractor: Extractor, body: bytes) -> None:
    with pytest.raises(Unprocessable):
        extractor.extract(body, URL)
    assert extractor.extract(_page(), URL).lead == LEAD, "and the next one is read"


@pytest.mark.parametrize(
    "body",
    [
        b"<p " + b"a " * 200_000 + b">x</p>",
        b"<p " + b"".join(b"a%d " % n for n in range(200_000)) + b">x</p>",
        b"x" * 3_000_001,
    ],
)
def test_a_page_built_to_hang_is_refused_at_once(extractor: Extractor, body: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(Unprocessable):
        extractor.extract(b"<html><body>" + body, URL)
    assert time.monotonic() - started < 3


def test_a_child_that_hangs_is_killed_at_its_deadline(impatient: Extractor) -> None:
    impatient.extract(_page(), URL)
    # Attributes below the limit of one tag, in so many tags that reading them takes longer than the deadline.
    tag = b"<p " + b"".join(b"a%d " % n for n in range(9_000)) + b">x</p>"
    started = time.monotonic()
    with pytest.raises(Unprocessable, match="giây"):
        impatient.extract(b"<html><body>" + tag * 40, URL)
    assert time.monotonic() - started < 4
    assert impatient.extract(_page(), URL).lead == LEAD


def test_closing_ends_a_page_that_is_being_read() -> None:
    opened = TrafilaturaExtractor(deadline_seconds=30)
    opened.extract(_page(), URL)
    threading.Timer(0.3, opened.close).start()
    tag = b"<p " + b"".join(b"a%d " % n for n in range(9_000)) + b">x</p>"
    with pytest.raises(Unavailable):
        opened.extract(b"<html><body>" + tag * 40, URL)
    with pytest.raises(Unavailable):
        opened.extract(_page(), URL)


def test_children_are_replaced(extractor: Extractor) -> None:
    opened = TrafilaturaExtractor(tasks_each=2)
    assert {opened.extract(_page(), URL).lead for _ in range(5)} == {LEAD}
    opened.close()


def test_a_child_that_has_grown_costs_no_page() -> None:
    opened = TrafilaturaExtractor(most_megabytes=1)
    assert {opened.extract(_page(), URL).lead for _ in range(5)} == {LEAD}
    opened.close()


def test_a_parent_that_has_grown_costs_no_page() -> None:
    """What the parent held when it started the child was once taken for the child's own, and every other page lost."""
    ballast = b"x" * 700_000_000
    opened = TrafilaturaExtractor(tasks_each=3)
    assert {opened.extract(_page(), URL).lead for _ in range(5)} == {LEAD}
    opened.close()
    assert len(ballast) == 700_000_000


def test_a_child_that_cannot_start_is_no_bad_page() -> None:
    child = ChildProcess("services.adapters.no_such_module")
    with pytest.raises(Unavailable):
        child.ask(Job("page", b"x"))
    child.close()


def test_the_items_of_a_feed(extractor: Extractor) -> None:
    body = rss(
        "Thời sự - Báo Mẫu",
        item(
            "Một &amp; hai",
            "https://bao.vn/1",
            "8/3/2026 5:20:00\u202fAM",
            '<a href="/1"><img src="x.jpg"/></a>Dẫn <b>một</b>.',
        )
        + item(
            "Hai",
            "https://bao.vn/2",
            more="<author>Lê Văn Không</author><source url='https://khac.vn'>Báo Khác</source>",
        ),
    )
    feed = extractor.read_feed(body.encode())
    one, two = feed.entries
    assert (feed.title, feed.cut) == ("Thời sự - Báo Mẫu", 0)
    assert (one.title, one.lead, one.date) == ("Một & hai", "Dẫn một.", "8/3/2026 5:20:00\u202fAM")
    assert (one.guid, one.link) == ("https://bao.vn/1", "https://bao.vn/1")
    assert (two.source_url, two.source_name) == ("https://khac.vn", "Báo Khác")
    assert "Không" not in str(feed)


@pytest.mark.parametrize(
    "description",
    [
        'Dẫn.<div style="clear: both;"><ul><li><a href="/x">Tin khác ở Đồng Nai</a></li></ul>',
        "Dẫn.<ul>\n<li><a href='/x'>Tin khác ở Đồng Nai</a></li></ul>",
        '<p>Dẫn.</p><div style="clear: both;"><ul><li><a href="https://bao.vn/tin-kh',
        "Dẫn.<figure><img/><figcaption>Ảnh chụp ở Đồng Nai</figcaption></figure>",
    ],
)
def test_headlines_appended_to_a_description_are_cut(extractor: Extractor, description: str) -> None:
    [entry] = extractor.read_feed(rss("x", item("T", "https://bao.vn/1", lead=description)).encode()).entries
    assert entry.lead == "Dẫn."


def test_content_keeps_its_paragraphs(extractor: Extractor) -> None:
    more = "<content:encoded><![CDATA[<p>Một &nbsp; đoạn.</p><script>x()</script><p>Hai<br>ba</p>]]></content:encoded>"
    namespace = ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    [entry] = extractor.read_feed(
        rss("x", item("T", "https://bao.vn/1", lead="D", more=more), namespace).encode()
    ).entries
    assert entry.text == "Một đoạn.\nHai\nba"
    assert entry.lead == "D"


def test_atom_wrong_prologs_and_unicode_forms(extractor: Extractor) -> None:
    atom = (
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><entry><id>tag:1</id>'
        '<link href="https://bao.vn/1"/><title>Bù Gia Mập</title><updated>2026-08-03T00:00:00Z</updated></entry></feed>'
    )
    [entry] = extractor.read_feed(atom.encode()).entries
    assert (entry.guid, entry.link, entry.date) == ("tag:1", "https://bao.vn/1", "2026-08-03T00:00:00Z")
    decomposed = "Bu\u0300 Gia Ma\u0323\u0302p"
    body = rss("x", item(decomposed, "https://bao.vn/1")).replace("UTF-8", "utf-16")
    assert extractor.read_feed(body.encode()).entries[0].title == decomposed
    assert extractor.read_feed(rss("x", item("Ấm", "https://a.vn/1")).encode("utf-16")).entries[0].title == "Ấm"


def test_the_rest_of_a_huge_feed_is_cut_and_counted(extractor: Extractor) -> None:
    body = rss("x", "".join(item(f"Tin {n}", f"https://bao.vn/{n}") for n in range(300))).encode()
    feed = extractor.read_feed(body, max_entries=100)
    assert (len(feed.entries), feed.cut, feed.entries[-1].title) == (100, 200, "Tin 99")


@pytest.mark.parametrize("body", [b"", b"hello", b"{}", b"\xff\xfe\x00", b"<html><body>x</body></html>"])
def test_what_is_no_feed_is_unprocessable(extractor: Extractor, body: bytes) -> None:
    with pytest.raises(Unprocessable):
        extractor.read_feed(body)


def test_a_library_that_is_not_installed_is_unavailable() -> None:
    class Missing(NewspaperExtractor):
        library = "newspaper_that_nobody_installed"

    with pytest.raises(Unavailable, match="diembao\\[newspaper\\]"):
        Missing()
