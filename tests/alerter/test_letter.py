"""Letters stay letters, whatever the press writes."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest

from services.alerter.letter import safe_link
from tests.alerter.office import Press, article, finding, html_of, text_of

Open = Callable[..., Press]
OURS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}{% raw %}",
    "</title><svg/onload=alert(1)>",
    "Tin\r\nBcc: ai-do@office.example",
    "Tin \u202egnorw\u0000 về xã",
]
_TAGS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "table",
    "tbody",
    "tr",
    "td",
    "p",
    "h1",
    "h2",
    "div",
    "span",
    "b",
    "br",
    "a",
}


class Tags(HTMLParser):
    """The tags, attributes and links of a letter."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def check_stays_text(press: Press, payloads: list[str]) -> None:
    articles = [article(n, payload, lead=payload) for n, payload in enumerate(payloads)]
    quoted = finding(0, quote=payloads[0] or "x")
    press.enter(*articles[1:], article(0, payloads[0], lead=payloads[0], findings=(quoted,)))
    press.morning()
    for message in press.letters():
        found = Tags(html_of(message))
        assert found.tags <= _TAGS, found.tags - _TAGS
        assert not {name for name in found.attributes if name.startswith("on")}
        assert all(link.startswith(("http://", "https://")) for link in found.links)


def test_titles_stay_text(press: Press) -> None:
    check_stays_text(press, OURS)
    digest = next(one for one in press.letters() if one["X-Diembao-Kind"] == "digest")
    assert "<script>alert(1)</script>" in "".join(Tags(html_of(digest)).text)
    assert "{{ 7*7 }}" in text_of(digest)
    assert not re.search("[\u202e\x00]", text_of(digest) + html_of(digest))


def test_a_title_adds_no_header(press: Press) -> None:
    press.enter(article(1, "Tin\r\nBcc: ai-do@office.example", findings=(finding(1),)))
    (message,) = press.letters()
    assert message["Bcc"] is None
    assert "Bcc: ai-do@office.example" in message["Subject"]


def test_real_payloads_stay_text(office: Open, press_data: Path) -> None:
    payloads = (press_data / "attacks" / "xss_payloads.txt").read_text(encoding="utf-8", errors="replace").splitlines()
    some = [payload for payload in payloads if payload.strip()][::30]
    for begin in range(0, len(some), 20):
        check_stays_text(office(f"office-{begin}"), some[begin : begin + 20])


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://a.example/x?y=1", "https://a.example/x?y=1"),
        ("http://a.example", "http://a.example"),
        ("javascript:alert(1)", ""),
        ("java\nscript:alert(1)", ""),
        ("//a.example", ""),
        ("https:///x", ""),
        ("data:text/html,x", ""),
        ("https://[bad", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_links_only_http(url: str | None, safe: str) -> None:
    assert safe_link(url) == safe


def test_the_letter_is_complete_and_plain_to_read(press: Press) -> None:
    press.enter(article(1))
    press.morning()
    (message,) = press.letters()
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message["From"] == "Điểm Báo <diembao@office.example>"
    assert message["To"] == "Nguyễn Thị Mẫu <lanhdao@office.example>"
    assert message["Date"] == "Tue, 24 Nov 2026 06:30:00 +0700"
    assert message["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<[0-9a-f]{32}@office\.example>", message["Message-ID"])
    html = html_of(message)
    assert "<img" not in html
    assert "style=" in html
    assert "@media" in html
    assert html.count('style="') > 20


def test_what_is_written_down_is_sent_byte_for_byte(press: Press) -> None:
    press.enter(article(1, "Một tiêu đề dài đến mức dòng chủ đề của thư phải gấp lại nhiều lần mới vừa khuôn khổ thư"))
    press.enter(article(2, "Một tiêu đề dài đến mức dòng chủ đề phải gấp lại nhiều lần", findings=(finding(2),)))
    for path in press.mail.glob("*.eml"):
        data = path.read_bytes()
        again = email.message_from_bytes(
            data, _class=EmailMessage, policy=email.policy.SMTP.clone(refold_source="none")
        )
        assert again.as_bytes() == data
        assert max(map(len, data.split(b"\r\n"))) <= 200


def test_no_judging_word_stands_in_a_template() -> None:
    root = Path(__file__).resolve().parents[2]
    files = [*(root / "templates").rglob("*.*"), *(root / "services" / "alerter").glob("*.py")]
    assert len(files) > 10
    for path in files:
        text = path.read_text(encoding="utf-8").lower()
        for word in ("xuyên tạc", "thù địch", "xấu độc", "phản động", "báo xấu", "sai sự thật"):
            assert word not in text, (path.name, word)
