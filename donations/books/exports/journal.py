"""The bookings of some months: each with its postings, and as a table."""

from collections.abc import Iterator
from datetime import date
from itertools import groupby

from django.db.models import Max, Min
from django.utils import timezone

from donations import money
from donations.models import Account, Booking, Posting
from newsroom.core.database import keyset

HEADINGS: list[object] = [
    "Date", "Booking", "What", "Reference", "Account", "Debit", "Credit", "Currency", "Happened",
    "Note",
]  # fmt: skip


def bookings(
    first: date, after: date, currency: str = ""
) -> Iterator[tuple[Booking, list[Posting]]]:
    """Those of the days from ``first`` until ``after``, without it, in the order of their numbers,
    each with its postings; of one currency, or of all. Constant memory."""
    numbers = Booking.objects.filter(booked_on__gte=first, booked_on__lt=after)
    ends = numbers.aggregate(least=Min("pk"), most=Max("pk"))
    if ends["least"] is None:
        return
    found = Posting.objects.filter(
        booking__gte=ends["least"],
        booking__lte=ends["most"],
        booking__booked_on__gte=first,
        booking__booked_on__lt=after,
    )
    if currency:
        found = found.filter(booking__currency=currency)
    in_order = keyset(found.select_related("booking").order_by("booking_id", "pk"))
    for _, lines in groupby(in_order, key=lambda line: line.booking_id):
        group = list(lines)
        yield group[0].booking, group


def rows(first: date, after: date) -> Iterator[list[object]]:
    """For a spreadsheet: a row for each posting."""
    yield HEADINGS
    for booking, lines in bookings(first, after):
        for line in lines:
            amount = money.exact(abs(line.amount), booking.currency)
            yield [
                booking.booked_on, booking.pk, str(booking.get_kind_display()), booking.reference,
                str(Account(line.account).label), amount if line.amount > 0 else "",
                amount if line.amount < 0 else "", booking.currency.upper(),
                timezone.localtime(booking.happened_at), booking.memo,
            ]  # fmt: skip
