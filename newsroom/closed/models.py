"""That the newsroom was closed, who asked for it, and which copies of its keys were seen."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from newsroom.core.privacy import keyed_hash

CONFIRM_WITHIN = timedelta(minutes=15)


class Closure(models.Model):
    """From ``closed_at`` to ``opened_at`` nothing leaves, no page opens, no job runs."""

    open = models.BooleanField(default=True, help_text="Not opened again so far.")
    closed_at = models.DateTimeField(default=timezone.now)
    by = models.CharField(max_length=310, help_text="Logins, or “manage.py”.")
    secret = models.CharField(max_length=16, help_text="Fingerprint of the SECRET_KEY of then.")
    # Every machine destroys its own keys when it sees this; only who has them can give the order.
    order = models.BinaryField(null=True)
    opened_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["open"], condition=Q(open=True), name="closed_once")
        ]

    def __str__(self) -> str:
        return f"closed at {self.closed_at:%Y-%m-%d %H:%M}"

    @classmethod
    def current(cls) -> "Closure | None":
        return cls.objects.filter(open=True).first()

    def order_for_keys(self) -> bytes:
        return keyed_hash(f"destroy {self.pk} {self.closed_at.isoformat()}", "closure")


class ClosureRequestQuerySet(models.QuerySet["ClosureRequest"]):
    def waiting(self) -> "ClosureRequestQuerySet":
        """For a second person."""
        return self.filter(ended=False, asked_at__gt=timezone.now() - CONFIRM_WITHIN)


class ClosureRequest(models.Model):
    """An administrator wants to close; another one has to want it, too."""

    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    asked_at = models.DateTimeField(default=timezone.now)
    ended = models.BooleanField(default=False, help_text="Taken back, refused, or done.")

    objects = ClosureRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        default_permissions = ()
        permissions = [("close_newsroom", "Can close the newsroom, with another one who can")]

    def __str__(self) -> str:
        return f"asked at {self.asked_at:%Y-%m-%d %H:%M}"

    @property
    def ends_at(self) -> Any:
        return self.asked_at + CONFIRM_WITHIN


class EscrowCheck(models.Model):
    """A copy of the keys was opened, and held these. The fingerprints are keyed hashes."""

    checked_at = models.DateTimeField(default=timezone.now)
    fingerprints = ArrayField(models.CharField(max_length=16))

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"escrow copy of {self.checked_at:%Y-%m-%d}"


def fingerprint(key: str) -> str:
    """Tells keys apart, and tells nothing of them to who has the database alone."""
    return keyed_hash(key, "fingerprint").hex()[:16]
