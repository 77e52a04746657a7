"""The hosts that this collector asks: shared out among all collectors, so that one of them keeps a host's pace."""

from __future__ import annotations

from typing import Protocol


class Hosts(Protocol):
    """Which hosts are ours. At any time no two collectors hold the same host."""

    def refresh(self) -> None:
        """Learn what has changed. Call it between two steps of work, and at least every few seconds.

        What is ours stays ours until the next call: a host goes to another collector only after its holder has
        called this, or has died. Raises Unavailable.
        """

    def mine(self, host: str) -> bool:
        """Whether this collector may ask the host now. False for a host that was another's a moment ago, until the
        pause between two requests to one host has passed. From any thread.
        """

    def close(self) -> None:
        """Give all hosts back."""
