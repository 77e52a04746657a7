"""What services/ports/mailer.py promises, on every adapter; then what each adapter adds."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from services.adapters import smtp_mailer
from services.adapters.folder_mailer import FolderMailer
from services.adapters.smtp_mailer import SmtpMailer
from services.ports.errors import Unavailable, Unprocessable
from services.ports.mailer import Mailer
from services.settings import SmtpSettings

Received = Callable[[], list[EmailMessage]]
SUBJECT = "Điểm báo 24/11: 2 tin, 1 việc cần trả lời"
PLAIN = SmtpSettings(starttls=False, timeout_seconds=5)


def letter(
    known: str = "<1@office.example>", subject: str = "Điểm báo 24/11: 2 tin, 1 việc cần trả lời"
) -> EmailMessage:
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = "Điểm Báo <diembao@office.example>"
    message["To"] = "Lãnh đạo <lanhdao@office.example>"
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime(2026, 11, 24, 6, 30, tzinfo=UTC))
    message["Message-ID"] = known
    message["X-Diembao-Kind"] = "digest"
    message.set_content("Xã Đăk Ơ có tin.\n", charset="utf-8", cte="base64")
    return message


def parsed(data: bytes) -> EmailMessage:
    return email.message_from_bytes(data, _class=EmailMessage, policy=email.policy.default)


class Inbox:
    """An SMTP server that keeps what it takes, or answers as told."""

    def __init__(self, data: str = "250 OK", rcpt: str = "250 OK", drop: bool = False, bye: str = "221 Bye") -> None:
        self.data, self.rcpt, self.drop, self.bye = data, rcpt, drop, bye
        self.bye_after = 0.0
        self.messages: list[EmailMessage] = []

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.data.startswith("250"):
            self.messages.append(parsed(envelope.content))
        if self.drop:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return self.data

    async def handle_QUIT(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        await asyncio.sleep(self.bye_after)
        return self.bye


def allow(server: SMTP, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
    good = data.login == b"diembao" and data.password == b"secret"
    return AuthResult(success=good, handled=good)


@contextmanager
def serving(inbox: Inbox, **options: Any) -> Iterator[str]:
    """The URL of a server on loopback."""
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = int(probe.getsockname()[1])
    controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()


@pytest.fixture(params=["folder", "smtp"])
def mailer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Mailer, Received]]:
    if request.param == "folder":
        yield FolderMailer(tmp_path), lambda: [parsed(path.read_bytes()) for path in sorted(tmp_path.glob("*.eml"))]
        return
    inbox = Inbox()
    with serving(inbox) as url:
        yield SmtpMailer(url, PLAIN), lambda: inbox.messages


def test_a_letter_arrives_as_it_was_written(mailer: tuple[Mailer, Received]) -> None:
    post, received = mailer
    assert post.send(letter())
    (message,) = received()
    assert message["Subject"] == SUBJECT
    assert message["Message-ID"] == "<1@office.example>"
    assert str(message.get_content()).splitlines() == ["Xã Đăk Ơ có tin."]


def test_sending_again_shows_the_same_message_id(mailer: tuple[Mailer, Received]) -> None:
    post, received = mailer
    post.send(letter())
    post.send(letter())
    assert {message["Message-ID"] for message in received()} == {"<1@office.example>"}


def test_two_letters_are_two(mailer: tuple[Mailer, Received]) -> None:
    post, received = mailer
    post.send(letter("<1@office.example>"))
    post.send(letter("<2@office.example>"))
    assert {message["Message-ID"] for message in received()} == {"<1@office.example>", "<2@office.example>"}


def test_checking_reaches_and_sends_nothing(mailer: tuple[Mailer, Received]) -> None:
    post, received = mailer
    post.check()
    assert received() == []
    post.send(letter())
    assert len(received()) == 1


def test_folder_check_makes_nothing_and_says_what_cannot_be_written(tmp_path: Path) -> None:
    FolderMailer(tmp_path / "a" / "mail").check()
    assert not (tmp_path / "a").exists()
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(Unavailable, match="không ghi được"):
        FolderMailer(tmp_path / "file" / "mail").check()


def test_smtp_check_tells_reach_login_and_encryption_apart() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(Unavailable, match="không kết nối được"):
        SmtpMailer(f"smtp://127.0.0.1:{port}", PLAIN).check()
    with serving(Inbox(), authenticator=allow, auth_require_tls=False) as url:
        for password in ("secret", "wrong"):
            mailer = SmtpMailer(url, SmtpSettings(starttls=False, user="diembao", password=password, timeout_seconds=5))
            if password == "secret":
                mailer.check()
            else:
                with pytest.raises(Unavailable, match="không đăng nhập được") as caught:
                    mailer.check()
                assert "wrong" not in str(caught.value)
        with pytest.raises(Unavailable):
            SmtpMailer(url, SmtpSettings(timeout_seconds=5)).check()


def test_folder_returns_an_absolute_path_and_keeps_one_file_for_one_letter(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path / "a" / "mail")
    where = Path(mailer.send(letter()))
    assert where.is_absolute()
    assert where.name.startswith("2026-11-24-digest-lanhdao-office-example-")
    again = letter(subject="Điểm báo 24/11: 3 tin")
    again.replace_header("Date", format_datetime(datetime(2026, 11, 25, 6, 30, tzinfo=UTC)))
    assert Path(mailer.send(again)) == where
    assert [path.name for path in where.parent.iterdir()] == [where.name]
    assert parsed(where.read_bytes())["Subject"] == "Điểm báo 24/11: 3 tin"


def test_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(Unavailable, match="không ghi được"):
        FolderMailer(tmp_path / "file" / "mail").send(letter())


def test_folder_name_never_leaves_the_folder(tmp_path: Path) -> None:
    message = letter()
    message.replace_header("To", "../../etc/passwd@office.example")
    assert Path(FolderMailer(tmp_path).send(message)).parent == tmp_path


@pytest.mark.parametrize(
    ("inbox", "error"),
    [
        (Inbox(data="554 5.7.1 refused"), Unprocessable),
        (Inbox(data="451 4.3.0 try later"), Unavailable),
        (Inbox(rcpt="550 5.1.1 no such user"), Unprocessable),
        (Inbox(rcpt="450 4.2.0 greylisted"), Unavailable),
        (Inbox(drop=True), Unavailable),
    ],
    ids=["data-5xx", "data-4xx", "rcpt-5xx", "rcpt-4xx", "dropped-after-data"],
)
def test_smtp_answers_become_our_errors(inbox: Inbox, error: type[Exception]) -> None:
    with serving(inbox) as url, pytest.raises(error):
        SmtpMailer(url, PLAIN).send(letter())


def test_smtp_how_the_server_takes_leave_changes_no_answer() -> None:
    """The letter is taken or refused by then: as not sent it would be mailed again without end."""
    inbox = Inbox(bye="421 4.3.2 shutting down")
    with serving(inbox) as url:
        mailer = SmtpMailer(url, PLAIN)
        mailer.send(letter())
        mailer.check()
    assert len(inbox.messages) == 1
    with serving(Inbox(data="550 5.7.1 refused", bye="421 4.3.2 shutting down")) as url, pytest.raises(Unprocessable):
        SmtpMailer(url, PLAIN).send(letter())


def test_smtp_a_server_that_never_takes_leave_holds_up_no_other_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_mailer, "_LEAVE_SECONDS", 0.1)
    inbox = Inbox()
    inbox.bye_after = PLAIN.timeout_seconds
    with serving(inbox) as url:
        started = time.monotonic()
        SmtpMailer(url, PLAIN).send(letter())
        assert time.monotonic() - started < PLAIN.timeout_seconds / 2
    assert len(inbox.messages) == 1


def test_smtp_without_a_server_is_unavailable() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(Unavailable):
        SmtpMailer(f"smtp://127.0.0.1:{port}", PLAIN).send(letter())


def test_smtp_refuses_to_send_in_clear_unless_told_to() -> None:
    inbox = Inbox()
    with serving(inbox) as url, pytest.raises(Unavailable):
        SmtpMailer(url, SmtpSettings(timeout_seconds=5)).send(letter())
    assert inbox.messages == []


@pytest.mark.parametrize("password", ["secret", "wrong"])
def test_smtp_login(password: str) -> None:
    inbox = Inbox()
    settings = SmtpSettings(starttls=False, user="diembao", password=password, timeout_seconds=5)
    with serving(inbox, authenticator=allow, auth_require_tls=False) as url:
        mailer = SmtpMailer(url, settings)
        if password == "secret":
            mailer.send(letter())
        else:
            # The relay's state, not the letter's: it is kept and sent when the login works again.
            with pytest.raises(Unavailable, match="không đăng nhập được"):
                mailer.send(letter())
    assert len(inbox.messages) == (password == "secret")


def test_smtp_password_stands_in_no_error() -> None:
    settings = SmtpSettings(starttls=False, user="diembao", password="hush-hush", timeout_seconds=5)
    with serving(Inbox(), authenticator=allow, auth_require_tls=False) as url, pytest.raises(Unavailable) as caught:
        SmtpMailer(url, settings).send(letter())
    assert "hush-hush" not in str(caught.value)
    assert "hush-hush" not in repr(settings)
