"""Outlets and feeds: hosts, classes and addresses, and that no personal or social-network page is read as press."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date

from services.domain.address import host_of, refused_source, relayed_source, site_of, unsafe_address
from services.domain.feed import Feed
from services.domain.outlet import Outlet
from services.rulebook.checks import LANGUAGE, LANGUAGE_WANTED, Read, check_ids, check_period, refuse_judging
from services.rulebook.settings_checks import MAILBOX, is_zone
from services.rulebook.yaml_source import Node, Source

_MOST_MINUTES, _MOST_DAYS = 7 * 24 * 60, 36_500
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")


def check_outlets(source: Source, outlets: Read[Outlet]) -> None:
    check_ids(source, outlets)
    known = {outlet.id for outlet, _node in outlets}
    for outlet, node in outlets:
        _check_hosts(source, outlet, node)
        check_period(source, node, outlet.valid_from, outlet.valid_to)
        _check_language(source, node, outlet.language)
        if outlet.successor is not None and outlet.successor not in known:
            source.error(node.value("successor"), f"không có báo «{outlet.successor}»", "unknown outlet")
        if outlet.successor == outlet.id:
            source.error(node.value("successor"), "một báo không thể trở thành chính nó", "it becomes itself")
        if outlet.newsroom and not MAILBOX.fullmatch(outlet.newsroom):
            source.error(node.value("newsroom"), "phải là một địa chỉ thư của tòa soạn", "expected a mail address")
        refuse_judging(source, node, "name", outlet.name)
    _check_shared_hosts(source, outlets)


def _check_hosts(source: Source, outlet: Outlet, node: Node) -> None:
    listed = node.value("hosts")
    for item, host in zip((listed.items if listed is not None else None) or [], outlet.hosts, strict=False):
        reason = refused_source(host)
        if reason is not None:
            source.error(item, *_both(reason))
        elif not _HOST.fullmatch(host):
            source.error(item, f"«{host}» phải là tên miền viết thường, không có http:// và dấu /", "expected a host")
        elif site_of(host) != host:
            source.error(item, f"viết «{site_of(host)}»; www., m., amp. tự hiểu", "write the host without www. or m.")


def _check_shared_hosts(source: Source, outlets: Read[Outlet]) -> None:
    """A host may pass from one outlet to the next, never belong to two on one day."""
    holders: dict[str, list[tuple[Outlet, Node]]] = {}
    for outlet, node in outlets:
        if source.full:
            return
        for host in dict.fromkeys(outlet.hosts):
            for other, _other_node in holders.setdefault(host, []):
                if _overlap(outlet, other):
                    source.error(
                        node.value("hosts"),
                        f"tên miền «{host}» cùng lúc thuộc «{other.id}» và «{outlet.id}»",
                        f"host held by two outlets on one day: {other.id}, {outlet.id}",
                    )
            holders[host].append((outlet, node))


def _overlap(one: Outlet, other: Outlet) -> bool:
    return (one.valid_from or date.min) <= (other.valid_to or date.max) and (other.valid_from or date.min) <= (
        one.valid_to or date.max
    )


def check_feeds(source: Source, feeds: Read[Feed], outlets: Collection[str] | None) -> None:
    check_ids(source, feeds)
    urls: dict[str, str] = {}
    for feed, node in feeds:
        at = node.value("url")
        reason = refused_source(host_of(feed.url)) or relayed_source(feed.url) or unsafe_address(feed.url)
        if reason is not None:
            source.error(at, *_both(reason))
        if feed.url in urls:
            source.error(at, f"địa chỉ này đã có ở nguồn «{urls[feed.url]}»", "duplicate feed address")
        urls.setdefault(feed.url, feed.id)
        if feed.outlet and outlets is not None and feed.outlet not in outlets:
            source.error(node.value("outlet"), f"không có báo «{feed.outlet}» trong outlets.yaml", "unknown outlet")
        if bool(feed.outlet) == feed.aggregator:
            source.error(
                node,
                "nguồn phải có «outlet», hoặc «aggregator: true» khi gom tin của nhiều báo (một trong hai)",
                "a feed has either an outlet or aggregator: true",
            )
        _check_feed_numbers(source, feed, node)
        _check_language(source, node, feed.language)


def _check_feed_numbers(source: Source, feed: Feed, node: Node) -> None:
    if feed.every_minutes < 10:
        source.error(
            node.value("every_minutes"), "đọc một nguồn cách nhau ít nhất 10 phút", "poll no more often than 10 minutes"
        )
    if feed.every_minutes > _MOST_MINUTES:
        source.error(node.value("every_minutes"), "đọc một nguồn ít nhất mỗi tuần một lần", "poll at least once a week")
    if feed.max_age_days is not None and not 1 <= feed.max_age_days <= _MOST_DAYS:
        source.error(node.value("max_age_days"), f"số ngày phải từ 1 đến {_MOST_DAYS}", f"must be 1 to {_MOST_DAYS}")
    if not is_zone(feed.timezone):
        source.error(node.value("timezone"), f"không có múi giờ «{feed.timezone}»", "unknown time zone")


def _check_language(source: Source, node: Node, language: str) -> None:
    if not LANGUAGE.fullmatch(language):
        source.error(node.value("language"), *LANGUAGE_WANTED)


def _both(reason: str) -> tuple[str, str]:
    """The domain's reasons are "tiếng Việt / English"."""
    vietnamese, _, english = reason.partition(" / ")
    return vietnamese, english or vietnamese
