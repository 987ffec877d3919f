"""PgBouncer in front of the tests' own PostgreSQL, in transaction mode, as ``make chaos`` asks for.

A few connections to the server, and each transaction gets the next of them: whatever a session
keeps is somebody else's at once.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.tools import path_of

PORT = 6432  # of the socket's name: nothing listens on the network
SETTINGS = """
[databases]
* = host={run} user=postgres
[pgbouncer]
unix_socket_dir = {run}
listen_port = {port}
listen_addr =
auth_type = any
pool_mode = transaction
server_round_robin = 1
default_pool_size = 6
"""


def url(run: Path) -> str:
    return f"postgres://postgres@/newsroom?host={run}&port={PORT}"


@contextmanager
def pgbouncer(run: Path, log: Path) -> Iterator[None]:
    """For the length of a ``with`` block, beside PostgreSQL's socket in ``run``. Like PostgreSQL
    it refuses to be root: then it is whoever PostgreSQL is."""
    program = path_of("pgbouncer")
    if program is None:
        raise FileNotFoundError("PgBouncer is not installed: `sudo apt install pgbouncer`.")
    settings = run / "pgbouncer.ini"
    settings.write_text(SETTINGS.format(run=run, port=PORT))
    command = [shutil.which("setpriv") or "setpriv", "--pdeathsig=TERM"]
    if os.geteuid() == 0:
        command += [f"--reuid={run.owner()}", f"--regid={run.group()}", "--clear-groups"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, program, str(settings)], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)
