"""State by retrieval: pull the newest object from Stripe and mirror it. Order never matters.

An event is a hint that something changed. Whatever it says is not used: the object is retrieved
and written under a lease of its own, so late, doubled, reordered and lost events do no harm. Every
pull may raise stripe.StripeError, and leases.Busy, which is a gateway.Unavailable.
"""

from typing import Any
from uuid import UUID

import stripe
from django.utils import timezone

from donations import money
from donations.models import Checkout, Contribution, RecurringContribution, Review
from donations.payments import gateway
from donations.payments.arrival import received_at
from donations.payments.gateway import id_of
from donations.payments.leases import lease
from donations.payments.mirror.contributions import Payment, mirror_payment
from donations.payments.mirror.donors import has_moved, move
from donations.payments.mirror.recurring import (
    is_plain,
    mirror_subscription,
    tell_of_failure,
)
from newsroom.mail import outbox


def pull_session(pk: str) -> Contribution | None:
    """The contribution behind a Checkout Session, when it is paid or on its way."""
    session = gateway.session(pk)
    invoice: Any = session.invoice
    if invoice:
        return _pull_bills(invoice)
    if session.payment_intent:
        return pull_payment(id_of(session.payment_intent))
    return None


def pull_invoice(pk: str) -> Contribution | None:
    """Every payment of a recurring contribution's invoice; the newest contribution."""
    return _pull_bills(gateway.invoice(pk))


def pull_newest_invoice(subscription_id: str) -> None:
    """Of a subscription, with it and all its payments."""
    if newest := gateway.subscription(subscription_id).latest_invoice:
        pull_invoice(id_of(newest))


def _pull_bills(invoice: stripe.Invoice) -> Contribution | None:
    """Of the invoice we use only what never changes: which subscription and which payments it is
    about. Those are read anew, each under its lease."""
    subscription = _subscription_of(invoice)
    recurring = pull_subscription(subscription) if subscription else None
    bills = gateway.bills_of(invoice)
    if recurring:
        _say_if_paid_elsewhere(invoice, bills)
    contribution = None
    for bill in bills:
        contribution = _pull_bill(bill, invoice) or contribution
    return contribution


def _say_if_paid_elsewhere(invoice: stripe.Invoice, bills: list[stripe.InvoicePayment]) -> None:
    """Cash, a transfer: Stripe has only been told. Of an invoice over nothing there is nothing to
    say. A paid invoice stays so, hence an older copy of it tells no untruth."""
    if invoice.status != "paid":
        return
    nothing_here = not any(bill.status == "paid" for bill in bills)
    if elsewhere := invoice.amount_paid_off_stripe or (nothing_here and invoice.amount_due):
        amount = money.show(elsewhere, invoice.currency)
        why = (
            f"{amount} were paid outside of Stripe for the invoice {invoice.id}. It is in no total "
            "here and has no receipt: enter it in your books, and thank by hand."
        )
        Review.open(Review.Kind.OFF_STRIPE, str(invoice.id), why)


def _pull_bill(bill: stripe.InvoicePayment, invoice: stripe.Invoice) -> Contribution | None:
    bill.invoice = invoice
    return pull_payment(id_of(bill.payment.payment_intent), bill=bill)


def pull_invoice_payment(pk: str) -> None:
    pull_invoice(gateway.invoice_of_invoice_payment(pk))


def pull_charge(pk: str) -> None:
    """A charge changed (refunded, disputed …): its payment is what we mirror."""
    if intent := gateway.charge(pk).payment_intent:
        pull_payment(id_of(intent))


def pull_refund(pk: str) -> None:
    """Money goes back, or comes back because the bank could not take it."""
    if intent := gateway.refund(pk).payment_intent:
        pull_payment(id_of(intent), refunded=True)


def pull_dispute(pk: str) -> None:
    if intent := gateway.dispute(pk).payment_intent:
        pull_payment(id_of(intent))


def pull_fraud_warning(pk: str) -> None:
    """The card's bank says that it was stolen: refunding now avoids a dispute."""
    warning = gateway.fraud_warning(pk)
    contribution = pull_payment(id_of(warning.payment_intent)) if warning.payment_intent else None
    if warning.actionable and contribution:
        why = "The bank reports fraud. A refund now avoids a dispute and its fee."
        Review.open(Review.Kind.FRAUD_WARNING, pk, why, contribution=contribution)


def pull_payout(pk: str) -> None:
    """Money that should have reached our bank account came back."""
    payout = gateway.payout(pk)
    if payout.status in ("failed", "canceled"):
        amount = money.show(payout.amount, payout.currency)
        why = f"A payout of {amount} {payout.status}: {payout.failure_message or 'no reason told'}"
        Review.open(Review.Kind.PAYOUT, pk, why)


def pull_customer(pk: str) -> None:
    """A customer changed or was deleted, and with them perhaps what they give regularly."""
    pull_address(pk)
    for recurring in RecurringContribution.objects.filter(stripe_customer=pk):
        pull_subscription(recurring.stripe_subscription)


