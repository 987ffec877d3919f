"""Status moves: the table is the law, and one of many wins."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from donations.models import Deferral
from newsroom.core.moves import transition
from tests.factories import make_deferral

Status = Deferral.Status
MACHINES = [model for model in apps.get_models() if hasattr(model, "MOVES")]


def deferral(status: str = "waiting") -> Deferral:
    return make_deferral(email_index=b"0" * 32, status=status)


@pytest.mark.django_db
@pytest.mark.parametrize(("before", "to"), [*product(Status.values, Status.values)])
def test_row_moves_as_the_table_says_and_not_otherwise(before: str, to: str) -> None:
    row = deferral(before)
    today = timezone.localdate()
    if to not in Deferral.MOVES:
        with pytest.raises(ValueError, match="does not get"):
            transition(row, to, ended_on=today)
    else:
        allowed = before in Deferral.MOVES[to]
        assert transition(row, to, ended_on=today) == allowed
        assert (row.status, row.ended_on) == ((to, today) if allowed else (before, None))
    there = Deferral.objects.get()
    assert (there.status, there.ended_on) == (row.status, row.ended_on)


@pytest.mark.django_db
def test_who_asks_for_less_than_the_table_gets_less_and_never_more() -> None:
    row = deferral("reminded")
    assert not transition(row, Status.GIVEN, frm=[Status.WAITING])
    with pytest.raises(ValueError, match="does not get"):
        transition(row, Status.REMINDED, frm=[Status.GIVEN])
    assert transition(Deferral.objects.filter(email_index=b"0" * 32), Status.GIVEN) == 1
    assert row.status == "reminded"  # a queryset has no object in hand


@pytest.mark.django_db(transaction=True)
def test_one_of_many_wins() -> None:
    row = deferral()

    def cancel(_: int) -> int:
        try:
            return transition(Deferral.objects.get(pk=row.pk), Status.CANCELLED)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(cancel, range(24))) == 1


@pytest.mark.parametrize("model", MACHINES)
def test_every_status_stands_in_its_table_or_is_where_rows_begin(model: Any) -> None:
    statuses = set(model.Status.values)
    assert set(model.MOVES) <= statuses
    assert {status for frm in model.MOVES.values() for status in frm} <= statuses
    begins = model._meta.get_field("status").default
    assert statuses - set(model.MOVES) <= {begins, "waiting"}
