"""What pictures and documents have in common: a file that was cleaned, and one in its place."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from wagtail.utils.file import hash_filelike

from newsroom.uploads.clean import Clean

# Which cleaning a row's file went through, in its “cleaning”. Raised when uploads/ learns to remove
# more: “manage.py clean_uploads” then goes over all of them.
CLEANING = 1


def describe(row: Any, cleaned: Clean) -> None:
    """Take over what is true of the file that will be kept."""
    row.file_size, row.file_hash = cleaned.size, hash_filelike(cleaned)
    row.cleaning = CLEANING


@contextmanager
def replacing(row: Any) -> Iterator[None]:
    """Around ``save``: with another file, the one before goes."""
    rows = type(row)._default_manager.filter(pk=row.pk)
    before = rows.values_list("file", flat=True).first()
    yield
    if before and before != row.file.name:
        storage = row.file.storage
        transaction.on_commit(lambda: storage.delete(before))
