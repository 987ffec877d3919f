"""All that happened to a contribution, oldest first: what Stripe told, what the books say of it,
what was mailed, what people did."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format

from donations import money
from donations.finance.review.words import decision
from donations.models import (
    Account,
    BalanceTransaction,
    Booking,
    Contribution,
    Dispute,
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
    return sorted(moments, key=_place)


def _place(one: Happened) -> tuple[Any, ...]:
    """What is known of the day alone comes last on it."""
    return timezone.localdate(one.at), not one.exact, one.at


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
    for movement in contribution.movements.select_related("contribution").order_by("at", "pk"):
        yield Happened(movement.at, movement.get_kind_display(), movement.shown_amount)
    for back in contribution.stripe_refunds.all():
        amount = money.show(back.amount, back.currency)
        back_at = back.came_back_at and timezone.localtime(back.came_back_at)
        again = f", came back on {date_format(back_at)}" if back_at else ""
        yield Happened(back.created_at, "Refund at Stripe", f"{amount}: {back.status}{again}")
    for dispute in contribution.disputes.all():
        amount = money.show(dispute.amount, dispute.currency)
        until = ""
        if dispute.status in Dispute.NEEDS_RESPONSE and dispute.evidence_due_at:
            due_at = timezone.localtime(dispute.evidence_due_at)
            until = f", to be answered by {date_format(due_at, 'DATETIME_FORMAT')}"
        words = f"{amount}, {dispute.reason}; now {dispute.status}{until}"
        yield Happened(dispute.created_at, "Dispute", words)


def _stripe(contribution: Contribution) -> Iterator[Happened]:
    ids = {contribution.stripe_payment_intent, contribution.stripe_charge}
    ids |= {contribution.stripe_invoice}
    ids |= {back.stripe_refund for back in contribution.stripe_refunds.all()}
    ids |= {dispute.stripe_dispute for dispute in contribution.disputes.all()}
    found = StripeEvent.objects.filter(object_id__in=ids - {""}).order_by("created_at")
    for event in found[:MOST_EVENTS]:
        yield Happened(event.created_at, "Stripe’s event", f"{event.type} {event.error}".strip())


def _books(contribution: Contribution) -> Iterator[Happened]:
    disputes = [dispute.stripe_dispute for dispute in contribution.disputes.all()]
    about = {contribution.stripe_charge, *disputes} - {""}
    later = Q(kind__in=[Booking.Kind.CONFIRMED, Booking.Kind.DISPUTE_ENDED], reference__in=about)
    of_balance = Q(pk__in=[])
    if contribution.stripe_charge:
        of_balance = Q(balance_transaction__charge=contribution.stripe_charge)
    backs = [back.stripe_refund for back in contribution.stripe_refunds.all()]
    by_hand = [contribution.stripe_payment_intent, *backs]
    offline = Q(kind=Booking.Kind.OFFLINE, reference__in=by_hand)
    for rows in (Booking.objects.filter(of) for of in (of_balance, later, offline)):
        for booking in rows.prefetch_related("postings"):
            lines = [
                f"{Account(line.account).label} {money.signed(line.amount, booking.currency)}"
                for line in booking.postings.all()
            ]
            words = ". ".join(filter(None, ["; ".join(lines), booking.memo]))
            yield Happened(booking.happened_at, "Booked", words)


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
