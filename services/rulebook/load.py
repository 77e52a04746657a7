"""A folder of YAML files to one Rulebook, or every error in it.

Files are read and converted one by one, then checked against each other in the order in which they lean on each
other; a file with errors is checked with what could be read of it, so that one run shows as much as it can.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from services.domain.fact import Fact
from services.domain.fact.register import FactRegister
from services.domain.feed import Feed
from services.domain.outlet import Outlet, OutletDirectory
from services.domain.place import Place
from services.domain.place.register import PlaceRegister
from services.domain.query import QueryError, parse
from services.domain.tone_lexicon import Lexicon, ToneLexicon
from services.domain.topic import Topic, TopicRules
from services.domain.watch import Mailboxes, People, PeopleFile, Watch
from services.rulebook.book import Rulebook
from services.rulebook.checks import (
    Read,
    check_facts,
    check_lexicon,
    check_people,
    check_places,
    check_topics,
    lettered,
)
from services.rulebook.convert import filled, read_list, read_record, written_ids
from services.rulebook.errors import ConfigErrors
from services.rulebook.press_checks import check_feeds, check_outlets
from services.rulebook.sample_checks import Samples, check_place_samples, check_tone_samples, check_topic_samples
from services.rulebook.watch_checks import Known, compile_watches
from services.rulebook.yaml_source import Source, read_source, source_of

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
_LONGEST_REASON = 200


def load(config_dir: Path, *, samples: bool = True) -> Rulebook:
    """The rulebook of this folder. Raises ConfigErrors with every error of every file.

    `samples` tries the sample texts of watches, places, topics and lexicon, which may load the language model
    (0.4 s): a command that only reads leaves it to `check` and to the start of a service.
    """
    return _compiled(_read(config_dir), samples)


def load_texts(texts: Mapping[str, str], *, samples: bool = True) -> Rulebook:
    """The rulebook of files read before (name -> text), such as an accepted set. Raises as `load`."""
    names = {*FILES, *texts}
    return _compiled({name: source_of(name, texts.get(name)) for name in sorted(names)}, samples)


def _compiled(sources: dict[str, Source], samples: bool) -> Rulebook:
    (places, read_places), (topics, read_topics) = _places(sources["places.yaml"]), _topics(sources["topics.yaml"])
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
    tone = ToneLexicon([lexicon for _source, lexicon in lexicons])
    reader = Samples(places, topics, tone) if samples and not _unsound(sources) else None
    if reader is not None:
        check_place_samples(sources["places.yaml"], read_places, places)
        check_topic_samples(sources["topics.yaml"], read_topics, topics)
        check_tone_samples(lexicons, reader)
    known = Known(
        places=places,
        place_ids=place_ids,
        topic_ids=written_ids(sources["topics.yaml"], "topics"),
        outlet_ids=outlet_ids,
        logins=None if sources["people.yaml"].errors else frozenset(people.by_login),
        samples=reader,
    )
    watches = compile_watches(sources["watches.yaml"], read_list(sources["watches.yaml"], Watch, "watches"), known)
    # What is wrong with diembao.yaml is told by its own reader, services/settings.
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
        tone=tone,
        watches=watches,
        facts=FactRegister([fact for fact, _node in facts], places),
        people=people,
        texts=texts,
    )


def load_places(config_dir: Path) -> PlaceRegister:
    """The places alone, whatever the other files hold. Raises ConfigErrors."""
    source = read_source(config_dir / "places.yaml", "places.yaml")
    places, _read_places = _places(source)
    if source.errors:
        raise ConfigErrors(source.errors)
    return places


def places_named(watches: str) -> frozenset[str] | None:
    """The places that the enabled watches of this text name, without anything else of it; None where it has errors."""
    source = source_of("watches.yaml", watches)
    read = read_list(source, Watch, "watches")
    if source.errors:
        return None
    try:
        return frozenset(place for watch, _node in read if watch.enabled for place in parse(watch.query).places)
    except QueryError:
        return None


def version_of(texts: dict[str, str]) -> str:
    """A hash of all files: names and texts, in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(texts):
        digest.update(f"{name}\0{texts[name]}\0".encode())
    return digest.hexdigest()[:16]


def names_in(config_dir: Path) -> list[str]:
    """The files of a set: those that must be there, whether or not they are, and what the folder has besides."""
    found = sorted(path.name for path in (config_dir / "lexicon").glob("*.yaml"))
    # A name that is not UTF-8 could be neither hashed nor kept: escaped it leads to no file, and is told as one.
    return [*FILES, *(f"lexicon/{name.encode('utf-8', 'backslashreplace').decode()}" for name in found)]


def _read(config_dir: Path) -> dict[str, Source]:
    return {name: read_source(config_dir / name, name) for name in names_in(config_dir)}


def _unsound(sources: Mapping[str, Source]) -> bool:
    """Whether what the samples are read by has errors: they would mean nothing."""
    rest_on = ("places.yaml", "topics.yaml", "lexicon/")
    return any(source.errors for name, source in sources.items() if name.startswith(rest_on))


def _places(source: Source) -> tuple[PlaceRegister, Read[Place]]:
    read = read_list(source, Place, "places")
    check_places(source, read)
    once = {place.id: (place, node) for place, node in read}
    # References that lead nowhere are noted above; without them the rest can still be checked.
    sound = [
        msgspec.structs.replace(
            lettered(place),
            parents=[parent for parent in place.parents if parent.place in once],
            successors=[successor for successor in place.successors if successor.place in once],
        )
        for place, _node in once.values()
    ]
    try:
        return PlaceRegister(sound), read
    except ValueError as error:
        place_id, _, _ = str(error).partition(":")
        _place, node = once.get(place_id, (None, None))
        at = node.value("parents") or node if node is not None else None
        deep = "too deep" in str(error)
        said = "nằm quá nhiều cấp" if deep else "thuộc về chính nó (vòng tròn)"
        source.error(at, f"«{place_id}» {said}", _english(str(error)))
        return PlaceRegister([msgspec.structs.replace(place, parents=[], successors=[]) for place in sound]), read


def _english(text: str) -> str:
    return text if len(text) <= _LONGEST_REASON else text[:_LONGEST_REASON] + "..."


def _topics(source: Source) -> tuple[TopicRules, Read[Topic]]:
    read = read_list(source, Topic, "topics")
    check_topics(source, read)
    return TopicRules([topic for topic, _node in read]), read


def _people(source: Source) -> People:
    root = filled(source)
    if root is None:
        return People([], Mailboxes())
    written = read_record(source, root, PeopleFile) or PeopleFile()
    check_people(source, written.people, root.value("people"), root.value("mailboxes"))
    return People(written.people, written.mailboxes)


def _lexicons(sources: dict[str, Source]) -> list[tuple[Source, Lexicon]]:
    files = [source for name, source in sources.items() if name.startswith("lexicon/")]
    roots = [(source, filled(source)) for source in files]
    read = [(source, root, read_record(source, root, Lexicon)) for source, root in roots if root is not None]
    for source, root, lexicon in read:
        if lexicon is not None:
            check_lexicon(source, lexicon, root)
    return [(source, lexicon) for source, _root, lexicon in read if lexicon is not None]