def pull_address(pk: str) -> None:
    """Whose customer it is, by its newest address. No other lease is taken below this one."""

    def write() -> set[str]:
        with mine.writing():
            return move(customer, names)

    with lease(pk) as mine:
        customer, names = gateway.customer(pk), dict[str, str]()
        while missing := write():
            for other in missing:  # one that was deleted has none
                mine.renew()
                names[other] = getattr(gateway.customer(other), "name", None) or ""


def pull_expired_session(pk: str) -> None:
    """Nobody paid in time. Whoever left an address and agreed to it is asked once."""
    session = gateway.session(pk)
    checkout = _checkout(session.metadata)
    if checkout is None or session.status != "expired" or not checkout.close(timezone.now()):
        return
    if session.consent and session.consent.promotions == "opt_in":
        outbox.post("recovery", checkout.pk, key=str(checkout.pk))


def pull_method(pk: str) -> None:
    """A card or account changed: it expires later, it was replaced, its mandate was withdrawn."""
    if customer := gateway.customer_of_method(pk):
        pull_customer(customer)


def pull_mandate(pk: str) -> None:
    pull_method(gateway.method_of_mandate(pk))


def pull_subscription(pk: str, *, adopt: bool = False) -> RecurringContribution | None:
    """Mirror a subscription of ours; ``adopt`` takes one that was made elsewhere."""
    recurring, subscription = _pull_subscription(pk, adopt)
    invoice: Any = subscription.latest_invoice
    if recurring and recurring.status == "past_due" and invoice:
        for bill in gateway.bills_of(invoice):
            _pull_bill(bill, invoice)  # says why it failed, which the mail depends on
        tell_of_failure(recurring, invoice)
    return recurring


def _pull_subscription(
    pk: str, adopt: bool = False
) -> tuple[RecurringContribution | None, stripe.Subscription]:
    """The subscription alone, without its payments; so that it may be called under the lease
    of one of them. Nothing takes them the other way round."""
    with lease(pk) as mine:
        subscription = gateway.subscription(pk)
        checkout = _checkout(subscription.metadata)
        known = RecurringContribution.objects.filter(stripe_subscription=pk).exists()
        if checkout is None and not known and not adopt:
            return None, subscription
        _follow(subscription.customer)
        mine.renew()
        next_payment = None if is_plain(subscription) else gateway.next_payment(pk)
        with mine.writing():
            recurring = mirror_subscription(subscription, checkout, next_payment)
            if adopt and not known:
                recurring.adopted_at = timezone.now()
                recurring.save(update_fields=["adopted_at"])
    return recurring, subscription


def pull_payment(
    pk: str, *, refunded: bool = False, bill: stripe.InvoicePayment | None = None
) -> Contribution | None:
    """Mirror a PaymentIntent; None while it has neither succeeded, failed nor begun. ``refunded``:
    there is a refund of it, though the charge may not show it any more. ``bill``, with its invoice:
    what ties it to that, where this is known."""
    with lease(pk) as mine:
        intent = gateway.payment_intent(pk)
        checkout = _checkout(intent.metadata)
        recurring, is_new = None, False
        if checkout is None:
            mine.renew()
            bill = bill or gateway.bill_of_payment(pk)
            recurring, is_new = _recurring_of(bill) if bill else (None, False)
            if recurring is None:
                return None  # not ours
        _follow(intent.customer)
        mine.renew()
        charge: Any = intent.latest_charge
        before = Contribution.objects.filter(stripe_payment_intent=pk).first()
        refunded |= bool(charge and charge.amount_refunded)
        refunded |= bool(before and before.stripe_refunds.exists())
        received = received_at(intent, bill, before)
        refunds = gateway.refunds_of(charge.id) if charge and refunded else []
        mine.renew()
        disputes = gateway.disputes_of(charge.id) if charge and charge.disputed else []
        payment = Payment(before, intent, received, refunds, disputes)
        invoice_id = id_of(bill.invoice) if bill else ""
        with mine.writing():
            contribution = mirror_payment(payment, checkout, recurring, invoice_id)
    if is_new and recurring and recurring.status == "past_due":
        pull_subscription(recurring.stripe_subscription)  # whose mails depend on what failed
    return contribution


def _follow(customer: Any) -> None:
    """An address that has changed is asked for anew: this one may have been read before another."""
    if customer and has_moved(customer):
        pull_address(customer.id)


def _subscription_of(invoice: Any) -> str:
    """The subscription that an invoice is for, "" for any other invoice."""
    details = invoice.parent.subscription_details if invoice.parent else None
    return id_of(details.subscription) if details else ""


def _recurring_of(bill: stripe.InvoicePayment) -> tuple[RecurringContribution | None, bool]:
    """What a payment is for; and did we not know it yet?"""
    subscription = _subscription_of(bill.invoice)
    if not subscription:
        return None, False
    known = RecurringContribution.objects.filter(stripe_subscription=subscription).first()
    return (known, False) if known else (_pull_subscription(subscription)[0], True)


def _checkout(metadata: Any) -> Checkout | None:
    """Our own row, by the key we put into the object's metadata."""
    key = (metadata.to_dict() if metadata else {}).get("checkout", "")
    try:
        return Checkout.objects.select_related("appeal").filter(key=UUID(key)).first()
    except ValueError:  # somebody else's metadata under the same name
        return None
