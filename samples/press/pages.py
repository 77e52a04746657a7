"""How the sample newspapers look from outside: feeds in the dialects that real ones use, and article pages.

Each dialect is one that was met in the wild: dates in seven manners, related headlines appended to the description,
CDATA, Atom, a guid that is no link, a broken document, a JavaScript wall.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape

from samples.press.content import Item

CHALLENGE = (
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><noscript>Enable JavaScript and cookies "
    "to continue</noscript><script>document.cookie='mau=1';location.reload();</script></body></html>"
)


@dataclass(frozen=True, slots=True)
class Paper:
    """One newspaper on the net: where its feed is and how it writes. `render` gives (content type, body)."""

    outlet: str
    host: str
    feed_path: str
    section: str
    date: Callable[[datetime], str]
    render: Callable[[Paper, Sequence[Item]], tuple[str, str]]

    def address(self, item: Item) -> str:
        """The article's own address."""
        return f"https://{self.host}{self.path(item)}"

    def path(self, item: Item) -> str:
        return f"/{self.section}/{item.id}.html"

    def link(self, item: Item) -> str:
        """What the feed says; it may carry a tracking parameter, lead elsewhere, or be missing."""
        return self.address(item) + "?utm_source=rss" if item.link is None else item.link


def _rss(paper: Paper, items: Sequence[Item]) -> tuple[str, str]:
    return _envelope(paper, [_entry(paper, item, escape(item.lead)) for item in items])


def _rss_with_related(paper: Paper, items: Sequence[Item]) -> tuple[str, str]:
    """The CMS appends other headlines to each description: they must never be matched."""
    related = "".join(f'<li><a href="{paper.address(item)}">{escape(item.title)}</a></li>' for item in items[:3])
    entries = [
        _entry(paper, item, escape(f'<p>{escape(item.lead)}</p><div style="clear: both;"></div><ul>{related}</ul>'))
        for item in items
    ]
    return _envelope(paper, entries)


def _rss_cdata(paper: Paper, items: Sequence[Item]) -> tuple[str, str]:
    entries = []
    for item in items:
        picture = f'<a href="{paper.address(item)}"><img src="https://{paper.host}/anh/{item.id}.jpg"></a>'
        entries.append(_entry(paper, item, f"<![CDATA[{picture}</br>{escape(item.lead)}]]>"))
    return _envelope(paper, entries)


def _rss_portal(paper: Paper, items: Sequence[Item]) -> tuple[str, str]:
    """NukeViet: the guid is a number of its own."""
    entries = [_entry(paper, item, escape(item.lead), guid=f"news_{item.id}") for item in items]
    return _envelope(paper, entries)


def _atom(paper: Paper, items: Sequence[Item]) -> tuple[str, str]:
    entries = "".join(
        f"<entry><id>{escape(paper.address(item))}</id><title>{escape(item.title)}</title>"
        f'<link href="{escape(paper.link(item))}"/><updated>{paper.date(item.dated)}</updated>'
        f"<published>{paper.date(item.dated)}</published><author><name>{escape(item.byline or 'Mẫu')}</name></author>"
        f"<summary>{escape(item.lead)}</summary></entry>"
        for item in items
    )
    return "application/atom+xml; charset=utf-8", (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{paper.host}</title><id>https://{paper.host}/</id>{entries}</feed>"
    )


def _broken(paper: Paper, items: Sequence[Item]) -> tuple[str, str]:
    """A publishing system that answers 200 with its own error."""
    return "application/xml", '<?xml version="1.0" encoding="utf-8"?><error>Không kết nối được cơ sở dữ liệu</error>'


def _walled(paper: Paper, items: Sequence[Item]) -> tuple[str, str]:
    return "text/html; charset=utf-8", CHALLENGE


def _entry(paper: Paper, item: Item, description: str, guid: str = "") -> str:
    link = paper.link(item)
    linked = f"<link>{escape(link)}</link>" if link else ""
    identity = f'<guid isPermaLink="false">{escape(guid or f"{paper.outlet}-{item.id}")}</guid>'
    author = f"<author>toa-soan@{paper.host} ({escape(item.byline)})</author>" if item.byline else ""
    return (
        f"<item><title>{escape(item.title)}</title>{linked}{identity}{author}"
        f"<pubDate>{paper.date(item.dated)}</pubDate><description>{description}</description></item>"
    )


