"""A folder of YAML files to one Rulebook, or every error in it.

Files are read and converted one by one, then checked against each other in the order in which they lean on each
other; a file with errors is checked with what could be read of it, so that one run shows as much as it can.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from services.domain.fact import Fact
from services.domain.fact.register import FactRegister
from services.domain.feed import Feed
from services.domain.outlet import Outlet, OutletDirectory
from services.domain.place import Place
from services.domain.place.register import PlaceRegister
from services.domain.tone_lexicon import Lexicon, ToneLexicon
from services.domain.topic import Topic, TopicRules
from services.domain.watch import Mailboxes, People, PeopleFile, Watch
from services.rulebook.book import Rulebook
from services.rulebook.checks import check_facts, check_people, check_places, check_topics
from services.rulebook.convert import read_list, read_record, written_ids
from services.rulebook.errors import ConfigErrors
from services.rulebook.press_checks import check_feeds, check_outlets
from services.rulebook.watch_checks import Known, compile_watches
from services.rulebook.yaml_source import Source, read_source

SETTINGS = "diembao.yaml"
FILES = (
    SETTINGS,
    "places.yaml",
    "topics.yaml",
    "outlets.yaml",
    "feeds.yaml",
    "facts.yaml",
    "people.yaml",
    "watches.yaml",
)
"""Every one must be there; lexicon/*.yaml besides."""


def load(config_dir: Path, *, samples: bool = True) -> Rulebook:
    """The rulebook of this folder. Raises ConfigErrors with every error of every file.

    `samples` tries the sample texts of the watches, which may load the language model (0.4 s): a command that only
    reads leaves it to `check` and to the start of a service.
    """
    sources = _read(config_dir)
    places, topics = _places(sources["places.yaml"]), _topics(sources["topics.yaml"])
    outlets = read_list(sources["outlets.yaml"], Outlet, "outlets")
    check_outlets(sources["outlets.yaml"], outlets)
    feeds = read_list(sources["feeds.yaml"], Feed, "feeds")
    outlet_ids = written_ids(sources["outlets.yaml"], "outlets")
    check_feeds(sources["feeds.yaml"], feeds, outlet_ids)
    facts = read_list(sources["facts.yaml"], Fact, "facts")
    place_ids = written_ids(sources["places.yaml"], "places")
    check_facts(sources["facts.yaml"], facts, place_ids)
    people = _people(sources["people.yaml"])
    lexicons = _lexicons(sources)
    known = Known(
        places=places,
        topics=topics,
        place_ids=place_ids,
        topic_ids=written_ids(sources["topics.yaml"], "topics"),
        outlet_ids=outlet_ids,
        logins=None if sources["people.yaml"].errors else frozenset(people.by_login),
        samples=samples and not (sources["places.yaml"].errors or sources["topics.yaml"].errors),
    )
    watches = compile_watches(sources["watches.yaml"], read_list(sources["watches.yaml"], Watch, "watches"), known)
    # What is wrong with diembao.yaml is told by its own reader, services/settings.py.
    errors = [error for name, source in sources.items() if name != SETTINGS for error in source.errors]
    if errors:
        raise ConfigErrors(errors)
    texts = {name: source.text for name, source in sources.items()}
    return Rulebook(
        version=version_of(texts),
        feeds={feed.id: feed for feed, _node in feeds},
        outlets=OutletDirectory([outlet for outlet, _node in outlets]),
        places=places,
        topics=topics,
        tone=ToneLexicon(lexicons),
        watches=watches,
        facts=FactRegister([fact for fact, _node in facts], places),
        people=people,
        texts=texts,
    )


def load_places(config_dir: Path) -> PlaceRegister:
    """The places alone, whatever the other files hold. Raises ConfigErrors."""
    source = read_source(config_dir / "places.yaml", "places.yaml")
    places = _places(source)
    if source.errors:
        raise ConfigErrors(source.errors)
    return places


def version_of(texts: dict[str, str]) -> str:
    """A hash of all files: names and texts, in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(texts):
        digest.update(f"{name}\0{texts[name]}\0".encode())
    return digest.hexdigest()[:16]


def _read(config_dir: Path) -> dict[str, Source]:
    names = [*FILES, *(f"lexicon/{path.name}" for path in sorted((config_dir / "lexicon").glob("*.yaml")))]
    return {name: read_source(config_dir / name, name) for name in names}


def _places(source: Source) -> PlaceRegister:
    read = read_list(source, Place, "places")
    check_places(source, read)
    once = {place.id: (place, node) for place, node in read}
    # References that lead nowhere are noted above; without them the rest can still be checked.
    sound = [
        msgspec.structs.replace(
            place,
            parents=[parent for parent in place.parents if parent.place in once],
            successors=[successor for successor in place.successors if successor.place in once],
        )
        for place, _node in once.values()
    ]
    try:
        return PlaceRegister(sound)
    except ValueError as error:
        place_id, _, _ = str(error).partition(":")
        _place, node = once.get(place_id, (None, None))
        at = node.value("parents") or node if node is not None else None
        source.error(at, f"«{place_id}» thuộc về chính nó (vòng tròn)", str(error))
        return PlaceRegister([msgspec.structs.replace(place, parents=[], successors=[]) for place in sound])


def _topics(source: Source) -> TopicRules:
    read = read_list(source, Topic, "topics")
    check_topics(source, read)
    return TopicRules([topic for topic, _node in read])


def _people(source: Source) -> People:
    root = source.root
    if root is None or root.empty:
        return People([], Mailboxes())
    written = read_record(source, root, PeopleFile) or PeopleFile()
    check_people(source, written.people, root.value("people"), root.value("mailboxes"))
    return People(written.people, written.mailboxes)


def _lexicons(sources: dict[str, Source]) -> list[Lexicon]:
    files = [source for name, source in sources.items() if name.startswith("lexicon/")]
    read = [read_record(source, source.root, Lexicon) for source in files if source.root is not None]
    return [lexicon for lexicon in read if lexicon is not None]
