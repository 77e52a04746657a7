"""Letters: three templates become one EmailMessage whose bytes depend on nothing but what is told and the clock.

HTML is autoescaped, its CSS inlined, links only http and https; no image, no address of ours unless `public_url`.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email import policy
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import css_inline
import jinja2

from services import resources
from services.alerter import words
from services.alerter.records import Letter, LetterKind
from services.settings import Settings, SmtpSettings

Template = Literal["digest", "notice", "urgent"]
"""The folders of templates/mail/."""
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]+")
"""Control characters, and the marks that turn the direction of the text around them."""


class _Policy(policy.EmailPolicy):
    """Python 3.11 loses the space between two encoded words when it folds a header itself (gh-92081)."""

    def fold(self, name: str, value: Any) -> str:
        if str(value).isascii():
            return str(super().fold(name, value))
        addresses = getattr(value, "addresses", None)
        if addresses is not None:
            folded = ", ".join(formataddr((one.display_name, one.addr_spec), "utf-8") for one in addresses)
        else:
            folded = Header(str(value), "utf-8", header_name=name, maxlinelen=76).encode(linesep=self.linesep)
        return f"{name}: {folded}{self.linesep}"

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("ascii", "surrogateescape")


_POLICY = _Policy(linesep="\r\n", refold_source="none")


@dataclass(frozen=True, slots=True)
class Sent:
    """A letter that went out: `where` is the absolute path of the .eml, or the server."""

    kind: LetterKind
    where: str
    recipient: str
    subject: str


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who, when, and which letter. `key` names the letter for ever: the same key, the same Message-ID."""

    key: str
    kind: LetterKind
    email: str
    name: str
    at: datetime
    answers: tuple[str, ...] = ()
    """Message-IDs of the thread, oldest first."""


def letter_of(
    template: Template,
    view: Any,
    envelope: Envelope,
    settings: Settings,
    articles: list[str],
    findings: Sequence[str] = (),
) -> tuple[Letter, EmailMessage]:
    """The letter of this view as the ledger keeps it, without its body, and as it goes out."""
    zone = settings.digest.zone
    message = _compose(render(template, view, zone, banner=settings.banner), envelope, settings.smtp, zone)
    letter = Letter(
        message_id=_message_id(envelope.key, settings.smtp.sender),
        kind=envelope.kind,
        recipient=envelope.email,
        name=envelope.name,
        subject=str(message["Subject"]),
        at=envelope.at,
        articles=articles,
        findings=list(findings),
    )
    return letter, message


def render(
    template: Template,
    view: Any,
    zone: ZoneInfo,
    templates: Path | None = None,
    banner: str = "",
) -> Rendered:
    """The letter of this view, from templates/mail/<template>/. `banner` stands on top and in the subject."""
    environment = _environment(templates or resources.templates_dir(), zone)
    subject, text, html = (
        environment.get_template(f"mail/{template}/{part}").render(view=view, banner=banner)
        for part in ("subject.txt", "body.txt", "body.html")
    )
    return Rendered(_one_line(subject), _tidy(text), css_inline.inline(html, keep_at_rules=True))


def safe_link(url: object) -> str:
    """The address if it is http or https and names a host, else nothing."""
    text = str(url or "").strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in ("http", "https") and parts.netloc and not _CONTROL.search(text) else ""


def _message_id(key: str, sender: str) -> str:
    domain = sender.rpartition("@")[2] or "localhost"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"


def _compose(rendered: Rendered, envelope: Envelope, sender: SmtpSettings, zone: ZoneInfo) -> EmailMessage:
    """The complete message; equal arguments give equal bytes."""
    known = _message_id(envelope.key, sender.sender)
    message = EmailMessage(policy=_POLICY)
    message["From"] = _address(sender.sender_name, sender.sender)
    message["To"] = _address(envelope.name, envelope.email)
    message["Subject"] = rendered.subject
    message["Date"] = format_datetime(envelope.at.astimezone(zone).replace(microsecond=0))
    message["Message-ID"] = known
    if envelope.answers:
        message["In-Reply-To"] = envelope.answers[-1]
        message["References"] = " ".join(envelope.answers)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Diembao-Kind"] = envelope.kind
    message.set_content(rendered.text, charset="utf-8", cte="base64")
    message.add_alternative(rendered.html, subtype="html", charset="utf-8", cte="base64")
    # Python draws a random boundary otherwise, and a letter sent again would be another one.
    message.set_boundary(f"=_{hashlib.sha256(known.encode()).hexdigest()[:24]}")
    return message


@functools.lru_cache(maxsize=4)
def _environment(templates: Path, zone: ZoneInfo) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters["link"] = safe_link
    environment.filters["when"] = _local(zone, "%d/%m %H:%M")
    environment.filters["hour"] = _local(zone, "%H:%M")
    environment.filters["hour_or_moment"] = _hour_or_moment(zone)
    environment.filters["day"] = _local(zone, "%d/%m/%Y")
    environment.filters["moment"] = _local(zone, "%H:%M ngày %d/%m/%Y")
    environment.filters["one_line"] = _one_line
    environment.filters["capitalize_first"] = lambda text: text[:1].upper() + text[1:]
    environment.globals["words"] = words
    return environment


def _printable(value: object) -> object:
    """What the press wrote, without characters that break a letter or hide where it comes from."""
    return _CONTROL.sub(" ", value) if type(value) is str else value


def _local(zone: ZoneInfo, form: str) -> Callable[[datetime], str]:
    return lambda at: at.astimezone(zone).strftime(form)


def _hour_or_moment(zone: ZoneInfo) -> Callable[[datetime, date], str]:
    """The hour of what happened on the letter's day; also the date of what happened before."""

    def said(at: datetime, day: date) -> str:
        local = at.astimezone(zone)
        return local.strftime("%H:%M" if local.date() == day else "%H:%M ngày %d/%m/%Y")

    return said


def _address(name: str, email: str) -> Address:
    return Address(display_name=_one_line(name), addr_spec=_one_line(email))


def _one_line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def _tidy(text: str) -> str:
    """No run of blank lines where a section is empty, no white space at the end of lines."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.strip().splitlines())) + "\n"
