"""Watches: what somebody wants to be told of, and who that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from services.domain.query import Query
from services.domain.record import Record

Role = Literal["leadership", "analyst", "operator"]
ROLES: tuple[Role, ...] = get_args(Role)
Urgency = Literal["normal", "urgent"]


class Person(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody of the office, from people.yaml. `login` is the account of the operating system."""

    login: str
    """Empty for an office's mailbox that stands in for a role nobody holds: it receives and can decide nothing."""
    name: str
    email: str
    role: Role


class Mailboxes(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where letters for a role go while nobody in people.yaml holds it."""

    leadership: str = "lanh-dao@localhost"
    analyst: str = "chuyen-vien@localhost"
    operator: str = "van-hanh@localhost"


class PeopleFile(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """people.yaml as it is written."""

    people: list[Person] = []
    mailboxes: Mailboxes = Mailboxes()


class Watch(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A query that must require a place or a topic, and who receives what it catches."""

    id: str
    name: str
    query: str
    recipients: list[str]
    """Roles, or logins of people."""
    enabled: bool = True
    urgency: Urgency = "normal"
    """urgent: what it catches is also announced at once, by a notice to its recipients; passing mentions are not."""
    section: str = ""
    """The heading under which a digest shows what it catches; empty: by topic. A topic's name joins that topic."""
    match: list[str] = []
    """Sample texts that must match; checked at every validation. The first line is the title, the rest the text."""
    refuse: list[str] = []
    """Sample texts that must not."""


@dataclass(frozen=True, slots=True)
class CompiledWatch:
    """A watch and its query, parsed once for each rulebook."""

    watch: Watch
    query: Query

    @property
    def id(self) -> str:
        return self.watch.id


class People:
    """Who receives and who decides, by login and by role."""

    def __init__(self, people: Sequence[Person], mailboxes: Mailboxes) -> None:
        self.by_login: dict[str, Person] = {person.login: person for person in people}
        self.by_role: dict[Role, list[Person]] = {role: _holders(role, people, mailboxes) for role in ROLES}

    def recipients(self, watch: Watch) -> list[Person]:
        """Everyone who receives what this watch catches, each once, in the order of the watch."""
        found: dict[str, Person] = {}
        for name in watch.recipients:
            role = _role(name)
            for person in self.by_role[role] if role is not None else [self.by_login[name]]:
                found.setdefault(person.email, person)
        return list(found.values())


_STAND_IN: dict[Role, str] = {
    "leadership": "Lãnh đạo (chưa khai trong people.yaml)",
    "analyst": "Chuyên viên (chưa khai trong people.yaml)",
    "operator": "Vận hành (chưa khai trong people.yaml)",
}


def _holders(role: Role, people: Sequence[Person], mailboxes: Mailboxes) -> list[Person]:
    held = [person for person in people if person.role == role]
    return held or [Person(login="", name=_STAND_IN[role], email=getattr(mailboxes, role), role=role)]


def _role(name: str) -> Role | None:
    return next((role for role in ROLES if role == name), None)
