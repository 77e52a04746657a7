"""A back-test on Kafka and Elasticsearch: the same forecast, and the same work done, as on one machine's files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.desk.backtest.apply import judge_again, work_of
from services.domain.events import COLLECTED
from services.rulebook.accepted import WATCHES
from tests.desk.backtest.office import ALL, CITY, URGENT, WIDER, forecast_of, replayed, tried, with_watches
from tests.journey.process import run_through
from tests.replay.days import Days, opened
from tests.servers.kafka_server import KafkaServer
from tests.servers.topics import own_topics

pytestmark = [pytest.mark.kafka, pytest.mark.full]


@pytest.fixture
def days(kafka: KafkaServer, elasticsearch_url: str, tmp_path: Path) -> Iterator[Days]:
    with own_topics(kafka) as bus:
        run_through("samples", tmp_path / "data", Path(), "--on", bus, elasticsearch_url, "12")
        with opened(tmp_path / "data") as found:
            yield found


@pytest.mark.timeout(300)
def test_forecast_and_work_on_servers(days: Days, tmp_path: Path) -> None:
    rules, ours = with_watches(days, days.rules.texts[WATCHES] + WIDER + CITY + ALL + URGENT), days.installation
    before = days.state()
    trial = tried(days, rules)
    assert days.state() == before
    work = work_of(trial, ours.archive, ours.ledger)
    assert work.gained
    judge_again(work, rules, ours.bus, ours.archive, ours.ledger)
    assert ours.archive.count() == len({one.message.key for one in ours.bus.scan(COLLECTED)})
    assert forecast_of(trial) == replayed(days, rules, tmp_path / "letters")
    again = Days(ours, days.settings, rules)
    assert work_of(tried(again, rules), ours.archive, ours.ledger).count == 0
