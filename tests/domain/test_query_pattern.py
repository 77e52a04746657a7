"""re:/…/: what a pattern is sought in, how it is written, its bounds."""

from __future__ import annotations

import random
import re
import time
import unicodedata

import pytest

from services.domain.query import parse
from services.domain.query.pattern import MAX_PATTERN, spans
from services.domain.query.tree import And, Not, Or, Regex, Text, candidates
from services.domain.text import tokenise
from tests.domain.test_query import document, refusal, shown


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"ĐT\.?\s?741", "Mở ĐT.741"),
        (r"ĐT\.?\s?741", "Mở đt 741"),
        (r"ĐT\.?\s?741", "Mở ĐT\u00a0741"),
        (r"đt\.?\s?741", "Mở ĐT741"),
        ("Đăk  Ơ", "đăk\n\u200b ơ"),
        ("BÙ GIA", unicodedata.normalize("NFD", "bù gia")),
        (unicodedata.normalize("NFD", "bù [gđ]ia"), "bù gia"),
        ("HOÀ", "hòa"),
        ("hòa", "HOÀ"),
        (r"\w+ ơ", "đăk ơ"),
        (r"^\w+ường$", "đường"),
        (r"[\w.]+@", "đường.a@b"),
        (r"(^|\W)ơ(\W|$)", "đăk ơ."),
        (r"a\nb|a\tb", "a b"),
        (r"1\/2", "tỷ lệ 1/2"),
        (r"(?P<Số>\d+) (?:ha|km)", "120 HA"),
        (r"\p{L}+\pN", "đ1"),
        (r"\S+\D\d", "a-1"),
        ("[Đ]ường", "đường"),
        ("a.*b", "a\nb"),
        (r"\x{111}", "đ"),
        ("🙂", "ở 🙂"),
    ],
)
def test_found(pattern: str, text: str) -> None:
    query = parse(f"lúa re:/{pattern}/")
    assert query.matches(document("lúa", "", text))
    assert not query.matches(document("lúa"))
    assert not query.matches(document("", "", text))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("duong", "đường"), ("^ơ", "đăk ơ"), (r"(^|\W)ơ", "trơ"), ("[oà]x", "òx"), (r"a\.b", "axb"), ("đường", "duong")],
)
def test_not_found(pattern: str, text: str) -> None:
    assert not parse(f"lúa re:/{pattern}/").matches(document("lúa", "", text))


def test_a_field_and_brackets_and_spaces_within() -> None:
    query = parse(r"(lúa title:re:/a (b|c) \/ d/) -body: RE: /x\)/")
    assert query.tree == And((Text(("lúa",)), Regex(r"a (b|c) \/ d", "title"), Not(Regex(r"x\)", "text"))))
    assert query.matches(document("A B / D", "lúa"))
    assert not query.matches(document("", "lúa", "a b / d"))
    assert not query.matches(document("A B / D", "lúa", "x)"))


def test_a_pattern_is_shown_on_the_original_characters() -> None:
    assert shown(r"mở re:/đt\.?\s?741/", "Mở ĐT.741 và đt\u00a0741") == ["Mở", "ĐT.741", "đt\u00a0741"]
    decomposed = unicodedata.normalize("NFD", "Đường mới")
    assert shown("mới re:/đường/", decomposed) == [
        unicodedata.normalize("NFD", "Đường"),
        unicodedata.normalize("NFD", "mới"),
    ]
    assert shown("a re:/b|x*/".replace("x*", "xx"), "\udcff a b") == ["a", "b"]
    assert shown("lúa -re:/mía/", "lúa") == ["lúa"]
    assert shown("lúa re:/úa nư/", "lúa nước") == ["lúa nư"]


def test_a_match_of_nothing_is_not_shown() -> None:
    assert list(spans(r"(^|\W)a?(\W|$)", tokenise("x a"))) == [(1, 3)]


