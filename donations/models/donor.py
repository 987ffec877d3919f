"""Who gave: sealed, found by a blind index; and whom to forget."""

from django.db import models
from django.utils import timezone

from newsroom.core.privacy import BlindIndexField, EncryptedField


class DonorQuerySet(models.QuerySet["Donor"]):
    def of_address(self, email_index: bytes) -> "DonorQuerySet":
        return self.filter(email_index=email_index)


class Donor(models.Model):
    """A person who gave: address and name sealed, found by the blind index."""

    email = EncryptedField(context="donor.email")
    email_index = BlindIndexField(unique=True)
    name = EncryptedField(context="donor.name", blank=True)
    language = models.CharField(max_length=8, default="en", help_text="Of mails and receipts.")
    created_on = models.DateField(default=timezone.localdate)

    objects = DonorQuerySet.as_manager()

    def __str__(self) -> str:
        return f"donor {self.pk}"


class ErasedCustomer(models.Model):
    """A customer deleted at Stripe because the person behind it was erased. What a late event or an
    answer on its way still knows about them is not written down again."""

    stripe_customer = models.CharField(primary_key=True, max_length=255)

    def __str__(self) -> str:
        return self.stripe_customer
