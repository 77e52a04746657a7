"""The letters that days would have brought: those that were sent, where nothing differs; nothing else changes."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import msgspec

from services.adapters.manual_clock import ManualClock
from services.adapters.sqlite_bus import SqliteBus
from services.alerter.records import LETTER, Letter
from services.domain.codec import decode, encode
from services.domain.events import COLLECTED, UNMATCHED, Collected
from services.ports.bus import Message
from services.replay.letters import ForRecipient, replay_letters
from services.rulebook.load import load
from tests.replay.days import AFTER_CHANGE, BEGIN, END, Days, at, documents, fresh_archive, held

WIDER = """
- id: ca-phe
  name: Mùa cà phê
  query: topic:nong_nghiep "rộ mùa hái cà phê"
  recipients: [leadership]
"""
ANALYST, LEADER = "chuyen-vien@mau.example", "lanh-dao@mau.example"


def test_the_letters_of_the_whole_installation_are_those_that_were_sent(days: Days, tmp_path: Path) -> None:
    """But for what is not known of past mornings: when the feeds had been read, and when the office began."""
    before, archive = days.state(), held(days.installation.archive)
    done, sent = replay_letters(days.installation, days.rules, days.settings, BEGIN, END, tmp_path / "letters")
    assert days.state() == before
    assert held(days.installation.archive) == archive
    written, real = _letters(tmp_path / "letters"), _letters(days.settings.data_dir / "mail")
    assert written.keys() == real.keys()
    assert len(written) == 9
    for name, letter in written.items():
        if "-notice-" in name:
            assert letter == real[name]
        else:
            assert _said(letter) == _said(real[name])
            assert message_from_bytes(letter)["Message-ID"] == message_from_bytes(real[name])["Message-ID"]
    assert sent == _really_sent(days)
    assert done.equal == done.articles


def test_counts_are_by_recipient_and_day(days: Days, tmp_path: Path) -> None:
    _, sent = replay_letters(days.installation, days.rules, days.settings, BEGIN, END, tmp_path / "letters")
    by_day = {(one.recipient, one.day): one for one in sent}
    assert by_day[LEADER, date(2026, 11, 18)].decided == 1
    assert by_day[ANALYST, date(2026, 11, 17)].notices == 1
    assert all(one.digests == 1 for one in sent)
    # As a reader counts them in the letter: each story has its number.
    for name, letter in _letters(tmp_path / "letters").items():
        if "-digest-" in name:
            day = date.fromisoformat(name[:10])
            recipient = LEADER if "lanh-dao" in name else ANALYST
            assert by_day[recipient, day].lines == _numbered(letter), name
    assert sum(one.lines for one in sent) > 20


def test_digests_come_on_working_mornings_alone(days: Days, tmp_path: Path) -> None:
    """Tuesday to Monday: the last article came on Wednesday, and an empty digest is a digest."""
    until = at("2026-11-24T00:00")
    _, sent = replay_letters(days.installation, days.rules, days.settings, BEGIN, until, tmp_path / "letters")
    mornings = [one.day.day for one in sent if one.recipient == LEADER and one.digests]
    assert mornings == [17, 18, 19, 20, 23]


def test_hours_are_those_of_the_span_and_what_comes_at_the_hour_is_for_the_next(days: Days, tmp_path: Path) -> None:
    hour = at("2026-11-26T06:30")
    article = _some_article(days)
    with closing(SqliteBus(days.settings.data_dir / "bus.db", ManualClock(hour))) as bus:
        bus.publish(COLLECTED, [article])

    def lines(since: str, until: str) -> list[tuple[int, int]]:
        begin, end = at(since), at(until)
        folder = tmp_path / f"{since[-8:]}-{until[-8:]}".replace(":", "")
        _, sent = replay_letters(days.installation, days.rules, days.settings, begin, end, folder)
        return [(one.day.day, one.lines) for one in sent if one.recipient == LEADER]

    assert lines("2026-11-26T06:30", "2026-11-27T06:31") == [(26, 0), (27, 1)]
    assert lines("2026-11-26T06:31", "2026-11-27T06:30") == []
    assert lines("2026-11-26T06:29", "2026-11-26T06:31") == [(26, 0)]


def test_a_wider_watch_tells_what_was_not_caught_then(days: Days, tmp_path: Path) -> None:
    config = Path(shutil.copytree(days.settings.config_dir, tmp_path / "config"))
    with (config / "watches.yaml").open("a", encoding="utf-8") as file:
        file.write(WIDER)
    wider = load(config, samples=False)
    with fresh_archive(tmp_path / "fresh.db") as fresh:
        done, sent = replay_letters(
            days.installation, wider, days.settings, BEGIN, AFTER_CHANGE, tmp_path / "wide", into=fresh
        )
        assert len(documents(fresh)) == done.articles
    narrow, as_it_was = replay_letters(
        days.installation, days.rules, days.settings, BEGIN, AFTER_CHANGE, tmp_path / "narrow"
    )
    assert done.articles == narrow.articles + 1
    assert done.new == 1
    gained = Counter({(one.recipient, one.day): one.lines for one in sent})
    gained.subtract({(one.recipient, one.day): one.lines for one in as_it_was})
    assert {key: number for key, number in gained.items() if number} == {(LEADER, date(2026, 11, 18)): 1}


def test_what_the_rules_would_not_have_collected_is_not_read(days: Days, tmp_path: Path) -> None:
    """An article about no watched place that only a watch had caught, and that watch is gone."""
    moment = at("2026-11-26T05:00")
    bus = days.installation.bus
    unmatched = next(bus.scan(UNMATCHED)).message
    other = msgspec.structs.replace(decode(unmatched.value, Collected), rules="another", watches=["gone"])
    with closing(SqliteBus(days.settings.data_dir / "bus.db", ManualClock(moment))) as writer:
        writer.publish(COLLECTED, [Message(unmatched.key, encode(other), unmatched.headers)])
    until = moment + timedelta(hours=2)
    done, sent = replay_letters(days.installation, days.rules, days.settings, moment, until, tmp_path / "letters")
    assert done.messages == 0
    assert [(one.digests, one.lines) for one in sent] == [(1, 0), (1, 0)]


def test_what_a_replay_put_on_the_bus_is_in_no_letter(days: Days, tmp_path: Path) -> None:
    moment = at("2026-11-26T05:00")
    article = _some_article(days)
    with closing(SqliteBus(days.settings.data_dir / "bus.db", ManualClock(moment))) as bus:
        bus.publish(COLLECTED, [Message(article.key, article.value, {**article.headers, "replay": "1"})])
    until = moment + timedelta(hours=2)
    _, sent = replay_letters(days.installation, days.rules, days.settings, moment, until, tmp_path / "letters")
    assert [one.lines for one in sent] == [0, 0]


def _some_article(days: Days) -> Message:
    """One that the leader's digest showed."""
    shown = next(one for one in _digests(days) if one.recipient == LEADER and one.articles)
    log = days.installation.bus.scan(COLLECTED)
    return next(one.message for one in log if one.message.key == shown.articles[0])


