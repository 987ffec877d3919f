"""The books follow Stripe, and agree with it; where they don't, a review says what both say."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Exists, F, Max, Min, OuterRef, Q, QuerySet, Sum

from donations import money
from donations.books import differences, follow_ups, following, payouts
from donations.books.bank.matching import LATE
from donations.books.healing import pull_what_was_missed
from donations.models import (
    Account,
    BalanceTransaction,
    BankFile,
    Booking,
    Contribution,
    Payout,
    Posting,
    Review,
)
from donations.payments import balance
from donations.payments.leases import Held, lease

LEASE = "the books"
DEEP = timedelta(days=7)  # how far back each night reads again
GRACE = timedelta(hours=3)  # until what is here and there was read on both sides
TRIES = 3


class Finding(NamedTuple):
    what: str
    agrees: bool
    words: str


def follow(now: datetime) -> list[Finding]:
    """Each hour: what has moved at Stripe is booked, and the balance compared. Raises
    stripe.StripeError; Busy when another is at it, and all is well."""
    with lease(LEASE) as mine:
        payouts.follow(mine, now)
        return [*compare_balance(mine, now)]


def check(now: datetime, grace: timedelta = GRACE) -> list[Finding]:
    """Each night, and whenever it is asked for: that, and all that has to agree."""
    with lease(LEASE) as mine:
        following.follow(mine, DEEP)
        payouts.follow(mine, now, again=True)
        found = [*compare_balance(mine, now)]
    pull_what_was_missed(charges_of_nobody(now), now)
    return [*found, *compare_tables(now - grace)]


def compare_balance(mine: Held, now: datetime) -> Iterator[Finding]:
    """Follow until both say the same movement is the newest, then compare each currency."""
    for _ in range(TRIES):
        following.follow(mine)
        follow_ups.book_what_followed(mine, now)
        newest = balance.newest_movement()
        mine.renew()
        theirs = balance.amounts()
        known = not newest or BalanceTransaction.objects.filter(pk=newest).exists()
        if known and newest == balance.newest_movement():
            break
    else:
        yield Finding("balance", True, "It moved all the time: not compared.")
        return
    ours = in_the_books()
    for currency in sorted({*ours, *theirs}):
        here, there = ours[currency], theirs[currency]
        both = f"Stripe {money.signed(there, currency)}, books {money.signed(here, currency)}"
        if here == there:
            # What was accepted, too: should the same come again, it is another.
            for one in _of_balance(currency).exclude(status=Review.Status.SETTLED):
                one.settles("Both say the same now.", frm=())
            yield Finding(f"balance {currency}", True, money.signed(here, currency))
        else:
            words = f"{both}: {money.signed(there - here, currency)} not explained."
            accepted = _tell_difference(currency, there - here, words)
            yield Finding(f"balance {currency}", accepted, words + " Accepted." * accepted)


def _tell_difference(currency: str, difference: int, words: str) -> bool:
    """Each is a review of its own: who accepts one has not accepted the next. The deadline and
    whose it is stay, however often it becomes another. Has somebody accepted this one?"""
    kind, about = Review.Kind.BALANCE, f"{currency} {difference:+}"
    with transaction.atomic():
        others = _of_balance(currency).waiting().exclude(about=about)
        before = others.first()
        kept: dict[str, Any] = {"owner": before.owner, "due_at": before.due_at} if before else {}
        Review.open(kind, about, words, amount=abs(difference), currency=currency, **kept)
        for one in others:
            one.settles("It is another difference now.")
    decided = Review.objects.filter(kind=kind, about=about, status=Review.Status.DECIDED)
    return decided.exists()


def _of_balance(currency: str) -> Any:
    return Review.objects.filter(kind=Review.Kind.BALANCE, about__startswith=currency)


def in_the_books() -> Counter[str]:
    """Currency -> what is at Stripe, as the books have it."""
    rows = Posting.objects.filter(account=Account.CLEARING).order_by()
    return Counter(dict(rows.values_list("booking__currency").annotate(Sum("amount"))))


def compare_tables(before: datetime) -> Iterator[Finding]:
    """Of what happened before then."""
    kinds = Review.Kind
    yield _told(
        "payouts", kinds.PAYOUT_SUM,
        differences.tell(kinds.PAYOUT_SUM, payouts_that_differ(), "pk", _of_payout),
    )  # fmt: skip
    yield _told(
        "charges", kinds.CHARGE,
        differences.tell(kinds.CHARGE, charges_of_nobody(before), "charge", _of_charge),
    )  # fmt: skip
    yield _told(
        "contributions", kinds.NO_CHARGE,
        differences.tell(
            kinds.NO_CHARGE, contributions_without_charge(before), "stripe_payment_intent",
            _of_contribution, lambda row: row,
        ),
    )  # fmt: skip
    yield _told(
        "bank", kinds.NOT_IN_BANK,
        differences.tell(kinds.NOT_IN_BANK, payouts_not_in_the_bank(), "pk", _of_the_bank),
    )  # fmt: skip
    yield _told(
        "suspense", kinds.SUSPENSE,
        differences.tell(kinds.SUSPENSE, not_explained(), "pk", _of_suspense),
    )  # fmt: skip


def _told(what: str, kind: Review.Kind, number: int) -> Finding:
    return Finding(what, not number, f"{kind.label}: {number:,}" if number else "")


def payouts_that_differ() -> QuerySet[Payout]:
    return Payout.objects.filter(
        added_up_at=None, automatic=True, reconciliation="completed", comes_to__isnull=False
    )


def _of_payout(row: Payout) -> str:
    said = money.signed(row.amount, row.currency)
    listed = money.signed(row.comes_to or 0, row.currency)
    return (
        f"Stripe says that the payout {row.pk} is {said}. What it lists as in it comes to "
        f"{listed}: {row.why_not}."
    )


def payouts_not_in_the_bank() -> QuerySet[Payout]:
    """Of the time of which there are statements; a transfer may take some days."""
    days = BankFile.objects.aggregate(first=Min("first_on"), last=Max("last_on"))
    if not days["first"]:
        return Payout.objects.none()
    then = {"arrival_on__gte": days["first"], "arrival_on__lt": days["last"] - LATE}
    return Payout.objects.filter(status="paid", bank_line=None, **then)


def _of_the_bank(row: Payout) -> str:
    said = money.signed(row.amount, row.currency)
    return (
        f"Stripe paid out {said} ({row.pk}), to be in the bank on {row.arrival_on:%-d %B %Y}. The "
        "bank’s statements of that time have no such line."
    )


def charges_of_nobody(before: datetime) -> QuerySet[BalanceTransaction]:
    """Since our first contribution by Stripe: another system took what came before. A debit that
    failed, and was paid by another charge then, is nobody's any more."""
    by_stripe = Contribution.objects.filter(offline=None)  # cash of years ago may be written down
    first = by_stripe.aggregate(first=Min("created_at"))["first"] or before
    ours = Contribution.objects.filter(stripe_charge=OuterRef("charge"))
    failed = BalanceTransaction.objects.filter(
        charge=OuterRef("charge"), kind="payment_failure_refund"
    )
    charges = BalanceTransaction.objects.filter(Q(source=F("charge")) & ~Q(charge=""), amount__gt=0)
    return charges.filter(created_at__gte=first, created_at__lt=before).exclude(
        Exists(ours) | Exists(failed)
    )


