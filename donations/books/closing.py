"""A month is closed: what has to be so before, and the statement that is kept of it.

What is booked later and happened in it stands in the next month, and says so (booking.py).
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, Max, Min, OuterRef, Q, Sum
from django.utils import timezone

from donations import money
from donations.books import following
from donations.models import (
    Account,
    BalanceTransaction,
    Booking,
    ClosedMonth,
    Mark,
    Payout,
    Posting,
    Review,
    StripeEvent,
)
from newsroom.core.clock import begin_of, month_of
from newsroom.models import Masthead

UNTIL_READ = timedelta(hours=3)  # Stripe shows some movements later than it dates them
# These wait for a person whenever they were found: the month may be wrong.
OF_THE_BOOKS = [
    Review.Kind.PAYOUT_SUM, Review.Kind.BALANCE, Review.Kind.CHARGE, Review.Kind.NO_CHARGE,
    Review.Kind.SUSPENSE,
]  # fmt: skip


class NotYet(Exception):
    """The month can't be closed; the message says why."""


class Check(NamedTuple):
    """One line of the list; ``words`` say what is missing, and ``about`` what that is seen of."""

    what: str
    done: bool
    words: str = ""
    about: str = ""


def to_close() -> date | None:
    """The first month that is open, by its first day; None while nothing has been booked."""
    if last := ClosedMonth.objects.aggregate(last=Max("month"))["last"]:
        return month_of(last, 1)
    first = Booking.objects.aggregate(first=Min("booked_on"))["first"]
    return month_of(first) if first else None


def checklist(month: date, now: datetime) -> list[Check]:
    """All that has to be so before a month can be closed."""
    after = month_of(month, 1)
    end = begin_of(after)
    read = Mark.objects.filter(name=following.NAME, cursor="", read_at__gte=end + UNTIL_READ)
    events = StripeEvent.objects.filter(handled_at=None, created_at__lt=end).count()
    waiting = BalanceTransaction.objects.not_booked().filter(created_at__lt=end).count()
    payouts = Payout.objects.to_add_up().filter(created_at__lt=end)
    unsaid = payouts.filter(comes_to=None).count()
    odd = payouts.filter(comes_to__isnull=False).exclude(accepted()).count()
    of_payouts = [
        f"Stripe needs a day or two to say what is in {unsaid:,}." if unsaid else "",
        f"{odd:,} of another sum than what is in it: see “Review”." if odd else "",
    ]
    reviews = Review.objects.waiting().filter(Q(opened_at__lt=end) | Q(kind__in=OF_THE_BOOKS))
    in_suspense = Posting.objects.filter(account=Account.SUSPENSE, booking__booked_on__lt=after)
    sums = in_suspense.order_by().values_list("booking__currency").annotate(Sum("amount"))
    left = [money.signed(amount, currency) for currency, amount in sums if amount]
    return [
        Check("The month is over", now >= end, f"It ends on {after - timedelta(days=1):%-d %B}."),
        Check("The months before it are closed", to_close() == month, "Close them first."),
        Check(
            "Stripe’s balance was read since", read.exists(),
            "It is read each hour, and by “manage.py books”.",
        ),
        Check("All that moved is booked", not waiting, f"movements that wait: {waiting:,}."),
        Check(
            "What Stripe told us is worked off", not events,
            f"{events:,} events are open. They are tried again; some may stand under “Review”.",
            "review",
        ),
        Check(
            "All payouts add up", not (unsaid or odd), " ".join(filter(None, of_payouts)),
            "review" if odd else "payouts",
        ),
        Check(
            "Everything is explained", not left,
            f"“{Account.SUSPENSE.label}” has {', '.join(left)}.", "ledger",
        ),
        Check(
            "Nothing waits under “Review”", not reviews.exists(), f"{reviews.count():,} left.",
            "review",
        ),
    ]  # fmt: skip