def _digests(days: Days) -> list[Letter]:
    return [decode(one.value, Letter) for one in days.installation.ledger.scan(LETTER, "digest|")]


def _letters(folder: Path) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.eml")}


def _said(letter: bytes) -> str:
    """Subject and plain text, without the time of the last reading and the beginning of the first window."""
    text = re.sub(r"nguồn đọc được lúc [\d:]+", "nguồn đọc được", _text(letter))
    return re.sub(r"^Tin từ 17/11 \d\d:\d\d đến 17/11", "Tin đến 17/11", text, flags=re.MULTILINE)


def _text(letter: bytes) -> str:
    message = message_from_bytes(letter, policy=policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    assert body is not None
    return f"{message['Subject']}\n{body.get_content()}"


def _numbered(letter: bytes) -> int:
    return len(re.findall(r"^\s*\d+\. ", _text(letter), flags=re.MULTILINE))


def _really_sent(days: Days) -> list[ForRecipient]:
    counts: dict[tuple[str, date], Counter[str]] = {}
    for one in days.installation.ledger.scan(LETTER):
        letter, zone = decode(one.value, Letter), days.settings.digest.zone
        count = counts.setdefault((letter.recipient, letter.at.astimezone(zone).date()), Counter())
        if letter.kind == "digest":
            count.update(digests=1, lines=letter.lines)
        else:
            count["notices" if one.key.startswith("notice|new|") else "decided"] += 1
    return [ForRecipient(recipient, day, **count) for (recipient, day), count in sorted(counts.items())]
