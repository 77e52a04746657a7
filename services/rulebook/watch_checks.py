"""Watches: the query parses and must require a place or a topic, its samples behave, its readers exist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from services.domain.place.register import PlaceRegister
from services.domain.query import Query, QueryError, Searchable, parse
from services.domain.watch import ROLES, CompiledWatch, Watch
from services.rulebook.checks import Read, check_ids, refuse_judging
from services.rulebook.sample_checks import Samples, listed_samples
from services.rulebook.yaml_source import Node, Source

# Samples carry no date; a fixed one keeps validation the same on every day.
_SAMPLE_TIME = datetime(2026, 7, 1, tzinfo=UTC)
_LONGEST_SECTION = 60


@dataclass(frozen=True, slots=True)
class Known:
    """What a watch may refer to."""

    places: PlaceRegister
    place_ids: frozenset[str] | None
    topic_ids: frozenset[str] | None
    outlet_ids: frozenset[str] | None
    """Ids as written: also those of entries that have errors, which are told once and not again at each reference.
    None where a file could not be read at all: references to it are not checked then.
    """
    logins: frozenset[str] | None
    """None where people.yaml has errors: recipients are not checked then."""
    samples: Samples | None
    """What reads the sample texts; None where they are not to be tried, or where what they rest on has errors."""


def compile_watches(source: Source, watches: Read[Watch], known: Known) -> dict[str, CompiledWatch]:
    """The watches with their queries parsed; what is wrong with them is noted."""
    check_ids(source, watches)
    compiled: dict[str, CompiledWatch] = {}
    for watch, node in watches:
        refuse_judging(source, node, "name", watch.name)
        _check_section(source, watch, node)
        _check_recipients(source, watch, node, known.logins)
        query = _parsed(source, watch, node, known)
        if query is None:
            continue
        one = CompiledWatch(watch, query)
        if known.samples is not None:
            _check_samples(source, one, node, known.samples)
        compiled[watch.id] = one
    return compiled


def _check_section(source: Source, watch: Watch, node: Node) -> None:
    refuse_judging(source, node, "section", watch.section)
    if not watch.section.isprintable() or len(watch.section) > _LONGEST_SECTION:
        source.error(
            node.value("section"),
            f"tên mục viết trên một dòng, không quá {_LONGEST_SECTION} chữ cái",
            f"one line, at most {_LONGEST_SECTION} characters",
        )


def _check_recipients(source: Source, watch: Watch, node: Node, logins: frozenset[str] | None) -> None:
    listed = node.value("recipients")
    if not watch.recipients:
        source.error(listed or node, "cần ít nhất một người nhận", "at least one recipient")
    for item, name in zip((listed.items if listed is not None else None) or [], watch.recipients, strict=False):
        if name not in ROLES and logins is not None and name not in logins:
            source.error(
                item,
                f"«{name}» không phải vai trò ({', '.join(ROLES)}) và không có trong people.yaml",
                "neither a role nor a login of people.yaml",
            )


def _parsed(source: Source, watch: Watch, node: Node, known: Known) -> Query | None:
    at = node.value("query")
    try:
        query = parse(watch.query, known.places.spellings_of)
    except QueryError as error:
        source.error(
            at,
            f"truy vấn sai ở cột {error.column} của truy vấn: {error.message_vi}",
            f"bad query at its column {error.column}",
            _shift(at, error.column),
        )
        return None
    for field, what, named, ids in (
        ("place", "địa danh", query.places, known.place_ids),
        ("topic", "chủ đề", query.topics, known.topic_ids),
        ("outlet", "báo", query.outlets, known.outlet_ids),
    ):
        for name in sorted(named - ids) if ids is not None else ():
            source.error(
                at,
                f"không có {what} «{name}» trong {field}s.yaml",
                f"unknown {field} {name!r}",
                _found(at, f"{field}:{name}"),
            )
    if not query.required_place_or_topic:
        source.error(
            at,
            "điều kiện phải bắt buộc một địa danh (place:) hoặc chủ đề (topic:); theo dõi người là điều bị từ chối "
            "(quy tắc đưa tin công bằng, điều 2)",
            "a watch must require place: or topic: (fair coverage, rule 2)",
        )
    return query


def _shift(node: Node | None, column: int) -> int:
    """Columns from where the value begins to a column of the query; 0 where it runs over several lines."""
    if node is None or node.style in ("|", ">") or "\n" in (node.text or ""):
        return 0
    return column - 1 + (1 if node.style else 0)


def _found(node: Node | None, term: str) -> int:
    return _shift(node, max(0, ((node.text if node is not None else "") or "").find(term)) + 1)


def _check_samples(source: Source, compiled: CompiledWatch, node: Node, samples: Samples) -> None:
    for key, texts, wanted in (("match", compiled.watch.match, True), ("refuse", compiled.watch.refuse, False)):
        for item, sample in listed_samples(node, key, texts):
            if compiled.query.matches(searchable(sample, compiled.query, samples)) != wanted:
                source.error(
                    item,
                    f"mẫu này của «{compiled.id}» "
                    + ("phải khớp mà không khớp" if wanted else "không được khớp mà lại khớp"),
                    "sample must match and does not" if wanted else "sample must not match and does",
                )


def searchable(sample: str, query: Query, samples: Samples) -> Searchable:
    """A sample text as an article: its first line is the title, the rest the text."""
    read = samples.read(sample, also=query.places)
    return Searchable(
        fields=read.fields,
        places=read.reading.places,
        topics=frozenset(hit.topic for hit in read.topics),
        outlet="",
        language=read.language,
        time=_SAMPLE_TIME,
        tone=read.tone.tone.label,
    )
