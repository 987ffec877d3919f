"""A month that is over for the books."""

import hashlib

from django.db import models
from django.db.models import Q


class ClosedMonth(models.Model):
    """Nothing comes into it, or into one before it, any more. Its statement is kept as it was read
    and signed off; each has the hash of the one before it, so none can be changed or left out
    unseen."""

    month = models.DateField(unique=True, help_text="Its first day.")
    number = models.PositiveIntegerField(unique=True)
    statement = models.TextField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the statement.")
    who = models.CharField(max_length=150, help_text="Closed it.")
    closed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-month"]
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="a_month_is_its_first_day")
        ]
        permissions = [("close_month", "Can close a month of the books")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"

    @property
    def is_intact(self) -> bool:
        """Does it still say what was signed off?"""
        return hashlib.sha256(self.statement.encode()).hexdigest() == self.digest
