"""Malformed configurations: each is refused with file, line and column, quickly, and never with a traceback.

Three tables: what can happen to any file (table x files), wrong values for every field of every record (made from the
records themselves), and what a clerk really does wrong, by hand. Cases that are valid after all stand at the end.
"""

from __future__ import annotations

import os
import socket
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec
import pytest

from services.domain.fact import Fact
from services.domain.feed import Feed
from services.domain.outlet import Outlet
from services.domain.place import Place
from services.domain.record import Record
from services.domain.tone_lexicon import Lexicon
from services.domain.topic import Topic
from services.domain.watch import Person, Watch
from services.rulebook.errors import ConfigError, ConfigErrors
from services.rulebook.load import load, load_texts
from services.settings import CollectorSettings, SettingsFile, load_settings
from tests.rulebook.damage import DAMAGE, VALID, At, place_of
from tests.rulebook.slips import BASE, PLACE, SLIPS

FILES = sorted(BASE)
SLOWEST = 2.0
"""Seconds; the slowest case takes a fifth of it on a free core."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in BASE.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def refused(folder: Path, name: str = "") -> list[ConfigError]:
    """Every error of the folder, as `check` tells them: that of diembao.yaml, if that is `name`, has its own reader."""
    found: list[ConfigError] = []
    started = time.perf_counter()
    try:
        load_settings(folder, environ={}) if name == "diembao.yaml" else load(folder)
    except ConfigErrors as errors:
        found = errors.errors
    assert time.perf_counter() - started < SLOWEST
    for error in found:
        assert error.line >= 1
        assert error.column >= 1
        assert error.vietnamese
        assert error.english
        assert "\n" not in str(error)
        assert len(str(error)) < 600
    return found


def test_the_base_is_valid(folder: Path) -> None:
    assert refused(folder) == []


# -- what can happen to any file -------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", DAMAGE)
def test_any_file_damaged(folder: Path, damage: str) -> None:
    for name in FILES:
        old = BASE[name].encode()
        (folder / name).write_bytes(DAMAGE[damage][0](old))
        found, at = refused(folder, name), place_of(damage, old)
        assert {error.file for error in found} == {name}, found
        assert at is None or (found[0].line, found[0].column) == at, found
        (folder / name).write_text(BASE[name], encoding="utf-8")


LIST_FILES = [name for name in FILES if name not in ("diembao.yaml", "people.yaml", "lexicon/vi.yaml")]


@pytest.mark.parametrize("name", LIST_FILES)
@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("- một\n- hai\n", (1, 3)),
        ("- [a, b]\n", (1, 3)),
        ("- 5\n", (1, 3)),
        ("- ~\n", (1, 3)),
        ("-\n", (1, 2)),
        ("- {}\n", (1, 3)),
        ("- {id: a\n", (1, 3)),
        ("- {id: [a]}\n", (1, 8)),
        ("- {id: {a: b}}\n", (1, 8)),
        ("- {ID: a}\n", (1, 4)),
    ],
)
def test_a_list_of_something_else(folder: Path, name: str, text: str, at: At) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    found = refused(folder)
    assert found[0].file == name
    assert at in {(error.line, error.column) for error in found}
    assert {error.file for error in found} == {name}


@pytest.mark.parametrize("name", [name for name in FILES if name != "diembao.yaml"])
@pytest.mark.parametrize("text", ["", "\n", "# chỉ có chú thích\n", "---\n", "~\n", "null\n", "\ufeff"])
def test_an_empty_file_is_refused_for_it_may_be_half_saved(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    (error,) = [one for one in refused(folder) if one.file == name]
    assert "trống" in error.vietnamese


# -- what can stand in a file's place --------------------------------------------------------------------------------


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        # The address of a socket holds 107 bytes, a test's folder may be longer.
        here = Path.cwd()
        os.chdir(path.parent)
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


PLACES: dict[str, Callable[[Path], object]] = {
    "a folder": Path.mkdir,
    "a pipe": os.mkfifo,
    "an endless device": _device,
    "a socket": _socket,
    "a link to itself": _loop,
    "a link to nothing": lambda path: path.symlink_to("khong-co"),
    "nothing": lambda path: None,
}


@pytest.mark.parametrize("name", [name for name in FILES if "/" not in name])
@pytest.mark.parametrize("kind", PLACES)
def test_something_else_in_the_place_of_a_file(folder: Path, name: str, kind: str) -> None:
    (folder / name).unlink()
    PLACES[kind](folder / name)
    found = refused(folder, name)
    assert {error.file for error in found} == {name}
    assert (found[0].line, found[0].column) == (1, 1)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_may_not_be_read(folder: Path, name: str) -> None:
    (folder / name).chmod(0)
    assert {error.file for error in refused(folder, name)} == {name}


# -- every field of every record -------------------------------------------------------------------------------------

RECORDS: dict[str, tuple[type[Record], str]] = {
    "places.yaml": (Place, "- "),
    "topics.yaml": (Topic, "- "),
    "outlets.yaml": (Outlet, "- "),
    "feeds.yaml": (Feed, "- "),
    "facts.yaml": (Fact, "- "),
    "watches.yaml": (Watch, "- "),
    "people.yaml": (Person, "people:\n- "),
    "lexicon/vi.yaml": (Lexicon, ""),
    "diembao.yaml": (SettingsFile, ""),
}
SCALARS: dict[Any, tuple[str, ...]] = {
    str: ("[a, b]", "{a: b}"),
    int: ("mười", "1.5", "[1]", "{a: 1}", "nan", "9" * 400, "10_0x"),
    float: ("mười", "[1]", ".nan", "nan", "inf", "-.inf", "1e999", "1,5"),
    bool: ("có", "yes please", "[true]", "2"),
    date: ("hôm qua", "2026-02-30", "24/11/2026", "0000-01-01", "99999-01-01", "2026-13-01", "[2026-01-01]", "2026"),
}


def _wrong(kind: Any) -> Iterator[str]:
    """Texts that are no value of this type."""
    origin = get_origin(kind)
    members = [one for one in get_args(kind) if one is not type(None)]
    if kind in SCALARS:
        yield from SCALARS[kind]
    elif origin in (list, tuple, set, frozenset):
        yield from ("chữ", "{a: b}", "5")
        yield from (f"[{wrong}]" for wrong in _wrong(members[0]))
    elif origin is dict:
        yield from ("chữ", "[a]")
    elif isinstance(kind, type) and issubclass(kind, Record):
        yield from ("chữ", "[a]", "5", "{khong_co_khoa_nay: 1}")
    elif origin is not None and members and all(isinstance(one, type) for one in members):
        # A union: what is wrong for each of its members.
        yield from sorted(set.intersection(*(set(_wrong(one)) for one in members)))
    else:
        yield from ("khong_phai_lua_chon_nay", "[a]", "{a: b}")


def wrong_values(name: str) -> list[tuple[str, str]]:
    """(key, wrong value), of the record of a file."""
    kinds = {field.encode_name: field.type for field in msgspec.structs.fields(RECORDS[name][0])}
    return [(key, wrong) for key, kind in kinds.items() for wrong in dict.fromkeys(_wrong(kind))]


@pytest.mark.parametrize("name", RECORDS)
def test_a_wrong_value_is_told_where_it_stands(folder: Path, name: str) -> None:
    opening = RECORDS[name][1]
    for key, wrong in wrong_values(name):
        text = f"{opening}{key}: {wrong}\n"
        (folder / name).write_text(text, encoding="utf-8")
        found = [error for error in refused(folder, name) if error.file == name]
        line, column = text.count("\n"), len(opening.rpartition("\n")[2]) + len(key) + 3
        assert any(error.line == line and error.column >= column for error in found), (text, found)


def _numbers() -> list[tuple[str, str]]:
    parts = [part for part in msgspec.structs.fields(SettingsFile) if isinstance(part.type, type)]
    return [
        (part.name, field.name)
        for part in parts
        if issubclass(part.type, Record)
        for field in msgspec.structs.fields(part.type)
        if field.type in (int, float)
    ]


@pytest.mark.parametrize("wrong", ["-1", "99999999999999", "nan", "[]"])
def test_a_number_of_the_settings_out_of_its_range(folder: Path, wrong: str) -> None:
    for part, key in _numbers():
        (folder / "diembao.yaml").write_text(f"{part}:\n  {key}: {wrong}\n", encoding="utf-8")
        found = [(one.file, one.line, one.column) for one in refused(folder, "diembao.yaml")]
        assert found == [("diembao.yaml", 2, len(key) + 5)], key


# -- what a clerk really does wrong ----------------------------------------------------------------------------------


@pytest.mark.parametrize("slip", SLIPS)
def test_a_clerks_slip(folder: Path, slip: str) -> None:
    wrong = SLIPS[slip]
    (folder / wrong.name).write_text(wrong.text, encoding="utf-8")
    found = refused(folder, wrong.name)
    assert (found[0].file, found[0].line, found[0].column) == (wrong.name, wrong.line, wrong.column), found
    assert any(wrong.says in str(error) for error in found), found
    assert {error.file for error in found} == {wrong.name}


def test_there_are_enough() -> None:
    whole = len(DAMAGE) * len(FILES)
    assert whole + sum(len(wrong_values(name)) for name in RECORDS) + len(SLIPS) >= 1000


# -- bounds, and what is valid after all -----------------------------------------------------------------------------


def test_units_that_lie_too_deep_or_in_each_other_a_thousand_ways(folder: Path) -> None:
    def unit(name: str, *parents: str) -> str:
        inside = ", ".join(f"{{place: {parent}}}" for parent in parents)
        return f"- {{id: {name}, names: [{{text: Mẫu, kind: xã}}], parents: [{inside}]}}\n"

    chain = "".join(unit(f"x{n}", f"x{n + 1}") for n in range(300)) + unit("x300")
    (folder / "places.yaml").write_text(PLACE + chain, encoding="utf-8")
    (error,) = refused(folder)
    assert "quá nhiều cấp" in str(error)
    ladder = "".join(unit(f"{side}{n}", f"a{n + 1}", f"b{n + 1}") for n in range(11) for side in "ab")
    (folder / "places.yaml").write_text(PLACE + ladder + unit("a11") + unit("b11"), encoding="utf-8")
    assert refused(folder) == []


@pytest.mark.parametrize("damage", ["10 MB", "10 MB of lines", "100,000 brackets", "100,000 dashes", "alias bomb"])
def test_memory_is_bounded(folder: Path, damage: str) -> None:
    (folder / "places.yaml").write_bytes(DAMAGE[damage][0](BASE["places.yaml"].encode()))
    tracemalloc.start()
    try:
        refused(folder)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 30_000_000


def test_texts_at_hand_are_refused_alike() -> None:
    for name in FILES:
        with pytest.raises(ConfigErrors) as refused_:
            load_texts({**BASE, name: "- [\n"} if name != "diembao.yaml" else {**BASE, "watches.yaml": "- [\n"})
        assert {error.file for error in refused_.value.errors} == {name if name != "diembao.yaml" else "watches.yaml"}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("change", VALID)
def test_what_is_valid_after_all(folder: Path, name: str, change: str) -> None:
    (folder / name).write_bytes(VALID[change](BASE[name].encode()))
    assert refused(folder, name) == []


def test_defaults_are_within_their_own_ranges(folder: Path) -> None:
    settings = CollectorSettings()
    lines = [
        f"  {field.name}: {getattr(settings, field.name)}"
        for field in msgspec.structs.fields(CollectorSettings)
        if field.type in (int, float)
    ]
    (folder / "diembao.yaml").write_text("collector:\n" + "\n".join(lines) + "\n", encoding="utf-8")
    assert refused(folder, "diembao.yaml") == []
