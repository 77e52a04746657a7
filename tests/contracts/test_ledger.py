"""What services/ports/ledger.py promises, on every adapter."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ports.errors import Conflict
from services.ports.ledger import Held, Ledger, Put

OpenLedger = Callable[[], Ledger]


def keys(ledger: Ledger, kind: str, prefix: str = "", after: str = "") -> list[str]:
    return [held.key for held in ledger.scan(kind, prefix, after)]


def held(ledger: Ledger, kind: str, key: str) -> Held:
    found = ledger.get(kind, key)
    assert found is not None
    return found


def test_a_value_comes_out_as_it_went_in(open_ledger: OpenLedger) -> None:
    first = open_ledger()
    first.put(Put("feed", "vnexpress|tin mới", b"\x00\xc4\x91"))
    first.close()
    found = held(open_ledger(), "feed", "vnexpress|tin mới")
    assert (found.key, found.value) == ("vnexpress|tin mới", b"\x00\xc4\x91")
    assert found.revision > 0


def test_what_is_not_there_is_none(ledger: Ledger) -> None:
    ledger.put(Put("feed", "a", b""))
    assert ledger.get("feed", "b") is None
    assert ledger.get("entry", "a") is None
    assert ledger.get_many("feed", ["b", "c"]) == {}
    assert list(ledger.scan("entry")) == []


def test_get_many_gives_those_that_exist(ledger: Ledger) -> None:
    ledger.put(*(Put("entry", f"e{number}", str(number).encode()) for number in range(700)))
    asked = [f"e{number}" for number in range(1, 1400, 2)]
    found = ledger.get_many("entry", asked)
    assert sorted(found) == sorted(f"e{number}" for number in range(1, 700, 2))
    assert found["e699"] == held(ledger, "entry", "e699")
    assert ledger.get_many("entry", []) == {}


def test_writing_over_gives_a_new_revision(ledger: Ledger) -> None:
    ledger.put(Put("feed", "a", b"1"))
    first = held(ledger, "feed", "a")
    ledger.put(Put("feed", "a", b"1"))
    second = held(ledger, "feed", "a")
    assert second.revision > first.revision
    ledger.put(Put("feed", "a", b"3", expected=second.revision))
    assert held(ledger, "feed", "a").value == b"3"


def test_a_stale_expectation_conflicts_and_changes_nothing(ledger: Ledger) -> None:
    ledger.put(Put("letter", "m", b"before"))
    seen = held(ledger, "letter", "m")
    ledger.put(Put("letter", "m", b"sent"))
    with pytest.raises(Conflict, match="letter"):
        ledger.put(Put("letter", "m", b"mine", expected=seen.revision))
    assert held(ledger, "letter", "m").value == b"sent"


def test_expected_nothing_means_it_must_be_new(ledger: Ledger) -> None:
    ledger.put(Put("shingle", "s", b"story-1", expected=0))
    with pytest.raises(Conflict):
        ledger.put(Put("shingle", "s", b"story-2", expected=0))
    with pytest.raises(Conflict):
        ledger.put(Put("shingle", "other", b"x", expected=7))
    assert held(ledger, "shingle", "s").value == b"story-1"
    assert ledger.get("shingle", "other") is None


def test_among_many_writes_the_one_whose_expectation_fails_is_not_done(ledger: Ledger) -> None:
    ledger.put(Put("sequence", "taken", b"1"))
    writes = [Put("sequence", f"new-{number}", b"3", expected=0) for number in range(20)]
    with pytest.raises(Conflict, match="sequence/taken"):
        ledger.put(*writes[:10], Put("sequence", "taken", b"2", expected=0), *writes[10:])
    assert held(ledger, "sequence", "taken").value == b"1"
    assert {found.value for found in ledger.scan("sequence", "new-")} <= {b"3"}


def test_values_of_any_bytes_and_keys_of_any_length(ledger: Ledger) -> None:
    values = [b"", b"\x00", bytes(range(256)), "Việt \U0001f4f0 \u2028".encode(), b'{"a": "\\ud83d"}', b"x" * 300_000]
    keys_ = ["k", "  ", 'a"b\\c\n\t', "x" * 512, "x" * 513, "đ" * 2000, "a|b", "*?%_", "\ufeff", "\x00"]
    writes = [Put("entry", key, value) for key, value in zip(keys_, values * 2, strict=False)]
    ledger.put(*writes)
    found = ledger.get_many("entry", keys_)
    assert {key: one.value for key, one in found.items()} == {write.key: write.value for write in writes}
    assert {one.key: one.value for one in ledger.scan("entry")} == {write.key: write.value for write in writes}
    ledger.delete("entry", *keys_)
    assert list(ledger.scan("entry")) == []


def test_kinds_share_no_key(ledger: Ledger) -> None:
    ledger.put(Put("feed", "a", b"1"), Put("feed_day", "a", b"2"), Put("feed", "day|a", b"3"))
    ledger.delete("feed", "a")
    assert ledger.get("feed", "a") is None
    assert held(ledger, "feed_day", "a").value == b"2"
    assert keys(ledger, "feed") == ["day|a"]


def test_equal_values_do_not_make_a_claim_twice(ledger: Ledger) -> None:
    ledger.put(Put("shingle", "s", b"same", expected=0))
    with pytest.raises(Conflict):
        ledger.put(Put("shingle", "s", b"same", expected=0))


def test_a_revision_seen_before_a_delete_is_never_right_again(ledger: Ledger) -> None:
    ledger.put(Put("lease", "alerter", b"one"))
    seen = held(ledger, "lease", "alerter")
    ledger.delete("lease", "alerter")
    ledger.put(Put("lease", "alerter", b"two", expected=0))
    with pytest.raises(Conflict):
        ledger.put(Put("lease", "alerter", b"one again", expected=seen.revision))


def test_delete_forgets_and_bears_what_is_not_there(ledger: Ledger) -> None:
    ledger.put(Put("later", "a", b""), Put("later", "b", b""))
    ledger.delete("later", "a")
    ledger.delete("later", "a")
    assert keys(ledger, "later") == ["b"]


def test_delete_takes_many_keys_or_none(ledger: Ledger) -> None:
    ledger.put(*(Put("later", f"{number:04d}", b"") for number in range(1100)))
    ledger.delete("later")
    ledger.delete("later", *(f"{number:04d}" for number in range(1, 1100)), "never there")
    assert keys(ledger, "later") == ["0000"]


def test_what_was_written_over_since_it_was_read_is_not_deleted(open_ledger: OpenLedger) -> None:
    ledger, other = open_ledger(), open_ledger()
    ledger.put(*(Put("shingle", key, b"old") for key in ("again", "anew", "gone", "same")))
    seen = [held(ledger, "shingle", key) for key in ("again", "anew", "gone", "same")]
    other.put(Put("shingle", "again", b"new"))
    other.delete("shingle", "anew", "gone")
    other.put(Put("shingle", "anew", b"old"))
    ledger.delete("shingle", *seen)
    assert {found.key: found.value for found in ledger.scan("shingle")} == {"again": b"new", "anew": b"old"}
    ledger.delete("shingle", held(ledger, "shingle", "again"), "anew")
    assert keys(ledger, "shingle") == []


def test_scan_is_in_the_order_of_keys_and_within_its_bounds(ledger: Ledger) -> None:
    names = ["a|1", "a|2", "a|Ω", "ab", "a", "b|1", "đ|1", "a|\U0001f4f0"]
    ledger.put(*(Put("feed_day", name, b"") for name in names), Put("other", "a|3", b""))
    assert keys(ledger, "feed_day") == sorted(names)
    assert keys(ledger, "feed_day", "a|") == ["a|1", "a|2", "a|Ω", "a|\U0001f4f0"]
    assert keys(ledger, "feed_day", "a|", after="a|1") == ["a|2", "a|Ω", "a|\U0001f4f0"]
    assert keys(ledger, "feed_day", "b|", after="a|1") == ["b|1"]
    assert keys(ledger, "feed_day", "a|", after="b") == []
    assert keys(ledger, "feed_day", "c") == []
    assert keys(ledger, "feed_day", "%") == []


def test_scan_goes_through_more_than_a_page_and_bears_writes_between(ledger: Ledger) -> None:
    ledger.put(*(Put("later", f"{number:04d}", b"") for number in range(450)))
    seen = []
    for found in ledger.scan("later"):
        ledger.delete("later", found.key)
        seen.append(found.key)
    assert seen == [f"{number:04d}" for number in range(450)]
    assert keys(ledger, "later") == []


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), unique=True, max_size=30), st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_scan_and_snapshot_are_in_the_order_of_code_points(
    ledger: Ledger, names: list[str], data: st.DataObject
) -> None:
    """Also beyond the BMP, where UTF-16 orders otherwise."""
    kind = "other"
    ledger.delete(kind, *keys(ledger, kind))
    names = [name for name in names if name]
    ledger.put(*(Put(kind, name, name.encode()) for name in names))
    assert keys(ledger, kind) == sorted(names)
    assert [found.key for of, found in ledger.snapshot() if of == kind] == sorted(names)
    whole = data.draw(st.sampled_from(names or [""]))
    prefix = whole[: data.draw(st.integers(0, len(whole)))]
    after = data.draw(st.sampled_from([*names, ""]))
    expected = sorted(name for name in names if name.startswith(prefix) and name > after)
    assert keys(ledger, kind, prefix, after) == expected


def test_a_snapshot_is_everything_as_it_stood_at_one_moment(open_ledger: OpenLedger) -> None:
    """While another process writes over, adds and deletes between two pages of it."""
    reader, writer = open_ledger(), open_ledger()
    wanted = [(kind, f"{number:05d}") for kind in ("entry", "feed") for number in range(1300)]
    writer.put(*(Put(kind, key, b"before") for kind, key in wanted))
    snapshot = reader.snapshot()
    seen = [next(snapshot)]
    writer.put(*(Put("entry", f"{number:05d}", b"after") for number in range(0, 1300, 2)))
    writer.put(*(Put("feed", f"{number:05d}-new", b"after") for number in range(100)), Put("story", "new", b"after"))
    writer.delete("feed", *(f"{number:05d}" for number in range(1, 1300, 3)))
    seen += snapshot
    assert [(kind, found.key) for kind, found in seen] == wanted
    assert {found.value for _, found in seen} == {b"before"}
    later = {(kind, found.key): found for kind, found in reader.snapshot()}
    assert later["entry", "00000"].value == b"after"
    assert ("feed", "00001") not in later
    assert later["story", "new"] == held(writer, "story", "new")


def test_a_snapshot_may_be_left_in_the_middle(ledger: Ledger) -> None:
    assert list(ledger.snapshot()) == []
    ledger.put(*(Put("feed", str(number), b"") for number in range(5)))
    snapshot = ledger.snapshot()
    next(snapshot)
    snapshot.close()  # type: ignore[attr-defined]  # every adapter makes it with a generator
    ledger.put(Put("feed", "5", b""))
    assert len(list(ledger.snapshot())) == 6


def test_put_of_nothing_changes_nothing(ledger: Ledger) -> None:
    ledger.put()
    assert list(ledger.scan("feed")) == []


def test_of_many_who_claim_a_key_one_gets_it(open_ledger: OpenLedger) -> None:
    """Each key is claimed by four threads on two instances: every key has one winner."""
    instances = [open_ledger(), open_ledger()]
    winners: dict[str, list[str]] = {str(number): [] for number in range(15)}

    def claim(name: str, ledger: Ledger) -> None:
        for key in winners:
            try:
                ledger.put(Put("shingle", key, name.encode(), expected=0))
            except Conflict:
                continue
            winners[key].append(name)

    threads = [threading.Thread(target=claim, args=(name, instances[name in "ab"])) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for key, names in winners.items():
        assert [held(instances[0], "shingle", key).value.decode()] == names


def test_a_counter_raised_under_expectation_loses_no_step(open_ledger: OpenLedger) -> None:
    instances = [open_ledger(), open_ledger()]
    instances[0].put(Put("sequence", "n", b"0"))

    def raise_it(ledger: Ledger) -> None:
        done = 0
        while done < 15:
            now = held(ledger, "sequence", "n")
            try:
                ledger.put(Put("sequence", "n", str(int(now.value) + 1).encode(), expected=now.revision))
            except Conflict:
                continue
            done += 1

    threads = [threading.Thread(target=raise_it, args=(ledger,)) for ledger in instances]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert held(instances[0], "sequence", "n").value == b"30"
