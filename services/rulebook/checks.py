"""What one file cannot know: ids, references from file to file, and the rules on facts and people."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import date
from typing import Protocol, TypeVar

import msgspec

from services.domain.fact import Fact
from services.domain.fact.register import fact_problem
from services.domain.place import Place
from services.domain.text import tokenise
from services.domain.tone_lexicon import Lexicon
from services.domain.topic import Topic
from services.domain.watch import ROLES, Person
from services.rulebook.convert import written_ids
from services.rulebook.fair_words import classified_mark, judging_word
from services.rulebook.settings_checks import MAILBOX
from services.rulebook.yaml_source import Node, Source

LANGUAGE = re.compile(r"[a-z]{2}")
LANGUAGE_WANTED = ("ngôn ngữ viết hai chữ: vi, en, zh ...", "expected an ISO 639-1 code")
_ID = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*")


class _Named(Protocol):
    @property
    def id(self) -> str: ...


_N = TypeVar("_N", bound=_Named)
Read = Sequence[tuple[_N, Node]]
"""Records with the node that each was read from."""


def check_ids(source: Source, records: Read[_N]) -> None:
    """Ids are small ASCII words and stand once in their file."""
    first: dict[str, int] = {}
    for record, node in records:
        at = node.value("id")
        if not _ID.fullmatch(record.id):
            source.error(at, f"mã «{record.id}» chỉ dùng chữ thường không dấu, số, dấu - và _", "bad id")
        if record.id in first:
            source.error(at, f"mã «{record.id}» đã có ở dòng {first[record.id]}", f"duplicate id {record.id!r}")
        first.setdefault(record.id, node.line)


def check_period(source: Source, node: Node, start: date | None, end: date | None) -> None:
    """`valid_to` is not before `valid_from`."""
    if start is not None and end is not None and end < start:
        source.error(node.value("valid_to"), "«valid_to» đứng trước «valid_from»", "valid_to is before valid_from")


def check_places(source: Source, places: Read[Place]) -> None:
    check_ids(source, places)
    # As written: what refers to a place that has errors is not told besides them.
    known = written_ids(source, "places")
    for place, node in places:
        if not place.names or not all(tokenise(name.text) for name in place.names):
            source.error(node.value("names"), "cần ít nhất một tên, có chữ cái", "needs a name that has letters")
        for name, item in zip(place.names, _items(node, "names"), strict=False):
            check_period(source, item, name.valid_from, name.valid_to)
        for parent, item in zip(place.parents, _items(node, "parents"), strict=False):
            check_period(source, item, parent.valid_from, parent.valid_to)
        for key, words in (
            ("spellings", place.spellings),
            ("anchors", place.anchors),
            ("confusables", [one.text for one in place.confusables]),
        ):
            check_words(source, _items(node, key), words)
        for key, targets in (
            ("parents", [parent.place for parent in place.parents]),
            ("successors", [successor.place for successor in place.successors]),
        ):
            for item, target in zip(_items(node, key), targets, strict=False):
                if known is not None and target not in known:
                    source.error(item.value("place"), f"không có địa danh «{target}»", "unknown place")
        for successor, item in zip(place.successors, _items(node, "successors"), strict=False):
            if successor.place == place.id:
                source.error(item.value("place"), "một nơi không thể trở thành chính nó", "it becomes itself")


def lettered(place: Place) -> Place:
    """Without the words that hold no letters, which are told: so that the rest can still be checked."""
    return msgspec.structs.replace(
        place,
        names=[name for name in place.names if tokenise(name.text)],
        spellings=[spelling for spelling in place.spellings if tokenise(spelling)],
        anchors=[anchor for anchor in place.anchors if tokenise(anchor)],
        confusables=[confusable for confusable in place.confusables if tokenise(confusable.text)],
    )


def check_topics(source: Source, topics: Read[Topic]) -> None:
    check_ids(source, topics)
    known = written_ids(source, "topics")
    for topic, node in topics:
        refuse_judging(source, node, "name", topic.name)
        if topic.parent is not None and known is not None and topic.parent not in known:
            source.error(node.value("parent"), f"không có chủ đề «{topic.parent}»", "unknown topic")
        if not 0 <= topic.weight <= 5:
            source.error(node.value("weight"), "hệ quả («weight») từ 0 đến 5", "weight is 0 to 5")
        for key in ("strong", "words", "weak", "exclude", "strong_en", "words_en"):
            check_words(source, _items(node, key), getattr(topic, key))
    _check_rings(source, topics)


def _check_rings(source: Source, topics: Read[Topic]) -> None:
    above = {topic.id: topic.parent for topic, _node in topics}
    for topic, node in topics:
        seen, parent = {topic.id}, topic.parent
        while parent is not None and parent not in seen:
            seen.add(parent)
            parent = above.get(parent)
        if parent == topic.id:
            source.error(node.value("parent"), f"«{topic.id}» thuộc về chính nó (vòng tròn)", "topics in a circle")


def check_lexicon(source: Source, lexicon: Lexicon, node: Node) -> None:
    """Its language is a code, and every word has letters."""
    if not LANGUAGE.fullmatch(lexicon.language):
        source.error(node.value("language"), *LANGUAGE_WANTED)
    for key, (_at, value) in (node.entries or {}).items():
        for part in (value, *(one for _key, one in (value.entries or {}).values())) if key != "samples" else ():
            check_words(source, part.items or [], [item.text or "" for item in part.items or []])


def check_words(source: Source, items: Sequence[Node], words: Sequence[str]) -> None:
    """Each word of a list has letters: one without would never be found, or found everywhere."""
    for item, word in zip(items, words, strict=False):
        if not tokenise(word):
            source.error(item, "từ này không có chữ cái nào", "no letters in it")


def _items(node: Node, key: str) -> list[Node]:
    listed = node.value(key)
    return (listed.items if listed is not None else None) or []


def check_facts(source: Source, facts: Read[Fact], places: Collection[str] | None) -> None:
    check_ids(source, facts)
    for fact, node in facts:
        if places is not None and fact.subject not in places:
            source.error(
                node.value("subject"), f"không có địa danh «{fact.subject}» trong places.yaml", "unknown place"
            )
        check_period(source, node, fact.valid_from, fact.valid_to)
        _check_source(source, fact, node)
        problem = fact_problem(fact)
        if problem is not None:
            source.error(node.value("value"), *problem)
        if not 0 <= fact.tolerance < 1:
            source.error(node.value("tolerance"), "sai số từ 0 đến dưới 1 (0.03 là 3 %)", "tolerance is 0 to 1")


def _check_source(source: Source, fact: Fact, node: Node) -> None:
    at = node.value("source") or node
    mark = classified_mark(f"{fact.source.title} {fact.source.number}")
    if mark is not None:
        source.error(at, f"không nhận tài liệu mật («{mark}») làm nguồn", "a classified document cannot be a source")
    if fact.source.date and _iso(fact.source.date) is None:
        source.error(at.value("date") or at, "ngày của văn bản viết dạng 2025-06-12", "expected an ISO date")
    if fact.status == "verified" and not (fact.source.number.strip() and fact.source.date):
        source.error(
            at,
            "«verified» cần số và ngày của một văn bản công khai; chưa có thì ghi status: single_source",
            "verified needs the number and date of a public document",
        )


def check_people(source: Source, people: Sequence[Person], node: Node | None, mailboxes: Node | None) -> None:
    items = (node.items if node is not None else None) or []
    seen: set[str] = set()
    for person, item in zip(people, items, strict=False):
        at = item.value("login") or item
        if not person.login.strip() or person.login in ROLES:
            source.error(at, "«login» là tên tài khoản máy tính của người này", "login must be an account's name")
        if person.login in seen:
            source.error(at, f"tài khoản «{person.login}» khai hai lần", "duplicate login")
        seen.add(person.login)
        if not MAILBOX.fullmatch(person.email):
            source.error(item.value("email") or item, "không phải địa chỉ thư", "not a mail address")
    for _key, box in ((mailboxes.entries if mailboxes is not None else None) or {}).values():
        if not box.empty and not MAILBOX.fullmatch(box.text or ""):
            source.error(box, "không phải địa chỉ thư", "not a mail address")


def _iso(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def refuse_judging(source: Source, node: Node, key: str, name: str) -> None:
    """A name that judges is no name (design.md, section 1, rule 7)."""
    word = judging_word(name)
    if word is not None:
        source.error(
            node.value(key),
            f"không dùng từ phán xét «{word}» làm tên (quy tắc đưa tin công bằng, điều 7)",
            "judging words are refused as names (fair coverage, rule 7)",
        )
