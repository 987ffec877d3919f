"""A long table is read a page at a time, in whatever order, with every row once."""

import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import Count, F, Value
from django.db.models.functions import Length
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Site

from newsroom.core import database
from newsroom.core.database import keyset, one_at_a_time, one_state, with_retries
from tests.queries import queries_of

ORDERS: list[list[Any]] = [
    [],
    ["pk"],
    ["-pk"],
    ["redirect_link"],
    ["-redirect_link", "old_path"],
    ["is_permanent", "-redirect_link"],
    ["created_at"],  # may be empty: last
    ["-created_at"],  # first
    ["site__hostname", "-created_at", "old_path"],
    [F("created_at").asc(nulls_first=True), "redirect_link"],
    [F("created_at").desc(nulls_last=True), "-redirect_link"],
    [Length("redirect_link"), "-old_path"],
    ["longer", "site"],
    [F("longer").desc()],
]


@pytest.fixture
def rows(site: Any) -> Any:
    where = Site.objects.get()
    Redirect.objects.bulk_create(
        Redirect(
            old_path=f"/{number * 7919 % 60:02}",
            redirect_link="x" * (number % 5),
            is_permanent=number % 2,
            site=where if number % 3 else None,
        )
        for number in range(60)
    )
    for row in Redirect.objects.all():
        day = row.pk % 4 + 1
        moment = datetime(2026, 1, day, microsecond=day, tzinfo=UTC) if row.pk % 5 else None
        Redirect.objects.filter(pk=row.pk).update(created_at=moment)
    return Redirect.objects.annotate(longer=Length("redirect_link") + Value(1))


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("size", [1, 7, 60, 1000])
def test_pages_have_the_querysets_rows_in_its_order(rows, order: list[Any], size: int) -> None:
    found = rows.order_by(*order)
    assert list(keyset(found, size)) == list(found.order_by(*order, "pk"))


def test_filters_and_related_rows_go_along(rows) -> None:
    found = rows.filter(is_permanent=True).select_related("site").order_by("-site__hostname")

    def read() -> None:
        assert len({str(row.site) for row in keyset(found, 10)}) == 2

    assert queries_of(read) <= 4


def test_order_by_a_sum_over_others(rows) -> None:
    found = Site.objects.annotate(many=Count("redirects")).order_by("-many")
    assert list(keyset(found, 1)) == list(found)


@pytest.mark.parametrize(
    "found",
    [
        lambda rows: rows.order_by("old_path")[3:9],
        lambda rows: rows.order_by("old_path").values("old_path"),
        lambda rows: rows.order_by("old_path").values_list("pk", flat=True),
        lambda rows: rows.order_by("old_path").reverse(),
        lambda rows: rows.filter(pk__gt=3).union(rows.filter(pk__lt=9)).order_by("old_path"),
    ],
    ids=["slice", "values", "list", "reversed", "union"],
)
def test_what_has_no_pages_is_read_at_once(rows, found: Any) -> None:
    assert list(keyset(found(rows), 2)) == list(found(rows))
    assert len(list(keyset(rows.order_by("?"), 2))) == 60


def test_row_that_goes_or_comes_meanwhile_moves_no_other(rows) -> None:
    seen = []
    for row in keyset(rows.order_by("old_path"), 10):
        seen.append(row.old_path)
        if len(seen) == 10:
            Redirect.objects.filter(old_path__in=seen).delete()
            Redirect.objects.create(old_path="/", redirect_link="/")
    assert seen == [f"/{number:02}" for number in range(60)]


class Away:
    """Something to write, while the database is away for some tries."""

    def __init__(self, tries: int) -> None:
        self.left, self.tried = tries, 0

    def __call__(self) -> str:
        self.tried += 1
        if self.tried <= self.left:
            raise OperationalError
        return "written"


@pytest.mark.django_db(transaction=True)
def test_what_is_written_waits_for_the_database_to_come_back() -> None:
    away = Away(2)
    assert with_retries(away) == "written"
    assert away.tried == 3


@pytest.mark.django_db(transaction=True)
def test_transaction_that_lost_its_database_is_not_tried_again() -> None:
    away = Away(1)
    with pytest.raises(OperationalError), transaction.atomic():
        with_retries(away)
    assert away.tried == 1


@pytest.mark.django_db(transaction=True)
def test_patience_with_the_database_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "GIVE_UP_AFTER", 0.25)
    away = Away(1000)
    with pytest.raises(OperationalError):
        with_retries(away)
    assert away.tried == 3  # at 0, 0.1 and 0.3 seconds


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("one", "other", "waits"),
    [((7,), (7,), True), ((7, 1), (7, 1), True), ((7, 1), (7, 2), False), ((7,), (7, 0), False)],
)
def test_of_the_same_lock_one_at_a_time_until_the_transaction_ends(one, other, waits) -> None:
    got = threading.Event()

    def take() -> None:
        with transaction.atomic():
            one_at_a_time(*other)
            got.set()
        connection.close()

    thread = threading.Thread(target=take)
    with transaction.atomic():
        one_at_a_time(*one)
        thread.start()
        assert got.wait(0.5) is not waits
    assert got.wait(10)
    thread.join()


@pytest.mark.django_db(transaction=True)
def test_reading_sees_one_state_whatever_others_write() -> None:
    def write() -> None:
        Redirect.objects.create(old_path=f"/{time.monotonic()}", redirect_link="/")
        connection.close()

    with one_state():
        before = Redirect.objects.count()
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        assert Redirect.objects.count() == before
    assert Redirect.objects.count() == before + 1


def test_no_cursor_is_left_open_in_a_session(rows) -> None:
    """PgBouncer gives the connection to others between two pages."""
    for _ in keyset(rows, 10):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_cursors")
            assert cursor.fetchone() == (0,)
    for _ in rows.iterator(10):  # Wagtail's and Django's own
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_cursors")
            assert cursor.fetchone() == (0,)
