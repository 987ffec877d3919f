"""How often the ask was shown, where. Numbers alone: no reader, no page."""

from django.db import models


class AskShown(models.Model):
    """On one day (UTC), in one place (donations/asking/deciding.py), as which variant. Counted by
    what answers with kept pages; what Django made itself, for staff say, is in none. The place
    “continue” counts forms that were sent (donations/asking/times_shown.py)."""

    on = models.DateField()
    place = models.CharField(max_length=10)
    variant = models.BigIntegerField(
        default=0, help_text="Of an experiment; 0: as a part of none. No key: numbers stay."
    )
    times = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["on", "place", "variant"], name="shown_of_a_day_and_place"
            )
        ]
        verbose_name = "count of asks shown"

    def __str__(self) -> str:
        return f"{self.on} {self.place}: {self.times}"
