"""Why readers leave: how many gave which reason in a month, and never who."""

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from newsroom.core.clock import month_of
from subscriptions.models.newsletter import Newsletter


class LeavingReason(models.Model):
    """A count. There is no field for words: they could name somebody."""

    class Reason(models.TextChoices):
        TOO_OFTEN = "too_often", _("It comes too often")
        NOT_FOR_ME = "not_for_me", _("It is not about what I care for")
        QUALITY = "quality", _("I expected something better")
        ELSEWHERE = "elsewhere", _("I read you elsewhere")
        DANGER = "danger", _("It is not safe for me")
        NEVER_ASKED = "never_asked", _("I never signed up")

    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, related_name="+")
    month = models.DateField(help_text="Its first day.")
    reason = models.CharField(max_length=12, choices=Reason)
    readers = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["newsletter", "month", "reason"], name="one_count_per_leaving_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.readers} left newsletter {self.newsletter_id}: {self.reason}"

    @staticmethod
    def count(newsletter: Newsletter, reason: str, day: date) -> None:
        """One more; two at once are two."""
        month = {"newsletter": newsletter, "month": month_of(day), "reason": reason}
        LeavingReason.objects.bulk_create([LeavingReason(**month)], ignore_conflicts=True)
        LeavingReason.objects.filter(**month).update(readers=models.F("readers") + 1)
