"""What the parent and the extractor's child say to each other: length-prefixed msgpack."""

from __future__ import annotations

import struct
from typing import IO

import msgspec

from services.ports.extractor import ExtractedPage, FeedContent

HEAD = struct.Struct(">I")


class Job(msgspec.Struct, frozen=True):
    """A page to read, or a feed."""

    kind: str
    body: bytes
    url: str = ""
    content_type: str = ""
    max_entries: int = 0


class Reply(msgspec.Struct, frozen=True):
    """What was read; `refused` says why nothing was."""

    page: ExtractedPage | None = None
    feed: FeedContent | None = None
    refused: str = ""
    last: bool = False
    """The child has grown so much that the next task is for another."""


def read_frame(pipe: IO[bytes]) -> bytes:
    """The next message of this pipe. Raises EOFError when the other side has gone."""
    head = pipe.read(HEAD.size)
    if len(head) < HEAD.size:
        raise EOFError
    [length] = HEAD.unpack(head)
    body = pipe.read(length)
    if len(body) < length:
        raise EOFError
    return body
