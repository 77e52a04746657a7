"""Notices of urgent watches: an article that one of them caught, to its recipients at once.

Once for each story and occasion, however many articles tell it and however many urgent watches a person has. The
letter says what was published and why the reader received it; it judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from services.alerter.card import foreign_of, place_name, topic_name
from services.alerter.clipping import Clipping
from services.alerter.letter import Envelope, letter_of
from services.alerter.post import Post
from services.alerter.urgent_choice import NoticeWritten, notices_to_write
from services.domain.watch import Person, Watch
from services.rulebook.book import Rulebook
from services.settings import Office, Settings

_UNDER = "notice|urgent|"
_TITLE = "Tin cần biết ngay"


@dataclass(frozen=True, slots=True)
class UrgentNotice:
    """What the letter says. `clipping`: the article, quoted as published."""

    title: str
    subject: str
    office: Office
    public_url: str
    name: str
    at: datetime
    clipping: Clipping
    place: str
    topics: str
    foreign: str
    changed: str
    """What the outlet changed; empty for a new article."""
    reason: str


class UrgentNotices:
    """Writes them into the post."""

    def __init__(self, post: Post, settings: Settings) -> None:
        self._post, self._settings = post, settings

    def write(self, clipping: Clipping, rules: Rulebook, story_of: Callable[[str], str]) -> None:
        """To everyone who receives one of the urgent watches, and was not told of this story on this occasion."""
        for one in notices_to_write(clipping, rules, story_of, self._told):
            key = f"{_UNDER}{one.story}|{one.occasion}|{one.person.email}"
            self._send(key, clipping, rules, one.person, one.watches, one.answers)

    def _told(self) -> Iterator[NoticeWritten]:
        for key, letter in self._post.under(_UNDER):
            named, occasion, _recipient = key.removeprefix(_UNDER).split("|", 2)
            yield NoticeWritten(named, occasion, letter.recipient, letter.at, letter.message_id)

    def _send(
        self,
        key: str,
        clipping: Clipping,
        rules: Rulebook,
        person: Person,
        watches: Iterable[Watch],
        answers: tuple[str, ...],
    ) -> None:
        settings, at = self._settings, clipping.entered_at
        names = ", ".join(f"“{watch.name}”" for watch in watches)
        view = UrgentNotice(
            title=_TITLE,
            subject=f"{_TITLE}: {clipping.title} ({clipping.outlet_name})",
            office=settings.office,
            public_url=settings.public_url,
            name=person.name,
            at=at,
            clipping=clipping,
            place=place_name(clipping, rules.places),
            topics=", ".join(topic_name(topic, rules.topics.topics) for topic in clipping.topics),
            foreign=foreign_of(clipping),
            changed=_CHANGED[clipping.change] if clipping.change else "",
            reason=f"Ông/bà nhận thư này vì nhận theo dõi báo ngay: {names}.",
        )
        envelope = Envelope(key=key, kind="notice", email=person.email, name=person.name, at=at, answers=answers)
        self._post.write(key, *letter_of("urgent", view, envelope, settings, [clipping.article_id]))


_CHANGED = {"number": "báo đã đổi số liệu trong bài", "correction": "báo đã đính chính"}
