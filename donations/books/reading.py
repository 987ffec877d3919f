"""Reading a list of Stripe's, of which the newest comes first, to where it was read before."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import stripe

from donations.models import Mark
from donations.payments.leases import Held
from donations.payments.mirror.values import time_of

Pages = Callable[[datetime | None, str], Iterable[list[Any]]]


def read(
    name: str, pages: Pages, write: Callable[[list[Any]], object], mine: Held, overlap: timedelta
) -> int:
    """How many there were. Each page is written in a transaction with how far we have come, so who
    is killed goes on there, and then looks at what has come since.

    Stripe shows some later than it dates them: so what is younger than ``overlap`` is read again.
    """
    found = 0
    while True:
        mark, _ = Mark.objects.get_or_create(pk=name)
        goes_on = mark.cursor
        since = mark.until - overlap if mark.until else None
        try:
            for page in pages(since, mark.cursor):
                mark.newest = mark.newest or time_of(page[0].created)
                mark.cursor = page[-1].id
                with mine.writing():
                    write(page)
                    mark.save()
                mine.renew()
                found += len(page)
        except stripe.InvalidRequestError:
            if not goes_on:
                raise
            mark.newest = None  # where we were is not there any more: once more from the beginning
        else:
            mark.until = mark.newest or mark.until
        mark.newest, mark.cursor = None, ""
        with mine.writing():
            mark.save()
        if not goes_on:
            return found
