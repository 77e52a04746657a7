"""An article that the bus can never take costs that article alone, and one that names a place 75,000 times is taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from services.adapters.kafka.topics import MAX_MESSAGE_BYTES
from services.collector.records import LONGEST_PAUSE
from services.ports.bus import Bus, Delivery, Message
from services.ports.errors import Unprocessable
from services.ports.extractor import Extractor
from services.ports.ledger import Ledger
from services.rulebook.book import Rulebook
from tests.collector.newsroom import NOON, newsroom
from tests.collector.test_collect import BODY, DATE, FEED, LEAD, PRESS
from tests.press_server import PressServer, item, page, rss


class RefusingBus(Bus):
    """Takes no batch with a message that is too large, as Kafka does; nothing of such a batch is appended."""

    def __init__(self, bus: Bus, most_bytes: int) -> None:
        self._bus = bus
        self.most_bytes = most_bytes

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        for message in messages:
            if len(message.value) > self.most_bytes:
                raise Unprocessable(f"bản tin {message.key} quá lớn")
        self._bus.publish(topic, messages)

    def poll(self, topic: str, group: str, limit: int = 100) -> list[Delivery]:
        return self._bus.poll(topic, group, limit)

    def commit(self, topic: str, group: str, deliveries: Sequence[Delivery]) -> None:
        self._bus.commit(topic, group, deliveries)

    def rewind(self, topic: str, group: str) -> None:
        self._bus.rewind(topic, group)

    def scan(self, topic: str, since: datetime | None = None, until: datetime | None = None) -> Iterator[Delivery]:
        return self._bus.scan(topic, since, until)

    def lag(self, topic: str, group: str) -> int:
        return self._bus.lag(topic, group)

    def waiting_since(self, topic: str, group: str) -> datetime | None:
        return self._bus.waiting_since(topic, group)

    def skip_to(self, topic: str, group: str, since: datetime | None) -> None:
        self._bus.skip_to(topic, group, since)

    def size(self, topic: str) -> int:
        return self._bus.size(topic)

    def close(self) -> None:
        self._bus.close()


class Door:
    """Puts the bus of a newsroom behind a `RefusingBus`, which stays in reach."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes

    def __call__(self, bus: Bus, ledger: Ledger) -> tuple[Bus, Ledger]:
        self.bus = RefusingBus(bus, self._most_bytes)
        return self.bus, ledger


LONG = ["Một đoạn dài về xã Bù Gia Mập. " * 800]


def test_a_refused_article_is_put_off_with_its_reason_and_the_others_go_on(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor
) -> None:
    names = ("mot", "dai", "hai", "ba")
    press.serve_feed(
        PRESS, "/rss", rss("x", "".join(item(name, f"https://{PRESS}/{name}.html", DATE, LEAD) for name in names))
    )
    for name in names:
        press.serve(PRESS, f"/{name}.html", page(name, [*BODY, *(LONG if name == "dai" else [])], LEAD))
    door = Door(most_bytes=20_000)
    with newsroom(tmp_path, press, rules, extractor, {"a": FEED}, through=door) as room:
        room.collector.round()
        assert room.outcomes() == {"mot": "published", "dai": "pending", "hai": "published", "ba": "published"}
        assert sorted(one.article.title for one in room.collected()) == ["ba", "hai", "mot"]
        [refused] = [one for one in room.entries() if one.entry.title == "dai"]
        assert "bus không nhận, đã thử 1 lần" in refused.reason
        assert "quá lớn" in refused.reason
        press.requests.clear()
        assert room.collector.finish_pending() == 0, "not fetched again at once"
        assert press.requests == []
        door.bus.most_bytes = MAX_MESSAGE_BYTES
        room.clock.set(NOON + LONGEST_PAUSE)
        room.collector.round()
        assert room.outcomes()["dai"] == "published"
        [taken] = [one for one in room.entries() if one.entry.title == "dai"]
        assert taken.reason == ""


def test_a_refused_new_version_is_tried_later_and_the_others_go_on(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor
) -> None:
    names = ("dai", "mot")
    press.serve_feed(
        PRESS, "/rss", rss("x", "".join(item(name, f"https://{PRESS}/{name}.html", DATE, LEAD) for name in names))
    )
    for name in names:
        press.serve(PRESS, f"/{name}.html", page(name, BODY, LEAD))
    door = Door(most_bytes=20_000)
    with newsroom(tmp_path, press, rules, extractor, {"a": FEED}, through=door) as room:
        room.collector.round()
        press.serve(PRESS, "/dai.html", page("dai", [*BODY, *LONG], LEAD))
        press.serve(PRESS, "/mot.html", page("mot", [*BODY, "Cầu dài 900 m."], LEAD))
        room.clock.set(NOON + timedelta(hours=2))
        while room.collector.finish_pending():
            pass
        versions = [one.article.title for one in room.collected()]
        assert (versions.count("mot"), versions.count("dai")) == (2, 1)
        reasons = {one.entry.title: one.reason for one in room.entries()}
        assert "bản mới: bus không nhận, đã thử 1 lần" in reasons["dai"]
        assert room.outcomes()["dai"] == "published"
        door.bus.most_bytes = MAX_MESSAGE_BYTES
        room.clock.set(NOON + timedelta(hours=2, minutes=1))
        while room.collector.finish_pending():
            pass
        assert [one.article.title for one in room.collected()].count("dai") == 2
        assert {one.entry.title: one.reason for one in room.entries()}["dai"] == ""


def test_a_page_that_names_a_place_75_000_times_is_taken(
    tmp_path: Path, press: PressServer, rules: Rulebook, extractor: Extractor
) -> None:
    times = 75_000
    press.serve_feed(PRESS, "/rss", rss("x", item("Tin lớn", f"https://{PRESS}/lon.html", DATE, LEAD)))
    # No two paragraphs alike: the extractor keeps one of each.
    paragraphs = [f"Đoạn {number}: " + "Bình Phước, " * 1000 for number in range(times // 1000)]
    press.serve(PRESS, "/lon.html", page("Tin lớn", paragraphs, LEAD))
    door = Door(MAX_MESSAGE_BYTES)
    with newsroom(tmp_path, press, rules, extractor, {"a": FEED}, through=door) as room:
        room.collector.round()
        assert room.outcomes() == {"Tin lớn": "published"}
        [collected] = room.collected()
        [delivery] = room.bus.scan("press.collected")
    assert collected.article.text.count("Bình Phước") >= times
    assert collected.reading.verdict == "about"
    assert len(delivery.message.value) < 2 * len(collected.article.text.encode())
