"""What services/ports/ledger.py promises, on every adapter."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

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


def test_after_a_conflict_the_later_writes_are_not_done(ledger: Ledger) -> None:
    ledger.put(Put("sequence", "taken", b"1"))
    with pytest.raises(Conflict):
        ledger.put(Put("sequence", "taken", b"2", expected=0), Put("sequence", "later", b"3"))
    assert ledger.get("sequence", "later") is None


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
