"""The same journey on the files of one machine and on a real Kafka and Elasticsearch.

With one partition messages keep their order, and archive and letters are the same. With twelve, as shipped, the order
between partitions is nobody's: the archive is the same, with stories as sets of articles; who of two that print one
text counts as the copy, and so a letter's "đăng lại", may differ.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from services.domain.codec import encode
from services.domain.events import Enriched
from tests.journey.outcome import Outcome, outcome_of
from tests.journey.process import Finished, run_through
from tests.servers.kafka_server import KafkaServer
from tests.servers.topics import own_topics

pytestmark = pytest.mark.kafka
WHOLE = [pytest.param("recorded", marks=pytest.mark.full), pytest.param("corpus", marks=pytest.mark.full)]


@pytest.fixture(scope="module", params=["samples", "corpus-few", *WHOLE])
def embedded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The journey on files."""
    name: str = request.param
    press_data = Path() if name == "samples" else request.getfixturevalue("press_data")
    return run_through(name, tmp_path_factory.mktemp(name), press_data)


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("partitions", [1, 12])
def test_a_journey_ends_the_same_on_servers(
    embedded: Finished, partitions: int, kafka: KafkaServer, elasticsearch_url: str, tmp_path: Path
) -> None:
    if partitions > 1 and embedded.name in ("recorded", "corpus"):
        pytest.skip("with many partitions the short journeys say the same in a tenth of the time")
    with own_topics(kafka) as bus:
        run_through(embedded.name, tmp_path, embedded.press_data, "--on", bus, elasticsearch_url, str(partitions))
        one, other = outcome_of(embedded.data), outcome_of(tmp_path)
    assert other.archive.keys() == one.archive.keys()
    assert list(map(_without_story, other.documents)) == list(map(_without_story, one.documents))
    assert _versions(other) == _versions(one)
    assert other.stories == one.stories
    assert other.days == one.days
    assert other.letters.keys() == one.letters.keys() or partitions > 1
    if partitions == 1:
        different = [name for name in one.letters if one.letters[name] != other.letters[name]]
        assert not different


def _without_story(document: Enriched) -> bytes:
    """A story bears the id of whoever was read first; stories are compared as sets of articles."""
    return encode(replace(document, story_id="", copy_of=None))


def _versions(outcome: Outcome) -> dict[str, list[bytes]]:
    return {article_id: kept.split(b"\n")[1:] for article_id, kept in outcome.archive.items()}
