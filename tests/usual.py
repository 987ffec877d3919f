"""What nearly every test begins with: made once. A test's transaction returns to it; after a test
that really commits the rows are put back, which is quicker than to empty 130 tables and to make all
of it anew."""

from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from psycopg import sql

from newsroom.address.site import follow
from tests.factories import make_site

ROWS: dict[str, bytes] = {}  # of each table, as COPY writes them


def make() -> None:
    make_site()
    follow()  # a database of another run had other ports
    call_command("roles")
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            with cursor.copy(_copy(table, "TO STDOUT")) as copy:
                ROWS[table] = b"".join(copy)


def put_back(_test: Any = None) -> None:
    """Nothing is left but what was there in the beginning."""
    with transaction.atomic(), connection.cursor() as cursor:
        # No trigger fires, no foreign key is looked at (PostgreSQL: “session_replication_role”).
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("; ".join(f'DELETE FROM "{table}"' for table in ROWS))
        for table, rows in ROWS.items():
            if rows:
                with cursor.copy(_copy(table, "FROM STDIN")) as copy:
                    copy.write(rows)


def _copy(table: str, way: str) -> sql.Composed:
    return sql.SQL("COPY {} " + way).format(sql.Identifier(table))
