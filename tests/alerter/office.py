"""An office for tests: a small rulebook, an alerter on embedded adapters, and articles with what a test is about."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal

from services.adapters.folder_mailer import FolderMailer
from services.adapters.manual_clock import ManualClock
from services.adapters.sqlite_bus import SqliteBus
from services.adapters.sqlite_ledger import SqliteLedger
from services.alerter.alert import Alerter
from services.alerter.letter import Sent
from services.domain.article import Article, SourceClass, hash_of
from services.domain.codec import encode
from services.domain.events import ENRICHED, SCHEMA, Enriched
from services.domain.fact import Fact
from services.domain.fact.register import FactRegister
from services.domain.feed import Feed, FeedCursor, FeedState
from services.domain.finding import Finding, Source, finding_id
from services.domain.outlet import Outlet, OutletDirectory
from services.domain.place import Nearness, Parent, Place, PlaceName, Reading
from services.domain.place.register import PlaceRegister
from services.domain.query import parse
from services.domain.tone import DocumentTone, IssueType, Tone, ToneEvidence, ToneLabel
from services.domain.tone_lexicon import ToneLexicon
from services.domain.topic import Topic, TopicHit, TopicRules
from services.domain.watch import CompiledWatch, Mailboxes, People, Person, Urgency, Watch
from services.ports.bus import Message
from services.ports.ledger import Put
from services.ports.mailer import Mailer
from services.rulebook.accepted import accept
from services.rulebook.book import Rulebook
from services.settings import (
    CollectorSettings,
    DigestSettings,
    ElasticsearchSettings,
    KafkaSettings,
    Office,
    Retention,
    Settings,
    SmtpSettings,
)

START = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
"""05:00 on Tuesday 24/11/2026, half past one before the digest."""
LEADER = Person(login="lanhdao", name="Nguyễn Thị Mẫu", email="lanhdao@office.example", role="leadership")
ANALYST = Person(login="chuyenvien", name="Trần Văn Thử", email="chuyenvien@office.example", role="analyst")
OPERATOR = Person(login="vanhanh", name="Lê Thị Vận", email="vanhanh@office.example", role="operator")
TOPICS = [
    Topic(id="bien_gioi", name="Biên giới, chủ quyền", weight=5),
    Topic(id="nong_nghiep", name="Nông nghiệp", weight=3),
    Topic(id="nhieu", name="Thể thao, xổ số", weight=0),
]
OUTLETS = ["Báo Sáng", "Báo Trưa", "Báo Chiều", "Báo Tối", "Báo Rừng"]
DECREE = Source(title="Nghị quyết mẫu về địa giới", number="01/NQ-MẪU", date="2025-06-12", url="https://law.example/01")


def place(id_: str, name: str, kind: Any, parents: tuple[str, ...] = ()) -> Place:
    return Place(
        id=id_,
        watched=True,
        unmistakable=True,
        names=[PlaceName(text=name, kind=kind)],
        parents=[Parent(place=parent) for parent in parents],
    )


def fact(id_: str = "bien-gioi", status: Literal["verified", "single_source", "disputed"] = "verified") -> Fact:
    return Fact(
        id=id_,
        subject="binh-phuoc",
        attribute="chiều dài đường biên giới",
        value="260,433",
        unit="km",
        words=["biên giới dài"],
        source=DECREE,
        status=status,
        entered_by="Trần Văn Thử",
        entered_on=date(2026, 11, 2),
    )


def rulebook(
    watches: list[Watch] | None = None,
    feeds: dict[str, bool] | None = None,
    people: list[Person] | None = None,
    facts: list[Fact] | None = None,
) -> Rulebook:
    """Two places, three topics, five outlets; `feeds`: id -> enabled."""
    places = PlaceRegister(
        [
            place("binh-phuoc", "Bình Phước", "tỉnh"),
            place("bu-gia-map", "Bù Gia Mập", "huyện", ("binh-phuoc",)),
            place("xa-dak-o", "Đăk Ơ", "xã", ("bu-gia-map",)),
        ]
    )
    watches = watches if watches is not None else [watch()]
    listed = [
        Outlet(id=f"bao-{n}", name=name, hosts=[f"bao-{n}.example"], class_="press") for n, name in enumerate(OUTLETS)
    ]
    listed.append(
        Outlet(id="daily", name="The Daily", hosts=["daily.example"], class_="press", language="en", country="US")
    )
    return Rulebook(
        version="test",
        feeds={
            name: Feed(id=name, url=f"https://{name}.example/rss", outlet=name, enabled=enabled)
            for name, enabled in (feeds if feeds is not None else {"bao-0": True, "bao-1": True}).items()
        },
        outlets=OutletDirectory(listed),
        places=places,
        topics=TopicRules(TOPICS),
        tone=ToneLexicon([]),
        watches={one.id: CompiledWatch(one, parse(one.query)) for one in watches},
        facts=FactRegister(facts if facts is not None else [fact()], places),
        people=People(people if people is not None else [LEADER, ANALYST, OPERATOR], Mailboxes()),
        texts={},
    )


def watch(
    id_: str = "dia-ban",
    query: str = "place:binh-phuoc/any -topic:nhieu",
    recipients: list[str] | None = None,
    *,
    urgency: Urgency = "normal",
    section: str = "",
) -> Watch:
    return Watch(
        id=id_,
        name=f"Theo dõi {id_}",
        query=query,
        recipients=recipients or ["leadership"],
        urgency=urgency,
        section=section,
    )


def article(
    n: int,
    title: str = "",
    *,
    lead: str = "",
    outlet: str = "",
    places: dict[str, Nearness] | None = None,
    topics: tuple[str, ...] = ("nong_nghiep",),
    published_at: datetime | None = START - timedelta(hours=3),
    first_seen: datetime = START - timedelta(hours=2),
    source_class: SourceClass = "press",
    story: int | None = None,
    copy_of: int | None = None,
    change: Literal["number", "correction"] | None = None,
    first_poll: bool = False,
    language: str = "vi",
    tone: ToneLabel = "unclear",
    tone_words: tuple[str, ...] = (),
    issue_type: IssueType | None = None,
    findings: tuple[Finding, ...] = (),
    version: int = 1,
    url: str | None = None,
) -> Enriched:
    """Article number n; `story` and `copy_of` are numbers too."""
    outlet = outlet or f"bao-{n % len(OUTLETS)}"
    names = {f"bao-{index}": name for index, name in enumerate(OUTLETS)} | {"daily": "The Daily"}
    text = f"Nội dung số {n}, bản {version}."
    title = title or f"Xã Đăk Ơ: việc số {n}"
    one = Article(
        article_id=f"a{n:05}",
        url=url if url is not None else f"https://{outlet}.example/tin-{n}",
        title=title,
        lead=lead,
        text=text,
        published_at=published_at,
        first_seen=first_seen,
        seen_at=first_seen + timedelta(hours=version - 1),
        outlet=outlet,
        outlet_name=names.get(outlet, outlet),
        source_class=source_class,
        content_hash=hash_of(title, lead, text),
        first_poll=first_poll,
    )
    evidence = [
        ToneEvidence(surface=word, field="text", start=0, end=1, weight=-1.0, place="bu-gia-map") for word in tone_words
    ]
    near: dict[str, Nearness] = {"xa-dak-o": "about", "bu-gia-map": "about", "binh-phuoc": "about"}
    return Enriched(
        article=one,
        reading=Reading(places=places if places is not None else near),
        language=language,
        topics=[TopicHit(topic=topic, evidence=[]) for topic in topics],
        tone=Tone(label=tone, score=0.0, evidence=evidence),
        tone_document=DocumentTone(label="neutral", score=0.0),
        issue_type=issue_type,
        findings=list(findings),
        story_id=f"a{n if story is None else story:05}",
        copy_of=None if copy_of is None else f"a{copy_of:05}",
        change=change,
        rules="test",
    )


def finding(n: int, quote: str = "", fact_id: str = "bien-gioi") -> Finding:
    quote = quote or "Bình Phước có đường biên giới dài 240 km với Campuchia."
    return Finding(
        finding_id=finding_id(f"a{n:05}", fact_id, "number", quote),
        state="contradicted",
        kind="number",
        quote=quote,
        field="text",
        start=0,
        end=len(quote),
        fact_id=fact_id,
        expected="260,433 km",
        found="240 km",
        severity="high",
        source=DECREE,
        reason="Con số trong câu khác sổ dữ kiện quá mức làm tròn.",
    )


def settings_of(folder: Path, digest: DigestSettings | None = None) -> Settings:
    """Settings as a process would have them; the adapters are made by the test."""
    return Settings(
        config_dir=folder,
        data_dir=folder,
        bus="",
        archive="",
        ledger="",
        mail="",
        office=Office(name="Văn phòng", unit="Đảng ủy xã Mẫu", contact="điện thoại nội bộ 101"),
        collector=CollectorSettings(),
        digest=digest or DigestSettings(),
        smtp=SmtpSettings(sender="diembao@office.example"),
        retention=Retention(),
        kafka=KafkaSettings(),
        elasticsearch=ElasticsearchSettings(),
        public_url="",
    )


@dataclass
class Press:
    """One installation in a folder, with its alerter. `open` again = a new process on the same data."""

    folder: Path
    rules: Rulebook = field(default_factory=rulebook)
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    mailer: Mailer | None = None
    digest: DigestSettings = field(default_factory=DigestSettings)
    sent: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bus = SqliteBus(self.folder / "bus.db", self.clock)
        self.ledger = SqliteLedger(self.folder / "ledger.db")
        self.mail = self.folder / "mail"
        accept(self.ledger, self.rules, "vanhanh", self.clock.now())
        self.open()

    def open(self, owner: str = "run") -> Alerter:
        self.alerter = Alerter(
            lambda: self.rules,
            settings_of(self.folder, self.digest),
            self.bus,
            self.ledger,
            self.mailer or FolderMailer(self.mail),
            self.clock,
            on_sent=self.sent.append,
            owner=owner,
        )
        return self.alerter

    def publish(self, *articles: Enriched, headers: dict[str, str] | None = None) -> None:
        self.bus.publish(
            ENRICHED,
            [Message(one.article_id, encode(one), {"schema": str(SCHEMA), **(headers or {})}) for one in articles],
        )

    def enter(self, *articles: Enriched) -> None:
        self.publish(*articles)
        self.run()

    def run(self) -> int:
        """Steps until there is nothing left."""
        done = 0
        while step := self.alerter.step():
            done += step
        return done

    def feeds(self, states: dict[str, FeedState], at: datetime | None = None) -> None:
        """What the collector would have kept of its last round."""
        at = at or self.clock.now()
        for name, state in states.items():
            readable = at if state == "ok" else None
            cursor = FeedCursor(
                feed=name,
                url=f"https://{name}.example/rss",
                state=state,
                since=at,
                polled_at=at,
                due_at=at + timedelta(minutes=15),
                read_at=readable,
            )
            self.ledger.put(Put("feed", name, encode(cursor)))

    def morning(self, days: int = 0, hour: int = 6, minute: int = 30) -> list[Sent]:
        """Go to a morning in Vietnam, `days` after 24/11/2026, and send what is due."""
        self.clock.set(datetime(2026, 11, 23, 17, 0, tzinfo=UTC) + timedelta(days=days, hours=hour, minutes=minute))
        return self.alerter.send_due_digests()

    def letters(self) -> list[EmailMessage]:
        """Every letter in the folder, by name."""
        return [read_letter(path) for path in sorted(self.mail.glob("*.eml"))]


def read_letter(path: Path) -> EmailMessage:
    return email.message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=email.policy.default)


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def html_of(message: EmailMessage) -> str:
    body = message.get_body(("html",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
