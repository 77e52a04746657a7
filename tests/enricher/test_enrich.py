"""COLLECTED -> archive and ENRICHED: order, parking, redelivery, and what must never pass."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from services import resources
from services.adapters.manual_clock import ManualClock
from services.adapters.sqlite_archive import SqliteArchive
from services.adapters.sqlite_bus import SqliteBus
from services.adapters.sqlite_ledger import SqliteLedger
from services.domain.article import Article, hash_of, id_of
from services.domain.codec import decode, encode
from services.domain.events import COLLECTED, ENRICHED, PARKED, Collected, Enriched, Parked
from services.domain.place import Reading
from services.enricher.enrich import Enricher
from services.enricher.neighbours import SHINGLE, Claim, Claims, Neighbours, Remembered
from services.enricher.steps import enrich
from services.enricher.sweep import Sweep
from services.ports.bus import Delivery, Message
from services.ports.errors import Unavailable, Unprocessable
from services.ports.ledger import Put
from services.rulebook.book import Rulebook
from services.rulebook.load import load

NOW = datetime(2026, 11, 18, 1, 0, tzinfo=UTC)
FIRE = (
    "Khoảng 2 giờ ngày 17/11, kho chứa hạt điều tại thôn Bù Rên, xã Bù Gia Mập, thành phố Đồng Nai bốc cháy dữ dội. "
    "Người dân dùng máy bơm tưới rẫy hút nước suối dập lửa trong lúc chờ hai xe chữa cháy vượt 34 km tới hiện trường. "
    "Đến 4 giờ 15 phút ngọn lửa được khống chế, khoảng 12 tấn hạt điều cùng mái tôn rộng 600 m2 bị thiêu rụi. "
    "Chủ kho cho biết số hàng vừa được gom xong để giao cho nhà máy trong tuần, thiệt hại hơn 500 triệu đồng. "
    "Nguyên nhân bước đầu được xác định do chập điện từ quạt sấy, không có người bị thương."
)


@pytest.fixture(scope="module")
def rules() -> Rulebook:
    return load(resources.config_dir(), samples=False)


class Archive(SqliteArchive):
    """The embedded archive, out of reach for a while or refusing one article."""

    out_of_reach = False
    refused = ""

    def save(self, documents: Sequence[Enriched]) -> None:
        if self.out_of_reach:
            raise Unavailable("đĩa đầy")
        if any(one.article_id == self.refused for one in documents):
            raise Unprocessable("không ghi được")
        super().save(documents)


class Bus(SqliteBus):
    """The embedded bus, which a crash may keep from committing, and which takes no batch with a message too large."""

    crashes = False
    most_bytes = 16_000_000

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        for message in messages:
            if len(message.value) > self.most_bytes:
                raise Unprocessable(f"bản tin {message.key} quá lớn")
        super().publish(topic, messages)

    def commit(self, topic: str, group: str, deliveries: Sequence[Delivery]) -> None:
        if self.crashes:
            raise Unavailable("tắt máy")
        super().commit(topic, group, deliveries)


@dataclass
class House:
    """The stores of one machine."""

    bus: Bus
    archive: Archive
    ledger: SqliteLedger
    rules: Rulebook

    def enricher(self) -> Enricher:
        return Enricher(lambda: self.rules, self.bus, self.archive, self.ledger, ManualClock(NOW))

    def collect(self, *articles: Article) -> None:
        self.bus.publish(COLLECTED, [message(one) for one in articles])

    def told(self) -> list[Enriched]:
        return [decode(one.message.value, Enriched) for one in self.bus.scan(ENRICHED)]

    def parked(self) -> list[Parked]:
        return [decode(one.message.value, Parked) for one in self.bus.scan(PARKED)]


@pytest.fixture
def house(tmp_path: Path, rules: Rulebook) -> Iterator[House]:
    made = House(
        Bus(tmp_path / "bus.db", ManualClock(NOW)),
        Archive(tmp_path / "archive.db"),
        SqliteLedger(tmp_path / "ledger.db"),
        rules,
    )
    yield made
    for port in (made.bus, made.archive, made.ledger):
        port.close()


def article(name: str, text: str = FIRE, title: str = "Cháy kho hạt điều", minutes: int = 0, dated: int = 0) -> Article:
    return Article(
        article_id=id_of(name),
        source_class="press",
        url=f"https://bao-mau.example/{name}",
        title=title,
        text=text,
        published_at=NOW - timedelta(hours=5) + timedelta(minutes=dated),
        date_basis="feed",
        first_seen=NOW,
        seen_at=NOW + timedelta(minutes=minutes),
        outlet="bao-mau",
        outlet_name="Báo Mẫu",
        content_hash=hash_of(title, "", text),
    )


def message(one: Article, **headers: str) -> Message:
    return Message(one.article_id, encode(Collected(article=one, reading=Reading())), {"schema": "1", **headers})


def test_an_article_is_read_archived_told_and_committed(house: House) -> None:
    house.collect(article("a"))
    assert house.enricher().step() == 1
    kept = house.archive.get(id_of("a"))
    assert kept is not None
    assert kept.places["bu-gia-map"] == "about"
    assert kept.language == "vi"
    assert "su_viec" in [hit.topic for hit in kept.topics]
    assert kept.tone.label == "incident"
    assert kept.rules == house.rules.version
    assert house.told() == [kept]
    assert house.bus.lag(COLLECTED, "enricher") == 0
    assert house.enricher().step() == 0


def test_what_cannot_be_read_is_parked_without_its_author_and_the_others_go_on(house: House) -> None:
    bad = [
        Message("x", b'{"article": {"title": "thieu ma", "author": "Nguyen Van Mau"}, "Byline": {"name": "Mau"}}'),
        Message("y", b'{"article": {"title": "cut off", "author": "Nguyen Van Mau", "te'),
        Message("z", b"\xff\xfe not json at all"),
        message(article("newer"), schema="2"),
    ]
    house.bus.publish(COLLECTED, [bad[0], message(article("a")), *bad[1:]])
    assert house.enricher().step() == 5
    assert [one.article_id for one in house.told()] == [id_of("a")]
    parked = house.parked()
    assert [one.key for one in parked] == ["x", "y", "z", id_of("newer")]
    assert all(one.topic == COLLECTED and one.reason.startswith("enricher, press.collected") for one in parked)
    assert json.loads(parked[0].value) == {"article": {"title": "thieu ma"}}
    assert [one.value for one in parked[1:3]] == ["", ""]  # of what is no JSON only size and hash
    assert "64 byte" in parked[1].reason
    assert all("Van Mau" not in encode(one).decode() for one in parked)
    assert parked[3].headers == {"schema": "2"}
    assert "newer than this version" in parked[3].reason
    assert house.bus.lag(COLLECTED, "enricher") == 0


def test_author_fields_of_a_message_reach_neither_archive_nor_bus(house: House) -> None:
    plain = json.loads(encode(Collected(article=article("a"), reading=Reading())))
    plain["article"]["author"] = "Nguyen Van Mau"
    plain["byline"] = ["Nguyen Van Mau"]
    house.bus.publish(COLLECTED, [Message(id_of("a"), json.dumps(plain).encode())])
    house.enricher().step()
    kept = house.archive.get(id_of("a"))
    assert kept is not None
    assert b"Nguyen" not in encode(kept)
    assert all(b"Nguyen" not in one.message.value for one in house.bus.scan(ENRICHED))


def test_when_the_archive_is_out_of_reach_nothing_is_committed_and_it_is_done_later(house: House) -> None:
    house.collect(article("a"), article("b", "Một bài khác về xã Đăk Ơ."))
    enricher = house.enricher()
    house.archive.out_of_reach = True
    with pytest.raises(Unavailable):
        enricher.step()
    assert house.told() == []
    assert house.bus.lag(COLLECTED, "enricher") == 2
    house.archive.out_of_reach = False
    assert enricher.step() == 2
    assert house.archive.count() == 2


def test_an_article_that_the_archive_refuses_is_parked_alone(house: House) -> None:
    house.collect(article("a"), article("b", "Bài về xã Đăk Ơ."), article("c", "Bài về xã Phú Nghĩa, Đồng Nai."))
    house.archive.refused = id_of("b")
    assert house.enricher().step() == 3
    assert {one.article_id for one in house.told()} == {id_of("a"), id_of("c")}
    assert [one.key for one in house.parked()] == [id_of("b")]
    assert house.archive.count() == 2


def test_a_rule_that_fails_on_one_message_parks_that_one(house: House) -> None:
    house.collect(article("a"), article("b", "Bài về xã Đăk Ơ.", dated=1))
    given = iter([True, False])

    def failing() -> Rulebook:
        if next(given):
            raise KeyError("luật hỏng")
        return house.rules

    enricher = Enricher(failing, house.bus, house.archive, house.ledger, ManualClock(NOW))
    assert enricher.step() == 2
    assert [one.article_id for one in house.told()] == [id_of("b")]
    assert "KeyError" in house.parked()[0].reason


def test_after_a_crash_before_the_commit_everything_is_done_again_with_the_same_result(house: House) -> None:
    house.collect(
        article("a"),
        article("copy", title="Bà hỏa ghé kho điều", dated=5),
        article("a", FIRE.replace("12 tấn", "18 tấn"), minutes=30),
    )
    house.bus.crashes = True
    with pytest.raises(Unavailable):
        house.enricher().step()
    once = [encode(one) for one in house.told()]
    house.bus.crashes = False
    assert house.enricher().step() == 3
    again = [encode(one) for one in house.told()]
    assert again == once * 2
    assert house.archive.count() == 2
    assert len(house.archive.versions(id_of("a"))) == 2
    assert [one.change for one in house.told()].count("number") == 2


def test_a_changed_figure_is_marked_and_the_story_stays(house: House) -> None:
    house.collect(article("a"))
    house.enricher().step()
    house.collect(article("a", FIRE.replace("12 tấn", "18 tấn"), minutes=240))
    house.enricher().step()
    first, second = house.told()
    assert first.change is None
    assert second.change == "number"
    assert first.story_id == second.story_id == id_of("a")
    kept = house.archive.get(id_of("a"))
    assert kept is not None
    assert "18 tấn" in kept.article.text


@pytest.mark.parametrize("at_once", [1, 2, 3, 50])
def test_stories_hang_on_the_order_of_the_bus_and_not_on_how_much_is_read_at_once(house: House, at_once: int) -> None:
    """A collector killed before it saved its outcomes says the same again, and moves every batch after it."""
    original, copy = article("original", dated=30), article("copy", title="Bà hỏa ghé kho điều", dated=0)
    house.collect(original, original, copy, original)
    enricher = house.enricher()
    while enricher.step(at_once):
        pass
    assert {one.story_id for one in house.told()} == {id_of("original")}
    kept = {name: house.archive.get(id_of(name)) for name in ("original", "copy")}
    assert kept["original"] is not None
    assert kept["copy"] is not None
    assert (kept["original"].copy_of, kept["copy"].copy_of) == (None, None)


def test_only_press_read_in_full_carries_a_finding(house: House) -> None:
    stale = "UBND huyện Bù Gia Mập vừa quyết định hỗ trợ 9.000 cây giống cho 150 hộ dân."
    whole = article("press", stale)
    house.collect(
        whole,
        msgspec.structs.replace(whole, article_id=id_of("official"), source_class="official"),
        msgspec.structs.replace(whole, article_id=id_of("feed"), text_basis="feed"),
    )
    house.enricher().step()
    findings = {one.article_id: one.findings for one in house.told()}
    assert [one.kind for one in findings[id_of("press")]] == ["unit_status"]
    assert findings[id_of("official")] == findings[id_of("feed")] == []


def test_what_the_bus_refuses_is_parked_alone(house: House) -> None:
    house.collect(article("a"), article("b", FIRE * 20, dated=1), article("c", "Bài về xã Đăk Ơ.", dated=2))
    house.bus.most_bytes = len(FIRE.encode()) * 16
    assert house.enricher().step() == 3
    assert {one.article_id for one in house.told()} == {id_of("a"), id_of("c")}
    [parked] = house.parked()
    assert (parked.key, parked.value, parked.headers) == (id_of("b"), "", {"schema": "1"})
    assert "quá lớn" in parked.reason
    assert "too large to be kept" in parked.reason
    assert "sha256" in parked.reason
    assert house.bus.lag(COLLECTED, "enricher") == 0
    assert house.archive.count() == 3


def test_what_is_refused_only_when_it_is_enriched_is_parked_whole(house: House) -> None:
    house.collect(article("a"), article("b", "Bài về xã Đăk Ơ.", dated=1))
    sizes = sorted(len(encode(one)) for one in _enriched_elsewhere(house))
    house.bus.most_bytes = sizes[-1] - 1
    assert house.enricher().step() == 2
    assert [one.article_id for one in house.told()] == [id_of("b")]
    [parked] = house.parked()
    assert json.loads(parked.value)["article"]["article_id"] == id_of("a")


def test_the_ledger_is_swept_when_nothing_has_come(house: House) -> None:
    past = Claim(story="s", article="s", seen=NOW - timedelta(days=400))
    house.ledger.put(Put(SHINGLE, "past", encode(Claims(claims=[past]))))
    house.collect(article("a"))
    sweep = Sweep(house.ledger, ManualClock(NOW))
    enricher = Enricher(lambda: house.rules, house.bus, house.archive, house.ledger, ManualClock(NOW), sweep=sweep)
    assert enricher.step() == 1
    assert house.ledger.get(SHINGLE, "past") is not None
    assert enricher.step() == 0
    assert house.ledger.get(SHINGLE, "past") is None
    assert any(house.ledger.scan(SHINGLE))


def _enriched_elsewhere(house: House) -> list[Enriched]:
    return [
        enrich(decode(one.message.value, Collected).article, house.rules, Neighbours(Remembered()))
        for one in house.bus.scan(COLLECTED)
    ]
