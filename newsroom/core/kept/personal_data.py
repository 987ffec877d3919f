"""Every table that a person can be in, and what an erasure does there: one registry.

Each app tells its own with the hook ``personal_data``; tests/test_personal_data.py holds them
against the models. The sides of one person, reader and donor, are erased apart, since nothing tells
that they are one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from wagtail import hooks

READER, DONOR, STAFF = "reader", "donor", "staff"


@dataclass(frozen=True)
class Place:
    """A table that a person can be in."""

    model: type[Model]
    whose: str
    erased: str  # what an erasure does there, or why what stays names nobody
    rows: Callable[[Any], QuerySet[Any]] | None = None  # about one person: those that are deleted


def places() -> Iterator[Place]:
    for tell in hooks.get_hooks("personal_data"):
        yield from tell()
