"""A reader's way onto a list and off it: sign up -> confirm -> welcome; unsubscribe."""

from datetime import timedelta

from django import forms
from django.db import transaction
from django.utils import timezone

from newsroom.core import tokens
from newsroom.core.privacy import email_index
from newsroom.mail import outbox
from newsroom.mail.addresses import AddressField
from newsroom.models import PolicyPage
from subscriptions.models import Consent, Newsletter, Subscriber, Subscription

CONFIRM_SECONDS = 7 * 24 * 3600
UNCONFIRMED_KEPT = timedelta(days=7)
ASK_AGAIN = timedelta(minutes=10)  # no second confirmation to one address before

Status = Subscription.Status


class SignupForm(forms.Form):
    email = AddressField(max_length=254)
    consent = forms.BooleanField(
        error_messages={"required": "Please agree to the privacy policy to subscribe."}
    )


def sign_up(newsletter: Newsletter, email: str, how: str) -> None:
    """Record the wish and mail a link to confirm it. Known or unknown, the same happens to see.

    Nobody is on the list before the link's button is pressed: anyone can type any address.
    """
    with transaction.atomic():
        subscriber, _ = Subscriber.objects.get_or_create(
            email_index=email_index(email), defaults={"email": email}
        )
        subscription, _ = Subscription.objects.select_for_update().get_or_create(
            subscriber=subscriber, newsletter=newsletter
        )
        if subscription.status == Status.UNSUBSCRIBED:
            subscription.status = Status.PENDING
            subscription.save(update_fields=["status"])
        _record(subscription, Consent.Action.ASKED, how)
        if not subscriber.suppressed:
            confirmed = subscription.status == Status.CONFIRMED
            window = int(timezone.now().timestamp() // ASK_AGAIN.total_seconds())
            outbox.post(
                "already_subscribed" if confirmed else "confirm",
                subscription.pk,
                key=f"{subscription.pk}-{window}",
            )


def add_seed(newsletter: Newsletter, email: str) -> None:
    """A colleague's mailbox for the seed list. They confirm it like any reader."""
    sign_up(newsletter, email, how="seed list")
    Subscription.objects.filter(
        newsletter=newsletter, subscriber__email_index=email_index(email)
    ).update(seed=True)


def confirm_token(subscription: Subscription) -> str:
    return tokens.expiring("confirm", subscription.pk)


def read_confirm_token(token: str) -> Subscription:
    """The subscription to confirm. Raises BadToken, StaleToken, Subscription.DoesNotExist."""
    pk = tokens.read_expiring("confirm", token, seconds=CONFIRM_SECONDS)
    return Subscription.objects.select_related("newsletter", "subscriber").get(pk=pk)


def confirm(subscription: Subscription) -> None:
    """Put the reader on the list and welcome them, once however often the button is pressed."""
    with transaction.atomic():
        pending = Subscription.objects.filter(pk=subscription.pk).exclude(status=Status.CONFIRMED)
        if not pending.update(status=Status.CONFIRMED, confirmed_at=timezone.now()):
            return
        _record(subscription, Consent.Action.CONFIRMED, "mailed link")
        times = subscription.consents.filter(action=Consent.Action.CONFIRMED).count()
        outbox.post("welcome", subscription.pk, key=f"{subscription.pk}-{times}")


def unsubscribe(subscription: Subscription, how: str) -> None:
    """Take the reader off the list at once. Doing it twice changes nothing."""
    with transaction.atomic():
        listed = Subscription.objects.filter(pk=subscription.pk).exclude(status=Status.UNSUBSCRIBED)
        if listed.update(status=Status.UNSUBSCRIBED, unsubscribed_at=timezone.now()):
            _record(subscription, Consent.Action.WITHDRAWN, how)


def resubscribe(subscription: Subscription) -> None:
    """An unsubscription taken back, on the reader's own page: their link proves the address."""
    with transaction.atomic():
        gone = Subscription.objects.filter(pk=subscription.pk, status=Status.UNSUBSCRIBED)
        if gone.update(status=Status.CONFIRMED, confirmed_at=timezone.now()):
            _record(subscription, Consent.Action.CONFIRMED, "own page")


def _record(subscription: Subscription, action: str, how: str) -> None:
    policy = PolicyPage.current()
    Consent.objects.create(
        subscription=subscription,
        action=action,
        policy_version=policy.version if policy else "",
        how=how,
    )


def forget_unconfirmed() -> int:
    """Delete addresses that nobody confirmed within a week; returns how many."""
    before = timezone.now() - UNCONFIRMED_KEPT
    Subscription.objects.filter(
        status=Status.PENDING, confirmed_at=None, created_at__lt=before
    ).delete()
    deleted, _ = Subscriber.objects.filter(subscriptions=None, created_at__lt=before).delete()
    return deleted
