"""Inflating a body as it arrives, never beyond a cap: a 4 MB gzip can hold 4 GB."""

from __future__ import annotations

import zlib


class TooLarge(Exception):
    """The body is larger than its cap."""


class Inflater:
    """Takes the chunks of one body, gives them as plain bytes. `encoding` as in Content-Encoding."""

    def __init__(self, encoding: str, max_bytes: int) -> None:
        self._encoding = encoding.strip().lower().removeprefix("x-")
        if self._encoding not in ("", "identity", "gzip", "deflate"):
            raise ValueError(f"unknown content encoding {encoding!r}")
        self._room = max_bytes
        # 47: a gzip or a zlib head, whichever comes.
        self._stream = zlib.decompressobj(47)
        self._started = False

    def feed(self, chunk: bytes) -> bytes:
        """Raises TooLarge when the cap is passed, zlib.error when the bytes are no such stream."""
        plain = chunk if self._encoding in ("", "identity") else self._inflate(chunk)
        self._room -= len(plain)
        if self._room < 0:
            raise TooLarge
        return plain

    def _inflate(self, chunk: bytes) -> bytes:
        parts: list[bytes] = []
        room = self._room + 1
        while chunk and room > 0:
            part = self._open(chunk, room)
            parts.append(part)
            room -= len(part)
            if not self._stream.eof:
                if self._stream.unconsumed_tail:
                    raise TooLarge
                break
            # A gzip may have several members one after the other; zero bytes after the last are padding.
            chunk = self._stream.unused_data.lstrip(b"\0")
            self._stream = zlib.decompressobj(47)
        return b"".join(parts)

    def _open(self, chunk: bytes, room: int) -> bytes:
        try:
            return self._stream.decompress(chunk, room)
        except zlib.error:
            if self._started or self._encoding != "deflate":
                raise
            # "deflate" without its zlib head: what some servers send.
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
            return self._stream.decompress(chunk, room)
        finally:
            self._started = True
