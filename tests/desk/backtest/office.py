"""An office that tries new watches on the three days of the sample press, and replays them to compare."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from services import wiring
from services.adapters.manual_clock import ManualClock
from services.adapters.sqlite_bus import SqliteBus
from services.collector.judge import judge
from services.desk.backtest.compare import OfWatch
from services.desk.backtest.trial import Trial, backtest
from services.domain.article import hash_of, id_of
from services.domain.codec import decode, encode
from services.domain.events import SCHEMA, UNMATCHED, Collected
from services.ports.bus import Message
from services.replay.letters import replay_letters
from services.rulebook.accepted import WATCHES
from services.rulebook.book import Rulebook
from services.rulebook.load import load_texts
from tests.replay.days import BEGIN, END, Days

CITY = """
- id: ca-thanh-pho
  name: Cả thành phố
  query: "place:dong-nai/any"
  recipients: [leadership]
"""
WIDER = """
- id: ca-phe
  name: Mùa cà phê
  query: topic:nong_nghiep "cà phê"
  recipients: [leadership]
"""
URGENT = """
- id: gap
  name: Việc gấp
  query: "place:binh-phuoc -topic:nhieu"
  recipients: [leadership, operator]
  urgency: urgent
  section: Việc gấp
"""
ALL = """
- id: tat-ca
  name: Mọi chủ đề
  query: "topic:nong_nghiep OR topic:su_viec OR topic:xanh OR topic:bien_gioi"
  recipients: [analyst]
"""
PLANTED_WATCH = """
- id: trong
  name: Cây dó bầu
  query: topic:nong_nghiep "dó bầu"
  recipients: [analyst]
"""


def with_watches(days: Days, text: str) -> Rulebook:
    return load_texts({**days.rules.texts, WATCHES: text}, samples=False)


def tried(days: Days, rules: Rulebook, since: datetime = BEGIN, until: datetime = END) -> Trial:
    ours = days.installation
    return backtest(
        ours.bus,
        ours.archive,
        ours.ledger,
        lambda: wiring.scratch_ledger(ours.ledger),
        wiring.scratch_ledger,
        rules,
        days.rules,
        days.settings,
        since,
        until,
    )


Count = tuple[str, str, int, int, int]
"""(recipient, day, digests, lines, notices)"""


def forecast_of(trial: Trial) -> list[Count]:
    return sorted(
        (recipient, str(day), one.digests, one.lines, one.notices) for (recipient, day), one in trial.forecast.items()
    )


def replayed(days: Days, rules: Rulebook, folder: Path, since: datetime = BEGIN, until: datetime = END) -> list[Count]:
    """What a replay writes; letters that follow from what people decided are no forecast."""
    _, sent = replay_letters(days.installation, rules, days.settings, since, until, folder)
    found = [(one.recipient, str(one.day), one.digests, one.lines, one.notices) for one in sent]
    return sorted(one for one in found if one[2] or one[4])


def of(trial: Trial, watch: str) -> OfWatch:
    return next(one for one in trial.watches if one.watch.id == watch)


def plant(days: Days, count: int) -> set[str]:
    """So many unmatched articles on the log, within the days; their ids."""
    missed = list(days.installation.bus.scan(UNMATCHED))
    like = next(decode(one.message.value, Collected) for one in missed if b"nong_nghiep" in one.message.value)
    messages = []
    for number in range(count):
        at = BEGIN + timedelta(hours=7, minutes=15 * number)
        title, url = (
            f"Nông dân tỉnh Mẫu trồng cây dó bầu vụ {number}",
            f"https://bao-mau-8.example/do-bau-{number}.html",
        )
        text = f"{like.article.text}\nHộ thứ {number} trồng {number + 3} ha dó bầu."
        article = msgspec.structs.replace(
            like.article,
            article_id=id_of(url),
            url=url,
            title=title,
            text=text,
            content_hash=hash_of(title, like.article.lead, text),
            published_at=at,
            first_seen=at,
            seen_at=at,
        )
        _, found = judge(article, days.rules)
        assert not found.watches
        messages.append(Message(article.article_id, encode(found), {"schema": str(SCHEMA)}, at))
    with closing(SqliteBus(days.settings.data_dir / "bus.db", ManualClock(END))) as bus:
        bus.publish(UNMATCHED, messages)
    return {message.key for message in messages}
