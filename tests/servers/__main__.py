"""python -m tests.servers start | stop | status | restart-kafka | restart-elasticsearch"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.servers.elasticsearch_server import ElasticsearchServer
from tests.servers.home import Home, NotPossible, home_of
from tests.servers.kafka_server import KafkaServer
from tests.servers.machine_cache import fetch, install_missing, java
from tests.servers.server import DidNotStart, Server


def start(home: Home, servers: dict[str, Server]) -> None:
    install_missing(os.environ, say)
    java()  # asked before the long download
    fetch(home, say)
    for server in servers.values():
        if server.pid is not None:
            say(f"{server.name}: already running")
            continue
        say(f"{server.name}: starting")
        begun = time.monotonic()
        server.start()
        say(f"{server.name}: ready in {time.monotonic() - begun:.1f} s, {server.memory / 2**20:.0f} MB")
    home.write_addresses({name: server.url for name, server in servers.items()})
    say(f"addresses: {home.addresses}")
    for server in servers.values():
        print(server.url)


def stop(home: Home) -> None:
    """Also those that a killed test run left behind."""
    home.addresses.unlink(missing_ok=True)
    for folder in sorted(home.running.iterdir()):
        server = (KafkaServer if (folder / "server.properties").exists() else ElasticsearchServer)(home, folder.name)
        ran = server.pid is not None
        server.stop()
        server.remove()
        say(f"{folder.name}: {'stopped' if ran else 'was not running'}")


def say(text: str) -> None:
    print(f"[servers] {text}", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    home = home_of(os.environ)
    kafka, elasticsearch = KafkaServer(home, "kafka"), ElasticsearchServer(home, "elasticsearch")
    servers: dict[str, Server] = {"kafka": kafka, "elasticsearch": elasticsearch}
    commands = {
        "start": lambda: start(home, servers),
        "stop": lambda: stop(home),
        "status": lambda: print("\n".join(f"{s.url if s.pid else 'not running'}  {s.name}" for s in servers.values())),
        "restart-kafka": kafka.restart,
        "restart-elasticsearch": elasticsearch.restart,
    }
    if len(arguments) != 1 or arguments[0] not in commands:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        home.make()
        with home.lock():
            commands[arguments[0]]()
    except (NotPossible, DidNotStart) as error:
        say(str(error))
        return 3
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace") if isinstance(error.stderr, bytes) else error.stderr or ""
        say(f"{Path(error.cmd[0]).name} failed with status {error.returncode}; nothing half-done was kept\n{said}")
        return 3
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
