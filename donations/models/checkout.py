"""From a press of “Continue” to a session at Stripe."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from newsroom.core.privacy import BlindIndexField, EncryptedField

from .asking import Appeal, Deferral, Frequency, Variant


class CheckoutQuerySet(models.QuerySet["Checkout"]):
    def abandoned_siblings(self, of: "Checkout") -> "CheckoutQuerySet":
        """Earlier presses of the same form, for something else, which nobody should pay now."""
        mine = self.filter(form_id=of.form_id, closed_at=None, expires_at__gt=timezone.now())
        return mine.exclude(pk=of.pk).exclude(session_id=None)

    def forget_choices(self) -> int:
        """How many rows held some."""
        return self.filter(choices__isnull=False).update(choices=None)

    def forget_networks(self) -> int:
        return self.filter(network_index__isnull=False).update(network_index=None)


class Checkout(models.Model):
    """One press of “Continue”: what was asked for, and the Stripe session made of it.

    ``form_id`` comes with the form, made by the browser, so that a double click or the back
    button finds this row again. ``key`` is made of it and of what was asked: it is Stripe's
    idempotency key, and how Stripe's objects name this row. Without JavaScript the first press
    makes its id, and a form that is filled in again after Stripe's “back” brings it along.
    """

    key = models.UUIDField(unique=True)
    form_id = models.UUIDField()
    frequency = models.CharField(max_length=8, choices=Frequency)
    amount = models.PositiveBigIntegerField(help_text="With the fee, in the smallest unit.")
    fee = models.PositiveBigIntegerField(default=0, help_text="What was added to cover the fee.")
    currency = models.CharField(max_length=3)
    anonymous = models.BooleanField(default=False, help_text="No name is kept.")
    newsletter = models.BooleanField(
        default=False, help_text="The newsletter is asked for too, and not yet."
    )
    language = models.CharField(max_length=8, default="en")
    appeal = models.ForeignKey(Appeal, null=True, on_delete=models.SET_NULL, related_name="+")
    variant = models.ForeignKey(  # of an experiment, that was shown
        Variant, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    deferral = models.ForeignKey(Deferral, null=True, on_delete=models.SET_NULL, related_name="+")
    choices = EncryptedField(  # type: ignore[misc]  # the one sealed text that may be NULL
        context="checkout.choices",
        null=True,
        help_text="The form as it was sent (JSON), to fill it in again after Stripe's “back”. "
        "Forgotten once it is paid or over.",
    )
    network_index = BlindIndexField(  # type: ignore[misc]  # may be NULL
        null=True, help_text="Of whence it came: network_index. Forgotten after some days."
    )
    session_id = models.CharField(max_length=255, null=True, unique=True)
    session_url = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(help_text="When the session at Stripe closes by itself.")
    closed_at = models.DateTimeField(null=True, help_text="Paid, given up, or replaced.")

    objects = CheckoutQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["form_id"], name="checkouts_of_form"),
            models.Index(
                fields=["variant"],
                condition=Q(variant__isnull=False),
                name="checkouts_of_a_variant",
            ),
            models.Index(
                fields=["network_index"],
                condition=Q(network_index__isnull=False),
                name="checkouts_by_network",
            ),
        ]

    def __str__(self) -> str:
        return f"checkout {self.pk}"

    def close(self, now: datetime) -> bool:
        """Paid, given up, or replaced: one winner."""
        return bool(Checkout.objects.filter(pk=self.pk, closed_at=None).update(closed_at=now))
