"""Giving after a restore: refunds wait, and what Stripe knows is mirrored first."""

from collections.abc import Iterator
from functools import partial

import stripe
from django.db import transaction
from django.utils import timezone

from donations import money
from donations.asking import reminding
from donations.finance import notices, refunds
from donations.models import Refund, Review, StripeEvent
from donations.payments import catch_up, events, gateway
from donations.payments.leases import Busy
from newsroom.hold.items import Item, NotNow, day

Status = Refund.Status
ALREADY = "Somebody else has decided about this refund already."


def hold_back() -> None:
    Refund.objects.filter(status__in=[Status.WAITING, Status.APPROVED]).update(held=True)


def gather() -> None:
    """All mails that are due by what Stripe and our own tables say; as there is a hold, they wait
    in it. Raises NotNow."""
    now = timezone.now()
    try:
        catch_up.run(now)
        while due := list(StripeEvent.objects.unhandled(timezone.now())[:500]):
            for event in due:
                events.process(event)
    except (stripe.StripeError, Busy) as error:
        raise NotNow("Stripe does not answer: what happened there since is not known.") from error
    reminding.send_due(now)
    notices.tell()


def items() -> Iterator[Item]:
    held = Refund.objects.filter(held=True).select_related("contribution", "asked_by")
    for refund in held.order_by("pk"):
        sum_ = money.show(refund.amount, refund.contribution.currency)
        yield Item(
            key=f"refund {refund.pk}",
            title=f"Refund of {sum_}",
            facts=[
                f"Asked for by {refund.asked_by or 'a former colleague'}, {day(refund.asked_at)}.",
                f"Here it is: {refund.get_status_display()}.",
            ],
            record=partial(_record, refund),
            if_released="Stripe is asked to give this back, if it is approved.",
            if_dropped="It is not given back. It can be asked for anew.",
            release=partial(release, refund),
            drop=partial(drop, refund),
        )


def _record(refund: Refund) -> str:
    given = refund.contribution
    try:
        payment = gateway.payment_intent(given.stripe_payment_intent)
        charge = gateway.id_of(payment.latest_charge)
        found = gateway.refunds_of(charge) if charge else []
    except stripe.StripeError:
        return "Stripe does not answer. Look at its own pages, or come back later."
    back = sum(one.amount for one in found if one.status not in ("failed", "canceled"))
    if not back:
        return "Stripe has given back nothing of this contribution."
    return (
        f"Stripe has given back {money.show(back, given.currency)} "
        f"of {money.show(given.amount, given.currency)}."
    )


def release(refund: Refund) -> None:
    """A beat job carries out what is approved."""
    if not Refund.objects.filter(pk=refund.pk, held=True).update(held=False):
        raise NotNow(ALREADY)


def drop(refund: Refund) -> None:
    with transaction.atomic():
        if not Refund.objects.filter(pk=refund.pk, held=True).update(held=False):
            raise NotNow(ALREADY)
        why = "Dropped after a restore."
        if refund.move(Status.DECLINED):
            Review.settle(Review.Kind.REFUND_WAITS, str(refund.pk), why)
        else:
            refund.move(Status.FAILED, error=why)
        refunds.reopen(refund, why)