def accepted() -> Exists:
    """Payouts that do not add up, of which somebody has decided that they may."""
    kind, decided = Review.Kind.PAYOUT_SUM, Review.Status.DECIDED
    return Exists(Review.objects.filter(kind=kind, about=OuterRef("pk"), status=decided))


def close(month: date, who: str, now: datetime) -> ClosedMonth:
    """Raises NotYet. Two who press at once: one closes it, the other is told so."""
    with transaction.atomic():
        with connection.cursor() as cursor:  # who is booking is waited for
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('the books'))")
        if ClosedMonth.objects.filter(month=month).exists():
            raise NotYet(f"{month:%B %Y} is closed already.")
        if missing := [check for check in checklist(month, now) if not check.done]:
            raise NotYet(" ".join(f"{check.what}: not so. {check.words}" for check in missing))
        before = ClosedMonth.objects.first()
        number = before.number + 1 if before else 1
        text = "\n".join([*_statement(month, number, before, who, now), ""])
        digest = hashlib.sha256(text.encode()).hexdigest()
        return ClosedMonth.objects.create(
            month=month, number=number, statement=text, digest=digest, who=who
        )


def _statement(
    month: date, number: int, before: ClosedMonth | None, who: str, now: datetime
) -> Iterator[str]:
    after = month_of(month, 1)
    booked = Booking.objects.filter(booked_on__gte=month, booked_on__lt=after)
    start, end = begin_of(month), begin_of(after)
    late = booked.filter(happened_at__lt=start)
    yield f"{Masthead.load().name}: the books of {month:%B %Y}"
    yield f"Statement {number}, closed by {who} on {timezone.localtime(now):%-d %B %Y, %H:%M (%Z)}"
    yield f"The statement before it: {f'SHA-256 {before.digest}' if before else 'none'}"
    yield f"Bookings: {booked.count():,}, of them {late.count():,} of earlier months"
    odd = Payout.objects.to_add_up().filter(accepted(), created_at__gte=start, created_at__lt=end)
    for payout in odd.order_by("created_at", "pk"):
        yield f"Accepted, though it does not add up: payout {payout.pk}, {payout.why_not}"
    for currency, rows in trial_balance(month, after).items():
        yield from ["", currency.upper(), _line(("Account", "Before", "Debit", "Credit", "After"))]
        yield from (_line(row.in_words(currency)) for row in rows)


class Row(NamedTuple):
    """One account of a currency in a time; in the smallest unit, debit is above zero."""

    account: Account
    before: int
    debit: int
    credit: int

    @property
    def after(self) -> int:
        return self.before + self.debit - self.credit

    def in_words(self, currency: str) -> tuple[str, ...]:
        amounts = (self.before, self.debit, self.credit, self.after)
        return str(self.account.label), *(_fixed(amount, currency) for amount in amounts)


def trial_balance(first: date, after: date) -> dict[str, list[Row]]:
    """Currency -> its accounts in which there is, or was, anything until ``after``, without it."""
    during = Q(booking__booked_on__gte=first)
    found: dict[str, list[Row]] = {}
    for row in Posting.objects.filter(booking__booked_on__lt=after).order_by().values(
        "booking__currency", "account"
    ).annotate(
        before=Sum("amount", filter=~during, default=0),
        debit=Sum("amount", filter=during & Q(amount__gt=0), default=0),
        credit=Sum("amount", filter=during & Q(amount__lt=0), default=0),
    ):  # fmt: skip
        account = Account(row["account"])
        line = Row(account, row["before"], row["debit"], -row["credit"])
        found.setdefault(row["booking__currency"], []).append(line)
    places = list(Account)
    return {
        currency: sorted(found[currency], key=lambda row: places.index(row.account))
        for currency in sorted(found)
    }


def _fixed(amount: int, currency: str) -> str:
    return f"{money.units(amount, currency):,f}"


def _line(cells: Iterable[str]) -> str:
    first, *rest = cells
    return f"{first:<40}" + "".join(f"{cell:>20}" for cell in rest)
