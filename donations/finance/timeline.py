"""All that happened to a contribution, oldest first: what Stripe told, what the books say of it,
what was mailed, what people did."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils.formats import date_format

from donations import money
from donations.finance.review.words import decision
from donations.models import (
    Account,
    BalanceTransaction,
    Booking,
    Contribution,
    StripeEvent,
)
from newsroom.mail import outbox

MAILS = {"thanks": "Thanks", "contribution_failed": "Mail: it did not go through"}
MOST_EVENTS = 100
FORMER = "a former colleague"


class Happened(NamedTuple):
    at: datetime
    what: str
    words: str = ""
    who: str = ""
    exact: bool = True  # False: of the day alone


class Settled(NamedTuple):
    """What came of it at Stripe, in the currency that is settled in."""

    came_to: str
    fee: str
    net: str
    currency: str
    rate: float | None
    available_on: Any
    payout: Any


def of(contribution: Contribution, *, identities: bool) -> list[Happened]:
    """``identities``: with what colleagues noted, which may name somebody."""
    moments = [
        Happened(contribution.created_at, "Begun"),
        *_states(contribution),
        *_stripe(contribution),
        *_books(contribution),
        *_mails(contribution),
        *_people(contribution, identities),
    ]
    return sorted(moments, key=lambda one: one.at)


def settled(contribution: Contribution) -> Settled | None:
    """None while Stripe's balance has nothing of it."""
    found = BalanceTransaction.objects.of_charge(contribution.stripe_charge)
    row = found.select_related("payout").first()
    if row is None:
        return None
    came_to, fee, net = (
        money.signed(amount, row.currency) for amount in (row.amount, row.fee, row.net)
    )
    return Settled(
        came_to, fee, net, row.currency.upper(), row.exchange_rate, row.available_on, row.payout
    )


def _states(contribution: Contribution) -> Iterator[Happened]:
    for change in contribution.changes.all():
        yield Happened(change.at, change.get_status_display(), change.note)
    for movement in contribution.movements.select_related("contribution"):
        yield Happened(movement.at, movement.get_kind_display(), movement.shown_amount)
    for back in contribution.stripe_refunds.all():
        amount = money.show(back.amount, back.currency)
        again = f", came back on {date_format(back.came_back_at)}" if back.came_back_at else ""
        yield Happened(back.created_at, "Refund at Stripe", f"{amount}: {back.status}{again}")
    for dispute in contribution.disputes.all():
        amount = money.show(dispute.amount, dispute.currency)
        yield Happened(
            dispute.created_at, "Dispute", f"{amount}, {dispute.reason}: {dispute.status}"
        )


def _stripe(contribution: Contribution) -> Iterator[Happened]:
    ids = {contribution.stripe_payment_intent, contribution.stripe_charge}
    ids |= {contribution.stripe_invoice}
    ids |= {back.stripe_refund for back in contribution.stripe_refunds.all()}
    ids |= {dispute.stripe_dispute for dispute in contribution.disputes.all()}
    found = StripeEvent.objects.filter(object_id__in=ids - {""}).order_by("created_at")
    for event in found[:MOST_EVENTS]:
        yield Happened(event.created_at, "Stripe’s event", f"{event.type} {event.error}".strip())


def _books(contribution: Contribution) -> Iterator[Happened]:
    if not contribution.stripe_charge:
        return
    disputes = [dispute.stripe_dispute for dispute in contribution.disputes.all()]
    about = [contribution.stripe_charge, *disputes]
    later = Q(kind__in=[Booking.Kind.CONFIRMED, Booking.Kind.DISPUTE_ENDED], reference__in=about)
    of_balance = Q(balance_transaction__charge=contribution.stripe_charge)
    for rows in (Booking.objects.filter(of_balance), Booking.objects.filter(later)):
        for booking in rows.prefetch_related("postings"):
            lines = [
                f"{Account(line.account).label} {money.signed(line.amount, booking.currency)}"
                for line in booking.postings.all()
            ]
            yield Happened(booking.happened_at, "Booked", "; ".join(lines), "")


def _mails(contribution: Contribution) -> Iterator[Happened]:
    for mail in outbox.posted(MAILS, str(contribution.pk)):
        words = f"{mail.get_status_display()} {mail.error}".strip()
        exact = mail.status not in mail.FORGOTTEN
        yield Happened(mail.created_at, MAILS[mail.purpose], words, exact=exact)


def _people(contribution: Contribution, identities: bool) -> Iterator[Happened]:
    for refund in contribution.refunds.select_related("asked_by", "approved_by"):
        amount = money.show(refund.amount, contribution.currency)
        by = str(refund.asked_by or FORMER)
        if refund.approved_by:
            by = f"{by}, decided by {refund.approved_by}"
        said = f": {refund.reason}" if identities else ""
        words = f"{amount}, {refund.get_status_display()}{said} {refund.error}".strip()
        yield Happened(refund.asked_at, "Refund asked for", words, by)
    for review in contribution.reviews.select_related("closed_by"):
        hidden = review.kind in review.MAY_NAME and not identities
        why = "" if hidden else review.why
        yield Happened(review.opened_at, f"To review: {review.get_kind_display()}", why)
        if review.closed_at:
            by = "by itself" if review.settled else str(review.closed_by or FORMER)
            closed = decision(review, identities)
            yield Happened(review.closed_at, "Review closed", closed, by)
    for note in contribution.notes.select_related("by"):
        yield Happened(note.at, "Note", note.text if identities else "", str(note.by or FORMER))
