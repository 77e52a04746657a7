"""An article page, read: limits first, then metadata, then the text by the chosen library, then furniture off."""

from __future__ import annotations

import re
from collections.abc import Callable

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.adapters.extraction.page_metadata import read_metadata
from services.domain.text import fold
from services.ports.errors import Unprocessable
from services.ports.extractor import ExtractedPage

PageText = Callable[[str, str], str]
"""(html, url) -> the body's paragraphs, one a line."""

MAX_PAGE_BYTES = 3_000_000

# An HTML parser takes time in the square of a tag's attributes: 200,000 stall it for over 100 s. A long attribute
# (a gallery as JSON) holds few blanks for its size; a tag with so many is no newspaper's.
_MAX_BLANKS_IN_TAG = 10_000
_LONG_TAG = re.compile(rb"<[a-zA-Z][^<>]{20000,}")

_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset=["']?([a-zA-Z0-9_-]{3,20})""", re.IGNORECASE)

# Lines that open a block of other articles. What follows in the last third of the text is not this article's.
_FURNITURE = frozenset(
    """tin lien quan|bai lien quan|tin cung chuyen muc|cung chuyen muc|xem them|doc them|tin doc nhieu|doc nhieu
    |tin moi|tin khac|bai viet lien quan|co the ban quan tam|moi ban doc them|tin noi bat|related news|related stories
    |read more|see also""".replace("\n", "")
    .replace("    ", "")
    .split("|")
)

_BOX_NAMES = "relate lienquan lien-quan lien_quan readmore read-more docthem doc-them xemthem xem-them"
_BOXES = ", ".join(f'[class*="{name}" i]' for name in _BOX_NAMES.split())


def read_page(body: bytes, url: str, page_text: PageText) -> ExtractedPage:
    """The article of this page. Raises Unprocessable when there is none, or the page is built to hang parsers."""
    if len(body) > MAX_PAGE_BYTES:
        raise Unprocessable(f"trang lớn hơn {MAX_PAGE_BYTES} byte / the page is larger than {MAX_PAGE_BYTES} bytes")
    if any(len(re.findall(rb"\s", tag[0])) > _MAX_BLANKS_IN_TAG for tag in _LONG_TAG.finditer(body)):
        raise Unprocessable("một thẻ HTML có quá nhiều thuộc tính / a tag with too many attributes")
    html = _decoded(body)
    metadata = read_metadata(html, url)
    text = _without_lead(_without_furniture(page_text(_pruned(html), url)), metadata.title, metadata.lead)
    if not text and not metadata.lead:
        raise Unprocessable("không tìm thấy bài trong trang / no article in the page")
    return ExtractedPage(
        title=metadata.title,
        lead=metadata.lead,
        text=text,
        published_at=metadata.published_at,
        canonical_url=metadata.canonical_url,
        language=metadata.language,
    )


def _pruned(html: str) -> str:
    """Without the boxes of related headlines inside the article: named as such, and mostly links."""
    tree = LexborHTMLParser(html)
    boxes = [node for node in tree.css(_BOXES) if _is_links(node)]
    if not boxes:
        return html
    for node in boxes:
        node.decompose()
    return tree.html or html


def _is_links(node: LexborNode) -> bool:
    said = len(node.text(strip=True))
    return said < 2_000 and sum(len(link.text(strip=True)) for link in node.css("a")) * 2 > said


def _decoded(body: bytes) -> str:
    """As UTF-8 when it is that, else as the page declares, else as Windows wrote it."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        declared = _CHARSET.search(body[:4096])
        encoding = declared[1].decode() if declared else "cp1252"
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    try:
        return body.decode(encoding, errors="replace")
    except LookupError:
        return body.decode("utf-8", errors="replace")


def _without_furniture(text: str) -> str:
    """Without the headlines of other articles that some pages carry below the text."""
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line]
    for at in range(len(lines) * 2 // 3, len(lines)):
        if fold(lines[at].lower()).strip(" :>-.") in _FURNITURE:
            return "\n".join(lines[:at])
    return "\n".join(lines)


def _without_lead(text: str, title: str, lead: str) -> str:
    """The lead is a field of its own: the text does not repeat it, nor the title, at its head."""
    lines = text.split("\n")
    for known in (title, lead):
        if known and lines and _same(lines[0], known):
            lines = lines[1:]
    return "\n".join(lines)


def _same(line: str, known: str) -> bool:
    a, b = "".join(line.split()), "".join(known.split())
    return a == b or (len(b) > 40 and a.startswith(b) and len(a) < len(b) + 10)
