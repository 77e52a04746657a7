"""Markup to plain text, with a real HTML parser: what feeds put into titles, descriptions and content.

Runs in the killable child. Text keeps the Unicode form it has; only markup, entities and white space change.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

_TAG = re.compile(r"<[/!a-zA-Z]")
# A description cut off by length, in the middle of its last tag.
_CUT_TAG = re.compile(r"<(?:/?|[/!a-zA-Z][^<>]{0,2000})$")
_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,10}|#\d{2,6}|#x[0-9a-fA-F]{2,5});")
_BLOCK = re.compile(
    r"<(?=/?(?:p|div|br|li|ul|ol|tr|td|table|h[1-6]|blockquote|section|article|figure|dl|dd|dt)\b)", re.IGNORECASE
)
# Content systems of many Vietnamese papers (ePi) append the headlines of other articles to the description: 6 % of
# all hits on a place name sat there. They open with this very div, or with a list right away.
_RELATED = re.compile(r"<div[^<>]{0,200}clear:\s*both|<ul[^<>]{0,200}>\s*<li", re.IGNORECASE)
_NO_TEXT = "script, style, noscript, iframe, figure, figcaption, template, svg, form, button"

# Content systems escape up to three times over.
_ROUNDS = 3


def one_line(html: str) -> str:
    """A title: text on one line."""
    return " ".join(_plain(html).split())


def lead_of(html: str) -> str:
    """A description: text on one line, without the related headlines appended to it."""
    return " ".join(_plain(html, related=True).split())


def paragraphs(html: str) -> str:
    """A body: one paragraph a line."""
    lines = (" ".join(line.split()) for line in _plain(html).splitlines())
    return "\n".join(line for line in lines if line)


def _plain(html: str, related: bool = False) -> str:
    text = html
    for _ in range(_ROUNDS):
        if related and (found := _RELATED.search(text)):
            text = text[: found.start()]
        text = _CUT_TAG.sub("", text)
        if not _TAG.search(text) and not _ENTITY.search(text):
            break
        tree = LexborHTMLParser("<body>" + _BLOCK.sub("\n<", text))
        for node in tree.css(_NO_TEXT):
            node.decompose()
        text = tree.body.text(deep=True) if tree.body else ""
    return text
