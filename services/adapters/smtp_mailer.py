"""Letters through an SMTP relay, one connection for each letter.

A dropped connection after DATA leaves the outcome unknown: that is Unavailable, and the same Message-ID is sent
again. Only a permanent answer to this letter is Unprocessable; a refused login is the relay's state, not the letter's.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from email.errors import MessageError
from email.message import EmailMessage
from urllib.parse import urlsplit

from services.ports.errors import Unavailable, Unprocessable
from services.ports.mailer import Mailer
from services.settings import SmtpSettings

_PORTS = {"smtp": 587, "smtps": 465}
_CHECK_SECONDS = 10.0
"""Somebody waits for the answer of `check`; a letter has the settings' patience."""
_LEAVE_SECONDS = 2.0
"""The letter is taken by then: a server that does not answer QUIT must not hold up the next one."""


class SmtpMailer(Mailer):
    """`url`: smtp://host:port (STARTTLS unless the settings say otherwise) or smtps://host:port."""

    def __init__(self, url: str, settings: SmtpSettings) -> None:
        parts = urlsplit(url)
        self._scheme, self._host = parts.scheme, parts.hostname or "localhost"
        self._port = parts.port or _PORTS[parts.scheme]
        self._settings = settings

    def send(self, message: EmailMessage) -> str:
        try:
            with self._relay(self._settings.timeout_seconds) as relay:
                relay.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            raise self._refusal(code, answer) from error
        except smtplib.SMTPAuthenticationError as error:
            raise self._unavailable("không đăng nhập được / login refused", error) from error
        except smtplib.SMTPSenderRefused as error:
            raise self._refusal(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPDataError as error:
            raise self._refusal(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise self._unavailable("không gửi được, sẽ thử lại / not sent, will try again", error) from error
        except (MessageError, UnicodeError, ValueError) as error:
            raise Unprocessable(f"thư không mã hóa được: {error} / the letter cannot be encoded") from error
        return f"{self._host}:{self._port}"

    def check(self) -> None:
        try:
            with self._relay(min(self._settings.timeout_seconds, _CHECK_SECONDS)) as relay:
                relay.noop()
        except smtplib.SMTPAuthenticationError as error:
            raise self._unavailable("không đăng nhập được / login refused", error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise self._unavailable("không kết nối được / cannot be reached", error) from error

    def close(self) -> None:
        """Each letter closes its own connection."""

    @contextmanager
    def _relay(self, timeout: float) -> Iterator[smtplib.SMTP]:
        """Connected and logged in. What the letter was answered counts, not how the server takes leave afterwards:
        smtplib's own `with` raises for whatever else than 221 it answers to QUIT.
        """
        relay = self._connect(timeout)
        try:
            if self._settings.user:
                relay.login(self._settings.user, self._settings.password)
            yield relay
        finally:
            with suppress(smtplib.SMTPException, OSError), closing(relay):
                if relay.sock is not None:
                    relay.sock.settimeout(_LEAVE_SECONDS)
                relay.quit()

    def _connect(self, timeout: float) -> smtplib.SMTP:
        if self._scheme == "smtps":
            return smtplib.SMTP_SSL(self._host, self._port, timeout=timeout, context=self._trust())
        relay = smtplib.SMTP(self._host, self._port, timeout=timeout)
        try:
            if self._settings.starttls:
                relay.starttls(context=self._trust())
        except BaseException:
            relay.close()
            raise
        return relay

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._settings.ca_bundle or None)

    def _refusal(self, code: int, answer: bytes | str) -> Unavailable | Unprocessable:
        said = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
        text = f"{self._host}: {code} {said}"
        if 500 <= code < 600:
            return Unprocessable(f"máy chủ thư từ chối thư này: {text} / the server refused this letter")
        return Unavailable(f"máy chủ thư chưa nhận, sẽ thử lại: {text} / the server did not take it yet")

    def _unavailable(self, words: str, error: Exception) -> Unavailable:
        return Unavailable(f"{self._host}:{self._port}: {words}: {type(error).__name__}: {error}")
