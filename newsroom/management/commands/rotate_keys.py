"""``manage.py rotate_keys``: seal everything anew with the newest of PRIVACY_KEYS.

Afterwards the older keys can be removed. May be stopped and started again at any time.
"""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import connection, models, transaction

from newsroom.core.privacy import EncryptedField, seal, sealed_with_newest_key, unseal

BATCH = 1000


class Command(BaseCommand):
    help = "Re-encrypt personal data with the newest key of PRIVACY_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        for model in apps.get_models():
            for field in model._meta.local_fields:
                if isinstance(field, EncryptedField):
                    count = rotate(model, field)
                    self.stdout.write(f"{field.context}: {count} sealed anew")


def rotate(model: type[models.Model], field: EncryptedField) -> int:
    """Walk the table by primary key, a thousand rows to a transaction."""
    table, column, key = model._meta.db_table, field.column, model._meta.pk.column
    after: list[Any] = []  # the last key of the rows before
    count = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f'SELECT "{key}", "{column}" FROM "{table}" '
                + (f'WHERE "{key}" > %s ' if after else "")
                + f'ORDER BY "{key}" LIMIT {BATCH} FOR UPDATE',
                after,
            )
            rows = cursor.fetchall()
            if not rows:
                return count
            old = [(pk, bytes(value)) for pk, value in rows if value is not None]
            fresh = [
                (seal(unseal(value, field.context), field.context), pk)
                for pk, value in old
                if not sealed_with_newest_key(value)
            ]
            cursor.executemany(f'UPDATE "{table}" SET "{column}" = %s WHERE "{key}" = %s', fresh)
        after, count = [rows[-1][0]], count + len(fresh)
