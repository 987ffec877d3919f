"""Where the database has come, and when nothing left it."""

from django.db import models
from django.db.models import Q


class RunMark(models.Model):
    """What the database knows of itself, to see that it is another: one row, see marks.py."""

    cluster = models.BigIntegerField()
    database = models.BigIntegerField()
    table = models.BigIntegerField()
    timeline = models.BigIntegerField()
    number = models.BigIntegerField(default=0)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.number} at {self.at}"


class HoldQuerySet(models.QuerySet["Hold"]):
    def open(self) -> "Hold | None":
        return self.filter(ended_at=None).first()


class Hold(models.Model):
    """From when the database was seen to be restored until all that it would have sent is decided.
    What is held back says so itself: rows have a field ``held``."""

    why = models.CharField(max_length=200)
    began_at = models.DateTimeField()
    # When it was known what else is due that may have been sent already; what is in the way of it.
    gathered_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        default_permissions = []
        permissions = [("decide_hold", "Can release what is held after a restore")]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(ended_at=None), name="one_open_hold"
            )
        ]

    def __str__(self) -> str:
        return f"hold since {self.began_at}"
