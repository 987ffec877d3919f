from collections.abc import Callable
from typing import Any

import psycopg
from django.db import transaction
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool

# A line that is cut says nothing: whoever waits at it would do so for a quarter of an hour, or for
# ever. So that is over after half a minute. (libpq's words, the last in milliseconds. PostgreSQL's
# own end, which holds what others wait for: deploy/postgresql.conf.)
LINE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}

# Each is shown every statement before it is carried out, and may answer with what has to be done
# after it in the same transaction. Filled when Django starts.
watchers: list[Callable[[Any], Callable[[], None] | None]] = []


class DatabaseWrapper(base.DatabaseWrapper):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(watched)

    def get_connection_params(self) -> dict[str, Any]:
        return LINE | super().get_connection_params()

    def get_new_connection(self, conn_params: Any) -> Any:
        """One that answers. When one of the pool's is lost, as after a restart, so are the others:
        they are all replaced. The pool's own check (Django: CONN_HEALTH_CHECKS) looks at one after
        the other, and waits twice as long for each, until it gives up after 30 seconds."""
        connection = super().get_new_connection(conn_params)
        if self.pool and is_lost(connection):
            self.pool.putconn(connection)
            self.pool.drain()
            connection = super().get_new_connection(conn_params)
        return connection


def is_lost(connection: psycopg.Connection) -> bool:
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.OperationalError:
        return True
    return False


def watched(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
    """Django: “Database instrumentation”."""
    found = [then for watch in watchers if (then := watch(sql))]
    if not found:
        return execute(sql, params, many, context)
    with transaction.atomic(context["connection"].alias, savepoint=False):
        done = execute(sql, params, many, context)
        for then in found:
            then()
    return done
