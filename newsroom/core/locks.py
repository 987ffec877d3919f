"""Locks of PostgreSQL that stand for something without a row of its own."""

from django.db import connection


def one_at_a_time(*numbers: int) -> None:
    """Whoever takes the same lock waits until this transaction ends. One number of 64 bits, or two
    of 32 (PostgreSQL: “Advisory Lock Functions”)."""
    places = ", ".join(["%s"] * len(numbers))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({places})", numbers)
