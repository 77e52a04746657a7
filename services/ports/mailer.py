"""The mailer: one letter out."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Protocol


class Mailer(Protocol):
    """Sends a complete message. The Message-ID is the caller's and deterministic: sending again is visible as
    the same letter.
    """

    def send(self, message: EmailMessage) -> str:
        """Deliver; returns where it went (an absolute path, or the server).

        Raises Unavailable when it failed or the outcome is unknown (send again), Unprocessable when the server
        refused this letter for good.
        """

    def check(self) -> None:
        """Reach what takes the letters, with the login where there is one, and send nothing. Raises Unavailable."""

    def close(self) -> None:
        """Release the connection."""
