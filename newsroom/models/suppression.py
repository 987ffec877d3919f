"""Addresses that must get no mail."""

from django.db import models

from newsroom.core.privacy import BlindIndexField


class Suppression(models.Model):
    """An address that must get no mail. Only its blind index is kept, so that it outlives the
    subscriber and a later import can't bring the address back."""

    class Reason(models.TextChoices):
        BOUNCE = "bounce"
        COMPLAINT = "complaint"
        REQUEST = "request"
        ERASURE = "erasure"
        REFUSED = "refused", "refused by the provider"

    email_index = BlindIndexField(primary_key=True)
    reason = models.CharField(max_length=12, choices=Reason)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.reason

    @staticmethod
    def add(index: bytes, reason: str) -> None:
        """Once: the first reason stays."""
        Suppression.objects.get_or_create(email_index=index, defaults={"reason": reason})
