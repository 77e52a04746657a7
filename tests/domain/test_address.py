"""Addresses: variants fold to one, and what is never read."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.address import (
    canonical_url,
    clean_url,
    host_of,
    joined,
    personal_address,
    refused_address,
    refused_source,
    relayed_source,
    same_owner,
    same_site,
    unsafe_address,
    unwrapped,
)


@pytest.mark.parametrize(
    "variant",
    [
        "http://bao.vn/thoi-su/tin-1.html",
        "https://www.bao.vn/thoi-su/tin-1.html",
        "https://m.bao.vn/thoi-su/tin-1.html",
        "https://amp.bao.vn/thoi-su/tin-1.html",
        "https://bao.vn/amp/thoi-su/tin-1.html",
        "https://bao.vn/thoi-su/tin-1.amp.html",
        "https://bao.vn//thoi-su/tin-1.html/",
        "https://BAO.vn:443/thoi-su/tin-1.html#binh-luan",
        "https://bao.vn/thoi-su/tin-1.html?utm_source=zalo&utm_medium=zalo&zarsrc=30&fbclid=x",
        "https://bao.vn/thoi-su/tin-1.html?at_medium=RSS&at_campaign=rss",
    ],
)
def test_variants_of_a_link_are_one_article(variant: str) -> None:
    assert canonical_url(variant) == "https://bao.vn/thoi-su/tin-1.html"


def test_what_tells_articles_apart_stays() -> None:
    assert canonical_url("https://bao.vn/?b=2&a=1") == canonical_url("https://bao.vn/?a=1&b=2")
    assert canonical_url("https://bao.vn/?id=1") != canonical_url("https://bao.vn/?id=2")
    assert canonical_url("https://bao.vn/Tin") != canonical_url("https://bao.vn/tin")
    assert canonical_url("https://m.vn/tin") == "https://m.vn/tin"
    assert canonical_url("https://bao.vn/tin-t%E1%BB%A9c") == canonical_url("https://bao.vn/tin-tức")


@given(st.text(max_size=80), st.text(max_size=80))
def test_canonical_form_is_stable(path: str, query: str) -> None:
    once = canonical_url(f"https://bao.vn/{path}?{query}")
    assert canonical_url(once) == once


def test_clean_url_can_still_be_opened() -> None:
    assert clean_url("https://www.bao.vn/a/?id=3&utm_source=x#b") == "https://www.bao.vn/a/?id=3"
    assert clean_url("https://www.bao.vn/a?q=b%C3%B9+gia") == "https://www.bao.vn/a?q=b%C3%B9+gia"


def test_a_redirector_that_carries_the_link_is_opened() -> None:
    wrapped = "http://www.bing.com/news/apiclick.aspx?ref=FexRss&url=https%3a%2f%2fbao.vn%2ftin-1.html&c=1"
    assert unwrapped(wrapped) == "https://bao.vn/tin-1.html"
    assert unwrapped("https://bao.vn/tin?url=https://x.vn") == "https://bao.vn/tin?url=https://x.vn"


@pytest.mark.parametrize(
    "host",
    ["facebook.com", "vi-vn.facebook.com", "m.youtube.com", "youtu.be", "ai.do.blogspot.com", "x.blogspot.com.au",
     "zalo.me", "nguoi.wordpress.com", "voz.vn", "T.ME"],
)  # fmt: skip
def test_personal_and_social_hosts_are_refused(host: str) -> None:
    assert refused_source(host)


@pytest.mark.parametrize("host", ["vnexpress.net", "facebook.com.bao.vn", "netflix.com", "baomoi.com", "line.vn"])
def test_press_hosts_are_not(host: str) -> None:
    assert refused_source(host) is None


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://localhost/", "http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/",
     "http://[::1]/", "http://[::ffff:10.0.0.1]/", "http://10.1.2.3/", "http://169.254.169.254/latest",
     "http://100.64.0.1/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://[2001:0:1::1]/",
     "http://224.0.0.1/", "http://0.0.0.0/", "http://intranet/", "http://may.local/", "ftp://bao.vn/",
     "file:///etc/passwd", "javascript:alert(1)", "http://ten:mat@bao.vn/", "http://bao.vn:22/", "http://bao.vn:0/",
     "http://bao.vn:99999/", "http:///a", "//bao.vn/a", ""],
)  # fmt: skip
def test_unsafe_addresses_are_refused_with_a_reason(url: str) -> None:
    assert unsafe_address(url)


@pytest.mark.parametrize("url", ["http://bao.vn/", "https://bao.vn:443/a", "https://1.1.1.1/", "http://báo.vn/"])
def test_public_addresses_are_not(url: str) -> None:
    assert unsafe_address(url) is None


@given(st.ip_addresses())
def test_only_global_unicast_addresses_pass(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if refused_address(address) is None:
        assert address.is_global
        assert not address.is_multicast


def test_one_site_and_another() -> None:
    assert same_site("www.bao.vn", "m.bao.vn")
    assert same_site("kinhdoanh.bao.vn", "bao.vn")
    assert not same_site("bao.vn", "xbao.vn")
    assert not same_site("", "")


@given(st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    canonical_url(text), clean_url(text), host_of(text), unsafe_address(text), unwrapped(text), refused_source(text)
    joined("https://bao.vn/rss", text), joined(text, "/1.html"), same_owner(text, text)


def test_links_are_joined_and_broken_ones_are_none() -> None:
    assert joined("https://bao.vn/rss/home.rss", " /tin-1.html ") == "https://bao.vn/tin-1.html"
    assert joined("https://bao.vn/rss", "http://khac.vn/1") == "http://khac.vn/1"
    assert [joined("https://bao.vn/rss", link) for link in ("http://[x", "//[::1", "http://a\u2100.vn")] == ["", "", ""]


def test_hosts_of_one_owner() -> None:
    assert same_owner("consent.google.com", "news.google.com")
    assert same_owner("tim.example", "dong-y.tim.example"), "also where the suffix is not known"
    assert not same_owner("baodongnai.com.vn", "tuoitre.com.vn")
    assert not same_owner("dongnai.gov.vn", "bocongan.gov.vn")
    assert not same_owner("", "")


@pytest.mark.parametrize(
    "url",
    [
        *("facebook.com/a", "//facebook.com/a", "https:facebook.com/a", "m.facebook.com:443/a", "HTTP:\\\\youtu.be/a"),
        *("https://ten@facebook.com/a", "/t.me/a", " ftp://zalo.me/a"),
    ],
)
def test_a_personal_address_is_known_however_it_is_written(url: str) -> None:
    assert personal_address(url)


@pytest.mark.parametrize(
    "url", ["baomau.vn/facebook.com", "//baomau.vn/a", "https://baomau.vn/a", "", "abc", "https://["]
)
def test_other_addresses_are_not_personal(url: str) -> None:
    assert personal_address(url) is None


@pytest.mark.parametrize(
    "url",
    [
        *("https://rsshub.app/twitter/user/ai-do", "https://nitter.net/ai-do/rss", "https://nitter.bao.example/a/rss"),
        "https://openrss.org/twitter.com/ai-do",
        "https://rss-bridge.org/bridge01/?action=display&bridge=FacebookBridge&u=a",
    ],
)
def test_a_relay_of_a_social_network_is_no_feed(url: str) -> None:
    assert relayed_source(url)


@pytest.mark.parametrize(
    "url",
    ["https://rsshub.app/baomau/tin", "https://baomau.vn/rss/facebook.rss", "https://news.google.com/rss/search?q=x"],
)
def test_other_feeds_are_no_relay(url: str) -> None:
    assert relayed_source(url) is None
