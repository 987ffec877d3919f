"""What Celery calls. Tasks take ids or nothing, and are safe to run twice or late."""

from contextlib import suppress
from datetime import timedelta

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from donations.asking import reminding, times_shown, touch
from donations.books import agreement
from donations.finance import notices, refunds
from donations.finance.review import watching
from donations.finance.statements import mailing
from donations.giving import card_testing, checkout
from donations.giving.methods import METHODS
from donations.models import Checkout, Refund, StripeEvent
from donations.payments import catch_up, events, gateway, products
from donations.payments.leases import Busy
from newsroom.core import clock
from newsroom.kept_pages import changes
from newsroom.kept_pages.noting import EVERYTHING


@shared_task
def process_event(event_id: str) -> None:
    event = StripeEvent.objects.get(pk=event_id)
    if event.handled_at is None:
        events.process(event)


@shared_task
def retry_events() -> None:
    """Events whose task was lost or whose next try is due."""
    due = StripeEvent.objects.unhandled(timezone.now()).order_by("next_try_at")
    for event_id in due.values_list("pk", flat=True)[:500]:
        process_event.apply_async([event_id], expires=30)


@shared_task
def catch_up_with_stripe() -> None:
    """Hourly: whatever webhooks missed goes into the inbox."""
    catch_up.run(timezone.now())


@shared_task
def follow_stripes_balance() -> None:
    """Hourly: what has moved at Stripe is booked."""
    with suppress(Busy):  # who is at it does it all
        agreement.follow(timezone.now())


@shared_task(autoretry_for=(Busy,), retry_kwargs={"countdown": 300})
def check_books() -> None:
    """Each night: what does not agree becomes a review."""
    agreement.check(timezone.now())


@shared_task
def close_abandoned(checkout_id: int) -> None:
    """Sessions that a later press of the same form has replaced."""
    checkout.close_abandoned(Checkout.objects.get(pk=checkout_id))


@shared_task
def watch_for_card_testing() -> None:
    card_testing.watch(timezone.now())


@shared_task
def look_over_what_came() -> None:
    """Unusually large, many small ones, on the block list: each becomes a review."""
    watching.look_over(timezone.now())


@shared_task
def post_statements() -> None:
    """After a press, and every few minutes, for whatever a process that died has left."""
    mailing.post_waiting()


@shared_task(autoretry_for=(Busy,), retry_kwargs={"countdown": 10})
def put_products() -> None:
    """When the wording has changed; and hourly, for whenever Stripe was away then."""
    products.put_all()


@shared_task
def learn_payment_methods() -> None:
    """Which methods are turned on at Stripe, for the icons on the giving page."""
    found = gateway.enabled_payment_methods()
    if found != cache.get(METHODS):
        cache.set(METHODS, found, timeout=None)
        changes.after_commit(EVERYTHING)  # the ask shows them


@shared_task
def carry_out_refunds() -> None:
    """Approved refunds whose call to Stripe got no answer; the key makes them one."""
    for refund in Refund.objects.filter(
        status=Refund.Status.APPROVED,
        held=False,
        asked_at__lt=timezone.now() - timedelta(minutes=1),
    ):
        with suppress(refunds.NotRefunded):
            refunds.carry_out(refund)


@shared_task
def keep_how_often_the_ask_was_shown() -> None:
    times_shown.keep(timezone.now())


@shared_task
def tell_ahead() -> None:
    notices.tell()


@shared_task
def send_due_reminders() -> None:
    reminding.send_due(clock.now())


@shared_task
def keep_in_touch() -> None:
    touch.keep(clock.now())
