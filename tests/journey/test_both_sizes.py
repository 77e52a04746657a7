"""The same journey on the files of one machine and on a real Kafka and Elasticsearch.

With one partition messages keep their order, and archive and letters are the same. With twelve, as shipped, the order
between partitions is nobody's: the archive is the same, with stories as sets of articles, and every letter tells of the
same stories and facts. Who of two that print one text counts as the copy, and so a letter's "đăng lại", may differ, and
of which of the two a notice quotes the false figure that both print: whose message comes first, of a thread told once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
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
LONGER = [pytest.param(name, marks=pytest.mark.full) for name in ("corpus-few", "recorded", "corpus")]


@pytest.fixture(scope="module", params=["samples", *LONGER])
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
    if partitions > 1 and embedded.name == "recorded":
        pytest.skip("with many partitions one whole journey is enough: the one with more notices")
    with own_topics(kafka) as bus:
        run_through(embedded.name, tmp_path, embedded.press_data, "--on", bus, elasticsearch_url, str(partitions))
        one, other = outcome_of(embedded.data), outcome_of(tmp_path)
    assert other.archive.keys() == one.archive.keys()
    assert list(map(_without_story, other.documents)) == list(map(_without_story, one.documents))
    assert _versions(other) == _versions(one)
    assert other.stories == one.stories
    assert other.days == one.days
    assert _digests(other) == _digests(one)
    assert _notices(other) == _notices(one)
    if partitions == 1:
        assert other.letters.keys() == one.letters.keys()
        different = [name for name in one.letters if one.letters[name] != other.letters[name]]
        assert not different


def _without_story(document: Enriched) -> bytes:
    """A story bears the id of whoever was read first; stories are compared as sets of articles."""
    return encode(replace(document, story_id="", copy_of=None))


def _versions(outcome: Outcome) -> dict[str, list[bytes]]:
    return {article_id: kept.split(b"\n")[1:] for article_id, kept in outcome.archive.items()}


def _digests(outcome: Outcome) -> dict[tuple[str, str], tuple[set[frozenset[str]], int]]:
    """(recipient, morning) -> the stories that this digest shows, and how many lines it has."""
    return {
        (recipient, letter.at.isoformat()): (set(map(_story(outcome), letter.articles)), letter.lines)
        for recipient, letters in outcome.digests.items()
        for letter in letters
    }


def _notices(outcome: Outcome) -> Counter[tuple[str, str, str, frozenset[str], frozenset[str]]]:
    """Each with its occasion, recipient, time, story and the facts that it is about."""
    story = _story(outcome)
    facts = {one.finding_id: one.fact_id for document in outcome.documents for one in document.findings}
    return Counter(
        (
            key.split("|")[1],
            one.recipient,
            one.at.isoformat(),
            story(one.articles[0]),
            frozenset(facts.get(finding, finding) for finding in one.findings),
        )
        for key, one in outcome.notices.items()
    )


def _story(outcome: Outcome) -> Callable[[str], frozenset[str]]:
    """Article id -> its story."""
    return {article: story for story in outcome.stories for article in story}.__getitem__