def _of_charge(row: BalanceTransaction) -> str:
    given = money.show(row.given_amount or 0, row.given_currency)
    return f"Stripe took {given} with the charge {row.charge}. No contribution here is of it."


def contributions_without_charge(before: datetime) -> QuerySet[Contribution]:
    """… or with one of another amount."""
    charged = BalanceTransaction.objects.filter(
        charge=OuterRef("stripe_charge"),
        source=OuterRef("stripe_charge"),
        given_amount=OuterRef("amount"),
        given_currency=OuterRef("currency"),
    )
    arrived = Contribution.objects.filter(status__in=Contribution.ARRIVED, received_at__lt=before)
    return arrived.filter(offline=None).exclude(Exists(charged))


def _of_contribution(row: Contribution) -> str:
    here = f"Here {row.shown_amount} arrived, by the charge {row.stripe_charge or '(none)'}."
    if there := BalanceTransaction.objects.of_charge(row.stripe_charge).first():
        given = money.show(there.given_amount or 0, there.given_currency)
        return f"{here} Stripe says that this charge was of {given}."
    return f"{here} Stripe’s balance has no such movement."


def not_explained() -> QuerySet[BalanceTransaction]:
    """In SUSPENSE, and not reversed yet."""
    reversed_ones = Booking.objects.filter(kind=Booking.Kind.REVERSAL, reference=OuterRef("pk"))
    in_suspense = Posting.objects.filter(account=Account.SUSPENSE, booking=OuterRef("booking"))
    return BalanceTransaction.objects.filter(Exists(in_suspense)).exclude(Exists(reversed_ones))


def _of_suspense(row: BalanceTransaction) -> str:
    amount = money.signed(row.amount, row.currency)
    return f"{amount} moved as “{row.kind}”, “{row.category}” ({row.pk}). {row.description}".strip()
