"""Who gave: sealed, found by a blind index, known by their customers at Stripe; whom to forget."""

from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone

from newsroom.core.privacy import BlindIndexField, EncryptedField, donor_name_index


class DonorQuerySet(models.QuerySet["Donor"]):
    def of_address(self, email_index: bytes) -> "DonorQuerySet":
        """Whose address it is; if it is nobody's now, whose it was."""
        now = self.filter(email_index=email_index)
        return now if now.exists() else self.filter(addresses__email_index=email_index)


class Donor(models.Model):
    """A person who gave: address and name sealed. They are their customers at Stripe; the address
    is the newest that one of these has there, by which others are found."""

    email = EncryptedField(context="donor.email")
    email_index = BlindIndexField(unique=True)
    name = EncryptedField(context="donor.name", blank=True)
    name_index = BlindIndexField(null=True, db_index=True)  # type: ignore[misc]  # NULL: no name
    language = models.CharField(max_length=8, default="en", help_text="Of mails and receipts.")
    created_on = models.DateField(default=timezone.localdate)
    not_asked_since = models.DateField(
        null=True, help_text="They said that we should not ask for support (asking/may_ask.py)."
    )
    links = models.PositiveIntegerField(
        default=0, help_text="Raised with each change of address: older links open nothing."
    )

    objects = DonorQuerySet.as_manager()

    def __str__(self) -> str:
        return f"donor {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """With what the name is found by."""
        index: Any = donor_name_index(self.name) if self.name.strip() else None
        self.name_index = index
        if "name" in (kwargs.get("update_fields") or ()):
            kwargs["update_fields"] = [*kwargs["update_fields"], "name_index"]
        super().save(*args, **kwargs)

    def began_a_gift(self, begun_at: datetime) -> None:
        """Of their own will, on a later day than they said no, so that we may ask again. What
        renews by itself says nothing."""
        said_no = Donor.objects.filter(pk=self.pk, not_asked_since__lt=timezone.localdate(begun_at))
        said_no.update(not_asked_since=None)


class Customer(models.Model):
    """One of the customers at Stripe that a donor is. What was given hangs on it."""

    stripe_customer = models.CharField(primary_key=True, max_length=255)
    donor = models.ForeignKey(Donor, on_delete=models.CASCADE, related_name="customers")
    email_index = BlindIndexField(help_text="Of its address when Stripe was asked last.")
    typed_index = BlindIndexField(help_text="Of the address that it was made with.")
    followed = models.BooleanField(
        default=False,
        help_text="It came to somebody by a change of its address, which proves nothing: should it "
        "go on, nobody goes along.",
    )

    def __str__(self) -> str:
        return self.stripe_customer


class DonorAddress(models.Model):
    """An address that a donor has, or had: by its blind index alone."""

    donor = models.ForeignKey(Donor, on_delete=models.CASCADE, related_name="addresses")
    email_index = BlindIndexField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email_index", "donor"], name="address_once_per_donor")
        ]

    def __str__(self) -> str:
        return f"an address of donor {self.donor_id}"


class Erasure(models.Model):
    """The press that has erased a donor, so that a second one of the same form answers as the first
    did. Whose it was, nobody can tell."""

    form_id = models.UUIDField(primary_key=True)
    on = models.DateField(default=timezone.localdate)

    def __str__(self) -> str:
        return str(self.form_id)


class ErasedCustomer(models.Model):
    """A customer deleted at Stripe because the person behind it was erased. What a late event or an
    answer on its way still knows about them is not written down again."""

    stripe_customer = models.CharField(primary_key=True, max_length=255)

    def __str__(self) -> str:
        return self.stripe_customer
