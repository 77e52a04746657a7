"""Addresses of the press: one form for all variants of a link, and which addresses are never read.

`canonical_url` is for identity only (its host may not answer: `www.` and `m.` are folded away); `clean_url` is the
link that people open. Nothing here looks a name up: what a name resolves to is the fetcher's guard.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urljoin, urlsplit

import tldextract

# Leading labels that serve the same articles in another dress.
_VARIANT_LABELS = frozenset({"www", "m", "mobile", "amp", "wap"})

# Parameters that say where a reader came from, never which article it is (zarsrc is Zalo's, at_ is the BBC's,
# vn_ is VnExpress's).
_TRACKING_PREFIXES = ("utm_", "at_", "vn_source", "vn_medium", "vn_campaign", "vn_term", "mc_", "pk_")
_TRACKING_NAMES = "fbclid gclid dclid msclkid yclid igshid zarsrc zclid zalo gidzl _ga _gl ocid cmpid amp outputtype"
_TRACKING = frozenset(_TRACKING_NAMES.split())
_AMP_PATH = re.compile(r"^/amp(?=/)|/amp$|(?<=\.)amp$|[.-]amp(?=\.(?:html?|vnp|tpo|chn|vov)$)", re.IGNORECASE)

# Where persons and groups speak for themselves: social networks, video and blog platforms, forums. Not published
# press (fair coverage, rule 1); no setting opens them.
_PERSONAL = """
    facebook.com fb.com fb.me fb.watch messenger.com instagram.com threads.net threads.com whatsapp.com
    youtube.com youtu.be tiktok.com douyin.com twitter.com x.com t.co linkedin.com reddit.com pinterest.com
    tumblr.com snapchat.com discord.com discord.gg quora.com vk.com ok.ru weibo.com weibo.cn bsky.app
    mastodon.social zalo.me zaloapp.com telegram.org t.me telegram.me viber.com line.me lotus.vn gapo.vn gapo.com.vn
    voz.vn otofun.net webtretho.com tinhte.vn spiderum.com vimeo.com dailymotion.com twitch.tv soundcloud.com
    wordpress.com blogger.com medium.com substack.com livejournal.com wixsite.com weebly.com wattpad.com
    patreon.com linktr.ee about.me change.org
"""
_PERSONAL_HOSTS = frozenset(_PERSONAL.split())
_NETWORKS = frozenset(host.split(".")[0] for host in _PERSONAL_HOSTS if len(host.split(".")[0]) > 1) | {"x", "bsky"}
_SOCIAL_MIRRORS = frozenset({"nitter", "xcancel", "twitrss", "invidious", "teddit", "libreddit", "bibliogram"})
_LEADING = re.compile(r"(?:[a-z][a-z0-9+-]*:)?[/\\]*", re.IGNORECASE)
"""What stands before the host: a scheme (no dot in it, so `facebook.com:443` has none) and slashes."""
_BLOGSPOT = re.compile(r"(?:^|\.)blogspot\.[a-z]{2,3}(?:\.[a-z]{2})?$")

# The list of public suffixes that comes with the library: nothing is downloaded and nothing kept on disk.
_SUFFIXES = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

_INTERNAL = (".localhost", ".local", ".internal", ".home.arpa")

PERSONAL_REASON = "trang cá nhân hoặc mạng xã hội, không phải báo chí / a personal or social-network address"


def host_of(url: str) -> str:
    """The host of an address in lower case and ASCII, "" when there is none."""
    parts = _split(url)
    return _ascii_host(parts) if parts else ""


def site_of(host: str) -> str:
    """The host without `www.`, `m.`, `amp.` and the like in front."""
    labels = host.lower().rstrip(".").split(".")
    while len(labels) > 2 and labels[0] in _VARIANT_LABELS:
        labels = labels[1:]
    return ".".join(labels)


def same_site(one: str, other: str) -> bool:
    """Whether two hosts are one site: equal, or one is under the other."""
    a, b = site_of(one), site_of(other)
    return bool(a and b) and (a == b or a.endswith("." + b) or b.endswith("." + a))


def same_owner(one: str, other: str) -> bool:
    """Whether two hosts stand under one registered domain: `consent.google.com` and `news.google.com`."""
    owner = _registered(one)
    return same_site(one, other) or (bool(owner) and owner == _registered(other))


def joined(base: str, link: str) -> str:
    """The absolute address of a link that stands at `base`; "" where it is no address at all.

    For links that strangers write: urljoin raises on an open bracket or a letter that turns into "/".
    """
    try:
        return urljoin(base, link.strip())
    except ValueError:
        return ""


def canonical_url(url: str) -> str:
    """The one form of all variants of an article's address. An address that cannot be read comes back stripped."""
    parts = _split(url)
    if parts is None:
        return url.strip()
    path = quote(unquote(re.sub("/{2,}", "/", parts.path)), safe="/-._~!$&'()*+,;=:@")
    path = _AMP_PATH.sub("", path).rstrip("/.")
    query = urlencode(sorted(_telling(parts)))
    return f"https://{site_of(_ascii_host(parts))}{_port(parts)}{path}" + (f"?{query}" if query else "")