@pytest.mark.parametrize(
    ("query", "wider"),
    [
        ("lúa re:/a/", Text(("lúa",))),
        ("lúa -re:/a/", Text(("lúa",))),
        ("lúa OR (mía re:/a/)", Or((Text(("lúa",)), Text(("mía",))))),
        ("lúa -(mía re:/a/)", Text(("lúa",))),
        ("lúa -(mía OR re:/a/)", And((Text(("lúa",)), Not(Text(("mía",)))))),
        ("lúa (mía OR re:/a/)", Text(("lúa",))),
        ("gia NEAR/3 gia", And((Text(("gia",)), Text(("gia",))))),
        ("lúa -(gia NEAR/3 gia)", Text(("lúa",))),
        ("=bù NEAR/3 gia", And((Text(("bù",), exact=True), Text(("gia",))))),
    ],
)
def test_candidates(query: str, wider: object) -> None:
    parsed = parse(query)
    assert parsed.needs_check
    assert parsed.candidates == wider == candidates(parsed.tree)


@pytest.mark.parametrize("query", ["lúa mía", "bù NEAR/3 gia", "=bù NEAR/3 =gia", "place:a -topic:b tone:critical"])
def test_what_an_index_can_answer_is_its_own_candidates(query: str) -> None:
    parsed = parse(query)
    assert not parsed.needs_check
    assert parsed.candidates == parsed.tree


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"ĐT\.?\s?741", r"\d+ (người|hộ)", r"(^|\W)phước(\W|$)", "cháy.{0,50}rừng", r"kh[oô]ng .{0,25} n[uư]ớc"),
        *(r"(\w+\s){3}ơ", r"(\w+ ){1,5}ơ", r"(?:\w+ ){5}", r"(xã|phường) \w+( \w+){0,3}", r"(thôn|ấp|sóc) \d{1,2}"),
        *(r"\d{1,3}(\.\d{3})+ (tỷ|triệu) đồng", r"\d{1,2}[-]\d{1,2}[-]\d{4}", r"0\d{2,3}[ .]?\d{3}[ .]?\d{3,4}"),
        *(
            r"(số|quyết định) \d{1,4}[-](qđ|nq|tb)-(ubnd|hđnd)",
            r'"[^"]{1,30}"',
            r"[\w.]+@[\w.]+\.vn",
            r"[\x{111}-ỹ]{3}",
        ),
        r"[\x{111}-ỹ]{3}",
        *("|".join(f"xã bù gia {number}" for number in range(20)), "ậ" * MAX_PATTERN, r"(?P<số>\d+) (?:ha|km)"),
    ],
)
def test_what_an_operator_may_write(pattern: str) -> None:
    assert parse(f"lúa re:/{pattern}/").needs_check


@pytest.mark.parametrize(
    "pattern",
    [
        *("(x|a|xa|ax|[xa]{1,30}){30}y", "(.{0,50}a){15}q", "([xa]{1,50}){15}y", "x.{200}y", "a.{0,100}rừng"),
        *("[aeiou]" + "." * 100 + "z", "(.{8,58})+y", r"x\w{0,20}y", "(xa|ax|x|a|xx|aa){60}y"),
    ],
)
def test_what_would_take_long_is_refused(pattern: str) -> None:
    assert re.search("mẫu (quá lớn|lặp quá rộng)", refusal(f"lúa re:/{pattern}/").message_vi)


_CHANCE = random.Random(5)
_LONG = [
    "x" * 200_000,
    "".join(_CHANCE.choices("xa", k=200_000)),
    "".join(_CHANCE.choices("xaăđ ợé1", k=200_000)),
]


@pytest.mark.parametrize(
    "pattern",
    [
        *("(x+x+)+y", "(a|a)*b", "(.*)(.*)(.*)(.*)z9", "([xa]{1,10}){3}y", "x.{40}y", "x(.{1,30})+q", "(.{0,7}a){3}q"),
        *(r"(\W*){0,7}q", r"(\w+ ){1,5}q", "(đ?....){8}z", "x((xa|ax|x|a)?){1,11}z", "((xa|ax|x|a)....){0,7}z"),
    ],
)
def test_no_pattern_takes_long(pattern: str) -> None:
    """0.3 s, and as much again for a machine that does other things. Python's own `re` does not come back from some."""
    query = parse(f"lúa re:/{pattern}/")
    for text in _LONG:
        long = document("lúa", "", text)
        long.has_pattern(Regex("khởi động"))
        begin = time.process_time()
        assert not query.matches(long)
        assert time.process_time() - begin < 0.6


def test_the_longest_pattern() -> None:
    assert parse(f"lúa re:/{'a' * MAX_PATTERN}/").needs_check


def test_what_is_shown_is_what_the_pattern_says_first() -> None:
    assert shown("x re:/xa+?/", "x xaaa") == ["x", "xa"]
