"""“Not ready to support today? Remind me later.”"""

from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from donations.models.donor import Donor
from newsroom.core.moves import Moves, transition
from newsroom.core.privacy import BlindIndexField, EncryptedField, giving_index

from .amounts import Frequency
from .appeal import Appeal


class DeferralQuerySet(models.QuerySet["Deferral"]):
    def due(self, now: datetime) -> "DeferralQuerySet":
        return self.filter(status=Deferral.Status.WAITING, remind_at__lte=now)

    def of_address(self, email_index: bytes) -> "DeferralQuerySet":
        return self.filter(email_index=email_index)

    def of_donor(self, donor: Donor) -> "DeferralQuerySet":
        """Under any address that is theirs, or was and is nobody's now."""
        mine = list(donor.addresses.values_list("email_index", flat=True))
        others = Donor.objects.filter(email_index__in=mine).exclude(pk=donor.pk)
        return self.filter(email_index__in=mine).exclude(
            email_index__in=others.values("email_index")
        )

    def not_after(self, moment: datetime) -> "DeferralQuerySet":
        """Wished for on that day or before."""
        return self.filter(created_on__lte=timezone.localdate(moment))


class Deferral(models.Model):
    """That we will ask again by mail. Only made when an address was left: without one, the
    reader's own cookie remembers, and we store nothing.
    """

    class Status(models.TextChoices):
        WAITING = "waiting"
        REMINDED = "reminded"
        GIVEN = "given"
        CANCELLED = "cancelled"

    MOVES: Moves = {  # to: from
        Status.REMINDED: {Status.WAITING},  # its day came
        Status.GIVEN: {Status.WAITING, Status.REMINDED},  # a contribution arrived
        Status.CANCELLED: {Status.WAITING, Status.REMINDED},  # while its mail waits, too
    }

    email = EncryptedField(context="deferral.email")
    email_index = BlindIndexField()
    remind_at = models.DateTimeField()
    appeal = models.ForeignKey(Appeal, null=True, on_delete=models.SET_NULL, related_name="+")
    frequency = models.CharField(max_length=8, choices=Frequency, default=Frequency.MONTHLY)
    amount = models.PositiveBigIntegerField(null=True)
    currency = models.CharField(max_length=3, default="usd")
    language = models.CharField(max_length=8, default="en")  # of its mail
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    created_on = models.DateField(default=timezone.localdate)
    ended_on = models.DateField(null=True)

    objects = DeferralQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["email_index"],
                condition=Q(status="waiting"),
                name="one_waiting_deferral_per_address",
            )
        ]
        indexes = [
            models.Index(
                fields=["remind_at"], condition=Q(status="waiting"), name="deferrals_to_remind"
            )
        ]

    def __str__(self) -> str:
        return f"deferral {self.pk} ({self.status})"

    @classmethod
    def wish(cls, email: str, remind_at: datetime, **fields: Any) -> bool:
        """One waiting reminder per address: a second wish takes the place of the first. Is it new?

        It comes in the morning of its day: the second would tell when it was asked for.
        """
        index = giving_index(email)
        morning = timezone.localtime(remind_at).replace(hour=10, minute=0, second=0, microsecond=0)
        fields |= {"remind_at": morning, "created_on": timezone.localdate()}
        with transaction.atomic():
            waiting = cls.objects.of_address(index).filter(status=cls.Status.WAITING)
            if waiting.update(**fields):
                return False
            cls.objects.create(email=email, email_index=index, **fields)
            return True

    def end(self, status: str, now: datetime) -> bool:
        """Leave waiting (or, when nothing should be sent any more, reminded); False when it is over
        already."""
        return bool(transition(self, status, ended_on=timezone.localdate(now)))
