"""The child: reads one page or feed after the other from stdin, answers on stdout, trusts nothing.

Started as `python -m services.adapters.extraction.child trafilatura SECONDS MEGABYTES`. The alarm kills it also when
its parent is gone and a parser hangs in C: the signal keeps its default action, so no Python code has to run for it.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from services.adapters.extraction.child_messages import HEAD, Job, Reply, read_frame
from services.adapters.extraction.feed_content import read_feed
from services.adapters.extraction.page_content import PageText, read_page
from services.ports.errors import Unprocessable

# Address space, not resident memory: far above what a page needs, far below what a machine has.
_MAX_MEMORY = 3_000_000_000
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def main(arguments: list[str]) -> None:
    """Serve until stdin ends."""
    reader = _reader(arguments[0])
    seconds, most_bytes = float(arguments[1]), int(arguments[2]) * 1_000_000
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY, _MAX_MEMORY))
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever a library prints must not end up between the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    while True:
        try:
            frame = read_frame(sys.stdin.buffer)
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_REAL, seconds)
        reply = _answer(msgspec.msgpack.decode(frame, type=Job), reader)
        signal.setitimer(signal.ITIMER_REAL, 0)
        if _resident() > most_bytes:
            reply = msgspec.structs.replace(reply, last=True)
        body = msgspec.msgpack.encode(reply)
        answers.write(HEAD.pack(len(body)) + body)
        answers.flush()


def _resident() -> int:
    """Bytes in memory now. Not `ru_maxrss`: Linux counts in it what the parent held when it started this child."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES


def _answer(job: Job, reader: PageText) -> Reply:
    try:
        if job.kind == "feed":
            return Reply(feed=read_feed(job.body, job.content_type, job.max_entries))
        return Reply(page=read_page(job.body, job.url, reader))
    except Unprocessable as refusal:
        return Reply(refused=str(refusal))
    except Exception as error:  # noqa: BLE001  parsers fail in their own ways on hostile bytes; the child goes on
        return Reply(refused=f"{type(error).__name__}: {error}"[:300])


def _reader(name: str) -> PageText:
    """Imported here, because the newspaper reader is an extra that may not be installed."""
    readers: dict[str, Callable[[], PageText]] = {"trafilatura": _trafilatura, "newspaper": _newspaper}
    return readers[name]()


def _trafilatura() -> PageText:
    from services.adapters.trafilatura_extractor import page_text

    return page_text


def _newspaper() -> PageText:
    from services.adapters.newspaper_extractor import page_text

    return page_text


if __name__ == "__main__":
    main(sys.argv[1:])
