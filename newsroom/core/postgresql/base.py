from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
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
