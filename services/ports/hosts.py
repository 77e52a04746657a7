"""The hosts that this collector asks: shared out among all collectors, so that one of them keeps a host's pace."""

from __future__ import annotations

from typing import Protocol


class Hosts(Protocol):
    """Which hosts are ours. At any time no two collectors hold the same host."""

    def refresh(self) -> None:
        """Learn what has changed. Call it between two steps of work, and at least every few seconds.

        What is ours stays ours until the next call: a host goes to another collector only after its holder has
        called this, has died, or was cut off from the others for so long that `mine` says no. Raises Unavailable.
        """

    def mine(self, host: str) -> bool:
        """Whether this collector may ask the host now. False for a host that was another's a moment ago, until the
        pause between two requests to one host has passed, and for every host where nobody can say whether the others
        still count us in. Ask right before each request. From any thread.
        """

    def close(self) -> None:
        """Give all hosts back."""
