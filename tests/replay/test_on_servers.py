"""A replay on Kafka and Elasticsearch: the same promises as on one machine's files."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.domain.events import ENRICHED
from services.replay.fill import fill
from services.replay.letters import replay_letters
from services.wiring import open_archive
from tests.journey.process import run_through
from tests.replay.days import AFTER_CHANGE, BEFORE_CHANGE, BEGIN, END, Days, documents, held, opened
from tests.servers.kafka_server import KafkaServer
from tests.servers.topics import own_topics

pytestmark = [pytest.mark.kafka, pytest.mark.full]


@pytest.fixture
def on_servers(kafka: KafkaServer, elasticsearch_url: str, tmp_path: Path) -> Iterator[Days]:
    """The three days of the sample press, run on the servers."""
    with own_topics(kafka) as bus:
        data = tmp_path / "data"
        run_through("samples", data, Path(), "--on", bus, elasticsearch_url, "1")
        with opened(data) as days:
            yield days


@pytest.mark.timeout(300)
def test_days_replayed_on_servers_are_equal_and_change_nothing_else(on_servers: Days, tmp_path: Path) -> None:
    days, before = on_servers, on_servers.state()
    whole = dataclasses.replace(days.settings, archive=f"{days.settings.archive}-fresh")
    with closing(open_archive(whole, create=True)) as fresh:
        done = fill(days.installation, days.rules, BEGIN, END, fresh)
        assert held(fresh) == held(days.installation.archive)
    assert done.equal == done.articles == days.installation.archive.count() > 30
    part = dataclasses.replace(days.settings, archive=f"{days.settings.archive}-part")
    with closing(open_archive(part, create=True)) as fresh:
        fill(days.installation, days.rules, BEFORE_CHANGE, AFTER_CHANGE, fresh)
        found, real = documents(fresh), documents(days.installation.archive)
        assert found == {article_id: real[article_id] for article_id in found}
    _, sent = replay_letters(days.installation, days.rules, days.settings, BEGIN, END, tmp_path / "letters")
    assert {path.name for path in (tmp_path / "letters").iterdir()} == set(_mail(days))
    assert sum(one.digests for one in sent) == 6
    assert days.state() == before
    assert fill(days.installation, days.rules, BEGIN, END, days.installation.archive).equal == done.articles
    published = [one.message for one in days.installation.bus.scan(ENRICHED)]
    assert sum("replay" in one.headers for one in published) == done.messages


def _mail(days: Days) -> list[str]:
    return [path.name for path in (days.settings.data_dir / "mail").iterdir()]
