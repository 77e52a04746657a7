"""Messages and their records; of a parked one nothing is kept that names who wrote it, however broken it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.article import AUTHOR_KEYS
from services.domain.codec import decode, encode
from services.domain.events import ENRICHED, Collected, Decision, Parked
from services.ports.bus import Delivery, Message
from services.ports.messages import is_replay, message_of, parked, read

NOW = datetime(2026, 11, 24, tzinfo=UTC)
NAME = "Nguyễn Văn Mẫu"
_WORDS = st.text(st.characters(codec="utf-8"), max_size=6)
_KEYS = st.sampled_from(sorted(AUTHOR_KEYS)).flatmap(lambda key: st.sampled_from([key, key.upper(), f" {key} "]))
_NAMED = st.sampled_from([NAME, [NAME], {"name": NAME}, [{"name": {"vi": NAME}}]])


def _holding(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3)


_VALUES = st.recursive(st.none() | st.integers() | _WORDS | st.builds(lambda k, v: {k: v}, _KEYS, _NAMED), _holding)
_OBJECTS = st.builds(lambda key, named, rest: {"x": rest, key: named}, _KEYS, _NAMED, _VALUES)


def kept_of(value: bytes, error: Exception | None = None, **headers: str) -> Parked:
    delivery = Delivery(ENRICHED, "7", Message("khóa", value, headers), NOW)
    return parked("alerter", delivery, error or ValueError("hỏng"), NOW)


def names(one: Parked) -> bool:
    kept = encode(one).decode()
    return NAME in kept or json.dumps(NAME)[1:-1] in kept or json.dumps(json.dumps(NAME))[2:-2] in kept


@given(message=_OBJECTS, ascii_only=st.booleans(), cut=st.integers(min_value=0))
def test_no_author_is_kept_of_a_whole_or_a_broken_message(message: Any, ascii_only: bool, cut: int) -> None:
    whole = json.dumps(message, ensure_ascii=ascii_only).encode(errors="surrogatepass")
    at = cut % (len(whole) + 1)
    for value in (whole, whole[:at], whole[at:], whole[:at] + b"\0" + whole[at:], json.dumps(whole.decode()).encode()):
        assert not names(kept_of(value))


@given(value=st.binary(max_size=40) | st.sampled_from([b'{"a": "\\ud800"}', b"[" * 100_000, b'{"a": 1e999}']))
def test_parking_fails_on_nothing(value: bytes) -> None:
    one = kept_of(value, KeyError("\ud800"))
    assert decode(encode(one), Parked) == one


def test_what_is_kept_can_be_sent_round_again_and_says_why_it_stands_there() -> None:
    one = kept_of('{"title": "Đăk Ơ", "author": "ai"}'.encode(), schema="2", replay="1")
    assert json.loads(one.value) == {"title": "Đăk Ơ"}
    assert one.headers == {"schema": "2", "replay": "1"}
    assert one.reason == "alerter, press.enriched 7: ValueError: hỏng"
    broken = kept_of(b'{"author": "ai"')
    assert broken.value == ""
    assert "15 byte, sha256 " in broken.reason


def test_a_record_comes_out_as_it_went_in_and_says_whether_it_is_a_replay() -> None:
    record = kept_of(b"{}")
    once, again = message_of("a", record), message_of("a", record, replay=True)
    assert read(once, Parked) == read(again, Parked) == record
    assert (once.headers, again.headers) == ({"schema": "1"}, {"schema": "1", "replay": "1"})
    assert (is_replay(once), is_replay(again)) == (False, True)


@pytest.mark.parametrize("schema", ["2", "99", "", "một", "²", "-1"])
def test_another_schema_is_refused_plainly(schema: str) -> None:
    with pytest.raises(ValueError, match="newer than this version reads"):
        read(Message("a", b"{}", {"schema": schema}), Collected)


def test_a_message_that_does_not_fit_is_refused_with_the_place() -> None:
    with pytest.raises(ValueError, match="missing required field"):
        read(Message("a", b"{}"), Decision)