def clean_url(url: str) -> str:
    """The address as people open it: as given, without fragment and tracking parameters."""
    parts = _split(url)
    if parts is None:
        return url.strip()
    telling = _telling(parts)
    query = parts.query if len(telling) == len(_all(parts)) else urlencode(telling)
    return parts._replace(query=query, fragment="").geturl()


def unwrapped(url: str) -> str:
    """The article's own address where a redirector carries it in the open (Bing's apiclick); else as given."""
    parts = _split(url)
    if parts is None or not parts.path.lower().endswith(("/apiclick.aspx", "/url")):
        return url
    for name, value in _all(parts):
        if name.lower() in ("url", "q") and value.startswith(("http://", "https://")):
            return value
    return url


def refused_source(host: str) -> str | None:
    """Why this host is never read as press (personal or social network), or None."""
    labels = host.lower().rstrip(".").split(".")
    ends = {".".join(labels[start:]) for start in range(len(labels))}
    return PERSONAL_REASON if ends & _PERSONAL_HOSTS or _BLOGSPOT.search(host.lower()) else None


def personal_address(url: str) -> str | None:
    """`refused_source` of an address as people write it: also `facebook.com/a`, `//facebook.com/a`, `ftp://...`."""
    return refused_source(host_of(url) or host_of("https://" + _LEADING.sub("", url.strip(), count=1)))


def relayed_source(url: str) -> str | None:
    """Why a feed is none of the press: a relay (nitter, RSSHub, RSS-Bridge) that hands on a social network."""
    parts = _split(url)
    if parts is None:
        return None
    labels = _ascii_host(parts).split(".")
    segments = [unquote(part).lower() for part in parts.path.split("/")]
    if set(labels) & _SOCIAL_MIRRORS or any(refused_source(part) for part in segments):
        return PERSONAL_REASON
    if any(label.startswith(("rsshub", "rss-bridge", "rssbridge")) for label in labels) or "bridge" in parts.query:
        told = {*segments, *(value.lower().removesuffix("bridge") for _name, value in _all(parts))}
        return PERSONAL_REASON if told & _NETWORKS else None
    return None


def unsafe_address(url: str, ports: frozenset[int] = frozenset({80, 443})) -> str | None:
    """Why this address is never fetched, judged by its spelling alone; None when it may be tried."""
    parts = _split(url)
    if parts is None:
        return "không phải địa chỉ http hay https / not an http or https address"
    if parts.username is not None or parts.password is not None:
        return "địa chỉ mang tên và mật khẩu / the address carries a user name"
    host = _ascii_host(parts)
    if (parts.port or (443 if parts.scheme.lower() == "https" else 80)) not in ports:
        return f"cổng {parts.port} không được phép / port {parts.port} is not allowed"
    address = literal_address(host)
    if address is not None:
        return refused_address(address)
    if "." not in host or host.endswith(_INTERNAL):
        return "máy trong mạng nội bộ / a host of the internal network"
    return None


def literal_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that a host is written as, also in the short and hexadecimal forms that C libraries read."""
    try:
        return ipaddress.ip_address(host.strip("[]").split("%")[0])
    except ValueError:
        return _inet_aton(host)


_TUNNELS = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


def refused_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str | None:
    """Why no connection is made to this address: it is not one of the public internet."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    judged = mapped or address
    if not judged.is_global or judged.is_multicast or judged.is_reserved or judged.is_unspecified:
        return f"địa chỉ nội bộ {judged} / {judged} is not a public address"
    if any(judged in net for net in _TUNNELS if net.version == judged.version):
        return f"địa chỉ đường hầm {judged} / {judged} tunnels to another network"
    return None


def _inet_aton(host: str) -> ipaddress.IPv4Address | None:
    """`2130706433`, `0x7f.1`, `0177.0.0.1`: forms of an IPv4 address that the system's resolver accepts."""
    parts = host.rstrip(".").split(".")
    if len(parts) > 4 or not all(re.fullmatch(r"0[xX][0-9a-fA-F]{1,8}|\d{1,11}", part) for part in parts):
        return None
    try:
        numbers = [
            int(part, 16) if part[:2].lower() == "0x" else int(part, 8 if part[0] == "0" else 10) for part in parts
        ]
    except ValueError:
        return None
    value = 0
    for number in numbers[:-1]:
        value = (value << 8) | (number & 0xFF)
    value = (value << (8 * (5 - len(parts)))) | (numbers[-1] & ((1 << (8 * (5 - len(parts)))) - 1))
    return ipaddress.IPv4Address(value)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def _ascii_host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    try:
        return host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        return host


def _registered(host: str) -> str:
    return _SUFFIXES(host).top_domain_under_public_suffix


def _port(parts: SplitResult) -> str:
    return "" if parts.port in (None, 80, 443) else f":{parts.port}"


def _all(parts: SplitResult) -> list[tuple[str, str]]:
    return parse_qsl(parts.query, keep_blank_values=True, max_num_fields=None)


def _telling(parts: SplitResult) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, value in _all(parts)
        if name.lower() not in _TRACKING and not name.lower().startswith(_TRACKING_PREFIXES)
    ]
