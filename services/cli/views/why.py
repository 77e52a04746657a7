"""What became of an address, in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from services.alerter.clipping import Clipping
from services.desk.why import Account
from services.domain.article import Field
from services.domain.feed import Outcome
from services.domain.place import Nearness, Verdict
from services.rulebook.book import Rulebook

_OUTCOMES: dict[Outcome, str] = {
    "published": "nhận vào hệ thống",
    "unmatched": "không nói về nơi được theo dõi, không khớp theo dõi nào (giữ 90 ngày để thử lại)",
    "already_known": "bài này đã có từ trước",
    "too_old": "quá cũ khi tìm thấy",
    "no_link": "không có địa chỉ bài",
    "refused_source": "không nhận: trang cá nhân hoặc mạng xã hội",
    "refused_address": "không nhận: địa chỉ không an toàn",
    "pending": "đang chờ đọc trang",
    "quarantined": "tạm giữ chờ người vận hành",
}
_VERDICTS: dict[Verdict, str] = {
    "about": "bài nói về nơi được theo dõi",
    "mentioned": "bài chỉ nhắc tên nơi được theo dõi",
    "none": "bài không nói về nơi được theo dõi",
}
_NEARNESS: dict[Nearness, str] = {"about": "cả bài", "part": "một phần bài", "mention": "chỉ nhắc tên"}
_FIELDS: dict[Field, str] = {"title": "tiêu đề", "lead": "sapo", "text": "thân bài"}
_CHANGES = {"number": "báo đã đổi số liệu", "correction": "báo đã đính chính"}


def lines_of(account: Account, rules: Rulebook, zone: ZoneInfo) -> Iterator[str]:
    yield account.url
    if account.refused:
        yield f"Địa chỉ này không bao giờ được đọc: {account.refused}"
    if not account.known:
        if not account.refused:
            yield "Chưa nguồn nào đưa địa chỉ này, và kho không có bài nào mang nó. / This address is unknown."
        return
    for entry in account.entries:
        reason = f" ({entry.reason})" if entry.reason else ""
        yield f"Nguồn {entry.feed}, {_local(entry.first_seen, zone)}: {_OUTCOMES[entry.outcome]}{reason}"
    yield f"Mã bài: {account.article_id}"
    yield from _article(account, rules, zone)
    for clipping in account.clippings:
        yield from _clipping(clipping, rules, zone)
    yield from _letters(account, zone)


def _article(account: Account, rules: Rulebook, zone: ZoneInfo) -> Iterator[str]:
    document = account.article
    if document is None:
        yield "Chưa có trong kho."
        return
    article, reading = document.article, document.reading
    published = _local(article.published_at, zone) if article.published_at else "không ghi ngày"
    outlet = article.outlet_name or article.outlet
    yield f"Trong kho: {article.title} ({outlet}, {published}), {len(account.versions)} bản"
    yield f"Loại nguồn: {article.source_class}. Kết luận: {_VERDICTS[reading.verdict]}"
    for mention in reading.mentions:
        where = f"ở {_FIELDS[mention.field]}, ký tự {mention.start}-{mention.end}"
        yield f"  nhận “{mention.surface}” = {mention.place} ({_NEARNESS[mention.class_]}), {where}: {mention.reason}"
    for rejected in reading.rejected:
        where = f"ở {_FIELDS[rejected.field]}, ký tự {rejected.start}-{rejected.end}"
        yield f"  loại “{rejected.surface}” không phải {rejected.place}, {where}: {rejected.reason}"
    names = [rules.topics.topics[hit.topic].name for hit in document.topics if hit.topic in rules.topics.topics]
    yield f"Chủ đề: {', '.join(names) or 'không có'}"
    copy = f", đăng lại bài {document.copy_of}" if document.copy_of else ""
    yield f"Câu chuyện: {account.story_id}{copy}"


def _clipping(clipping: Clipping, rules: Rulebook, zone: ZoneInfo) -> Iterator[str]:
    names = [
        rules.watches[match.watch].watch.name if match.watch in rules.watches else match.watch
        for match in clipping.matches
    ]
    said = f"khớp theo dõi: {', '.join(names)}" if names else "không khớp theo dõi nào"
    change = f", {_CHANGES[clipping.change]}" if clipping.change else ""
    yield f"Xét vào thư lúc {_local(clipping.entered_at, zone)} (số thứ tự {clipping.number}){change}: {said}"
    if clipping.excluded:
        yield f"  bị từ loại trừ (NOT) của theo dõi bỏ ra: {', '.join(clipping.excluded)}"
    if clipping.fill:
        yield "  thuộc lần đọc đầu của nguồn: vào kho, không vào bản tin"


def _letters(account: Account, zone: ZoneInfo) -> Iterator[str]:
    if account.clippings and not account.letters:
        yield "Chưa có thư nào về bài này."
    for carried in account.letters:
        letter = carried.letter
        how = "nêu tên" if carried.shown else "chỉ đếm"
        state = {"sent": "đã gửi", "sending": "đang chờ gửi", "refused": "máy chủ từ chối"}[letter.state]
        yield f"Thư “{letter.subject}” đến {letter.recipient}, {_local(letter.at, zone)}: {how}, {state}"


def _local(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%d/%m/%Y %H:%M")
