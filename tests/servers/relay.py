"""A TCP relay on loopback that can be severed: what a client behind it sees when the network between them fails."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


class Relay:
    """Passes on what comes to `port` to `target` of this machine, and back."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._silent = False
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._thread.start()
        self.port = 0
        self.port = self._run(self._listen())

    def sever(self, *, silently: bool) -> None:
        """Silently: connections stay open and nothing comes through. Else they are closed, and new ones refused."""
        if silently:
            self._silent = True
        else:
            self._run(self._hang_up())

    def mend(self) -> None:
        """New connections come through again; those of before are closed."""
        self._run(self._hang_up())
        self._silent = False
        self._run(self._listen())

    def close(self) -> None:
        self._run(self._hang_up())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _hang_up(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server = None
        for writer in list(self._writers):
            writer.transport.abort()
        while self._writers:
            await asyncio.sleep(0.01)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there: asyncio.StreamWriter | None = None
        self._writers.add(writer)
        try:
            answers, there = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers.add(there)
            await asyncio.gather(self._pass_on(reader, there), self._pass_on(answers, writer))
        except OSError:
            pass  # either side has gone, and so does the other
        finally:
            for one in (writer, there):
                if one is not None:
                    one.transport.abort()
                    self._writers.discard(one)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if not self._silent:
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
