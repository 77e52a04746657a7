"""Letters as .eml files in a folder: the default, and what tests read.

The name ends in a hash of the Message-ID, so the same letter sent twice is one file.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path

from services.domain.text import fold
from services.ports.errors import Unavailable, Unprocessable
from services.ports.mailer import Mailer


class FolderMailer(Mailer):
    """Writes DIR/<date>-<kind>-<recipient>-<hash>.eml, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    def send(self, message: EmailMessage) -> str:
        data, name = _bytes_of(message), _name_of(message)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            earlier = next(self._folder.glob(f"*-{name.rpartition('-')[2]}"), None)
            return str(_write(earlier or self._folder / name, data))
        except OSError as error:
            raise Unavailable(
                f"không ghi được thư vào {self._folder}: {error} / the mail folder is not writable"
            ) from error

    def check(self) -> None:
        existing = next(path for path in (self._folder, *self._folder.parents) if path.exists())
        if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
            raise Unavailable(
                f"không ghi được thư vào {self._folder}: không ghi được vào {existing} "
                "/ the mail folder is not writable"
            )

    def close(self) -> None:
        """Nothing is held open."""


def _bytes_of(message: EmailMessage) -> bytes:
    try:
        return message.as_bytes(policy=message.policy.clone(linesep="\r\n"))
    except (UnicodeError, ValueError, LookupError) as error:
        raise Unprocessable(f"thư không mã hóa được: {error} / the letter cannot be encoded") from error


def _name_of(message: EmailMessage) -> str:
    day = parsedate_to_datetime(str(message["Date"])).date().isoformat() if message["Date"] else "undated"
    kind = _plain(str(message.get("X-Diembao-Kind", "letter")))
    recipient = _plain(parseaddr(str(message.get("To", "")))[1])
    known = hashlib.sha256(str(message["Message-ID"]).encode()).hexdigest()[:12]
    return f"{day}-{kind}-{recipient}-{known}.eml"


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", fold(text).lower()).strip("-")[:40] or "x"


def _write(path: Path, data: bytes) -> Path:
    """Atomic and durable: a reader of the folder never sees half a letter under a name that ends in .eml."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".letter-")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).chmod(0o640)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return path
