"""What a donor changed about a promise, and why: rows are only ever added."""

from django.db import models

from .contribution import RecurringContribution


class RecurringChange(models.Model):
    """One change asked for on the donor's own page; Stripe's idempotency key is made of its id."""

    class What(models.TextChoices):
        AMOUNT = "amount"
        FREQUENCY = "frequency"
        DAY = "day", "day of payment"
        PAUSE = "pause"
        RESUME = "resume"
        CANCEL = "cancel"
        KEEP = "keep", "cancellation taken back"

    recurring = models.ForeignKey(
        RecurringContribution, on_delete=models.CASCADE, related_name="asked_changes"
    )
    what = models.CharField(max_length=10, choices=What)
    detail = models.CharField(max_length=300, blank=True, help_text="From, to; or the reason.")
    form_id = models.UUIDField(unique=True, help_text="One press, however often it arrives.")
    at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.what} {self.detail}".strip()
