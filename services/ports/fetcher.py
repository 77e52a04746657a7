"""The fetcher: HTTP GET of public addresses, many at once, each within its limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

Failure = Literal[
    "unreachable",
    "timeout",
    "refused_address",
    "refused_source",
    "too_large",
    "too_many_redirects",
    "bad_url",
    "not_ours",
]
"""`refused_source`: a hop led to a personal or social-network host; nothing was asked of it.
`not_ours`: a redirect led to a host that this fetch may not ask; `final_url` is where it goes on. Where that is the
address of the request itself, nothing came of it: see `was_not_asked`.
"""


def anywhere(host: str) -> bool:
    """Every host may be asked."""
    return True


@dataclass(frozen=True, slots=True)
class Request:
    """One GET. `etag` and `last_modified` make it conditional."""

    url: str
    etag: str = ""
    last_modified: str = ""
    max_bytes: int = 3_000_000
    deadline_seconds: float = 30.0
    """For the whole of it: name, connection, every redirect and the last byte."""


@dataclass(frozen=True, slots=True)
class Response:
    """What came. Never an exception: a failed GET is an answer with `failure` and words for the operator."""

    request: Request
    status: int = 0
    """0 when there was no answer."""
    final_url: str = ""
    """The last hop, also where the GET failed there."""
    body: bytes = b""
    """Decompressed."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    moved_to: str = ""
    """The target where the first redirect was a permanent one (301, 308)."""
    failure: Failure | None = None
    reason: str = ""


def was_not_asked(response: Response) -> bool:
    """Whether the request was given up because its own host may not be asked (any more)."""
    return response.failure == "not_ours" and response.final_url == response.request.url


class Fetcher(Protocol):
    """Public addresses only; one pace for each host; the answers in the order in which they arrive."""

    def fetch(
        self,
        requests: Sequence[Request],
        within_seconds: float | None = None,
        mine: Callable[[str], bool] = anywhere,
    ) -> Iterator[Response]:
        """Exactly one Response for each request, as they complete; hosts in parallel, one host in turn.

        `within_seconds`: after so long all that was not given yet is given up, without a Response; nothing is asked any
        more, also while the caller is busy with an answer.
        `mine`: whether this host may be asked, by the request or a redirect; asked from another thread right before
        each GET. Where a host may not, the rest of its requests are given up too (`was_not_asked`).
        Raises Unavailable only when the fetcher is closed meanwhile.
        """

    def close(self) -> None:
        """Release connections."""
