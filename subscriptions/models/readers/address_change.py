"""A reader's wish to get their newsletters at another address, until both have confirmed it."""

from django.db import models
from django.utils import timezone

from newsroom.core.privacy import BlindIndexField, EncryptedField

from .subscriber import Subscriber


class AddressChange(models.Model):
    """Both mailboxes are asked: the old one, since a mail whose link opens the page may have been
    forwarded; the new one, since anybody can type any address. The second press does it.

    ``subscriber`` is who has the old address; with them this row goes.
    """

    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.CASCADE, related_name="address_changes"
    )
    email = EncryptedField(context="address_change.email")
    email_index = BlindIndexField()
    old_agreed = models.BooleanField(default=False)
    new_agreed = models.BooleanField(default=False)
    asked_on = models.DateField(default=timezone.localdate)
    done_on = models.DateField(null=True)

    class Meta:
        indexes = [models.Index(fields=["asked_on"], name="address_changes_by_day")]

    def __str__(self) -> str:
        return f"address change {self.pk}"