def _envelope(paper: Paper, entries: Sequence[str]) -> tuple[str, str]:
    return "application/rss+xml; charset=utf-8", (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>'
        f"<title>{paper.host}</title><link>https://{paper.host}/</link><description>DỮ LIỆU MẪU</description>"
        f"{''.join(entries)}</channel></rss>"
    )


def _us(at: datetime) -> str:
    hour = at.strftime("%I").lstrip("0")
    return f"{at.month}/{at.day}/{at.year} {hour}:{at:%M:%S}\u202f{at:%p}"


def _gmt_plus(at: datetime) -> str:
    return format_datetime(at).replace("+0700", "GMT+7")


def _bare_zone(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} +07"


def _gmt(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


PAPERS = (
    Paper("bao-sang", "bao-mau-1.example", "/rss/home.rss", "thoi-su", format_datetime, _rss),
    Paper("kinh-te", "bao-mau-2.example", "/rss/kinh-te.rss", "kinh-te", _us, _rss_with_related),
    Paper("dong-nai", "bao-mau-3.example", "/atom.xml", "tin", datetime.isoformat, _atom),
    Paper("thong-tan", "bao-mau-4.example", "/rss/tin.rss", "tin", _gmt_plus, _rss),
    Paper("mau-news", "bao-mau-5.example", "/rss/news.rss", "news", _gmt, _rss),
    Paper("phap-luat", "bao-mau-6.example", "/rss/phap-luat.rss", "phap-luat", _bare_zone, _rss_cdata),
    Paper("cong-xa", "cong-mau-7.example", "/vi/news/rss/", "vi/news/tin-xa", format_datetime, _rss_portal),
    Paper("nong-nghiep", "bao-mau-8.example", "/feed.rss", "nong-nghiep", datetime.isoformat, _rss),
    Paper("bao-chieu", "bao-mau-9.example", "/rss/home.rss", "tin", format_datetime, _broken),
    Paper("bao-toi", "bao-mau-10.example", "/rss/home.rss", "tin", format_datetime, _walled),
)  # fmt: skip


def article_page(paper: Paper, item: Item, now: datetime, others: Sequence[Item]) -> str:
    """The page of an article: navigation, JSON-LD, lead, text, by-line, related headlines, foot."""
    described = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": item.title,
        "description": item.lead,
        "datePublished": item.dated.isoformat(),
        "author": {"@type": "Person", "name": item.byline or "Tòa soạn mẫu"},
    }
    paragraphs = "\n".join(f"<p>{escape(text)}</p>" for text in item.body_at(now))
    byline = (
        f'<p class="author" style="text-align:right"><strong>{escape(item.byline)}</strong></p>' if item.byline else ""
    )
    related = "".join(f'<li><a href="{paper.path(other)}">{escape(other.title)}</a></li>' for other in others)
    language = "en" if paper.outlet == "mau-news" else "vi"
    return f"""<!DOCTYPE html>
<html lang="{language}"><head><meta charset="utf-8"><title>{escape(item.title)} | {paper.host}</title>
<link rel="canonical" href="{escape(paper.address(item))}">
<meta property="og:title" content="{escape(item.title)}"><meta property="og:type" content="article">
<meta name="description" content="{escape(item.lead)}">
<meta property="article:published_time" content="{item.dated.isoformat()}">
<script type="application/ld+json">{json.dumps(described, ensure_ascii=False)}</script></head>
<body><header><nav><ul><li><a href="/">Trang chủ</a></li><li><a href="/binh-phuoc">Bình Phước</a></li>
<li><a href="/thoi-su">Thời sự</a></li></ul></nav></header>
<main><article><h1>{escape(item.title)}</h1><p class="sapo"><strong>{escape(item.lead)}</strong></p>
{paragraphs}
{byline}</article>
<aside><h3>Tin liên quan</h3><ul>{related}</ul></aside></main>
<footer><p>DỮ LIỆU MẪU của Điểm Báo. Tòa soạn mẫu, không có thật.</p></footer></body></html>"""
