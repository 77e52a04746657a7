"""What the embedded bus does beyond its port: retention, which Kafka has as a setting of its topics."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.adapters.manual_clock import ManualClock
from services.adapters.sqlite_bus import SqliteBus
from services.ports.bus import Message

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_messages_past_their_retention_go_and_others_stay(tmp_path: Path) -> None:
    clock = ManualClock(START)
    with closing(SqliteBus(tmp_path / "bus.db", clock, {"short": 90, "for_ever": 0})) as bus:
        for topic in ("short", "for_ever"):
            bus.publish(topic, [Message("k", b"old")])
        clock.set(START + timedelta(days=89))
        bus.publish("short", [Message("k", b"new")])
        assert bus.size("short") == 2
        clock.set(START + timedelta(days=91))
        bus.publish("other", [Message("k", b"x")])
        assert [delivery.message.value for delivery in bus.scan("short")] == [b"new"]
        assert bus.size("for_ever") == 1
