"""How a row changes its status: one guarded update, which one of many wins."""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

Moves = Mapping[str, Collection[str]]
Row = TypeVar("Row", bound=Model)


def transition(
    rows: Row | QuerySet[Row], to: str, *, frm: Collection[str] = (), **fields: Any
) -> int:
    """Move a row, or all rows of a queryset, to the status ``to``; how many moved.

    Its model says in ``MOVES`` from where each status is reached; ``frm`` asks for some of these
    only, ``fields`` are set with it, on the row in hand too. 0 when another was faster, or the row
    is elsewhere by now. Raises ValueError for a move that the table lacks.
    """
    if isinstance(rows, QuerySet):
        row, found = None, rows
    else:
        row, found = rows, type(rows)._base_manager.filter(pk=rows.pk)
    moves: Moves = found.model.MOVES  # type: ignore[attr-defined]
    allowed = moves.get(to, ())
    if not allowed or not set(frm) <= set(allowed):
        raise ValueError(f"{found.model.__name__} does not get from {list(frm)} to {to}.")
    fields["status"] = to
    moved = found.filter(status__in=frm or allowed).update(**fields)
    if row and moved:
        for name, value in fields.items():
            setattr(row, name, value)
    return moved
